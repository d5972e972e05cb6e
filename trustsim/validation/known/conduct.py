"""Known answers of conduct: opportunism in relations, the inspection game, sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from trustsim.market.conduct import conduct
from trustsim.market.rooms.inspection import rate
from trustsim.market.rooms.production import weigh_shading
from trustsim.simulation.building import build
from trustsim.simulation.run import Rounds, simulate
from trustsim.theory.inspection import (
    inspection_game,
    inspects_all,
    operating_characteristic,
)
from trustsim.theory.opportunism import largest_saving, least_patience
from trustsim.theory.published import PLAN
from trustsim.validation.known.answer import Known
from trustsim.validation.quiet_market import needs_of, quiet
from trustsim.validation.single_records import buyer, market, order, situation, view

LOYAL = 0.999
"""Most that a supplier believes to be retained (`trustsim.market.conduct.future`)."""

TRACED: dict[str, Any] = {
    "defect_bad": 1.0,
    "failure_traced": 1.0,
    "failure_cost": 0.0,
    "warranty": 0.0,
    "fine": 0.0,
    "platform_fee": 0.0,
    "sensitivity": 0.0,
}
"""A cheat is always found out and ends, as the supplier sees it, the relation and nothing else."""

PRICES: dict[str, Any] = {"cost_low": 0.85, "cost_high": 1.15, "value": 5.0}


def only_supplier() -> tuple[float, float]:
    """Give the cost and the margin of the only supplier, which asks the ceiling of costs."""
    cost = float(build(quiet(**PRICES), 0).suppliers["cost"][0])
    return cost, 1.15 - cost


SURE = 1e12
"""Cases beside which what the trade learns later counts for nothing."""


def share_shaded(saved: float, discount: float) -> float:
    """Let a sharply calculating supplier serve its only buyer; give the share it shades at last.

    So much is saved by shading a lot. The trade is sure that buyers leave who are wronged, and no
    others.
    """
    cost, _ = only_supplier()
    rounds = Rounds(
        quiet(
            supplier={"conduct": "calculative"},
            supplier_noise=1e-4,
            rounds=120,
            shading_saving=saved / cost,
            discount=discount,
            **PRICES,
            **TRACED,
        ),
        0,
    )
    rounds.world.market["wronged_left"] = rounds.world.market["content_stayed"] = SURE
    rounds.run()
    outcome = rounds.outcome()
    return float(outcome.rounds["supplier_opportunism_rate"].to_numpy()[60:].mean())


def where(holds: Callable[[float], bool]) -> float:
    """Find the point between 0 and 1 up to which something holds."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(middle) else (low, middle)
    return 0.5 * (low + high)


def sharp_choice(gain: float, loss: float) -> float:
    """Give the chance that a sharply calculating supplier cheats."""
    asked, seen, policy, _, world = situation()
    seen["gain"], seen["loss"] = gain, loss
    return float(conduct(asked, seen, policy, world))


def deterring_look(saving: float, stake: float) -> float:
    """Find the chance of being inspected from which on a sharp supplier does not shade."""
    game = {"shading_saving": saving, "rework_cost": stake, "sensitivity": 1.0, "defect_bad": 1.0}
    asked, seen, policy, supplier, world = situation(**game)
    # a lot is put in order before it is paid for
    asked["price"] = asked["lots"] = asked["after"] = 1.0

    def shades(watched: float) -> bool:
        seen["watched"] = watched
        weigh_shading(asked, seen, supplier, policy, 1.0, world)
        return bool(conduct(asked, seen, policy, world) > 0.5)

    return where(shades)


def shirking_looked_at(look: float, failure: float) -> float:
    """Find the distrust, hence the chance of shirking, from which on a buyer inspects."""
    costs = {"inspection_cost": look, "failure_cost": failure}
    world = market(defect_good=0.0, defect_bad=1.0, **costs)
    policy = buyer(inspection="deming")
    return where(lambda distrust: rate(order(), view(trust=1.0 - distrust), policy, world) < 0.5)


def rate_of_equilibrium(saving: float, rework: float, fine: float) -> float:
    """Give how often buyers of the rule equilibrium inspect in a market."""
    game: dict[str, Any] = {"shading_saving": saving, "rework_cost": rework, "fine": fine}
    game |= {"sensitivity": 1.0, "defect_bad": 1.0, "inspection_cost": 0.0}
    prices: dict[str, Any] = {"cost_low": 0.9, "cost_high": 1.0}
    scenario = quiet({"inspection": "equilibrium"}, buyers=50, rounds=400, **game, **prices)
    return simulate(scenario).measures["inspection_rate"]


def of_rule(rule: str, defects: float) -> dict[str, float]:
    """Run a market in which a look costs .05, an escaped defect 1, and a rejected lot nothing."""
    costs: dict[str, Any] = {"inspection_cost": 0.05, "failure_cost": 1.0, "failure_traced": 0.0}
    costs |= {"sensitivity": 1.0, "specificity": 1.0, "late_cost": 0.0}
    lots: dict[str, Any] = {"defect_good": defects, "defect_bad": defects}
    sizes: dict[str, Any] = {"buyers": 50, "rounds": 400}
    return simulate(
        quiet({"inspection": rule}, {"admission": 1.0}, **sizes, **lots, **costs)
    ).measures


