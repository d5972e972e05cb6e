"""Sections of the page, each with its sentences, tables and figures.

A results folder that has been read enters; what the page shows of one analysis leaves.
"""
