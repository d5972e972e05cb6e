"""A user's own rules: by object and by name, what is refused and in which words, what they move."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from support.quiet_market import quiet

from trustsim.config.scenario import Scenario
from trustsim.engine.compiling import records
from trustsim.engine.own_rules import Kinds
from trustsim.errors import ConfigError
from trustsim.market.conduct import calculative
from trustsim.market.records import Books, BuyerPolicy, Facts, Market, Order, View
from trustsim.market.views import see_buyer, see_supplier
from trustsim.schema.decisions import DECISIONS, REGISTERED, rule
from trustsim.simulation.building import build
from trustsim.simulation.run import simulate

MARKET = {"buyers": 30, "rounds": 15}
BUYER = Scenario("trust_but_verify", **MARKET)
SUPPLIER = Scenario("trust_but_verify", supplier_mix="calculative", **MARKET)


@cache
def usual(side: str) -> tuple[bytes, dict[str, float]]:
    """Run without a rule of one's own; give the bits and the measures."""
    outcome = simulate(BUYER if side == "buyer" else SUPPLIER)
    return outcome.sums.rounds.tobytes(), outcome.measures


def with_rule(decision: str, side: str, function: Any) -> Any:
    """Run with a rule for a decision."""
    base, policy = (BUYER, "trust_but_verify") if side == "buyer" else (SUPPLIER, "calculative")
    return simulate(base.with_policy(policy, **{DECISIONS[decision].parameter: function}))


def always_one(order, view, policy):
    return 1.0


def newest_first(order, view, policy):
    return -view.orders


def patient(order, view, policy):
    return 9.5


def dearest_terms(order, view, policy):
    return view.loss + view.partner_cost


def in_writing(order, view, policy):
    return 3.0


OVERRIDES = {
    # decision, side: the rule, a measure that must move, and which way
    ("award", "buyer"): (newest_first, "loyalty", -1),
    ("haggling", "buyer"): (patient, "cost_negotiation", +1),
    ("terms", "buyer"): (dearest_terms, "cost_payment", +1),
    ("disclosure", "buyer"): (always_one, "knowhow", +1),
    ("disclosure", "supplier"): (always_one, "knowhow", +1),
    ("conduct", "buyer"): (always_one, "trust_in_buyers", -1),  # nobody sells on credit to it
    ("conduct", "supplier"): (always_one, "supplier_opportunism_rate", +1),
    ("inspection", "buyer"): (always_one, "inspection_rate", +1),
    ("escalation", "buyer"): (in_writing, "cost_dispute", -1),
    ("escalation", "supplier"): (in_writing, "supplier_profit", 0),
}


def test_every_decision_is_overridden_here() -> None:
    every = {(name, side) for name, decision in DECISIONS.items() for side in decision.sides}
    assert set(OVERRIDES) == every


@pytest.mark.parametrize(("decision", "side"), OVERRIDES)
def test_a_rule_takes_its_decision(decision: str, side: str) -> None:
    function, measure, direction = OVERRIDES[decision, side]
    before, measures = usual(side)
    outcome = with_rule(decision, side, function)
    assert outcome.sums.rounds.tobytes() != before
    moved = outcome.measures[measure] - measures[measure]
    assert moved != 0.0
    if direction:
        assert moved * direction > 0.0


def test_rules_that_always_cheat_or_inspect_do_so() -> None:
    assert with_rule("conduct", "supplier", always_one).measures[
        "supplier_opportunism_rate"
    ] == pytest.approx(1.0)
    assert with_rule("inspection", "buyer", always_one).measures["inspection_rate"] == 1.0


# Built-in rules, said again.


def total_cost_again(order, view, policy, market):
    risk = market.defect_bad * market.failure_cost * (1.0 - view.trust) * market.lot_cost
    qualifying = 0.0
    if view.orders == 0:
        qualifying = market.qualification_hours * market.hour_cost / order.lots
    return -(view.bid + view.leaving + risk + qualifying)


def by_distrust_again(order, view, policy):
    return policy.haggling_hours * (1.0 - view.trust)


def joint_cost_again(order, view, policy):
    return -(view.loss + view.partner_cost)


def by_trust_again(order, view, policy):
    return policy.disclosure * view.trust


def calculative_again(order, view, policy):
    stake = abs(view.gain) + abs(view.loss)
    if stake <= 0.0:
        return 0.0
    excess = (view.gain - view.loss) / (view.noise * stake)
    if excess > 500.0:
        return 1.0
    if excess < -500.0:
        return 0.0
    return 1.0 / (1.0 + np.exp(-excess))


