"""Payment terms: when is what paid, through whom, and can both sides live with it?

The pair enters with a price and what each thinks of the other; it leaves with an instrument, or
without an order because no instrument leaves both with an expected gain.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.market.ledger import micro, pay, spend
from trustsim.schema.accounts import BANKS, CARRIERS, PAYMENT, PLATFORM, SUPPLIERS

JOINT_COST, BUYER_DICTATES, SUPPLIER_DICTATES = 0, 1, 2
NONE = -1


@compiled
def fee(instrument: Any, amount: float) -> float:
    """Give the fee of an instrument for an amount of money."""
    return instrument.fee_fixed + instrument.fee_share * amount


@compiled
def deferred(instrument: Any) -> float:
    """Give the share of the price that is paid after acceptance."""
    return max(1.0 - instrument.advance - instrument.on_delivery, 0.0)


@compiled
def buyer_financing(instrument: Any, amount: float, market: Any) -> float:
    """Give what paying early costs the buyer, or credit saves it.

    A round's interest on the advance, less interest on what is paid after acceptance.
    """
    early = instrument.advance / market.rounds_per_year
    later = deferred(instrument) * instrument.credit_days / 365.0
    return amount * market.buyer_interest * (early - later)


@compiled
def buyer_cost(instrument: Any, amount: float, trust: float, market: Any) -> float:
    """Give the buyer's expected cost of an instrument: exposure, financing, fee, unfamiliarity."""
    exposed = instrument.advance * (1.0 - instrument.held)
    exposed += instrument.on_delivery * market.unseen_exposure
    risk = exposed * amount * (1.0 - trust) * market.advance_loss
    financing = buyer_financing(instrument, amount, market)
    charge = (1.0 - instrument.supplier_fee_share) * fee(instrument, amount)
    return risk + financing + charge + _unfamiliar(instrument, amount, market)


@compiled
def supplier_cost(
    instrument: Any, amount: float, trust: float, remoteness: float, market: Any
) -> float:
    """Give the supplier's expected cost of an instrument: exposure, financing, fee."""
    uncollected = instrument.on_delivery * instrument.collection_failure * remoteness
    exposed = (deferred(instrument) + uncollected) * (1.0 - instrument.secured) * amount
    risk = exposed * (1.0 - trust) * market.credit_loss
    days = instrument.credit_days / 365.0
    financing = deferred(instrument) * amount * market.supplier_interest * days
    charge = instrument.supplier_fee_share * fee(instrument, amount)
    return risk + financing + charge + _unfamiliar(instrument, amount, market)


@compiled
def _unfamiliar(instrument: Any, amount: float, market: Any) -> float:
    if instrument.novel == 0:
        return 0.0
    strange = 1.0 - instrument.familiarity
    return market.familiarity_weight * strange * amount


@compiled
def write_terms(order: Any, i: int, instrument: Any) -> None:
    """Write an instrument's terms on the order."""
    order.instrument = i
    order.advance = instrument.advance
    order.on_delivery = instrument.on_delivery
    order.after = deferred(instrument)
    order.held = float(instrument.held)
    order.secured = instrument.secured
    order.credit_days = instrument.credit_days


@inlined
def settle_on(world: Any, policy: Any, ours: Any, theirs: Any, order: Any, deed: Any) -> bool:
    """Settle on an instrument; give False when none is acceptable to both.

    Acceptable is what leaves a side with a positive expected gain. By rule, the pair takes the
    instrument of least joint cost, or the buyer or the supplier takes the one that is cheapest for
    itself. A user's rule scores each acceptable instrument; it finds its own expected cost in
    ``tie.loss`` and the supplier's in ``tie.partner_cost``.
    """
    market = world.market[0]
    amount = order.price * order.lots
    worth = market.value * market.lot_cost * order.lots
    cost = deed.unit_cost * order.lots
    rule = policy.terms
    best = NONE
    least = 0.0
    for i in range(market.instruments):
        instrument = world.instruments[i]
        if order.remoteness > instrument.reach:
            continue
        mine = buyer_cost(instrument, amount, ours.trust, market)
        yours = supplier_cost(instrument, amount, theirs.trust, order.remoteness, market)
        if worth - amount - mine <= 0.0 or amount - cost - yours <= 0.0:
            continue
        if rule > OWN_RULE:
            write_terms(order, i, instrument)
            ours.loss = mine
            ours.partner_cost = yours
            burden = -own_rule(rule, order, ours, policy, market)
        elif rule == BUYER_DICTATES:
            burden = mine + 1.0e-6 * yours
        elif rule == SUPPLIER_DICTATES:
            burden = yours + 1.0e-6 * mine
        else:
            burden = mine + yours
        if best == NONE or burden < least:
            best = i
            least = burden
    if best == NONE:
        order.lost_for_terms = 1
        return False
    write_terms(order, best, world.instruments[best])
    return True


@inlined
def charge(market: Any, instrument: Any, order: Any, deed: Any) -> None:
    """Charge the instrument's fee to both sides, and to each the interest on what it waits for."""
    amount = order.price * order.lots
    earner = PLATFORM
    if instrument.operator == 1:
        earner = CARRIERS
    elif instrument.operator == 2:
        earner = BANKS
    total = fee(instrument, amount)
    share = instrument.supplier_fee_share
    pay(deed, SUPPLIERS, earner, micro(share * total))
    spend(deed, PAYMENT, earner, (1.0 - share) * total)
    spend(deed, PAYMENT, BANKS, buyer_financing(instrument, amount, market))
    days = order.credit_days / 365.0
    pay(deed, SUPPLIERS, BANKS, micro(order.after * amount * market.supplier_interest * days))
