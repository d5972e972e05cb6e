"""Figures of a comparison of arms, one module each.

A frame and an optional ``ax`` enter; the axes leave.
"""

from trustsim.report.figures.conduct import conduct_by_age
from trustsim.report.figures.cost_difference import cost_difference_by_category
from trustsim.report.figures.cost_over_time import cost_over_time
from trustsim.report.figures.development import development
from trustsim.report.figures.difference_distribution import difference_distribution
from trustsim.report.figures.hours import hours_split
from trustsim.report.figures.instruments import instruments_by_age
from trustsim.report.figures.network import network
from trustsim.report.figures.spread import spread_over_buyers
from trustsim.report.figures.total_cost import total_cost_by_category

__all__ = [
    "conduct_by_age",
    "cost_difference_by_category",
    "cost_over_time",
    "development",
    "difference_distribution",
    "hours_split",
    "instruments_by_age",
    "network",
    "spread_over_buyers",
    "total_cost_by_category",
]
