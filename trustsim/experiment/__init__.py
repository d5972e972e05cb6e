"""Many runs: what an experiment consists of, who computes it, and what is kept of it.

An experiment enters; a results folder leaves, of which nothing is computed twice.
"""
