"""Instruments of single orders: what each side expects of them, and what they charge."""

from __future__ import annotations

from typing import Any

import pytest
from support.one_order import PLACES, Books, order_for, world_of

from trustsim.market.rooms.payment_terms import (
    agree_on_terms,
    buyer_cost,
    buyer_financing,
    charge,
    prepare,
    supplier_cost,
    write_terms,
)
from trustsim.schema.accounts import BANKS, CARRIERS, PAYMENT, PLATFORM, SUPPLIERS

MARKET: dict[str, Any] = {
    "buyer_interest": 0.3, "supplier_interest": 0.5, "rounds_per_year": 4, "unseen_exposure": 0.4,
    "advance_loss": 0.8, "credit_loss": 0.9, "familiarity_weight": 0.2, "lot_cost": 1.5,
    "enforcement": 0.75, "locatable": 0.8,
}  # fmt: skip
TERMS: dict[str, Any] = {
    "advance": 0.3, "on_delivery": 0.25, "held": 0, "secured": 0.4, "credit_days": 73.0,
    "fee_fixed": 0.02, "fee_share": 0.03, "supplier_fee_share": 0.25, "collection_failure": 0.5,
    "novel": 1, "reach": 1.0, "operator": 0,
}  # fmt: skip


def instrument(world: Any, **values: float) -> Any:
    row = world.instruments[0]
    for name, value in {**TERMS, **values}.items():
        row[name] = value
    row["familiarity"] = 0.7
    prepare(world.instruments, world.market[0])
    return row


def test_expected_costs_of_both_sides() -> None:
    world, _ = world_of(None, None, **MARKET)
    market, row = world.market[0], instrument(world)
    later = 1 - 0.3 - 0.25
    assert row["after"] == pytest.approx(later)
    financing = 2.0 * 0.3 * (0.3 / 4 - later * 0.2)
    assert buyer_financing(row, 2.0, market) == pytest.approx(financing)
    fee, strange = 0.02 + 0.03 * 2.0, 0.2 * 0.3 * 2.0
    buyers = (0.3 + 0.25 * 0.4) * 2.0 * 0.4 * 0.8 + financing + 0.75 * fee + strange
    assert buyer_cost(row, 2.0, 0.6, market) == pytest.approx(buyers)
    exposed = (later + 0.25 * 0.5 * 0.9) * 0.6 * 2.0
    # of what is exposed, a buyer that does not perform keeps .35
    suppliers = exposed * 0.3 * 0.35 + later * 2.0 * 0.5 * 0.2 + 0.25 * fee + strange
    assert supplier_cost(row, 2.0, 0.7, 0.35, 0.9, market) == pytest.approx(suppliers)
    row = instrument(world, held=1, novel=0)
    known = buyers - 0.3 * 2.0 * 0.4 * 0.8 - strange
    assert buyer_cost(row, 2.0, 0.6, market) == pytest.approx(known)
    assert supplier_cost(row, 2.0, 0.7, 0.35, 0.9, market) == pytest.approx(suppliers - strange)
    assert instrument(world, advance=0.8, on_delivery=0.3)["after"] == 0.0


def test_terms_are_written_on_the_order() -> None:
    world, workspace = world_of(None, None, **MARKET)
    order = order_for(world, workspace, 1)
    write_terms(order, 2, instrument(world, held=1))
    names = ("instrument", "advance", "on_delivery", "after", "held", "secured", "credit_days")
    found = [float(order[name]) for name in names]
    assert found == pytest.approx([2, 0.3, 0.25, 0.45, 1.0, 0.4, 73.0])


@pytest.mark.parametrize(("operator", "earner"), [(0, PLATFORM), (1, CARRIERS), (2, BANKS)])
def test_charges_of_single_orders(operator: int, earner: int) -> None:
    world, workspace = world_of(None, None, **MARKET)
    row = instrument(world, operator=operator)
    for b in PLACES:
        order = order_for(world, workspace, b)
        write_terms(order, 0, row)
        amount, expected = order["price"] * order["lots"], Books()
        fee = 0.02 + 0.03 * amount
        expected.pay(SUPPLIERS, earner, 0.25 * fee)
        expected.spend(PAYMENT, earner, 0.75 * fee)
        expected.spend(PAYMENT, BANKS, amount * 0.3 * (0.3 / 4 - 0.45 * 0.2))
        expected.pay(SUPPLIERS, BANKS, 0.45 * amount * 0.5 * 0.2)
        charge(world, workspace, b)
        expected.held_against(workspace.books[0])


@pytest.mark.parametrize("terms", ["joint_cost", "buyer_dictates", "supplier_dictates"])
def test_the_pair_takes_what_the_rule_says_of_what_both_can_live_with(terms: str) -> None:
    world, workspace = world_of({"terms": terms}, None, **{**MARKET, "value": 1.5})
    market, taken = world.market[0], set()
    world.instruments["fee_fixed"] = [0.0, 0.01, 0.005]
    world.instruments["reach"] = [0.5, 1.0, 1.0]
    for b in PLACES:
        order = order_for(world, workspace, b, price=1.2 + 0.05 * b)
        workspace.facts["unit_cost"] = 1.1
        trusts = (b * 7 % 11 / 11, b * 5 % 13 / 13)
        workspace.buyer_views["trust"] = trusts[0]
        workspace.supplier_view["trust"] = trusts[1]
        amount, lots, far = order["price"] * order["lots"], order["lots"], order["remoteness"]
        # the law brings back what is proved, found and enforced
        law = (1 + order["evidence"]) / 2 * 0.75 * 0.8 * (1 - far / 2)
        burdens = {}
        for i, row in enumerate(world.instruments):
            buyers = buyer_cost(row, amount, trusts[0], market)
            suppliers = supplier_cost(row, amount, trusts[1], 0.9 * (1 - law), far, market)
            good = 1.5 * 1.5 * lots - amount >= buyers and amount - 1.1 * lots >= suppliers
            if far <= row["reach"] and good:
                burdens[i] = {
                    "joint_cost": buyers + suppliers,
                    "buyer_dictates": buyers + 1e-6 * suppliers,
                    "supplier_dictates": suppliers + 1e-6 * buyers,
                }[terms]
        agreed = agree_on_terms(world, workspace, b)
        assert bool(agreed) == bool(burdens)
        assert order["lost_for_terms"] == (not burdens)
        best = min(burdens, key=lambda i: burdens[i]) if burdens else None
        if best is not None:
            assert order["instrument"] == best
            assert order["after"] == pytest.approx(float(world.instruments[best]["after"]))
        taken.add(best)
    assert len(taken) >= 2


def test_what_leaves_nothing_is_taken_and_what_is_next_is_not() -> None:
    # 1.5 of worth, 1.25 of price, 1 of cost: binary numbers, so that gains of 0 are 0
    world, workspace = world_of(None, None, lot_cost=1.0, value=1.5, advance_loss=1.0)
    world.instruments["reach"] = [0.5, 0.0, 0.0]
    for fee, suppliers_share, agreed in (
        (0.25, 0.0, True), (0.2500001, 0.0, False), (0.25, 1.0, True), (0.2500001, 1.0, False),
    ):  # fmt: skip
        order_for(world, workspace, 0, price=1.25, lots=1.0, remoteness=0.5)
        world.instruments["fee_fixed"][0] = fee
        world.instruments["supplier_fee_share"][0] = suppliers_share
        workspace.facts["unit_cost"] = 1.0
        workspace.buyer_views["trust"] = workspace.supplier_view["trust"] = 1.0
        assert bool(agree_on_terms(world, workspace, 0)) is agreed
