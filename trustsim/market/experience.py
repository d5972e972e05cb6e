"""Experience of the trade: what everybody in the market knows of what dealing comes to.

Sums of a round enter; means over the market leave: what buyers cost to deal with, what the wronged
do, how often first lots are looked at, what late payment comes to. Agents that calculate weigh
their case by them.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled
from trustsim.market.beliefs import updated
from trustsim.market.ledger import PAYOFF_MEMORY
from trustsim.market.rooms.channels import retaliate
from trustsim.market.rooms.disputes import STRANGER, award_of, recovery
from trustsim.market.views import turned_away, walks_out
from trustsim.schema.accounts import MICRO

WATCHED = (0.5, 0.5)
"""First lots that a new market counts as inspected, and not (assumption: every second)."""

LEFT = (0.5, 1.0)
"""Partners that a new market counts as having left after a grievance, and stayed (assumption: one
in three; half a case or so, since nobody knows)."""
LEFT_CONTENT = (0.5, 1.5)
"""Buyers that a new market counts as having left without a grievance, and stayed (assumption: one
in four)."""
FIRST_INVOICES = 1.0
"""Late invoices a buyer, of a lot each, that the trade starts from (assumption: everybody knows of
one; it ended as the law and the habits of the market have it)."""
INVOICE_MEMORY = 0.99
"""Weight that late invoices keep from round to round in what the trade knows of them (assumption:
those of some eight years count, since few go to law)."""


@compiled
def first_experience(market: Any) -> None:
    """Give a new market what it knows before its first round."""
    market.effort = 1.0
    market.wronged_left = market.walked_out = LEFT[0]
    market.wronged_stayed = market.put_up = LEFT[1]
    market.content_left = LEFT_CONTENT[0]
    market.content_stayed = LEFT_CONTENT[1]
    market.first_inspected = WATCHED[0]
    market.first_passed_by = WATCHED[1]
    market.watched = WATCHED[0] / (WATCHED[0] + WATCHED[1])
    note_late_payment(market)
    note_leaving(market)


@compiled
def note_leaving(market: Any) -> None:
    """Note how many of the wronged leave, on either side, for those who weigh it in the round."""
    market.buyer_leaves = turned_away(market)
    market.supplier_leaves = walks_out(market)


@compiled
def note_late_payment(market: Any) -> None:
    """Note what an invoice paid late comes to: rounds of waiting, chases, suits, share never paid.

    As the trade has seen invoices end, with a few a buyer that end by the parameters for a start:
    the ``law_age``-th chase, if none before was heard, takes the invoice to law.
    """
    unheard = 1.0 - market.arrears_hazard
    suit = unheard**market.law_age
    rounds = (1.0 - suit) / market.arrears_hazard if market.arrears_hazard > 0.0 else market.law_age
    lost = suit * (1.0 - award_of(market.evidence) * recovery(market, market.remoteness, STRANGER))
    first = FIRST_INVOICES * market.buyers
    money = first * market.lot_cost
    ended = market.ended + money
    market.late_rounds = (market.waited + rounds * money) / ended
    invoices = market.late_invoices + first
    market.late_chases = (market.chased + rounds * first) / invoices
    market.late_suits = (market.suits + suit * first) / invoices
    market.late_lost = (market.written_off + lost * money) / ended


@compiled
def busy(market: Any, units: float) -> float:
    """Give the weight of a round in which so many micro-lots were sold: each lot counts alike."""
    return min(PAYOFF_MEMORY * units / (MICRO * max(market.usual_sales, 1.0e-9)), 1.0)


@compiled
def note_experience(market: Any, tallies: Any) -> None:
    """Note what dealing with buyers has cost all suppliers, per lot, and what the wronged did."""
    lots = 0
    dealing = 0
    kept = 1.0 - PAYOFF_MEMORY
    market.wronged_left = updated(market.wronged_left, LEFT[0], kept, 0.0)
    market.wronged_stayed = updated(market.wronged_stayed, LEFT[1], kept, 0.0)
    market.content_left = updated(market.content_left, LEFT_CONTENT[0], kept, 0.0)
    market.content_stayed = updated(market.content_stayed, LEFT_CONTENT[1], kept, 0.0)
    market.walked_out = updated(market.walked_out, LEFT[0], kept, 0.0)
    market.put_up = updated(market.put_up, LEFT[1], kept, 0.0)
    market.first_inspected = updated(market.first_inspected, WATCHED[0], kept, 0.0)
    market.first_passed_by = updated(market.first_passed_by, WATCHED[1], kept, 0.0)
    market.ended *= INVOICE_MEMORY
    market.late_invoices *= INVOICE_MEMORY
    market.waited *= INVOICE_MEMORY
    market.chased *= INVOICE_MEMORY
    market.suits *= INVOICE_MEMORY
    market.written_off *= INVOICE_MEMORY
    for s in range(tallies.shape[0]):
        tally = tallies[s]
        if tally.lots > 0:
            lots += tally.lots
            dealing += tally.dealing
        market.first_inspected += tally.inspected
        market.first_passed_by += tally.delivered - tally.inspected
        market.wronged_left += tally.wronged_left
        market.wronged_stayed += tally.wronged_stayed
        market.content_left += tally.content_left
        market.content_stayed += tally.content_stayed
        market.walked_out += tally.walked_out
        market.put_up += tally.put_up
        market.ended += tally.ended / MICRO
        market.late_invoices += tally.late_invoices
        market.waited += tally.waited / MICRO
        market.chased += tally.chased
        market.suits += tally.suits
        market.written_off += tally.written_off / MICRO
    note_late_payment(market)
    note_leaving(market)
    if market.online_share > 0.0:
        retaliate(market, tallies)
    market.watched = market.first_inspected / (market.first_inspected + market.first_passed_by)
    if lots > 0:
        mean = dealing / (lots * market.lot_cost)
        market.burden += busy(market, lots / tallies.shape[0]) * (mean - market.burden)
