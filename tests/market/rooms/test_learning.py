"""Learning: what experience, voice, blame and neglect leave on a tie."""

from __future__ import annotations

from typing import Any

import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.troubles import BAD_LOTS, FAULTY, OPEN

from trustsim.market.views import leaves_wronged
from trustsim.simulation.run import Rounds, simulate
from trustsim.validation.known.memory import idle_pair


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


@pytest.mark.parametrize(("inspection", "level"), [("none", 0.0), ("all", 1.0)])
def test_suppliers_learn_how_they_are_watched_and_how_loyal_a_buyer_is(
    inspection: str, level: float
) -> None:
    tie = simulate(quiet({"inspection": inspection}, specificity=1.0)).world.ties[0, 0]
    assert tie["watched"] == pytest.approx(level + (0.5 - level) * 0.85**12, rel=1e-5)
    assert tie["retained"] == pytest.approx(1.0 - 0.85**12, rel=1e-5)


def outcome_of(buyer: Any, supplier: Any, **market: Any) -> Any:
    sizes = {"buyers": 100, "rounds": 30, "suppliers": 40, "contacts": 1}
    return simulate(quiet(buyer, supplier, **sizes, **market), orders=True)


def left_again(outcome: Any) -> float:
    orders = needs_of(outcome)
    return float(orders.loc[orders["round"] > 0, "fresh"].mean())


@pytest.mark.parametrize(
    ("exit", "voice", "redress", "leaves"),
    [
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0, 1.0),
        (0.4, 0.0, 0.0, 0.4),
        (1.0, 1.0, 0.0, 0.0),  # who speaks stays
        (1.0, 0.5, 0.0, 0.5),
        (1.0, 0.0, 0.5, 0.5),  # what is made good at once keeps half of them
        (1.0, 0.0, 1.0, 0.0),
    ],
)
def test_buyers_leave_after_a_grievance_unless_they_speak_or_are_redressed(
    exit: float, voice: float, redress: float, leaves: float
) -> None:
    # every lot fails and is traced; the supplier admits it and makes good
    outcome = outcome_of(
        {"exit": exit, "voice": voice}, {"admission": 1.0}, redress=redress, **BAD_LOTS
    )
    found = left_again(outcome)
    assert found == pytest.approx(leaves, abs=0.037 if 0.0 < leaves < 1.0 else 0.0)  # 4 sd
    assert outcome.measures["repurchase_rate"] == pytest.approx(1.0 - leaves, abs=0.04)
    # the trade knows what the wronged do: some thousand cases against one and a half
    assert leaves_wronged(outcome.world.market[0]) == pytest.approx(leaves, abs=0.08)


@pytest.mark.parametrize(
    ("outreach", "voice", "leaves"),
    [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.4, 0.0, 0.6), (0.4, 0.5, 0.3)],
)
def test_a_supplier_that_goes_and_asks_keeps_whom_silence_would_lose(
    outreach: float, voice: float, leaves: float
) -> None:
    # every lot fails and is traced; who neither speaks nor is asked leaves
    supplier = {"admission": 1.0, "outreach": outreach}
    outcome = outcome_of({"exit": 1.0, "voice": voice}, supplier, redress=0.0, **BAD_LOTS)
    error = 0.037 if 0.0 < leaves < 1.0 else 0.0  # 4 sd
    assert left_again(outcome) == pytest.approx(leaves, abs=error)
    assert outcome.measures["repurchase_rate"] == pytest.approx(1.0 - leaves, abs=0.04)


@pytest.mark.parametrize("outreach", [0.0, 1.0])
def test_who_is_asked_is_repaired_by_its_part(outreach: float) -> None:
    bad = {"betrayal_weight": 3.0, "trust_forgetting": 1.0, "rounds": 10, **FAULTY}
    silent = {"voice": 0.0}
    supplier = {"admission": 1.0, "outreach": outreach}
    tie = simulate(quiet(silent, supplier, outreach_repair=0.4, failure_cost=0.0, **bad)).world.ties
    assert tie[0, 0]["supplier_bad"] == pytest.approx(1.0 + 30.0 * (1.0 - 0.4 * outreach), rel=1e-5)