def joint_first_again(order, view, policy, market):
    return 0.0 if view.trust >= market.dispute_trust_threshold else 1.0


def fixed_again(order, view, policy):
    return policy.inspection_rate


AGAIN: dict[tuple[str, str], tuple[str, Callable[..., float]]] = {
    ("award", "buyer"): ("total_cost", total_cost_again),
    ("haggling", "buyer"): ("by_distrust", by_distrust_again),
    ("terms", "buyer"): ("joint_cost", joint_cost_again),
    ("disclosure", "buyer"): ("by_trust", by_trust_again),
    ("disclosure", "supplier"): ("by_trust", by_trust_again),
    ("conduct", "buyer"): ("calculative", calculative_again),
    ("conduct", "supplier"): ("calculative", calculative_again),
    ("inspection", "buyer"): ("fixed", fixed_again),
    ("escalation", "buyer"): ("joint_first", joint_first_again),
    ("escalation", "supplier"): ("joint_first", joint_first_again),
}


@pytest.mark.parametrize(("decision", "side"), AGAIN)
def test_a_built_in_rule_said_again_gives_the_same_bits(decision: str, side: str) -> None:
    name, function = AGAIN[decision, side]
    built_in, own = (with_rule(decision, side, each) for each in (name, function))
    assert own.sums.rounds.tobytes() == built_in.sums.rounds.tobytes()
    assert own.measures["orders"] > 300


def room_again(order, view, policy, market):
    return calculative(order, view, policy, market)


def test_a_rule_can_call_what_a_room_calls() -> None:
    built_in, own = (with_rule("conduct", "supplier", each) for each in ("calculative", room_again))
    assert own.sums.rounds.tobytes() == built_in.sums.rounds.tobytes()


def test_a_registered_rule_is_chosen_by_its_name() -> None:
    @rule("inspection")
    def inspect_the_first_three(order, view, policy):
        return 1.0 if order.age < 3 else 0.0

    by_name = with_rule("inspection", "buyer", "inspect_the_first_three")
    by_object = with_rule("inspection", "buyer", inspect_the_first_three)
    assert by_name.sums.rounds.tobytes() == by_object.sums.rounds.tobytes()
    ages = by_name.ages.set_index("age_from")["inspection_rate"]
    assert (ages.loc[:2] == 1.0).all()
    assert (ages.loc[3:].dropna() == 0.0).all()


def test_a_rule_is_registered_for_one_decision() -> None:
    @rule("haggling")
    def an_hour(order, view, policy):
        return 1.0

    with pytest.raises(ConfigError, match="inspection = 'an_hour': allowed: one of none, all"):
        with_rule("inspection", "buyer", "an_hour")


def test_an_unknown_decision_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'no decision "inspektion".*did you mean "inspection"'):
        rule("inspektion")


def test_the_name_of_a_built_in_rule_is_taken() -> None:
    def deming(order, view, policy):
        return 1.0

    with pytest.raises(ConfigError, match="deming: is the name of a built-in rule"):
        rule("inspection")(deming)
    assert rule("haggling")(deming) is deming


def too_few(order, view):
    return 1.0


def with_a_default(order, view, policy, share=0.5):
    return share


def too_many(order, view, policy, market, weather):
    return 1.0


@pytest.mark.parametrize("function", [too_few, too_many, with_a_default, lambda: 1.0])
def test_another_signature_is_refused(function: Any) -> None:
    with pytest.raises(ConfigError, match=r"a rule takes \(order, view, policy\) or") as caught:
        with_rule("inspection", "buyer", function)
    assert ", ".join(map(str, inspect.signature(function).parameters.values())) in str(caught.value)


@pytest.mark.parametrize("time", [1, 2])
def test_what_a_test_registers_is_forgotten_after_it(time: int) -> None:
    assert "too_few" not in REGISTERED
    rule("inspection")(too_few)


def by_mood(order, view, policy):
    known = view.trust
    return known * view.mood


def misspelt(order, view, policy):
    return 1.0 if order.evidense > 0.5 else 0.0


def keeps_a_list(order, view, policy):
    seen = [1.0, "two"]
    seen.append(view.trust)
    return seen[0]


def uses_a_stranger(order, view, policy):
    return view.trust + something_undefined  # noqa: F821


def imports(order, view, policy):
    import os

    return float(os.getpid() > 0)


def flatters(order, view, policy):
    view.trust = 1.0
    return 0.5


