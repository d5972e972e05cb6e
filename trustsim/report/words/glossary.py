"""Words of a report, explained where they stand: those that a page uses."""

from __future__ import annotations

WORDS = {
    "total cost of ownership": "all that buying costs: the price, the hours of buying, checking "
    "and quarrelling, late and bad goods, bad debt (Ellram 1995).",
    "accepted lot": "a delivery of nominal size that the buyer has kept; the unit that costs are "
    "divided by.",
    "baseline": "the way of buying that the others are compared with.",
    "paired": "two runs with the same luck: the same demand and accidents, another way of buying.",
    "interval": "where the true difference lies, with the odds that are named beside it, if other "
    "luck had come.",
    "cumulative": "counting everything paid so far, so that dear first years are not forgotten.",
    "opportunism": "breaking an agreement because it pays: shaded quality, late payment on "
    "purpose, a denied debt.",
    "know-how": "what two partners have learned of each other's work; it lowers cost and faults.",
    "escrow": "a third party holds the money until the goods are accepted.",
    "mechanism": "a part of the model that can be switched off by its name.",
}


def explained(text: str) -> list[tuple[str, str]]:
    """Give the words that a text uses, with what they mean."""
    low = text.lower()
    return [(word, meaning) for word, meaning in WORDS.items() if word in low]
