"""Figures of analyses over many points: calibration, discovery, precision, sensitivity.

Findings enter with an optional ``ax``; the axes leave.
"""