def robs(order: Any, view: Any, policy: Any) -> float:
    order["price"] = 0.0
    return 0.0


BROKEN = {
    by_mood: ("return known * view.mood", ['"mood" is not known', 'did you mean "good"']),
    misspelt: ("order.evidense > 0.5", ['"evidense" is not known (did you mean "evidence"?)']),
    keeps_a_list: ("seen.append", ["does not compile"]),
    uses_a_stranger: ("something_undefined", ['"something_undefined" is not known here']),
    imports: ("import os", ["imports os"]),
    flatters: ("view.trust = 1.0", ["writes to trust", "only reads"]),
    robs: ('order["price"] = 0.0', ["writes to an item", "only reads"]),
}


@pytest.mark.parametrize("function", BROKEN)
def test_a_broken_rule_is_refused_with_its_line(function: Any) -> None:
    shown, words = BROKEN[function]
    with pytest.raises(ConfigError) as caught:
        with_rule("inspection", "buyer", function)
    message = str(caught.value)
    source, first = inspect.getsourcelines(function)
    assert f'rule {function.__name__}, file "{__file__}"' in message
    line = next(first + place for place, text in enumerate(source) if shown in text)
    assert f"line {line}: " in message
    assert shown in message
    for word in words:
        assert word in message
    assert "Traceback" not in message


def test_what_is_no_function_is_refused() -> None:
    class Inspector:
        def __call__(self, order, view, policy):
            return 1.0

    with pytest.raises(ConfigError, match="allowed: one of none, all"):
        with_rule("inspection", "buyer", 3.0)
    with pytest.raises(ConfigError, match="of type Inspector does not compile"):
        with_rule("inspection", "buyer", Inspector())


HIDDEN = {"odd_answers", "cost", "burden", "load", "cash", "payoff", "policy", "demand"}


def test_rules_are_given_no_field_of_what_was_really_done() -> None:
    secrets = {"shaded", "absconded", "defective", "escaped", "traced", "leaked", "false_claim"}
    secrets |= {"delayed_payment", "unit_cost", "profit", "receivable"}
    assert secrets <= {*(Facts.names or ()), *(Books.names or ())}
    for record in (Order, View, Market, *Kinds(Order, View, BuyerPolicy, Market).shown()):
        told = {"burden"} if "rounds_per_year" in (record.names or ()) else set()  # mean of all
        assert not ((secrets | HIDDEN) - told) & set(record.names or ())


def accuses_wrongly(order, view, policy):
    return order.buyer_accused


def rejects(order, view, policy):
    return order.rejected


def test_a_buyer_does_not_see_that_its_accusation_was_false() -> None:
    market = BUYER.replace(specificity=0.6, supplier_mix="cooperative", false_claims=0)
    market = market.with_policy("trust_but_verify", inspection="all", lateness=0.0)
    told, known = (
        simulate(market.with_policy("trust_but_verify", conduct=rule)).measures
        for rule in (accuses_wrongly, rejects)
    )
    assert told["buyer_opportunism_rate"] == 0.0 < known["buyer_opportunism_rate"]


def fill(record: Any, number: int) -> None:
    for name in record.dtype.names:
        record[name] = number


def filled_pair() -> Any:
    """Make a market of one pair whose tie and bond are full of threes."""
    world = build(quiet(acquaintance_bonus=0.1, goodwill_bonus=0.1, streak_bonus=0.1), 0)
    fill(world.ties[0, 0], 3)
    fill(world.bonds[0, 0], 3)
    world.ties["supplier"] = 0
    return world


def test_a_buyer_sees_nothing_of_a_supplier_but_its_record_with_it_and_its_rating() -> None:
    seen = []
    for number in (1, 2):
        world, view = filled_pair(), records(View, 1)[0]
        supplier = world.suppliers[0]
        fill(supplier, number)  # opportunism, cost, cash, ... all differ
        supplier["policy"], supplier["rating"], supplier["streak"] = 0, 0.7, 4
        supplier["community"] = 9
        see_supplier(world, 0, 0, view)
        seen.append(view.tobytes())
    assert seen[0] == seen[1]


def test_a_supplier_sees_nothing_of_a_buyer_but_its_record_with_it() -> None:
    seen = []
    for number in (1, 2):
        world, view = filled_pair(), records(View, 1)[0]
        fill(world.buyers[0], number)
        world.buyers["policy"], world.buyers["community"] = 0, 9
        see_buyer(world, 0, 0, view)
        seen.append(view.tobytes())
    assert seen[0] == seen[1]