def share_accepted(fraction: float, defective: bool) -> float:
    """Give the share of sampled lots that are accepted, all good or all defective.

    Every dealing is the first one, so that the plan is neither tightened nor skipped.
    """
    lots: dict[str, Any] = {"lot_bad_fraction" if defective else "lot_good_fraction": fraction}
    defects = 1.0 if defective else 0.0
    outcome = simulate(
        quiet(
            {"inspection": "sampling", "sample_size": 80, "acceptance_number": 2},
            buyers=100,
            rounds=200,
            break_rate=1.0,
            defect_good=defects,
            defect_bad=defects,
            knowhow_quality=0.0,
            **lots,
        ),
        orders=True,
    )
    orders = needs_of(outcome)
    assert orders["inspected"].all()
    assert (orders["defective"] == defects).all()
    return float(1.0 - orders["rejected"].mean())


def answers() -> Iterator[Known]:
    """Give the known answers of conduct."""
    _, margin = only_supplier()
    for gain, loss in ((0.99, 1.0), (1.01, 1.0), (0.0099, 0.01), (40.4, 40.0)):
        yield Known(
            f"sharp choice at gain {gain:g}, loss {loss:g}",
            "chance that a sharply calculating supplier cheats: 1 iff gain > loss",
            "McKelvey & Palfrey 1995, Games and Economic Behavior",
            float(gain > loss),
            0.01,
            partial(sharp_choice, gain, loss),
        )
    for discount in (0.3, 0.5, 0.7, 0.8):
        for near in (0.97, 1.03):
            saved = near * largest_saving(margin, discount * LOYAL)
            yield Known(
                f"premium at discount {discount:g}, saving {near:g} times the most",
                "share of lots shaded: none up to the saving of which the margin is the interest",
                "Klein & Leffler 1981, Journal of Political Economy",
                float(near > 1.0),
                0.0,
                partial(share_shaded, saved, discount),
            )
    for t, r, p in ((50.0, 40.0, 25.0), (50.0, 32.0, 25.0), (7.0, 6.0, 1.0)):
        for step in (-0.01, 0.01):
            patience = least_patience(t, r, p) + step
            saved = margin * (t - r) / (r - p)
            yield Known(
                f"grim players, T {t:g}, R {r:g}, P {p:g}, patience {patience:.3f}",
                "share of lots shaded: none iff delta >= (T - R)/(T - P)",
                "grim trigger in the repeated prisoner's dilemma (Dal Bo & Frechette 2011, "
                "American Economic Review)",
                float(step < 0.0),
                0.0,
                partial(share_shaded, saved, patience / LOYAL),
            )
    yield from _of_inspection()


def _of_inspection() -> Iterator[Known]:
    source = "Nosenzo, Offerman, Sefton & van der Veen 2014, J. of Law, Economics, & Organization"
    # cost of a look h, saving of the worker c, stake w, fine f, in tenths of a lot
    for h, c, w, f in ((0.08, 0.15, 0.2, 0.0), (0.08, 0.15, 0.2, 0.2), (0.1, 0.2, 1.0, 0.5)):
        shirk, look = inspection_game(h, c, w, f)
        game = f"h {h:g}, c {c:g}, w {w:g}, f {f:g}"
        what = "P(shirk) = h/(w + f) that leaves the buyer indifferent"
        at = partial(shirking_looked_at, h, w + f)
        yield Known(f"shirking at {game}", what, source, shirk, 1e-6, at)
        what = "P(inspect) = c/(w + f) that leaves the supplier indifferent"
        at = partial(deterring_look, c, w + f)
        yield Known(f"deterrence at {game}", what, source, look, 1e-6, at)
        what = "P(inspect) = c/(w + f) of the rule equilibrium, in a market"
        at = partial(rate_of_equilibrium, c, w, f)
        yield Known(f"inspection at {game}", what, source, look, 0.014, at)
    for defects in (0.02, 0.0495, 0.0505, 0.1):
        yield Known(
            f"all or none at {defects:g} defective",
            "share of lots inspected: all iff p > k1/k2 = .05",
            "Deming 1986, Out of the Crisis",
            float(inspects_all(defects, 0.05, 1.0)),
            0.0,
            lambda defects=defects: of_rule("deming", defects)["inspection_rate"],  # type: ignore[misc]
        )
    for fraction in PLAN:
        for defective in (False, True):
            yield Known(
                f"sampling {'bad' if defective else 'good'} lots, {fraction:.1%} of items",
                "share accepted by a sample of 80 with 2 allowed",
                "binomial sum: .953, .677, .375, .101 at 1, 2.5, 4, 6.5 % (plan as in ISO 2859)",
                operating_characteristic(80, 2, fraction),
                0.0145,
                partial(share_accepted, fraction, defective),
            )
