"""What runs say: comparisons, crossovers, precision, what matters, where an arm loses.

Tables of runs enter, from anywhere; findings with their intervals leave.
"""
