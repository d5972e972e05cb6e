"""Experiments: which runs there are, which are missing, computing them, and keeping the results."""
