"""Sentences of the report and of the command line, and the words they are made of.

Findings enter; text leaves that says the interval and the number of runs with every number.
"""
