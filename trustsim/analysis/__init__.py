"""What the results of runs say: comparisons of arms with their uncertainty."""
