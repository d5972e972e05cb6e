"""What is read of a run, against the tables and the panel of the same run."""

from __future__ import annotations

import pytest

from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.simulation.outcome import Outcome
from trustsim.simulation.run import simulate
from trustsim.validation.reading import Observable


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    mix = {"high_trust": 0.5, "adversarial": 0.5}
    return simulate(Scenario(mix, rounds=24, buyers=30, suppliers=8), 3, orders=True)


def test_a_measure_of_a_whole_run(outcome: Outcome) -> None:
    assert Observable("total_cost").of(outcome) == outcome.measures["total_cost"]


def test_a_measure_of_rounds_and_of_a_policy(outcome: Outcome) -> None:
    rounds = outcome.rounds[outcome.rounds["policy"] == "adversarial"].set_index("round")
    only = Observable("loyalty", rounds=(5, 5), policy="adversarial")
    assert only.of(outcome) == rounds.loc[5, "loyalty"]
    orders = Observable("orders", rounds=(5, 9), policy="adversarial")
    assert orders.of(outcome) == rounds.loc[5:9, "orders"].sum()


def test_a_measure_of_ages(outcome: Outcome) -> None:
    ages = outcome.ages.set_index("age_from")
    assert Observable("inspection_rate", ages=(0, 0)).of(outcome) == ages.loc[0, "inspection_rate"]
    assert Observable("orders", ages=(1, 3)).of(outcome) == ages.loc[1:3, "orders"].sum()


@pytest.mark.parametrize(
    ("measure", "among", "more"),
    [
        ("paid_late", "accepted == 1 and after > 0", {}),
        ("false_claim > 0", "accepted == 1 and after > 0", {"policy": "high_trust"}),
        ("shaded", "supplier_policy == 'calculative'", {"rounds": (6, 20)}),
        ("advance and not held", "ordered == 1", {"ages": (1, 3)}),
        ("instrument == 'escrow' or age == 0", "supplier_disclosed == 1", {}),
    ],
)
def test_a_mean_over_orders(outcome: Outcome, measure: str, among: str, more: dict) -> None:
    panel = outcome.orders
    assert panel is not None
    orders = panel[panel["event"] == "order"]
    for column, part in (("round", "rounds"), ("age", "ages")):
        if part in more:
            orders = orders[orders[column].between(*more[part])]
    if "policy" in more:
        orders = orders[orders["buyer_policy"] == more["policy"]]
    plain = measure.replace("advance and not held", "advance * (1 - held)")
    expected = orders.query(among, engine="python").eval(plain, engine="python").mean()
    assert Observable(measure, among, **more).of(outcome) == pytest.approx(expected, abs=1e-12)


def test_who_stays_gives_the_next_order_to_the_same_supplier(outcome: Outcome) -> None:
    panel = outcome.orders
    assert panel is not None
    orders = panel[panel["event"] == "order"].sort_values(["buyer", "round"])
    after = orders.groupby("buyer")["supplier"].shift(-1).dropna()
    expected = (after == orders.loc[after.index, "supplier"]).mean()
    assert Observable("stays", "ordered == 1").of(outcome) == pytest.approx(expected, abs=1e-12)
    assert 0.0 < expected < 1.0


def test_nothing_to_measure_is_missing(outcome: Outcome) -> None:
    assert Observable("shaded", "age > 1000").of(outcome) != Observable("shaded", "age > 1000").of(
        outcome
    )


def test_a_column_that_orders_lack_is_said(outcome: Outcome) -> None:
    with pytest.raises(ConfigError, match=r'no column shadet .did you mean "shaded"'):
        Observable("shadet", "ordered == 1").of(outcome)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os')", "is no column, nor one compared with a value"),
        ("shaded + 1", "is no column, nor one compared with a value"),
        ("age == ", "is no column, nor one compared with a value"),
        ("shadde", "orders have no column shadde"),
    ],
)
def test_what_is_no_reading(outcome: Outcome, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Observable(text, "ordered == 1").of(outcome)
    with pytest.raises(ConfigError, match=said):
        Observable("shaded", text).of(outcome)
