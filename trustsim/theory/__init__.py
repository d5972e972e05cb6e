"""Closed forms and published results that the model is held against; no room calls them.

Numbers of a textbook enter, its answer leaves.
"""
