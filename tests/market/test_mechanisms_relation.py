"""What grows and fades between two partners can be switched on and off, and does what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.quiet_market import quiet

from trustsim.simulation.run import simulate

TELL = {"disclosure_rule": "always", "disclosure": 1.0}
ROUNDS = np.arange(12)


def orders_of(*policies: dict[str, Any], **market: Any) -> pd.DataFrame:
    """Run a quiet market and give its orders; those of the only pair unless told otherwise."""
    orders = simulate(quiet(*policies, **market), orders=True).orders
    assert orders is not None
    return orders


@pytest.mark.parametrize(
    ("buyer", "supplier", "growth"),
    [({}, {}, 0.0), (TELL, {}, 0.1), ({}, TELL, 0.1), (TELL, TELL, 0.2)],
)
def test_knowhow_grows_as_far_as_sides_disclose(
    buyer: dict[str, Any], supplier: dict[str, Any], growth: float
) -> None:
    orders = orders_of(buyer, supplier, knowhow_rate=0.2, knowhow_gain=0.3, gain_sharing=0.25)
    knowhow = 1.0 - (1.0 - growth) ** ROUNDS
    np.testing.assert_allclose(orders["knowhow"], knowhow, atol=1e-6)
    assert (orders["buyer_disclosed"] == bool(buyer)).all()
    assert (orders["supplier_disclosed"] == bool(supplier)).all()
    # it lowers the cost, and the buyer's price by its part of that
    saved = orders["unit_cost"].iloc[0] * 0.3 * knowhow
    np.testing.assert_allclose(orders["unit_cost"].iloc[0] - orders["unit_cost"], saved, atol=1e-6)
    np.testing.assert_allclose(orders["price"], 1.15 - 0.25 * saved, atol=1e-6)


@pytest.mark.parametrize("erosion", [0.0, 0.1])
def test_knowhow_erodes_when_nobody_says_anything(erosion: float) -> None:
    seldom = {"disclosure_rule": "always", "disclosure": 0.4}
    growth = {"knowhow_rate": 0.2, "knowhow_erosion": erosion}
    orders = orders_of(seldom, seldom, buyers=50, rounds=30, **growth)
    silent = orders["buyer_disclosed"] + orders["supplier_disclosed"] == 0.0
    after = orders["knowhow"].groupby(orders["buyer"]).shift(-1)
    known = silent & after.notna() & (orders["knowhow"] > 0.0)
    assert known.sum() > 300
    left = after[known] / orders["knowhow"][known]
    np.testing.assert_allclose(left, 1.0 - erosion, rtol=1e-5)


@pytest.mark.parametrize(("rate", "kept"), [(0.0, 1.0), (1.0, 0.7)])
def test_a_change_of_technology_takes_knowhow_away(rate: float, kept: float) -> None:
    orders = orders_of(TELL, TELL, knowhow_rate=0.2, technology_rate=rate, technology_loss=0.3)
    knowhow = [0.0]
    for _ in ROUNDS[1:]:
        now = knowhow[-1] + 0.2 * (1.0 - knowhow[-1])
        knowhow.append(now * kept)
    np.testing.assert_allclose(orders["knowhow"], knowhow, atol=1e-6)


def test_knowhow_saves_defects_lateness_misunderstandings_and_hours() -> None:
    faults: dict[str, Any] = {
        "defect_good": 0.3,
        "defect_bad": 0.3,
        "late_rate": 0.3,
        "capacity": 1000.0,
        "misunderstanding": 0.3,
        "coordination_hours": 2.0,
        "knowhow_ease": 0.5,
    }
    expert = {"knowhow_rate": 1.0, "knowhow_quality": 0.8, "knowhow_punctuality": 0.6}
    sizes = {"buyers": 200, "rounds": 20, "qualification_hours": 0.0, "disclosure_hours": 0.0}
    sizes |= {"upkeep_hours": 0.0, "joint_hours": 0.0}
    ignorant = orders_of(**faults, **sizes)
    skilled = orders_of(TELL, TELL, **faults, **expert, **sizes)
    skilled = skilled[skilled["age"] > 0]  # know-how is complete after the first order
    for field, off, on in (
        ("defective", 0.3, 0.3 * 0.2),
        ("late", 0.3, 0.3 * 0.4),
        ("misunderstood", 0.3, 0.3 * 0.5 * 0.5),
    ):
        assert ignorant[field].mean() == pytest.approx(off, abs=0.03), field
        assert skilled[field].mean() == pytest.approx(on, abs=0.02), field
    np.testing.assert_allclose(ignorant["productive_hours"], 2.0, atol=1e-6)
    np.testing.assert_allclose(skilled["productive_hours"], 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "trait", "tells", "expected"),
    [(0.0, 1.0, TELL, 0.0), (0.3, 0.0, TELL, 0.0), (0.3, 1.0, {}, 0.0), (0.3, 1.0, TELL, 0.3)],
)
def test_what_is_disclosed_leaks_at_opportunists(
    rate: float, trait: float, tells: dict[str, Any], expected: float
) -> None:
    character = {"opportunism_mean": trait, "opportunism_spread": 0.0}
    loss = {"leak_rate": rate, "leak_loss": 0.2, "buyers": 100, "rounds": 50}
    tempted = {"conduct": "propensity", "propensity": 0.0}
    found = simulate(quiet(tells, tempted, **loss, **character)).measures["cost_leakage"] / 0.2
    assert found == pytest.approx(expected, abs=0.026 if expected else 0.0)  # 4 sd
    fair = {"conduct": "never"}
    assert simulate(quiet(tells, fair, **loss, **character)).measures["cost_leakage"] == 0.0


@pytest.mark.parametrize("traced", [0.0, 0.6, 1.0])
def test_a_leak_that_is_traced_is_a_grievance(traced: float) -> None:
    orders = orders_of(
        TELL,
        {"conduct": "propensity", "propensity": 0.0},
        leak_rate=1.0,
        failure_traced=traced,
        opportunism_mean=1.0,
        opportunism_spread=0.0,
        buyers=100,
        rounds=40,
    )
    assert orders["leaked"].all()
    error = 0.031 if 0.0 < traced < 1.0 else 0.0  # 4 sd
    assert orders["grievance"].mean() == pytest.approx(traced, abs=error)


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_specific_assets_are_built_on_trust_save_hours_and_lock_in(rate: float) -> None:
    hours = {"coordination_hours": 2.0, "asset_saving": 0.5, "qualification_hours": 0.0}
    outcome = simulate(
        quiet(
            {"upkeep": 0.0},
            {"asset_rate": rate},
            trust_forgetting=1.0,
            asset_cost=0.1,
            asset_lock=0.4,
            hold_up=0.5,
            value=3.0,
            **hours,
        ),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    assets = [0.0]
    for n in range(12):
        trust = (n + 1) / (n + 2)
        assets.append(assets[-1] + rate * trust * (1.0 - assets[-1]))
    before = np.array(assets[:-1])
    assert outcome.world.ties["assets"][0, 0] == pytest.approx(assets[-1], abs=1e-6)
    np.testing.assert_allclose(orders["productive_hours"], 2.0 * (1.0 - 0.5 * before), atol=1e-6)
    np.testing.assert_allclose(orders["price"], 1.15 + 0.5 * 0.4 * before, atol=1e-6)
    paid = (orders["price"] - orders["unit_cost"]).sum() - orders["profit"].sum() / 1e6
    assert paid == pytest.approx(0.1 * assets[-1], abs=1e-4)


@pytest.mark.parametrize("hold_up", [0.0, 0.5, 1.0])
def test_a_lone_supplier_asks_for_its_part_of_the_cost_of_leaving(hold_up: float) -> None:
    orders = orders_of(hold_up=hold_up, switching_cost=0.3, value=3.0)
    known = orders["age"] > 0  # nothing ties a buyer to a stranger
    np.testing.assert_allclose(orders["price"], 1.15 + hold_up * 0.3 * known, atol=1e-9)
    tender = orders_of(
        {"bidders": 2}, hold_up=hold_up, switching_cost=0.3, suppliers=2, contacts=2, value=3.0
    )
    assert (tender["price"] <= 1.15).all()  # two bidders hold nobody up


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_relational_price_forgoes_margin_as_trust_grows(share: float) -> None:
    orders = orders_of({}, {"relational_price": share}, trust_forgetting=1.0, value=3.0)
    cost = orders["unit_cost"].iloc[0]
    competitive = cost + (1.15 - cost) / 4.0
    trust = (ROUNDS + 1) / (ROUNDS + 2)
    expected = 1.15 - share * trust * (1.15 - competitive)
    np.testing.assert_allclose(orders["price"], expected, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_burdens_of_dealing_are_passed_on_in_bids(share: float) -> None:
    # a bid costs the supplier 5 hours of .01
    orders = orders_of(bid_hours=5.0, hour_cost=0.01, pass_on=share, value=3.0, rounds=60)
    burden = 0.05 * (1.0 - 0.9 ** np.arange(60))
    np.testing.assert_allclose(orders["price"], 1.15 + share * burden, atol=1e-4)


@pytest.mark.parametrize("bonus", [0.0, 0.5])
def test_goodwill_grows_with_upkeep_and_lifts_trust(bonus: float) -> None:
    market = {"goodwill_bonus": bonus, "goodwill_erosion": 0.2, "trust_forgetting": 1.0}
    orders = orders_of({"upkeep": 1.0}, {"care": 0.0}, **market)
    goodwill = [0.0]
    for _ in ROUNDS[1:]:
        goodwill.append((goodwill[-1] + 0.1 * (1.0 - goodwill[-1])) * 0.8)
    belief = (ROUNDS + 1) / (ROUNDS + 2)
    expected = belief + bonus * np.array(goodwill) * (1.0 - belief)
    np.testing.assert_allclose(orders["trust_in_supplier"], expected, atol=1e-6)
    np.testing.assert_allclose(orders["trust_in_buyer"], expected, atol=1e-6)
    neglected = simulate(quiet({"upkeep": 0.0}, {"care": 0.0}, **market)).world
    assert neglected.ties["goodwill"].max() == 0.0


FAULTY: dict[str, Any] = {"defect_good": 1.0, "defect_bad": 1.0, "failure_traced": 1.0}


@pytest.mark.parametrize("voice", [0.0, 1.0])
def test_voice_repairs_and_silence_turns_away(voice: float) -> None:
    # every lot fails and is traced; the supplier admits it, at no cost to the buyer
    outcome = simulate(
        quiet(
            {"voice": voice, "memory": 0.1},
            {"admission": 1.0},
            voice_repair=0.6,
            betrayal_weight=3.0,
            trust_forgetting=1.0,
            failure_cost=0.0,
            knowhow_quality=0.0,
            rounds=10,
            **FAULTY,
        )
    )
    tie = outcome.world.ties[0, 0]
    weight = 3.0 * (1.0 - 0.6 * voice)
    assert tie["supplier_bad"] == pytest.approx(1.0 + 10 * weight, rel=1e-5)
    attraction = 0.0
    for _ in range(10):
        attraction = 0.9 * attraction * (1.0 if voice else 0.5) + 1.6 - 1.15
    assert tie["attraction"] == pytest.approx(attraction, rel=1e-5)


@pytest.mark.parametrize("blame", [0.0, 1.0])
def test_blame_takes_mishaps_for_betrayal(blame: float) -> None:
    late = {"late_rate": 1.0, "late_cost": 0.0, "trust_forgetting": 1.0, "betrayal_weight": 3.0}
    tie = simulate(quiet({"blame": blame, "voice": 0.0}, rounds=10, **late)).world.ties[0, 0]
    assert tie["supplier_good"] == pytest.approx(1.0 + 10 * (1.0 - blame))
    assert tie["supplier_bad"] == pytest.approx(1.0 + 10 * 0.9 * blame, rel=1e-5)


@pytest.mark.parametrize(("rate", "fresh"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_relations_break_at_their_rate(rate: float, fresh: float) -> None:
    sizes = {"buyers": 100, "suppliers": 30, "contacts": 1, "rounds": 40}
    orders = orders_of(break_rate=rate, **sizes)
    later = orders[orders["round"] > 0]
    assert later["fresh"].mean() == pytest.approx(fresh, abs=0.03 if 0 < rate < 1 else 0.0)
    assert (later["age"].max() == 39) == (rate == 0.0)
    partners = orders.groupby("buyer")["supplier"].nunique()
    assert (partners == 1).all() if rate == 0.0 else partners.mean() > 5


def test_strangers_are_judged_by_acquaintance_reputation_and_general_trust() -> None:
    def first_trust(**market: Any) -> pd.Series:
        sizes = {"buyers": 300, "rounds": 1, "suppliers": 30}
        return orders_of({"prior_good": 3.0, "prior_bad": 1.0}, **sizes, **market)[
            "trust_in_supplier"
        ]

    assert first_trust().to_numpy() == pytest.approx(0.75)
    everybody = first_trust(acquaintance_bonus=0.4, communities=1)
    assert everybody.to_numpy() == pytest.approx(0.75 + 0.4 * 0.25)
    some = first_trust(acquaintance_bonus=0.4, communities=4)
    assert set(some.round(6)) == {0.75, 0.85}
    assert (some > 0.8).mean() == pytest.approx(0.25, abs=0.1)
    # nothing is known yet: reputation and general trust are .5
    for weight in ("general_weight", "reputation_weight"):
        assert first_trust(**{weight: 0.4}).to_numpy() == pytest.approx(0.6 * 0.75 + 0.4 * 0.5)
        assert first_trust(**{weight: 1.0}).to_numpy() == pytest.approx(0.5)


def test_bad_experience_with_others_lowers_trust_in_strangers() -> None:
    sizes = {"buyers": 20, "suppliers": 30, "contacts": 1, "break_rate": 1.0, "rounds": 20}
    kept = {"trust_forgetting": 1.0, "betrayal_weight": 1.0, "failure_cost": 0.0}
    good = orders_of({"voice": 0.0}, general_weight=1.0, **sizes, **kept)
    bad = orders_of(
        {"voice": 0.0},
        {"admission": 1.0},
        general_weight=1.0,
        knowhow_quality=0.0,
        **sizes,
        **kept,
        **FAULTY,
    )
    n = good["round"]
    np.testing.assert_allclose(good["trust_in_supplier"], (n + 1) / (n + 2), atol=1e-5)
    np.testing.assert_allclose(bad["trust_in_supplier"], 1 / (n + 2), atol=1e-5)


@pytest.mark.parametrize(("inspection", "level"), [("none", 0.0), ("all", 1.0)])
def test_suppliers_learn_how_they_are_watched_and_how_loyal_a_buyer_is(
    inspection: str, level: float
) -> None:
    tie = simulate(quiet({"inspection": inspection}, specificity=1.0)).world.ties[0, 0]
    assert tie["watched"] == pytest.approx(level + (0.5 - level) * 0.85**12, rel=1e-5)
    assert tie["retained"] == pytest.approx(1.0 - 0.85**12, rel=1e-5)


def test_suppliers_judge_strangers_by_what_all_buyers_did() -> None:
    # every buyer is new in every round and denies its debt; the supplier remembers them all
    outcome = simulate(
        quiet(
            {"conduct": "always", "worst": 1.0},
            instruments={"open": {"credit_days": 30.0}},
            buyers=10,
            rounds=2,
            break_rate=1.0,
            general_weight=1.0,
            betrayal_weight=3.0,
            trust_forgetting=0.5,
            claim_penalty=0.0,
            credit_loss=0.0,
        ),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    assert (orders["false_claim"] > 0).all()
    assert orders.loc[orders["round"] == 0, "trust_in_buyer"].to_numpy() == pytest.approx(0.5)
    after = 1.0 / (1.0 + 1.0 + 3.0 * 10.0)
    assert orders.loc[orders["round"] == 1, "trust_in_buyer"].to_numpy() == pytest.approx(after)
