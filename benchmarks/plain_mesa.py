"""The market of trustsim as a plain Mesa model: agents are objects, rules are methods.

The same rules, written the way Mesa is meant to be used and without the compiled engine: the
baseline that the benchmarks compare with, and a second opinion on the engine's figures. It sums up
rounds and relationship ages as the engine does. It keeps money as floats and no books for banks,
courts and carriers, so it has somewhat less to do than the engine.
"""

from bisect import bisect_right
from itertools import accumulate
from math import exp
from types import SimpleNamespace

import numpy as np
from mesa import Model

from benchmarks.plain_buyer import Buyer
from benchmarks.plain_experience import Experience
from benchmarks.plain_order import CATEGORIES
from benchmarks.plain_rules import with_rules
from benchmarks.plain_supplier import Supplier
from trustsim.market.records import Tally
from trustsim.market.rooms.demand import mismatch
from trustsim.market.rooms.sourcing import FEW_RATINGS
from trustsim.schema.accounts import MICRO
from trustsim.schema.measures import AGE_FROM, measure
from trustsim.schema.mechanisms import MECHANISMS

NOT_FOLLOWED = (
    "channels",
    "next_bidder",
    "risk_aversion",
    "terms_haggling",
    "market_news",
    "customer_records",
    "installed_base",
    "orphaned_service",
    "promises",
    "screening",
    "briefing",
    "scope_disputes",
    "returns",
    "false_faults",
    "community_enforcement",
    "luring",
    "slow_awards",
    "protected_choice",
    "service_memory",
    "health_signal",
    "outreach",
)
"""Mechanisms that the headline leaves off, and this model does not have."""

GOLDEN = 0.6180339887498949
COUNTED = (
    "needs",
    "no_terms",
    "orders",
    "delivered",
    "inspected",
    "shaded",
    "buyer_cheated",
    "defective",
    "escaped",
    "disputed",
    "loyal",
    "wronged",
    "returned",
    "hushed",
    "newcomers",
    "invented",
    "by_chance",
    "by_rating",
    "by_referral",
)
SUMMED = (
    "accepted_lots",
    "arrears_days",
    "trust_in_suppliers",
    "trust_in_buyers",
    "loyalty",
    "knowhow",
    "transaction_hours",
    "productive_hours",
    "value",
    "supplier_profit",
    "bank_losses",
    "care",
    "succession",
    "price_sum",
    "price_squares",
    "unpaid",
    "ransom",
)


def refuse_what_is_not_followed(scenario):
    """Refuse a market in which a mechanism is on that this model does not have."""
    records = [
        scenario.market,
        *(scenario.buyer_policies[name] for name in scenario.buyer_mix),
        *(scenario.supplier_policies[name] for name in scenario.supplier_mix),
    ]
    for name in NOT_FOLLOWED:
        absent = MECHANISMS[name].absent.items()
        if any(getattr(row, key, value) != value for row in records for key, value in absent):
            raise ValueError(f"the plain Mesa model does not have the mechanism {name}")


