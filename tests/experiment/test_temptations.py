"""Temptations that cannot arise are told, once each, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Call
from support.places import ROOT

from trustsim.config.experiment import load_experiment
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import notices_of
from trustsim.experiment.temptations import idle_temptations

CONFIG = """
name = "terms"
rounds = 2
replications = 2
[market]
buyers = 40
suppliers = 20
{market}
[arms.one]
buyer_mix = {{ adversarial = 1.0 }}
{one}
[arms.two]
buyer_mix = {{ high_trust = 1.0 }}
{two}
"""
SHADE = "with a shading_saving of 0 no supplier is tempted to shade"
KEEP = "no instrument gives a supplier money before it delivers, so that none is tempted to keep it"
OWE = (
    "no instrument leaves anything to be paid after acceptance, so that no buyer is tempted to pay "
    "late or to deny a debt"
)

DENY = "every instrument secures all of a debt, so that no buyer is tempted to deny one"


def told(folder: Path, market: str = "", one: str = "", two: str = "") -> list[str]:
    path = folder / "terms.toml"
    path.write_text(CONFIG.format(market=market, one=one, two=two), encoding="utf-8")
    return idle_temptations(Plan(load_experiment(path)))


@pytest.mark.parametrize(
    ("instruments", "said"),
    [
        (["prepayment"], [OWE]),
        (["open_account"], [KEEP]),
        (["escrow"], [KEEP, OWE]),
        (["open_account", "prepayment"], []),
        (["deposit_and_balance"], []),
        # what is not collected on delivery is owed, at sites that are remote
        (["cash_on_delivery"], [KEEP]),
    ],
)
def test_instruments_decide_who_can_be_tempted(
    tmp_path: Path, instruments: list[str], said: list[str]
) -> None:
    found = told(tmp_path, f"instruments = {instruments}")
    assert found == [f"arm 'one' (and in 1 more case): {text}" for text in said]


def test_cash_in_hand_near_a_town_leaves_no_debt(tmp_path: Path) -> None:
    found = told(tmp_path, 'instruments = ["cash_on_delivery"]\nremoteness = 0.0')
    assert [text.partition(": ")[2] for text in found] == [KEEP, OWE]


@pytest.mark.parametrize(("secured", "said"), [(1.0, [KEEP, DENY]), (0.9, [KEEP])])
def test_what_is_secured_in_full_is_not_denied(
    tmp_path: Path, secured: float, said: list[str]
) -> None:
    own = f'[instruments.sealed]\nbased_on = "open_account"\nsecured = {secured}'
    found = told(tmp_path, 'instruments = ["sealed"]', two=own)
    assert [text.partition(": ")[2] for text in found] == said


def test_a_temptation_of_one_arm_is_told_of_that_arm(tmp_path: Path) -> None:
    assert told(tmp_path, two="market = { shading_saving = 0.0 }") == [f"arm 'two': {SHADE}"]


def test_who_is_never_tempted_is_not_told_of(tmp_path: Path) -> None:
    honest = 'instruments = ["escrow"]\nshading_saving = 0.0\nsupplier_mix = { cooperative = 1.0 }'
    path = tmp_path / "terms.toml"
    text = CONFIG.format(market=honest, one="", two="").replace("adversarial", "hard_but_fair")
    path.write_text(text.replace("{ high_trust", "{ hard_but_fair"), encoding="utf-8")
    assert idle_temptations(Plan(load_experiment(path))) == []


def test_it_is_said_before_the_run(tmp_path: Path, call: Call) -> None:
    told(tmp_path, 'instruments = ["open_account"]')
    said = call("run", str(tmp_path / "terms.toml"), "--no-report", "--out", "here")
    assert said.code == 0
    assert f"note: terms: arm 'one' (and in 1 more case): {KEEP}\n" in said.err


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_studies_tempt_whom_they_can(path: Path) -> None:
    assert not [text for text in notices_of(load_experiment(path)) if "tempted" in text]
