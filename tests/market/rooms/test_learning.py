"""Learning: what experience, voice, blame and neglect leave on a tie."""

from __future__ import annotations

import pytest
from support.quiet_market import quiet
from support.troubles import FAULTY

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
