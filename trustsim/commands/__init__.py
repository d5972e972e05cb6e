"""The command line: the only package that knows a screen.

Words of a call enter; lines, a results folder and an exit code leave.
"""
