"""How bad is it when a partner turns? Tails of what buyers pay, by policy.

Suppliers' characters are drawn anew at a rate. Two questions are asked of either policy: how much
more than the mean do the worst twentieth of buyers pay (expected shortfall: Acerbi & Tasche 2002),
and what does a buyer pay more, over a year, whose supplier has turned from a good character to a
bad one? Give the number of runs as an argument; intervals are of 95 %.
"""

import sys

import numpy as np
from scipy import stats

from trustsim import Scenario
from trustsim.simulation.run import Rounds

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
RATES = (0.0, 0.03, 0.1)
YEAR, ROUNDS, BUYERS = 12, 60, 60
WORST = 0.05


def walked(policy, rate, replicate):
    """Walk a market; give its orders, and who turned bad in every round."""
    scenario = Scenario(policy, turn_rate=rate, buyers=BUYERS, suppliers=12, rounds=ROUNDS)
    run = Rounds(scenario, replicate)
    firms = run.world.suppliers
    tempted = [scenario.supplier_policies[n].conduct != "never" for n in scenario.supplier_mix]
    turned = []
    for _ in range(ROUNDS):
        before, name = firms["opportunism"].copy(), firms["generation"].copy()
        run.step(keep=True)
        same = (firms["generation"] == name) & np.array(tempted)[firms["policy"]]
        turned.append(same & (before < 0.5) & (firms["opportunism"] >= 0.5))
    return run.outcome().orders, turned


def costs(orders):
    """Sum up what every buyer pays in every round, and the lots that it accepts."""
    rows = orders[orders["buyer"] >= 0]
    place = rows["round"].to_numpy(), rows["buyer"].to_numpy()
    paid, lots = np.zeros((ROUNDS, BUYERS)), np.zeros((ROUNDS, BUYERS))
    np.add.at(paid, place, rows.filter(regex="^cost_").sum(axis=1).to_numpy())
    np.add.at(lots, place, (rows["lots"] * rows["accepted"]).fillna(0.0).to_numpy())
    return paid, lots


def shortfall(paid, lots):
    """Give what the worst buyers pay a lot over the whole run, above the mean of all."""
    each = np.sort(paid.sum(axis=0) / lots.sum(axis=0))[::-1]
    return each[: round(WORST * BUYERS)].mean() - paid.sum() / lots.sum()


def after_a_turn(orders, turned, paid, lots):
    """Give what buyers pay more a lot in the year after their supplier has turned bad."""
    agreed = orders[orders["event"] == "order"]
    partner = np.full((ROUNDS, BUYERS), -1)
    partner[agreed["round"], agreed["buyer"]] = agreed["supplier"]
    more = []
    for r in range(ROUNDS - YEAR):
        if r > 0:
            partner[r] = np.where(partner[r] < 0, partner[r - 1], partner[r])
        hit = np.isin(partner[r], np.flatnonzero(turned[r]))
        if hit.any() and not hit.all():
            year = slice(r + 1, r + 1 + YEAR)
            dear, usual = (paid[year, w].sum() / lots[year, w].sum() for w in (hit, ~hit))
            more += [dear - usual] * int(hit.sum())
    return float(np.mean(more)) if more else float("nan")


for policy in ("adversarial", "high_trust"):
    for rate in RATES:
        found = []
        for replicate in range(RUNS):
            orders, turned = walked(policy, rate, replicate)
            paid, lots = costs(orders)
            found.append((shortfall(paid, lots), after_a_turn(orders, turned, paid, lots)))
        parts = []
        for name, values in zip(("worst 5 %", "after a turn"), np.array(found).T, strict=True):
            known = values[~np.isnan(values)]
            if len(known) > 1:
                half = stats.t.ppf(0.975, len(known) - 1) * stats.sem(known)
                parts.append(f"{name} {known.mean():+.3f} +- {half:.3f} a lot")
        print(f"{policy}, {rate:.0%} of suppliers turn a month: {', '.join(parts)}")
