"""Names of the figures of a report, those of their files."""

from __future__ import annotations

FIGURES = (
    "total_cost_by_category",
    "cost_difference_by_category",
    "cost_over_time",
    "development",
    "instruments_by_age",
    "hours_split",
    "difference_distribution",
    "conduct_by_age",
)
