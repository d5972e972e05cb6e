"""Population: what happens between rounds to firms and to the world.

The round's sums enter; suppliers leave richer or ruined, better or worse reputed, sometimes under a
new name, and agents may imitate others that fare better.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from trustsim.engine.compiling import blank, compiled, entry, inlined
from trustsim.engine.luck import SECOND, THIRD, WORLD, draw, draw_slot, normal, number_of
from trustsim.market.beliefs import posterior, updated
from trustsim.market.experience import busy, first_experience, note_experience
from trustsim.market.ledger import PAYOFF_MEMORY, micro
from trustsim.market.relations import knows, meet
from trustsim.market.rooms.channels import sells_online
from trustsim.market.rooms.demand import common
from trustsim.market.rooms.payment_terms import prepare
from trustsim.schema.accounts import ACCOUNTS, BANKS, MICRO, OUTSIDE, SUPPLIERS
from trustsim.schema.events import BANKRUPTCY, EXIT, ORDER

COST = number_of("cost")
CHARACTER = number_of("character")
SHOCK = number_of("shock")
BUYER_BIRTH = number_of("buyer birth")
SUPPLIER_BIRTH = number_of("supplier birth")
FIRST_CONTACTS = number_of("first contacts")
IDENTITY = number_of("identity")
BUYER_IMITATION = number_of("buyer imitation")
SUPPLIER_IMITATION = number_of("supplier imitation")


@compiled
def character(opportunism_mean: float, spread: float, first: float, second: float) -> float:
    """Turn luck into a trait: mixture of the mean and of all-or-nothing by the spread.

    With probability ``spread`` the trait is 1 or 0 (1 as often as the mean), otherwise uniform
    around the mean; the mean of the trait is the parameter.
    """
    if first < spread:
        return 1.0 if second < opportunism_mean else 0.0
    width = min(opportunism_mean, 1.0 - opportunism_mean)
    return opportunism_mean + width * (2.0 * second - 1.0)


@compiled
def draw_cost(market: Any, luck: float) -> float:
    """Draw a unit cost, uniform between the bounds."""
    return market.cost_low + (market.cost_high - market.cost_low) * luck


GOLDEN = 0.6180339887498949


@compiled
def policy_of(agent: int, offset: float, cumulative: Any) -> int:
    """Give the policy of an agent so that shares hold closely among any first so many agents.

    Agents take points of a golden-ratio sequence: an agent's policy does not depend on how many
    others there are.
    """
    point = (offset + (agent + 1) * GOLDEN) % 1.0
    policy = 0
    while point >= cumulative[policy]:
        policy += 1
    return policy


@entry
def populate(world: Any, buyer_shares: Any, supplier_shares: Any) -> None:
    """Draw the agents and their first contacts.

    Remoteness is uniform from 0 to twice its mean, as far as that stays below 1, otherwise so that
    the mean holds from the other end; communities are equally likely.
    """
    market = world.market[0]
    market.round = 0
    first_experience(market)
    prepare(world.instruments, market)
    offset, _, _, _ = draw_slot(market, SUPPLIER_BIRTH, WORLD, SECOND)
    for s in range(world.suppliers.shape[0]):
        supplier = world.suppliers[s]
        first, second, cost, home = draw(market, SUPPLIER_BIRTH, s)
        supplier.policy = policy_of(s, offset, supplier_shares)
        supplier.community = int(home * market.communities)
        supplier.opportunism = character(
            market.opportunism_mean, market.opportunism_spread, first, second
        )
        supplier.cost = draw_cost(market, cost)
        supplier.listed = 1
        supplier.online = sells_online(s, world.suppliers.shape[0], market)
        supplier.rating = 0.5
        supplier.load = 1.0
        supplier.general_good = 1.0
        supplier.general_bad = 1.0
        supplier.cash = market.capital
    offset, _, _, _ = draw_slot(market, BUYER_BIRTH, WORLD, SECOND)
    for b in range(world.buyers.shape[0]):
        buyer = world.buyers[b]
        first, second, site, home = draw(market, BUYER_BIRTH, b)
        buyer.policy = policy_of(b, offset, buyer_shares)
        buyer.community = int(home * market.communities)
        width = min(market.remoteness, 1.0 - market.remoteness)
        buyer.remoteness = market.remoteness + width * (2.0 * site - 1.0)
        buyer.opportunism = character(
            market.buyer_opportunism_mean, market.opportunism_spread, first, second
        )
        shock, angle, _, _ = draw_slot(market, BUYER_BIRTH, b, THIRD)
        persistence = market.demand_persistence
        spread = market.demand_volatility / sqrt(1.0 - persistence * persistence)
        buyer.demand = spread * normal(shock, angle)
        buyer.recommends = -1
        buyer.prefers = -1
        buyer.partner = -1
        buyer.stays = 1.0 / world.buyer_policies[buyer.policy].bidders
        buyer.general_good = 1.0
        buyer.general_bad = 1.0
        first_contacts(world, b)


@compiled
def first_contacts(world: Any, b: int) -> None:
    """Let a buyer meet its first suppliers, all different and equally likely."""
    market = world.market[0]
    suppliers = world.suppliers.shape[0]
    contacts = world.ties.shape[1]
    for k in range(contacts):
        world.ties[b, k].supplier = -1
    for k in range(contacts):
        draw, _, _, _ = draw_slot(market, FIRST_CONTACTS, b, k)
        s = int(draw * suppliers)
        while knows(world.ties, b, s):
            s = s + 1 if s + 1 < suppliers else 0
        meet(world, b, k, s)


def opening_balances(world: Any) -> Any:
    """Give the accounts before the first round: owners have paid in the suppliers' cash."""
    start = int(world.market["capital"][0]) * len(world.suppliers)
    balances = np.zeros(len(ACCOUNTS), np.int64)
    balances[SUPPLIERS] = start
    balances[OUTSIDE] = -start
    return balances


