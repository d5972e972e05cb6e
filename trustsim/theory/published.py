"""Answers of the literature that a closed form and the market must both give."""

from __future__ import annotations

# Weisbuch, Kirman & Herreiner 2000: intensity over its threshold, order parameter P1^2 + P2^2
THRESHOLD = {0.5: 0.5, 0.8: 0.5, 1.0: 0.5, 1.2: 0.717, 1.5: 0.869, 2.0: 0.958}

PLAN = {0.01: 0.953, 0.025: 0.677, 0.04: 0.375, 0.065: 0.101}
"""Single sampling n = 80, c = 2: share of defective items, probability of accepting the lot."""
