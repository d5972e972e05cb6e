"""What matters: which parameters drive the difference between arms.

A table of runs over a Saltelli or Morris design enters; indices with their intervals leave.
"""