def test_the_content_are_asked_too_and_the_supplier_pays_for_it() -> None:
    hours = {"hour_cost": 0.01, "outreach_hours": 2.0, "rounds": 400}
    profit = [
        simulate(quiet({}, {"outreach": share}, **hours)).measures["supplier_profit"]
        for share in (0.0, 0.5, 1.0)
    ]
    assert profit[0] - profit[2] == pytest.approx(0.02, abs=1e-6)
    assert profit[0] - profit[1] == pytest.approx(0.01, abs=0.002)  # 4 sd


@pytest.mark.parametrize(("exit", "leaves"), [(0.0, 0.0), (1.0, 1.0), (0.4, 0.4)])
def test_a_falsely_accused_supplier_turns_away(exit: float, leaves: float) -> None:
    alarms = {"specificity": 0.0, "rework_cost": 0.0}
    outcome = outcome_of({"inspection": "all"}, {"exit": exit, "admission": 1.0}, **alarms)
    found = left_again(outcome)
    assert found == pytest.approx(leaves, abs=0.037 if 0.0 < leaves < 1.0 else 0.0)
    market = outcome.world.market[0]
    if exit > 0.0:
        share = market["walked_out"] / (market["walked_out"] + market["put_up"])
        assert share == pytest.approx(leaves, abs=0.08)


@pytest.mark.parametrize("damage", [0.0, 0.3, 1.0])
def test_a_supplier_leaves_who_pays_late_as_far_as_that_damages(damage: float) -> None:
    outcome = outcome_of(
        {"lateness": 1.0}, {"exit": 1.0}, instruments=OPEN, late_damage=damage, credit_loss=0.0
    )
    error = 0.034 if 0.0 < damage < 1.0 else 0.0
    assert left_again(outcome) == pytest.approx(damage, abs=error)


def test_what_nobody_tends_decays_geometrically() -> None:
    pair = idle_pair()
    tie = pair.world.ties[0, 0]
    for n in range(1, 41):
        pair.step()
        found = {name: float(tie[name]) for name in tie.dtype.names}
        found["goodwill"] = float(pair.world.bonds[0, 0]["goodwill"])
        # an idle round starts with the round after the last order
        assert found["supplier_good"] == pytest.approx(2.0 + 10.0 * 0.9**n, rel=1e-5)
        assert found["supplier_bad"] == pytest.approx(1.0 + 4.0 * 0.9**n, rel=1e-5)
        assert found["knowhow"] == pytest.approx(0.6 * 0.95**n, rel=1e-5)
        assert found["goodwill"] == pytest.approx(0.8 * 0.9**n, rel=1e-5)
        assert found["attraction"] == pytest.approx(3.0 * 0.8**n, rel=1e-5)
        assert found["buyer_good"] == 9.0


def test_an_order_in_the_last_round_is_no_neglect() -> None:
    run = Rounds(quiet(rounds=20, idle_forgetting=0.0, trust_forgetting=1.0), 0)
    for n in range(1, 21):
        run.step()
        assert run.world.ties[0, 0]["supplier_good"] == 1.0 + n


@pytest.mark.parametrize(("promised", "owned"), [(0.5, 0.0), (0.5, 0.6), (0.2, 0.0), (0.5, 1.0)])
def test_a_promise_that_is_not_kept_disappoints_by_its_gap(promised: float, owned: float) -> None:
    # good and bad news of every order are 1 - gap and gap: so is what the buyer comes to believe
    supplier = {"promise_inflation": promised, "account_owner": owned}
    market = {"disconfirmation": 1.0, "rounds": 400, "trust_forgetting": 1.0, "owner_hours": 0.0}
    last = orders_of({}, supplier, **market)["trust_in_supplier"].iloc[-1]
    assert last == pytest.approx(1.0 - promised * (1.0 - owned), abs=0.02)


def test_a_promise_is_believed_until_the_first_order_and_an_owner_works_for_it() -> None:
    plain = orders_of({}, {}, disconfirmation=1.0)["trust_in_supplier"].iloc[0]
    lifted = orders_of({}, {"promise_inflation": 0.5}, disconfirmation=1.0)
    assert lifted["trust_in_supplier"].iloc[0] == pytest.approx(plain + 0.5 * (1.0 - plain))
    owner = {"disconfirmation": 1.0, "hour_cost": 0.01, "owner_hours": 2.0}
    idle, busy = (
        simulate(quiet({}, {"account_owner": share}, **owner)).measures for share in (0.0, 1.0)
    )
    gap = idle["supplier_profit"] - busy["supplier_profit"]
    assert gap == pytest.approx(0.02, abs=1e-6)