class Sums:
    """Sums over orders: of a round, or of a relationship age."""

    __slots__ = (*COUNTED, *SUMMED, "cost", "instruments")

    def __init__(self, instruments):
        for name in COUNTED + SUMMED:
            setattr(self, name, 0)
        self.cost = [0.0] * CATEGORIES
        self.instruments = dict.fromkeys(instruments, 0)

    def add_costs(self, order):
        """Add what an order, or an overdue invoice, has cost."""
        cost = self.cost
        for category, amount in enumerate(order.cost):
            cost[category] += amount
        self.transaction_hours += order.transaction_hours
        self.productive_hours += order.productive_hours
        self.arrears_days += order.arrears_days
        self.supplier_profit += order.profit + order.receivable - order.bids
        self.unpaid += order.unpaid

    def add(self, order, market):
        """Add a need and the order that came of it."""
        self.add_costs(order)
        self.needs += 1
        if order.instrument is None:
            self.no_terms += 1
            return
        self.orders += 1
        self.instruments[order.instrument.name] += 1
        self.delivered += order.delivered
        self.inspected += order.inspected
        self.shaded += order.shaded or order.absconded
        self.buyer_cheated += order.false_claim or order.delayed_payment
        self.defective += order.defective
        self.escaped += order.escaped
        self.disputed += order.disputed
        self.trust_in_suppliers += order.trust_in_supplier
        self.trust_in_buyers += order.trust_in_buyer
        self.knowhow += order.knowhow
        self.loyalty += order.concentration
        self.care += order.care
        self.succession += order.succession
        self.ransom += order.ransom
        self.hushed += order.hushed
        self.newcomers += order.supplier.rated < FEW_RATINGS
        self.invented += order.invented
        self.by_chance += order.tie.found_by == "chance"
        self.by_rating += order.tie.found_by == "rating"
        self.by_referral += order.tie.found_by == "referral"
        price = order.price / market.lot_cost
        self.price_sum += price
        self.price_squares += price * price
        self.loyal += order.top_share > 0.95
        if order.accepted:
            self.accepted_lots += order.lots
            self.value += market.value * order.worth

    def record(self):
        """Give the sums as a record that the registry of measures reads."""
        tally = np.zeros(1, Tally)
        for name in COUNTED:
            tally[name] = getattr(self, name)
        for name in SUMMED:
            tally[name] = round(getattr(self, name) * MICRO)
        tally["cost"] = np.rint(np.array(self.cost) * MICRO)
        tally["instrument"][0, : len(self.instruments)] = list(self.instruments.values())
        return tally