@entry
def open_round(world: Any, r: int) -> None:
    """Start a round: common demand, cost shocks, changes of technology."""
    market = world.market[0]
    market.round = r
    common(market)
    hit, size, angle, new = draw(market, SHOCK, WORLD)
    market.cost_level = 1.0 + (market.cost_level - 1.0) * 0.5 ** (2.0 / market.rounds_per_year)
    if hit < market.shock_rate:
        market.cost_level *= exp(market.shock_size * normal(size, angle))
    market.technology_left = 1.0
    if new < market.technology_rate:
        market.technology_left = 1.0 - market.technology_loss


@compiled
def rename(supplier: Any) -> None:
    """Give a supplier a clean public name; its partners no longer know it."""
    supplier.generation = (int(supplier.generation) + 1) % 256
    supplier.streak = 0
    supplier.rated = 0
    supplier.rating_good = 0.0
    supplier.rating_bad = 0.0
    supplier.rating = 0.5
    supplier.listed = 1


@compiled
def replace(market: Any, supplier: Any, s: int, balances: Any) -> None:
    """Let a newcomer take the place of a firm that is gone.

    Banks bear what it owed, its owners take what it had; new owners pay in.
    """
    owed = -supplier.cash
    if owed > 0:
        balances[BANKS] -= owed
    else:
        balances[OUTSIDE] -= owed
    start = market.capital
    balances[OUTSIDE] -= start
    balances[SUPPLIERS] += owed + start
    supplier.cash = start
    rename(supplier)
    first, second, cost, _ = draw_slot(market, IDENTITY, s, SECOND)
    supplier.opportunism = character(
        market.opportunism_mean, market.opportunism_spread, first, second
    )
    supplier.cost = draw_cost(market, cost)
    supplier.general_good = 1.0
    supplier.general_bad = 1.0
    supplier.payoff = 0.0
    supplier.burden = 0.0


@compiled
def close_supplier(world: Any, tally: Any, s: int, balances: Any) -> Any:
    """Settle a supplier's round: books, reputation, generalised trust, survival, cost, owner.

    Gives the event by which the firm has gone; that of an order if it stays.
    """
    market = world.market[0]
    supplier = world.suppliers[s]
    scale = market.lot_cost
    supplier.cash += tally.cash
    overhead = market.fixed_cost
    supplier.cash -= overhead
    balances[SUPPLIERS] -= overhead
    balances[OUTSIDE] += overhead
    profit = (tally.cash - overhead) / (MICRO * scale)
    supplier.payoff += PAYOFF_MEMORY * (profit - supplier.payoff)
    spare = supplier.cash - market.capital
    if spare > 0:
        out = micro(market.payout * spare / MICRO)
        supplier.cash -= out
        balances[SUPPLIERS] -= out
        balances[OUTSIDE] += out
    if tally.lots > 0:
        share = busy(market, tally.lots)
        supplier.burden += share * (tally.dealing / (tally.lots * scale) - supplier.burden)
    supplier.load = tally.orders / max(market.usual_sales, 1.0e-9)
    kept = market.rating_forgetting
    supplier.rating_good = kept * supplier.rating_good + tally.good
    supplier.rating_bad = kept * supplier.rating_bad + tally.bad
    supplier.rating = posterior(supplier.rating_good, supplier.rating_bad)
    supplier.rated += tally.good + tally.bad
    supplier.streak = 0 if tally.faults > 0 else supplier.streak + tally.orders
    weight = market.betrayal_weight
    forget = market.trust_forgetting
    supplier.general_good = updated(supplier.general_good, 1.0, forget, tally.known_good)
    supplier.general_bad = updated(supplier.general_bad, 1.0, forget, weight * tally.known_bad)
    redraw, cost, turn, again = draw(market, COST, s)
    if redraw < market.cost_churn:
        supplier.cost = draw_cost(market, cost)
    if turn < market.turn_rate:
        first, second, _, _ = draw(market, CHARACTER, s)
        supplier.opportunism = character(
            market.opportunism_mean, market.opportunism_spread, first, second
        )
    delisted = supplier.listed == 0
    if delisted and again < market.new_identity:
        rename(supplier)
    elif supplier.rated >= market.delisting_orders and supplier.rating < market.delisting_rating:
        supplier.listed = 0
    broke = market.bankruptcy == 1 and supplier.cash < -market.credit
    gone = broke or (delisted and again >= market.new_identity)
    # What bids have cost since the last lot is charged to the next one.
    carried = tally.dealing if tally.lots == 0 and not gone else 0
    blank(tally)
    tally.dealing = carried
    if not gone:
        return ORDER
    replace(market, supplier, s, balances)
    return BANKRUPTCY if broke else EXIT


