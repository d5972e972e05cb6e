"""What leaves for a paper: tables with their codebook, a comparison in LaTeX, figures, a citation.

A results folder enters; files that spreadsheets, statistics programs and journals take leave.
"""
