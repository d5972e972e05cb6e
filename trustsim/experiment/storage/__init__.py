"""What is kept of an experiment: chunks while it runs, tables and a manifest at the end.

Attempts enter and are on disk at once; tables leave that are the same whatever the interruptions.
"""
