"""Known answers of memory and of the books: beliefs, ratings, decay, double entry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from trustsim.config.drafts import SIDES
from trustsim.config.library import library
from trustsim.config.scenario import Scenario
from trustsim.simulation.run import Rounds, simulate
from trustsim.theory.reputation import beta_reputation, delisting_equilibrium
from trustsim.validation.known.answer import Known
from trustsim.validation.quiet_market import needs_of, quiet

CHEATING: dict[str, Any] = {"defect_bad": 1.0, "failure_traced": 1.0, "failure_cost": 0.1}
"""Every shaded lot fails in use and is traced."""

CHEAT = {"conduct": "propensity", "propensity": 0.5, "admission": 1.0}
"""Half of what a wholly opportunistic supplier makes is shaded."""

JOSANG = "Josang & Ismail 2002, 15th Bled Electronic Commerce Conference"


def farthest_trust(forgetting: float) -> float:
    """Give how far trust of any tie is from the Beta mean of its orders."""
    memory: dict[str, Any] = {
        "trust_forgetting": forgetting,
        "idle_forgetting": 1.0,
        "betrayal_weight": 1.0,
    }
    market: dict[str, Any] = {"buyers": 30, "suppliers": 6, "contacts": 3, "rounds": 30}
    buyer = {"voice": 0.0, "attraction_weight": 0.0}
    outcome = simulate(quiet(buyer, CHEAT, **CHEATING, **market, **memory), orders=True)
    far = []
    for _, dealt in needs_of(outcome).groupby(["buyer", "contact"]):
        tie = outcome.world.ties[dealt["buyer"].iloc[0], dealt["contact"].iloc[0]]
        trust = tie["supplier_good"] / (tie["supplier_good"] + tie["supplier_bad"])
        far.append(abs(trust - beta_reputation(dealt["grievance"], forgetting)))
    return float(max(far))


def farthest_rating(forgetting: float) -> float:
    """Give how far the public rating of any supplier is from the Beta mean of its rounds."""
    rounds = 40
    market: dict[str, Any] = {"buyers": 30, "suppliers": 6, "contacts": 3, "rounds": rounds}
    rating: dict[str, Any] = {"rating_rate": 1.0, "rating_error": 0.0, "delisting_rating": 0.0}
    outcome = simulate(
        quiet(supplier=CHEAT, rating_forgetting=forgetting, **CHEATING, **market, **rating),
        orders=True,
    )
    orders = needs_of(outcome)
    weight = forgetting ** (rounds - 1.0 - orders["round"])
    bad = (weight * orders["grievance"]).groupby(orders["supplier"]).sum()
    good = (weight * (1 - orders["grievance"])).groupby(orders["supplier"]).sum()
    found = outcome.world.suppliers["rating"]
    everyone = range(len(found))
    r, s = (part.reindex(everyone, fill_value=0.0) for part in (good, bad))
    return float(np.abs(found - (r + 1.0) / (r + s + 2.0)).max())


def played_out(value: float, cost: float, alpha: float, beta: float, discount: float) -> float:
    """Play effort for ever out: a bad rating with chance alpha, then delisted or not."""
    _, chance = delisting_equilibrium(value, cost, alpha, beta, discount)
    rounds = np.arange(20_000)
    return float(((value - cost) * ((1.0 - alpha * chance) * discount) ** rounds).sum())


def idle_pair(rounds: int = 40) -> Rounds:
    """Give a pair with a past that has no orders any more."""
    run = Rounds(
        quiet(
            {"memory": 0.2, "prior_good": 2.0, "prior_bad": 1.0},
            rounds=rounds,
            demand_rate=0.0,
            idle_forgetting=0.9,
            knowhow_erosion=0.05,
            goodwill_bonus=0.5,  # so that goodwill is kept
            goodwill_erosion=0.1,
        ),
        0,
    )
    tie = run.world.ties[0, 0]
    tie["last_round"] = -2
    tie["supplier_good"], tie["supplier_bad"] = 12.0, 5.0
    tie["buyer_good"], tie["attraction"], tie["knowhow"] = 9.0, 3.0, 0.6
    tie["retained"] = 0.7
    run.world.bonds[0, 0]["goodwill"] = 0.8
    return run


def after_idle_rounds(field: str, rounds: int) -> float:
    """Give what is left of a field of a tie, or of its bond, after rounds without an order."""
    run = idle_pair()
    for _ in range(rounds):
        run.step()
    record = run.world.bonds if field == "goodwill" else run.world.ties
    return float(record[field][0, 0])


def out_of_balance(mix: dict[str, float]) -> float:
    """Give the largest sum over all accounts after any round, in micro-units."""
    outcome = simulate(Scenario(mix, rounds=60, buyers=40, suppliers=10, imitation_rate=0.02))
    return float(np.abs(outcome.balances.sum(axis=1)).max())


def answers() -> Iterator[Known]:
    """Give the known answers of memory and of the books."""
    for forgetting in (1.0, 0.9):
        what = "farthest that trust is from (r + 1)/(r + s + 2), news weighted geometrically"
        look = partial(farthest_trust, forgetting)
        yield Known(f"trust at forgetting {forgetting:g}", what, JOSANG, 0.0, 1e-5, look)
    for forgetting in (1.0, 0.9, 0.0):
        what = "farthest that a public rating is from (r + 1)/(r + s + 2), rounds weighted"
        look = partial(farthest_rating, forgetting)
        yield Known(f"rating at forgetting {forgetting:g}", what, JOSANG, 0.0, 1e-9, look)
    for game in (
        (2.0, 1.0, 0.05, 0.8, 0.9),
        (2.0, 1.0, 0.1, 0.9, 0.95),
        (3.0, 1.0, 0.05, 0.5, 0.9),
    ):
        worth, cost, alpha, beta, discount = game
        yield Known(
            f"delisting at w {worth:g}, c {cost:g}, alpha {alpha:g}, beta {beta:g}, "
            f"delta {discount:g}",
            "best value of a listed seller, effort played out (of the closed form: this market "
            "delists by rating)",
            "Dellarocas 2005, Information Systems Research",
            delisting_equilibrium(*game)[0],
            1e-6,
            partial(played_out, *game),
        )
    for field, start, floor, kept in (
        ("knowhow", 0.6, 0.0, 0.95),
        ("goodwill", 0.8, 0.0, 0.9),
        ("attraction", 3.0, 0.0, 0.8),
        ("supplier_good", 12.0, 2.0, 0.9),
    ):
        for rounds in (1, 12, 40):
            yield Known(
                f"{field.replace('_', ' ')} after {rounds} idle rounds",
                "what nobody tends decays geometrically",
                "closed form",
                floor + (start - floor) * kept**rounds,
                1e-5,
                partial(after_idle_rounds, field, rounds),
            )
    buyers = list(library().rows(SIDES["buyer"]))
    mixes = [{name: 1.0} for name in buyers] + [{name: 1.0 / len(buyers) for name in buyers}]
    for mix in mixes:
        name = next(iter(mix)) if len(mix) == 1 else "all policies"
        what = "largest sum over all accounts after any round, micro-units"
        look = partial(out_of_balance, mix)
        yield Known(f"books of {name}", what, "double entry", 0.0, 0.0, look)
