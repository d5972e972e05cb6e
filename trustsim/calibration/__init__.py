"""Which parameters fit: free parameters and published targets enter, what fits leaves.

Trials are a function of their number and a seed, so that a search that was stopped goes on as if it
had not been.
"""
