"""What single orders disclose, muddle and leak, each with its own luck."""

from __future__ import annotations

from typing import Any

import pytest
from support.one_order import PLACES, Books, order_for, units, world_of

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.information_sharing import share
from trustsim.schema.accounts import DELAY, LEAKAGE, OUTSIDE, SOURCING, SUPPLIERS

MARKET: dict[str, Any] = {
    "disclosure_hours": 3.0, "hour_cost": 0.01, "misunderstanding": 0.9,
    "misunderstanding_cost": 0.07, "leak_rate": 0.8, "leak_loss": 0.2, "knowhow_rate": 0.3,
    "knowhow_erosion": 0.2, "asset_cost": 0.15, "lot_cost": 1.5,
}  # fmt: skip


@pytest.mark.parametrize("conduct", ["never", "propensity"])
def test_everything_that_follows_from_telling_or_not(conduct: str) -> None:
    world, workspace = world_of(
        {"disclosure_rule": "always", "disclosure": 0.6},
        {"disclosure_rule": "by_trust", "disclosure": 0.8, "conduct": conduct, "asset_rate": 0.4},
        **MARKET,
    )
    world.market["mismatch_shared"], world.market["mismatch_unshared"] = 0.03, 0.08
    seen = set()
    for b in PLACES:
        order, expected = order_for(world, workspace, b), Books()
        trust = 0.9 - 0.02 * b
        workspace.supplier_view["trust"] = trust
        tie, bond = world.ties[b, b % 3], world.bonds[b, b % 3]
        knowhow, assets = float(tie["knowhow"]), float(bond["assets"])
        first, second, muddle, leak = draw(world.market[0], number_of("disclosure"), b)
        buyer_tells, supplier_tells = int(first < 0.6), int(second < 0.8 * trust)
        both = (buyer_tells + supplier_tells) / 2
        worth = order["lots"] * 1.5
        expected.work(SOURCING, 3.0 * buyer_tells, 0.01)
        expected.supplier_work(3.0 * supplier_tells, 0.01)
        expected.spend(DELAY, OUTSIDE, (0.03 if buyer_tells else 0.08) * worth)
        muddled = muddle < 0.9 * (1 - both / 2) * (1 - knowhow / 2)
        if muddled:
            expected.spend(DELAY, OUTSIDE, 0.07 * worth)
        trait = float(world.suppliers["opportunism"][order["supplier"]])
        leaked = buyer_tells and conduct != "never" and leak < 0.8 * trait
        if leaked:
            expected.spend(LEAKAGE, OUTSIDE, 0.2 * worth)
        built = 0.4 * trust * (1 - assets)
        expected.pay(SUPPLIERS, OUTSIDE, 0.15 * built * 1.5)
        share(world, workspace, b)
        expected.held_against(workspace.books[0])
        told = (order["buyer_disclosed"], order["supplier_disclosed"])
        assert told == (buyer_tells, supplier_tells)
        assert (tie["buyer_shared"], tie["supplier_shared"]) == (buyer_tells, supplier_tells)
        assert (order["misunderstood"], workspace.facts["leaked"][0]) == (muddled, leaked)
        grown = knowhow + 0.3 * both * (1 - knowhow) if both else 0.8 * knowhow
        assert float(tie["knowhow"]) == pytest.approx(grown, rel=1e-5)
        assert float(bond["assets"]) == pytest.approx(assets + built, rel=1e-5)
        hours = workspace.books["productive_hours"][0]
        assert hours == pytest.approx(3.0 * buyer_tells)
        seen.add((buyer_tells, supplier_tells, muddled, leaked))
    assert len(seen) >= 5
    assert units(1.0) == 1_000_000


def test_without_bonds_nothing_is_built() -> None:
    world, workspace = world_of(
        None, {"asset_rate": 0.0}, **{**MARKET, "goodwill_bonus": 0.0, "asset_saving": 0.0}
    )
    assert world.bonds.shape[0] == 0
    order_for(world, workspace, 0)
    share(world, workspace, 0)
    assert sum(workspace.books["flow"][0]) == 0
