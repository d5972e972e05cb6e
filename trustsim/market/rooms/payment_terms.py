"""Payment terms: when is what paid, through whom, and can both sides live with it?

The pair enters with a price and what each thinks of the other; it leaves with an instrument, or
without an order because no instrument leaves both with an expected gain.
"""

from __future__ import annotations

from math import erfc, sqrt
from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import draw_slot, normal, number_of
from trustsim.market.ledger import micro, pay, spend, supplier_work, work
from trustsim.market.rooms.disputes import award_of, recovery
from trustsim.schema.accounts import BANKS, CARRIERS, NEGOTIATION, PAYMENT, PLATFORM, SUPPLIERS
from trustsim.schema.policy import choice_number

BUYER_DICTATES = choice_number("terms", "buyer_dictates")
SUPPLIER_DICTATES = choice_number("terms", "supplier_dictates")
SCREENING = number_of("screening")
BY_CARRIER, BY_BANK = 1, 2
"""Operators of an instrument, as its row counts them; 0 is the platform."""
NONE = -1


@compiled
def fee(instrument: Any, amount: float) -> float:
    """Give the fee of an instrument for an amount of money."""
    return instrument.fee_fixed + instrument.fee_share * amount


@compiled
def prepare(instruments: Any, market: Any) -> None:
    """Work out of each instrument what is the same for all orders."""
    for i in range(instruments.shape[0]):
        instrument = instruments[i]
        instrument.after = max(1.0 - instrument.advance - instrument.on_delivery, 0.0)
        instrument.years = instrument.credit_days / 365.0
        early = instrument.advance / market.rounds_per_year
        later = instrument.after * instrument.credit_days / 365.0
        instrument.years_ahead = early - later


@compiled
def buyer_financing(instrument: Any, amount: float, market: Any) -> float:
    """Give what paying early costs the buyer, or credit saves it.

    A round's interest on the advance, less interest on what is paid after acceptance.
    """
    return amount * market.buyer_interest * instrument.years_ahead


@compiled
def buyer_exposure(instrument: Any, market: Any) -> float:
    """Give the share of the price that a buyer may lose: paid before delivery, held by nobody."""
    exposed = instrument.advance * (1.0 - instrument.held)
    return exposed + instrument.on_delivery * market.unseen_exposure


@compiled
def supplier_exposure(instrument: Any, remoteness: float) -> float:
    """Give the share of the price that a supplier may lose: not paid at delivery, not secured."""
    uncollected = instrument.on_delivery * instrument.collection_failure * remoteness
    return (instrument.after + uncollected) * (1.0 - instrument.secured)


@compiled
def buyer_cost(instrument: Any, amount: float, trust: float, market: Any) -> float:
    """Give the buyer's expected cost of an instrument: exposure, financing, fee, unfamiliarity."""
    exposed = buyer_exposure(instrument, market)
    risk = exposed * amount * (1.0 - trust) * market.advance_loss
    financing = buyer_financing(instrument, amount, market)
    charge = (1.0 - instrument.supplier_fee_share) * fee(instrument, amount)
    worry = unease(exposed * amount, market.advance_loss, trust, market)
    return risk + financing + charge + worry + _unfamiliar(instrument, amount, market)


@compiled
def supplier_cost(
    instrument: Any, amount: float, trust: float, lost: float, remoteness: float, market: Any
) -> float:
    """Give the supplier's expected cost of an instrument: exposure, financing, fee.

    ``lost`` is the share of what is exposed that a buyer which does not perform keeps.
    """
    exposed = supplier_exposure(instrument, remoteness) * amount
    risk = exposed * (1.0 - trust) * lost
    financing = instrument.after * amount * market.supplier_interest * instrument.years
    charge = instrument.supplier_fee_share * fee(instrument, amount)
    worry = unease(exposed, lost, trust, market)
    return risk + financing + charge + worry + _unfamiliar(instrument, amount, market)


@compiled
def premium(loss: float, chance: float, market: Any) -> float:
    """Give what a risk-averse side would pay not to face a loss.

    Half the absolute risk aversion times the variance of the loss (Pratt 1964).
    """
    return 0.5 * market.risk_aversion * loss * loss * chance * (1.0 - chance)


@compiled
def terms_hours(exposed: float, market: Any) -> float:
    """Give the hours that a side haggles over money that it may lose by the terms."""
    return market.terms_hours * exposed


@compiled
def unease(exposed: float, lost: float, trust: float, market: Any) -> float:
    """Give what exposure costs a side besides the loss that it expects: risk, and haggling."""
    cost = 0.0
    if market.risk_aversion > 0.0:
        cost += premium(exposed * lost, 1.0 - trust, market)
    if market.terms_hours > 0.0:
        cost += terms_hours(exposed, market) * market.hour_cost
    return cost


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
    order.after = instrument.after
    order.held = float(instrument.held)
    order.secured = instrument.secured
    order.credit_days = instrument.credit_days