class PlainMarket(Model):
    """A market of buyers and suppliers.

    Parameters
    ----------
    scenario : trustsim.config.scenario.Scenario
        Size, parameters, policies and instruments.
    seed : int
        Seed of `random`.
    """

    def __init__(self, scenario, seed=None):
        super().__init__(seed=seed)
        market = self.market = SimpleNamespace(**scenario.market.model_dump())
        refuse_what_is_not_followed(scenario)
        self.round = 0
        self.experience = Experience(self)
        self.cost_level = self.common_demand = self.technology_left = 1.0
        demand = (
            market.demand_persistence,
            market.demand_volatility,
            market.lead_time,
            market.holding_cost,
            market.shortage_cost,
        )
        self.mismatch_shared = mismatch(*demand, True)
        self.mismatch_unshared = mismatch(*demand, False)
        self.instruments = [
            self.instrument(name, row) for name, row in scenario.instruments.items()
        ]
        self.names_of_instruments = list(scenario.instruments)
        self.rounds = []
        self.ages = [Sums(self.names_of_instruments) for _ in AGE_FROM]
        self.supplier_policies = {
            name: with_rules(scenario.supplier_policies[name], market.supplier_noise)
            for name in scenario.supplier_mix
        }
        self.buyer_policies = {
            name: with_rules(scenario.buyer_policies[name], market.buyer_noise)
            for name in scenario.buyer_mix
        }
        self.suppliers = [
            Supplier(self, self.supplier_policies[name])
            for name in self.names(market.suppliers, scenario.supplier_mix)
        ]
        self.buyers = [
            Buyer(self, self.buyer_policies[name])
            for name in self.names(market.buyers, scenario.buyer_mix)
        ]

    def step(self):
        """Go through one round."""
        self.rounds.append(Sums(self.names_of_instruments))
        self.open_round()
        self.agents_by_type[Buyer].shuffle_do("step")
        self.experience.close_round(self.suppliers)
        self.agents_by_type[Supplier].do("close_round")
        self.agents_by_type[Buyer].do("publish")
        for instrument in self.instruments:
            share = instrument.used_well / (self.market.buyers * self.market.rounds_per_year)
            instrument.familiarity += (1.0 - instrument.familiarity) * share
            instrument.used_well = 0
        if self.market.imitation_rate > 0.0:
            self.imitate(self.buyers, list(self.buyer_policies.values()))
            self.imitate(self.suppliers, list(self.supplier_policies.values()))
        self.round += 1

    def run(self, rounds):
        """Go through so many rounds; give the measures of the run by name."""
        for _ in range(rounds):
            self.step()
        total = np.concatenate([sums.record() for sums in self.rounds])
        total = total.view(np.int64).reshape(rounds, -1).sum(axis=0).view(Tally)
        found = measure(total, self.market.hour_cost, self.names_of_instruments)
        return {name: float(value[0]) for name, value in found.items()}

    @property
    def reference_price(self):
        """Mid-range cost of a lot in this round, against which prices are judged."""
        market = self.market
        return 0.5 * (market.cost_low + market.cost_high) * self.cost_level * market.lot_cost

    @property
    def ceiling(self):
        """Highest cost that a bidder expects of another, dealing with buyers included."""
        return self.market.cost_high * self.cost_level + self.experience.shared_burden

    def enter(self, order):
        """Add a need and the order that came of it to the sums."""
        self.rounds[-1].add(order, self.market)
        if order.supplier is not None:
            self.ages[bisect_right(AGE_FROM, order.age) - 1].add(order, self.market)

    def enter_costs(self, order, age):
        """Add what an overdue invoice has cost to the sums."""
        self.rounds[-1].add_costs(order)
        self.ages[bisect_right(AGE_FROM, age) - 1].add_costs(order)

    def open_round(self):
        """Draw what all agents face: demand, cost shocks, changes of technology."""
        market, random = self.market, self.random
        spread = market.common_volatility
        self.common_demand = exp(random.gauss(0.0, spread) - 0.5 * spread * spread)
        self.cost_level = 1.0 + (self.cost_level - 1.0) * 0.5 ** (2.0 / market.rounds_per_year)
        if random.random() < market.shock_rate:
            self.cost_level *= exp(random.gauss(0.0, market.shock_size))
        new = random.random() < market.technology_rate
        self.technology_left = 1.0 - market.technology_loss if new else 1.0
        for instrument in self.instruments:
            strange = 1.0 - instrument.familiarity if instrument.novel else 0.0
            instrument.strangeness = market.familiarity_weight * strange

    def imitate(self, agents, policies):
        """Let agents adopt the policy of others by the Fermi rule, or mutate."""
        market, random = self.market, self.random
        if len(agents) < 2:
            return
        for agent in agents:
            if random.random() >= market.imitation_rate:
                continue
            if random.random() < market.mutation:
                agent.policy = random.choice(policies)
                continue
            other = agent
            while other is agent:
                other = random.choice(agents)
            excess = (other.payoff - agent.payoff) / market.imitation_noise
            if random.random() < 1.0 / (1.0 + exp(-min(max(excess, -500.0), 500.0))):
                agent.policy = other.policy

    def names(self, agents, mix):
        """Give every agent the name of its policy; shares hold closely among any first so many."""
        bounds = list(accumulate(mix.values()))
        bounds[-1] = 1.0
        offset = self.random.random()
        for agent in range(agents):
            point = (offset + (agent + 1) * GOLDEN) % 1.0
            yield next(name for name, bound in zip(mix, bounds, strict=True) if point < bound)

    def instrument(self, name, row):
        """Give an instrument with what does not change about it worked out."""
        made, market = SimpleNamespace(name=name, **row.model_dump()), self.market
        made.after = max(1.0 - made.advance - made.on_delivery, 0.0)
        years = made.credit_days / 365.0
        early = made.advance / market.rounds_per_year
        made.buyer_financing = market.buyer_interest * (early - made.after * years)
        made.supplier_financing = made.after * market.supplier_interest * years
        made.buyer_exposure = made.advance * (1 - made.held)
        made.buyer_exposure += made.on_delivery * market.unseen_exposure
        made.familiarity = market.familiarity_start
        made.used_well = 0
        return made
