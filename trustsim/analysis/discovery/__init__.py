"""Where an arm loses: boxes in a space of parameters, and maps of who wins.

A table of runs over many points enters; boxes, their density on held-out points and surfaces leave.
"""