@compiled
def imitate(market: Any, agents: Any, event: int, policies: Any) -> None:
    """Let agents, one after another, adopt others' policies by the Fermi rule.

    Traulsen, Nowak & Pacheco (2006). An agent compares itself with one other; it adopts that
    one's policy with probability ``1/(1 + exp(-(theirs - ours)/noise))``, or mutates to a policy
    of the market at random.
    """
    count = agents.shape[0]
    if count < 2:
        return
    for a in range(count):
        wish, whom, adopt, mutant = draw(market, event, a)
        if wish >= market.imitation_rate:
            continue
        if mutant < market.mutation:
            agents[a].policy = policies[int(whom * policies.shape[0])]
            continue
        other = int(whom * (count - 1))
        if other >= a:
            other += 1
        excess = (agents[other].payoff - agents[a].payoff) / market.imitation_noise
        if adopt < 1.0 / (1.0 + exp(-min(max(excess, -500.0), 500.0))):
            agents[a].policy = agents[other].policy


@compiled
def note_bank_losses(world: Any, tallies: Any, lost: int) -> None:
    """Share out what banks lost on bankrupt suppliers over the policies, by number of buyers."""
    if lost == 0:
        return
    buyers = world.buyers.shape[0]
    for b in range(buyers):
        part = lost // buyers + (1 if b < lost % buyers else 0)
        tallies[world.buyers[b].policy].bank_losses += part


@inlined
def end_round(world: Any, workspace: Any, buyer_mix: Any, supplier_mix: Any) -> None:
    """Let instruments become familiar, publish recommendations, let agents imitate."""
    market = world.market[0]
    for i in range(market.instruments):
        instrument = world.instruments[i]
        share = workspace.used_well[i] / max(1.0, 1.0 * market.buyers)
        workspace.used_well[i] = 0
        instrument.familiarity += (1.0 - instrument.familiarity) * share / market.rounds_per_year
    for b in range(world.buyers.shape[0]):
        world.buyers[b].recommends = world.buyers[b].prefers
    if market.imitation_rate > 0.0:
        imitate(market, world.buyers, BUYER_IMITATION, buyer_mix)
        imitate(market, world.suppliers, SUPPLIER_IMITATION, supplier_mix)


@entry
def close_round(world: Any, workspace: Any, buyer_mix: Any, supplier_mix: Any) -> None:
    """End a round.

    Suppliers settle, instruments become familiar, recommendations are published, agents imitate.
    """
    market = world.market[0]
    balances = workspace.balances[market.round]
    note_experience(market, workspace.suppliers)
    before = balances[BANKS]
    for s in range(world.suppliers.shape[0]):
        close_supplier(world, workspace.suppliers[s], s, balances)
    note_bank_losses(world, workspace.rounds[market.round], before - balances[BANKS])
    end_round(world, workspace, buyer_mix, supplier_mix)


@entry
def close_recorded(
    world: Any, workspace: Any, buyer_mix: Any, supplier_mix: Any, gone: Any, flows: Any
) -> None:
    """End a round and keep by which event each supplier has gone, and what it was paid and paid.

    Keeps them in ``gone``, shape (suppliers,), and ``flows``, shape (suppliers, accounts).
    """
    balances = workspace.balances[world.market[0].round]
    note_experience(world.market[0], workspace.suppliers)
    before = balances[BANKS]
    for s in range(world.suppliers.shape[0]):
        gone[s] = close_supplier(world, workspace.suppliers[s], s, flows[s])
        for account in range(balances.shape[0]):
            balances[account] += flows[s, account]
    note_bank_losses(world, workspace.rounds[world.market[0].round], before - balances[BANKS])
    end_round(world, workspace, buyer_mix, supplier_mix)
