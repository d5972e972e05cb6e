"""How it is computed: compiling, named luck, rules of the user's, workers, time limits.

Plain functions enter, compiled ones leave. Nothing here knows what a market is.
"""
