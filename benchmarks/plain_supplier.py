"""Suppliers of the plain Mesa model: they bid, produce, deliver, and survive or not."""

from mesa import Agent

from benchmarks.plain_experience import PAYOFF_MEMORY
from benchmarks.plain_order import DELAY
from benchmarks.plain_rules import (
    award_of,
    equilibrium_bid,
    future,
    gravity,
    lifted,
    recovery,
    updated,
)

COMPETITION = 4
RETRY = 0.02


def character(random, mean, spread):
    """Draw the trait of opportunism: all or nothing with probability spread, else near the mean."""
    if random.random() < spread:
        return 1.0 if random.random() < mean else 0.0
    width = min(mean, 1.0 - mean)
    return mean + width * (2.0 * random.random() - 1.0)


class Supplier(Agent):
    """A supplier; buyers see its public state as it was at the end of the last round."""

    __slots__ = (
        "bad",
        "burden",
        "cash",
        "community",
        "cost",
        "dealing",
        "faults",
        "general_bad",
        "general_good",
        "generation",
        "good",
        "income",
        "known_bad",
        "known_good",
        "listed",
        "load",
        "lots",
        "opportunism",
        "orders",
        "payoff",
        "policy",
        "rated",
        "rating",
        "rating_bad",
        "rating_good",
        "standing",
        "streak",
    )

    def __init__(self, model, policy):
        super().__init__(model)
        market, random = model.market, self.random
        self.policy = policy
        self.community = random.randrange(market.communities)
        self.generation = 0
        self.load = 1.0
        self.lots = self.dealing = 0.0  # kept until there is an order to bear them
        self.empty_round()
        self.start_firm()

    def start_firm(self):
        """Start as a new firm: new character, cost, capital and name."""
        market, random = self.model.market, self.random
        self.opportunism = character(random, market.opportunism_mean, market.opportunism_spread)
        self.cost = random.uniform(market.cost_low, market.cost_high)
        self.cash = market.start_cash * self.model.experience.usual_sales * market.lot_cost
        self.general_good = self.general_bad = 1.0
        self.payoff = self.burden = self.lots = self.dealing = 0.0
        self.take_name()

    def take_name(self):
        """Start with a clean public name."""
        self.streak = self.rated = 0
        self.rating_good = self.rating_bad = 0.0
        self.rating = 0.5
        self.listed = True
        self.show_standing()

    def show_standing(self):
        """Show buyers the rating, the top tier and the streak of clean orders."""
        market = self.model.market
        self.standing = self.rating
        if self.rating >= market.tier_threshold:
            self.standing += market.tier_bonus
        if self.streak >= market.streak_threshold:
            self.standing += market.streak_bonus

    def empty_round(self):
        """Empty the sums of the round."""
        self.orders = self.good = self.bad = self.faults = self.known_good = self.known_bad = 0
        self.income = 0.0

    def trust_in(self, tie):
        """Trust in the buyer of a tie."""
        mean = tie.buyer_good / (tie.buyer_good + tie.buyer_bad)
        return lifted(mean, tie.goodwill, self.model.market)

    def unit_cost(self, tie, remoteness):
        """Cost of a lot for this buyer, after know-how, freight included."""
        market = self.model.market
        made = self.cost * self.model.cost_level * (1.0 - market.knowhow_gain * tie.knowhow)
        return made + market.freight * remoteness

    def burden_of(self, tie):
        """What dealing with the buyer of a tie is expected to cost, as far as it is bid."""
        market = self.model.market
        known = market.cost_to_serve
        burden = (1.0 - known) * self.burden + known * tie.served
        return market.pass_on * max(burden, 0.0)

    def prospects(self, tie, asked):
        """Cost of a lot, dealing with the buyer included, and the chance to win among equals."""
        market, level = self.model.market, self.model.cost_level
        base = self.cost * level + self.burden_of(tie)
        spread = (market.cost_high - market.cost_low) * level
        if spread <= 0.0:
            return base, 1.0 / max(asked, 2)
        dearer = min(max((self.model.ceiling - base) / spread, 0.0), 1.0)
        return base, dearer ** max(asked - 1, 1)

    def enters(self, offer, asked):
        """Tell whether a bid pays for itself; who stays away forgets a little of why."""
        market = self.model.market
        if asked == 1 or market.bid_entry == 0:
            return True
        margin = max(self.model.ceiling - offer.base, 0.0) / asked
        worth = (offer.chance + offer.tie.favour) * margin * market.lot_cost
        if worth >= market.bid_hours * market.hour_cost:
            return True
        offer.tie.favour *= 1.0 - RETRY
        return False

    def bid(self, offer, remoteness, asked):
        """Name a price per lot."""
        market, level, policy = self.model.market, self.model.cost_level, self.policy
        tie, base, ceiling = offer.tie, offer.base, self.model.ceiling
        bid = equilibrium_bid(base, ceiling, asked)
        secure = 1.0 if asked == 1 else 0.0
        if asked > 1 and market.known_odds:
            secure = min(tie.favour / (1.0 - 1.0 / asked), 1.0)
        spread = market.cost_high - market.cost_low
        option = (market.cost_low + 2.0 * spread / (market.rivals + 1)) * level
        option += self.model.experience.shared_burden
        if tie.orders > 0:
            option += market.hold_up * (market.switching_cost + market.asset_lock * tie.assets)
        lone = max(option, equilibrium_bid(base, ceiling, market.rivals))
        bid += secure * (lone - bid)
        competitive = equilibrium_bid(base, ceiling, COMPETITION)
        if bid > competitive:
            bid -= policy.relational_price * self.trust_in(tie) * (bid - competitive)
        bid += market.freight * remoteness
        bid -= market.gain_sharing * market.knowhow_gain * tie.knowhow * self.cost * level
        cost = self.unit_cost(tie, remoteness) + self.burden_of(tie)
        return max(bid, cost) * market.lot_cost

    def produce(self, order):
        """Make the lot, honestly, shaded or not at all; True when there is one."""
        market, policy, random = self.model.market, self.policy, self.random.random
        tie, instrument = order.tie, order.instrument
        if instrument.advance * (1 - instrument.held) > 0.0:
            if random() < self.temptation_to_abscond(order) * gravity(policy):
                order.absconded = True
                return False
        cost, checked = order.unit_cost, 0.0
        if random() < self.temptation_to_shade(order):
            order.shaded = True
            cost *= 1.0 - market.shading_saving
            order.defective = random() < market.defect_bad
        else:
            chance = market.defect_good * (1.0 - market.knowhow_quality * tie.knowhow)
            order.defective = random() < chance
            if random() < policy.outgoing_inspection:
                checked = market.inspection_cost * market.lot_cost
                if order.defective and random() < market.sensitivity:
                    order.defective = False
                    checked += market.rework_cost * market.lot_cost
        freight = market.freight * (1.0 + order.buyer.remoteness) * market.lot_cost
        order.outlay = cost * order.lots
        order.pay_supplier(self, -(max(cost - freight, 0.0) + checked) * order.lots)
        return True

    def temptation_to_abscond(self, order):
        """Probability of keeping the prepayment."""
        market, instrument, tie = self.model.market, order.instrument, order.tie
        scale = market.lot_cost
        taken = instrument.advance * (1 - instrument.held) * order.price
        margin = order.price - order.unit_cost
        proof = award_of(order.evidence)
        collected = 1.0 if self.listed else recovery(market, 0.0)
        penalty = market.platform_fee + market.fine * self.listed
        gain = taken - max(margin, 0.0)
        loss = proof * (collected * taken + penalty * scale / order.lots)
        loss += market.dispute_hours * market.hour_cost / order.lots
        loss += self.at_stake(order, margin)
        loss += market.scruple * (1.0 - self.opportunism) * taken
        policy = self.policy
        return policy.conduct(
            policy, gain, loss, self.opportunism, tie.buyer_conduct, tie.supplier_conduct
        )

    def temptation_to_shade(self, order):
        """Probability of shading quality."""
        market, policy, tie = self.model.market, self.policy, order.tie
        instrument = order.instrument
        scale = market.lot_cost
        worse = max(market.defect_bad - market.defect_good, 0.0)
        watched = tie.watched if tie.orders else self.model.experience.watched
        found = worse * watched * market.sensitivity
        traced = (worse - found) * market.failure_traced
        damages = market.warranty * market.failure_cost * scale
        unpaid = instrument.after + instrument.held * instrument.advance
        admitted = 1.0 if unpaid >= 0.5 else policy.admission
        gain = market.shading_saving * order.unit_cost
        loss = found * self.made_good(order, market.rework_cost * scale, admitted)
        loss += traced * self.made_good(order, damages, policy.admission)
        loss += (found + traced) * self.at_stake(order, order.price - order.unit_cost)
        loss += market.scruple * (1.0 - self.opportunism) * worse * market.failure_cost * scale
        return policy.conduct(
            policy, gain, loss, self.opportunism, tie.buyer_conduct, tie.supplier_conduct
        )

    def made_good(self, order, stake, admitted):
        """What a known fault is expected to cost, per lot: all, or what a third party awards."""
        market = self.model.market
        penalty = market.platform_fee + market.fine * self.listed
        penalty *= market.lot_cost / order.lots
        effort = market.dispute_hours * market.hour_cost / order.lots
        disputed = award_of(order.evidence) * (stake + penalty) + effort
        return admitted * stake + (1.0 - admitted) * disputed

    def at_stake(self, order, margin):
        """What a grievance is expected to cost in sales: to this buyer, and off the platform."""
        market, experience = self.model.market, self.model.experience
        lasting = future(margin, order.retained, market.discount)
        gone = (1.0 - market.new_identity) * market.discount / (1.0 - market.discount)
        firm = max(margin, 0.0) * experience.usual_sales * (1.0 + gone)
        return experience.buyers_leave * lasting + market.rating_rate * self.delisting_risk() * firm

    def delisting_risk(self):
        """Chance that one more bad rating brings the supplier to be delisted."""
        market = self.model.market
        if market.delisting_rating <= 0.0 or not self.listed:
            return 0.0
        good = self.rating_good + 1.0
        missing = good / market.delisting_rating - good - 1.0 - self.rating_bad
        missing = max(missing, market.delisting_orders - self.rated, 1.0)
        return (1.0 - self.rating) ** (missing - 1.0)

    def deliver(self, order):
        """Bring the lot to the buyer."""
        market, random = self.model.market, self.random.random
        remoteness, worth, care = order.buyer.remoteness, order.worth, self.policy.care
        order.pay_supplier(self, -market.freight * (1.0 + remoteness) * worth)
        order.care = (market.care_cost + market.courier_cost) * care * worth
        order.pay_supplier(self, -order.care)
        if random() < market.transit_loss * (1.0 + remoteness):
            order.defective = False
            order.pay_supplier(self, order.price * order.lots)
            return
        order.delivered = True
        late = market.late_rate * (1.0 - market.knowhow_punctuality * order.tie.knowhow)
        if random() < late * (1.0 + self.load / market.capacity):
            order.late = True
            order.cost[DELAY] += market.late_cost * worth
        if random() < market.document_loss and random() >= care:
            order.cost[DELAY] += market.demurrage * worth

    def sales_at_risk(self, margin):
        """What one bad rating costs in sales."""
        market = self.model.market
        orders = self.load * self.model.experience.usual_sales
        weight = 1.0 / (self.rating_good + self.rating_bad + 2.0)
        return max(margin, 0.0) * orders * weight / (1.0 - market.rating_forgetting + 1e-3)

    def close_round(self):
        """Settle the round: books, reputation, generalised trust, cost, character, survival."""
        market, random = self.model.market, self.random.random
        scale, experience = market.lot_cost, self.model.experience
        usual = experience.usual_sales * scale
        profit = self.income - market.overhead * usual
        self.cash += profit
        self.payoff += PAYOFF_MEMORY * (profit / scale - self.payoff)
        spare = self.cash - market.start_cash * usual
        if spare > 0.0:
            self.cash -= market.payout * spare
        if self.lots > 0.0:
            weight = experience.busy(self.lots)
            self.burden += weight * (self.dealing / (self.lots * scale) - self.burden)
            self.lots = self.dealing = 0.0
        self.load = self.orders / max(experience.usual_sales, 1e-9)
        kept = market.rating_forgetting
        self.rating_good = kept * self.rating_good + self.good
        self.rating_bad = kept * self.rating_bad + self.bad
        self.rating = (self.rating_good + 1.0) / (self.rating_good + self.rating_bad + 2.0)
        self.rated += self.good + self.bad
        self.streak = 0 if self.faults else self.streak + self.orders
        self.show_standing()
        forget = market.trust_forgetting
        self.general_good = updated(self.general_good, 1.0, forget, self.known_good)
        news = market.betrayal_weight * self.known_bad
        self.general_bad = updated(self.general_bad, 1.0, forget, news)
        if random() < market.cost_churn:
            self.cost = self.random.uniform(market.cost_low, market.cost_high)
        if random() < market.turn_rate:
            self.opportunism = character(
                self.random, market.opportunism_mean, market.opportunism_spread
            )
        delisted, comes_back = not self.listed, random() < market.new_identity
        if delisted and comes_back:
            self.generation += 1
            self.take_name()
        elif self.rated >= market.delisting_orders and self.rating < market.delisting_rating:
            self.listed = False
        self.empty_round()
        ruined = market.bankruptcy == 1 and self.cash < -market.credit_line * usual
        if ruined or (delisted and not comes_back):
            self.model.rounds[-1].bank_losses += max(-self.cash, 0.0)
            self.generation += 1
            self.start_firm()
