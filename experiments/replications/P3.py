"""Dellarocas 2005: how rarely may bad ratings end a listing, and what is it worth?

Sellers compare two careers with the same luck: effort for ever, and one cheat before it.
"""

import numpy as np

VALUE, COST, AFTER_EFFORT, AFTER_CHEATING, DISCOUNT = 2.0, 1.0, 0.05, 0.8, 0.9
SELLERS, ROUNDS = 20_000, 130
luck = np.random.default_rng(1).random((2, ROUNDS, SELLERS))


def career(delisting: float, cheats: int) -> float:
    listed, earned = np.ones(SELLERS, bool), np.zeros(SELLERS)
    for now in range(ROUNDS):
        cheating = now < cheats
        earned += listed * DISCOUNT**now * (VALUE if cheating else VALUE - COST)
        bad = luck[0, now] < (AFTER_CHEATING if cheating else AFTER_EFFORT)
        listed &= ~(bad & (luck[1, now] < delisting))
    return earned.mean()


low, high = 0.0, 1.0
while high - low > 1e-4:
    middle = (low + high) / 2
    low, high = (low, middle) if career(middle, 0) >= career(middle, 1) else (middle, high)
print(f"delisting: {high:.4f} (reported .1587)")
print(f"value of a listed seller: {career(high, 0):.3f} (reported 9.333)")
