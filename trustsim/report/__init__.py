"""What a reader gets: sentences, figures, sections and pages.

A results folder enters; one self-contained page and its figures leave.
"""