@compiled
def suspicious(opportunism: float, noise: float, policy: Any, market: Any) -> bool:
    """Tell whether a customer looks enough like a cheat to be treated as one.

    What a supplier sees is normal, ``screening_power`` higher for a wholly opportunistic customer
    than for an honest one; its threshold is that which a share ``suspicion`` of customers half way
    between would pass (signal detection: Green & Swets 1966).
    """
    seen = market.screening_power * (opportunism - 0.5) + noise
    return 0.5 * erfc(seen / sqrt(2.0)) < policy.suspicion


@compiled
def screen(world: Any, workspace: Any, b: int) -> bool:
    """Let the supplier screen its customer; whoever is wrongly suspected takes offence."""
    market = world.market[0]
    order, facts, buyer = workspace.order[0], workspace.facts[0], world.buyers[b]
    policy = world.supplier_policies[world.suppliers[order.supplier].policy]
    first, second, honest, _ = draw_slot(market, SCREENING, b, order.contact)
    suspected = suspicious(buyer.opportunism, normal(first, second), policy, market)
    order.suspected = 1 if suspected else 0
    facts.offended = 1 if suspected and honest >= buyer.opportunism else 0
    return suspected


@inlined
def agree_on_terms(world: Any, workspace: Any, b: int) -> bool:
    """Agree on an instrument; give False when none is acceptable to both.

    Acceptable is what leaves neither side with an expected loss, given what the law brings back
    from a partner that does not perform. By rule, the pair takes the
    instrument of least joint cost, or the buyer or the supplier takes the one that is cheapest for
    itself. A user's rule scores each acceptable instrument; it finds its own expected cost in
    ``view.loss`` and the supplier's in ``view.partner_cost``.
    """
    market = world.market[0]
    order = workspace.order[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    buyer_view = workspace.buyer_views[order.contact]
    supplier_trust = workspace.supplier_view[0].trust
    if world.supplier_policies[world.suppliers[order.supplier].policy].suspicion > 0.0:
        supplier_trust = 0.0 if screen(world, workspace, b) else supplier_trust
    amount = order.price * order.lots
    worth = market.value * market.lot_cost * order.lots
    cost = workspace.facts[0].unit_cost * order.lots
    right = award_of(order.evidence)
    default = market.credit_loss * (
        1.0 - right * recovery(market, order.remoteness, order.acquainted)
    )
    rule = policy.terms
    best = NONE
    least = 0.0
    for i in range(market.instruments):
        instrument = world.instruments[i]
        if order.remoteness > instrument.reach:
            continue
        buyers = buyer_cost(instrument, amount, buyer_view.trust, market)
        suppliers = supplier_cost(
            instrument, amount, supplier_trust, default, order.remoteness, market
        )
        if worth - amount - buyers < 0.0 or amount - cost - suppliers < 0.0:
            continue
        if rule > OWN_RULE:
            write_terms(order, i, instrument)
            buyer_view.loss = buyers
            buyer_view.partner_cost = suppliers
            burden = -own_rule(rule, order, buyer_view, policy, market)
        elif rule == BUYER_DICTATES:
            burden = buyers + 1.0e-6 * suppliers
        elif rule == SUPPLIER_DICTATES:
            burden = suppliers + 1.0e-6 * buyers
        else:
            burden = buyers + suppliers
        better = (best == NONE) | (burden < least)
        best = i if better else best
        least = burden if better else least
    if best == NONE:
        order.lost_for_terms = 1
        return False
    order.lost_for_terms = 0
    write_terms(order, best, world.instruments[best])
    return True


@inlined
def charge(world: Any, workspace: Any, b: int) -> None:
    """Charge the instrument's fee to both sides, and to each the interest on what it waits for."""
    market = world.market[0]
    order, books = workspace.order[0], workspace.books[0]
    instrument = world.instruments[order.instrument]
    amount = order.price * order.lots
    earner = PLATFORM
    if instrument.operator == BY_CARRIER:
        earner = CARRIERS
    elif instrument.operator == BY_BANK:
        earner = BANKS
    total = fee(instrument, amount)
    share = instrument.supplier_fee_share
    pay(books, SUPPLIERS, earner, micro(share * total))
    spend(books, PAYMENT, earner, (1.0 - share) * total)
    spend(books, PAYMENT, BANKS, buyer_financing(instrument, amount, market))
    if market.terms_hours > 0.0:
        exposed = buyer_exposure(instrument, market) * amount
        work(books, market, NEGOTIATION, terms_hours(exposed, market))
        exposed = supplier_exposure(instrument, order.remoteness) * amount
        supplier_work(books, market, terms_hours(exposed, market))
    days = order.credit_days / 365.0
    pay(books, SUPPLIERS, BANKS, micro(order.after * amount * market.supplier_interest * days))
