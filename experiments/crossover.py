"""When does high trust overtake adversarial purchasing? Price and total cost, year by year.

Lots are dearer with high trust from the start; what it saves comes with the years. The crossover is
the month from which the total cost of the last twelve months, or of all so far, stays below that of
adversarial purchasing. Give the number of pairs of runs as an argument; intervals are of 95 %.
"""

import sys

import numpy as np

from trustsim import Scenario, simulate

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
YEAR, ROUNDS = 12, 120
POLICIES = ("adversarial", "high_trust")

lots = {policy: [] for policy in POLICIES}
paid = {(policy, name): [] for policy in POLICIES for name in ("cost_price", "total_cost")}
for replicate in range(RUNS):
    for policy in POLICIES:
        scenario = Scenario(policy, buyers=60, suppliers=12, rounds=ROUNDS)
        rounds = simulate(scenario, replicate).rounds
        lots[policy].append(rounds["accepted"])
        for name in ("cost_price", "total_cost"):
            paid[policy, name].append(rounds[name] * rounds["accepted"])


def gap(name, window):
    """Give how much more adversarial purchasing pays a lot, by run and month, over a window."""

    def summed(rows):
        sums = np.cumsum(np.array(rows, float), axis=1)
        sums[:, window:] -= sums[:, :-window].copy() if window < ROUNDS else 0.0
        return sums

    first, second = (summed(paid[p, name]) / summed(lots[p]) for p in POLICIES)
    return (first - second)[:, YEAR - 1 :]


def crossing(gaps):
    """Give the month from which the mean gap stays above 0."""
    below = np.flatnonzero(gaps.mean(axis=0) <= 0.0)
    return YEAR + (below.max() + 1 if len(below) else 0)


for name in ("cost_price", "total_cost"):
    for year in (1, 2, 3, 5, 10):
        each = gap(name, YEAR)[:, YEAR * (year - 1)]
        half = 1.96 * each.std(ddof=1) / np.sqrt(RUNS)
        print(f"{name}, year {year}: adversarial {each.mean():+.3f} +- {half:.3f} a lot")
draws = np.random.default_rng(1).integers(0, RUNS, (1000, RUNS))
for words, window in (("the last twelve months", YEAR), ("all so far", ROUNDS)):
    gaps = gap("total_cost", window)
    low, high = np.quantile([crossing(gaps[each]) for each in draws], [0.025, 0.975])
    print(f"cheaper over {words} from month {crossing(gaps)} ({low:.0f} to {high:.0f})")
