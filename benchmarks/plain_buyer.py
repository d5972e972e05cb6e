"""Buyers of the plain Mesa model: a round of one buyer, from its need to what it has learned."""

from math import exp, log, sqrt
from operator import attrgetter, itemgetter

from mesa import Agent

from benchmarks.plain_order import (
    DELAY,
    NEGOTIATION,
    PAYMENT,
    SOURCING,
    SWITCHING,
    Offer,
    Order,
)
from benchmarks.plain_relations import ATTENTION, Relations
from benchmarks.plain_rules import award_of, lifted, recovery
from benchmarks.plain_settlement import Settlement
from benchmarks.plain_supplier import PAYOFF_MEMORY, character

FAVOUR_MEMORY = 0.04


class Buyer(Relations, Settlement, Agent):
    """A buyer with its short list of suppliers."""

    __slots__ = (
        "bereft",
        "community",
        "demand",
        "general_bad",
        "general_good",
        "opportunism",
        "partner",
        "payoff",
        "policy",
        "prefers",
        "recommends",
        "remoteness",
        "stays",
        "ties",
    )

    def __init__(self, model, policy):
        super().__init__(model)
        market, random = model.market, self.random
        self.policy = policy
        self.community = random.randrange(market.communities)
        width = min(market.remoteness, 1.0 - market.remoteness)
        self.remoteness = random.uniform(market.remoteness - width, market.remoteness + width)
        self.opportunism = character(
            random, market.buyer_opportunism_mean, market.opportunism_spread
        )
        self.general_good = self.general_bad = 1.0
        self.payoff = 0.0
        persistence = market.demand_persistence
        spread = market.demand_volatility / sqrt(1.0 - persistence * persistence)
        self.demand = random.gauss(0.0, spread)
        self.stays = 1.0 / policy.bidders
        self.partner = self.recommends = self.prefers = None
        self.bereft = False
        contacts = min(market.contacts, len(model.suppliers))
        self.ties = [self.meet(supplier) for supplier in random.sample(model.suppliers, contacts)]

    def step(self):
        """Go through one round."""
        market = self.model.market
        order = Order(self)
        spent = self.fade()
        if self.needs(order):
            self.buy(order)
            self.model.enter(order)
            spent += sum(order.cost)
            if order.instrument is not None:
                self.attract(order)
                self.burden(order)
            self.choose_whom_to_recommend()
        gained = -spent / market.lot_cost
        if order.accepted:
            gained += market.value * order.lots
        self.payoff += PAYOFF_MEMORY * (gained - self.payoff)

    def work(self, order, category, hours):
        """Spend hours on the transaction itself."""
        order.transaction_hours += hours
        order.cost[category] += hours * self.model.market.hour_cost

    def work_together(self, order, category, hours):
        """Spend hours on productive work with the supplier."""
        order.productive_hours += hours
        order.cost[category] += hours * self.model.market.hour_cost

    # Demand

    def needs(self, order):
        """Draw whether the buyer orders, and how much."""
        market, random = self.model.market, self.random
        persistence, volatility = market.demand_persistence, market.demand_volatility
        self.demand = persistence * self.demand + random.gauss(0.0, volatility)
        spread = market.lot_spread
        variance = volatility * volatility / (1.0 - persistence * persistence)
        level = random.gauss(0.0, spread) - 0.5 * spread * spread + self.demand - 0.5 * variance
        order.lots = exp(level) * self.model.common_demand
        order.worth = order.lots * market.lot_cost
        return random.random() < market.demand_rate

    def buy(self, order):
        """Find a supplier and terms, and carry the order out."""
        market = self.model.market
        self.note_loyalty(order)
        order.stays = self.stays
        offer = self.award(order)
        if offer is None or not self.agree(order, offer):
            order.cost[DELAY] += market.shortage_cost * order.worth
            if order.tie is not None:
                order.tie.attraction *= 0.5
            return
        self.place(order)
        self.share_information(order)
        if order.supplier.produce(order):
            order.supplier.deliver(order)
        if order.delivered:
            self.inspect(order)
        self.settle(order)
        self.rate(order)
        self.learn(order)
        if order.accepted and not order.grievance:
            order.instrument.used_well += 1

    # Sourcing

    def note_loyalty(self, order):
        """Note how concentrated the buyer's orders are."""
        shares = [tie.retained for tie in self.ties]
        total = sum(shares)
        if total > 0.0:
            order.concentration = sum([share * share for share in shares]) / (total * total)
            order.top_share = max(shares) / total

    def search(self):
        """Find a listed supplier that the buyer does not know, and how; or None."""
        model, random = self.model, self.random
        if self.policy.search == "referral":
            found = random.choice(model.buyers).recommends
            if found is not None and found.listed and not self.knows(found):
                return found, "referral"
        drawn = [random.choice(model.suppliers) for _ in range(3)]
        strangers = [s for s in drawn if s.listed and not self.knows(s)]
        if not strangers:
            return None
        if self.policy.search == "rating":
            return max(strangers, key=attrgetter("standing")), "rating"
        return strangers[0], "chance"

    def explore(self):
        """Replace the weakest contact by a newcomer now and then; give the new tie."""
        if self.random.random() >= self.policy.exploration:
            return None
        newcomer = self.search()
        if newcomer is None:
            return None
        supplier, how = newcomer
        places = [
            place
            for place, tie in enumerate(self.ties)
            if not tie.owed and tie.supplier is not self.partner
        ]
        if not places:
            return None
        weakest = min(places, key=lambda place: self.ties[place].retained)
        self.ties[weakest] = self.meet(supplier)
        self.ties[weakest].found_by = how
        return self.ties[weakest]

    def ask(self, order):
        """Ask the contacts of greatest noisy utility for bids; give those that bid."""
        market, policy = self.model.market, self.policy
        weights = policy.attraction_weight + policy.trust_weight + policy.rating_weight
        leaving = 0.0
        if weights > 0.0 and self.partner is not None:
            leaving = policy.price_weight * self.leaving_cost() / self.model.reference_price
        expovariate = self.random.expovariate
        newcomer = self.explore()
        asked = []
        scored = []
        for tie in self.ties:
            supplier = tie.supplier
            if not supplier.listed or supplier.generation != tie.generation:
                continue
            mean = tie.supplier_good / (tie.supplier_good + tie.supplier_bad)
            trust = lifted(mean, tie.goodwill, market)
            utility = policy.attraction_weight * tie.attraction
            utility += policy.trust_weight * trust
            utility += policy.rating_weight * supplier.standing
            if supplier is not self.partner:
                utility -= leaving
            utility -= log(expovariate(1.0)) / (policy.intensity + 1e-9)  # Gumbel noise
            if tie is newcomer:
                asked.append((utility, trust, tie))
            else:
                scored.append((utility, trust, tie))
        wanted = policy.bidders
        if wanted == 1 and (asked or self.random.random() < policy.market_test):
            wanted = 2
        scored.sort(key=itemgetter(0), reverse=True)
        asked += scored[: wanted - len(asked)]
        if asked:
            tendering = market.order_hours + market.tender_hours * (len(asked) - 1)
            self.work(order, SOURCING, tendering)
        offers = [
            Offer(tie, utility, trust, *tie.supplier.prospects(tie, len(asked)))
            for utility, trust, tie in asked
        ]
        bidding = [offer for offer in offers if offer.tie.supplier.enters(offer, len(asked))]
        if offers and not bidding:
            bidding = [max(offers, key=attrgetter("chance"))]
        for offer in bidding:
            offer.price = offer.tie.supplier.bid(offer, self.remoteness, len(asked))
        return bidding

    def leaving_cost(self):
        """Give what it costs, for a lot, to order from another supplier than the last one."""
        market = self.model.market
        assets = next((tie.assets for tie in self.ties if tie.supplier is self.partner), 0.0)
        return (market.switching_cost + market.asset_lock * assets) * market.lot_cost

    def award(self, order):
        """Ask for bids and choose the best, or nobody."""
        market, policy = self.model.market, self.policy
        offers = self.ask(order)
        if not offers:
            return None
        bidding = market.bid_hours * market.hour_cost
        for offer in offers:
            bidder = offer.tie.supplier
            bidder.income -= bidding
            bidder.dealing += bidding
        order.bids = bidding * len(offers)
        order.bidders = len(offers)
        leaving = self.leaving_cost() if self.partner is not None else 0.0
        for offer in offers:
            offer.leaving = leaving if offer.tie.supplier is not self.partner else 0.0
            if offer.tie.orders == 0:
                qualifying = market.qualification_hours * market.hour_cost
                offer.qualifying = qualifying / order.lots
        reference = self.model.reference_price
        best = max(offers, key=lambda offer: policy.award(policy, market, offer, reference))
        if market.known_odds:
            for offer in offers:
                surprise = (offer is best) - offer.chance
                offer.tie.favour += FAVOUR_MEMORY * (surprise - offer.tie.favour)
        tie = order.tie = best.tie
        order.supplier = tie.supplier
        order.age = tie.orders
        order.trust_in_supplier = best.trust
        order.knowhow, order.assets, order.retained = tie.knowhow, tie.assets, tie.retained
        return best

    def place(self, order):
        """Place the order that is agreed: work of ordering, qualification, switching."""
        market, tie, supplier = self.model.market, order.tie, order.supplier
        eased = market.knowhow_ease * tie.knowhow
        hours = market.coordination_hours * (1.0 - eased)
        hours *= 1.0 - market.asset_saving * tie.assets
        if tie.orders == 0:
            hours += market.qualification_hours
        self.work_together(order, SOURCING, hours)
        if self.partner is not None and self.partner is not supplier:
            order.cost[SWITCHING] += self.leaving_cost() * order.lots
        if self.bereft:
            qualifying = market.qualification_hours * market.hour_cost
            order.succession = self.leaving_cost() * order.lots
            order.succession += qualifying if tie.orders == 0 else 0.0
            self.bereft = False
        self.note_return(supplier)
        self.partner = supplier
        tie.retained += ATTENTION * (1.0 - tie.retained)

    # Negotiation and terms

    def agree(self, order, offer):
        """Haggle, write the contract and settle on an instrument; False without terms."""
        market, policy, tie, supplier = self.model.market, self.policy, order.tie, order.supplier
        trust = order.trust_in_supplier
        order.trust_in_buyer = supplier.trust_in(tie)
        cost = supplier.unit_cost(tie, self.remoteness) * market.lot_cost
        order.unit_cost = cost
        hours = policy.haggling(policy, market, offer.price, order.lots, trust)
        order.price = cost + (offer.price - cost) * exp(-market.haggle_rate * hours)
        contract = (
            market.contract_hours * policy.contracting * (1.0 - policy.contract_trust * trust)
        )
        contract *= exp(-market.contract_learning * tie.orders)
        contract *= 1.0 - market.asset_saving * tie.assets
        paper = market.document_hours * policy.documentation
        theirs = supplier.policy.documentation
        self.work(order, NEGOTIATION, hours + contract + paper)
        hours += market.document_hours * theirs
        order.pay_supplier(supplier, -hours * market.hour_cost)
        missing = (1.0 - policy.documentation) * (1.0 - theirs)
        order.evidence = 1.0 - (1.0 - market.evidence) * missing
        instrument = self.terms(order)
        if instrument is None:
            return False
        order.instrument = instrument
        amount = order.price * order.lots
        fee = instrument.fee_fixed + instrument.fee_share * amount
        theirs = instrument.supplier_fee_share
        order.pay_supplier(supplier, -theirs * fee)
        order.cost[PAYMENT] += (1.0 - theirs) * fee + amount * instrument.buyer_financing
        order.pay_supplier(supplier, -amount * instrument.supplier_financing)
        return True

    def terms(self, order):
        """Find the instrument that leaves both a gain and suits the policy best, or None."""
        market, terms = self.model.market, self.policy.terms
        amount = order.price * order.lots
        buyer_gain = market.value * order.worth - amount
        supplier_gain = amount - order.unit_cost * order.lots
        distrust_supplier = (1.0 - order.trust_in_supplier) * market.advance_loss * amount
        kept = 1.0 - award_of(order.evidence) * recovery(market, self.remoteness)
        distrust_buyer = (1.0 - order.trust_in_buyer) * market.credit_loss * kept * amount
        best, least = None, 0.0
        for instrument in self.model.instruments:
            if self.remoteness > instrument.reach:
                continue
            fee = instrument.fee_fixed + instrument.fee_share * amount
            strange = instrument.strangeness * amount
            mine = instrument.buyer_exposure * distrust_supplier
            mine += instrument.buyer_financing * amount
            mine += (1.0 - instrument.supplier_fee_share) * fee + strange
            if buyer_gain - mine <= 0.0:
                continue
            uncollected = instrument.on_delivery * instrument.collection_failure * self.remoteness
            exposed = (instrument.after + uncollected) * (1.0 - instrument.secured)
            yours = exposed * distrust_buyer + instrument.supplier_financing * amount
            yours += instrument.supplier_fee_share * fee + strange
            if supplier_gain - yours <= 0.0:
                continue
            burden = terms(mine, yours)
            if best is None or burden < least:
                best, least = instrument, burden
        return best
