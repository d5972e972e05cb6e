"""When a relation that may go on keeps its partners honest."""

from __future__ import annotations


def least_patience(temptation: float, reward: float, punishment: float) -> float:
    """Give the discount factor from which on two grim players cooperate: (T - R)/(T - P)."""
    return (temptation - reward) / (temptation - punishment)


def largest_saving(margin: float, discount: float) -> float:
    """Give the most that cheating once may save while the margin of all later rounds deters.

    Klein & Leffler (1981): the premium must be the interest on what cheating saves.
    """
    return margin * discount / (1.0 - discount)
