"""Relations of the plain Mesa model: how ties begin, fade, share and learn."""

from benchmarks.plain_experience import SERVICE_MEMORY
from benchmarks.plain_order import DELAY, DISPUTE, LEAKAGE, SOURCING, Tie
from benchmarks.plain_rules import conduct_never, future, updated

ATTENTION = 0.15
GONE = "gone"


class Relations:
    """A buyer's side of its relations."""

    __slots__ = ()

    def stranger(self, policy, general_good, general_bad, rating, acquainted):
        """Give the counts for and against a stranger: all evidence added up."""
        market = self.model.market
        general = general_good / (general_good + general_bad)
        good = policy.prior_good + market.general_weight * general
        bad = policy.prior_bad + market.general_weight * (1.0 - general)
        if rating is not None:
            good += market.reputation_weight * rating
            bad += market.reputation_weight * (1.0 - rating)
        credit = market.acquaintance_bonus * bad if acquainted else 0.0
        return good + credit, bad - credit

    def meet(self, supplier):
        """Open a tie to a stranger."""
        ours, theirs = self.policy, supplier.policy
        acquainted = self.community == supplier.community
        buyer_trusts = self.stranger(
            ours, self.general_good, self.general_bad, supplier.rating, acquainted
        )
        supplier_trusts = self.stranger(  # nobody rates buyers
            theirs, supplier.general_good, supplier.general_bad, None, acquainted
        )
        return Tie(supplier, self.model.round, buyer_trusts, supplier_trusts)

    def knows(self, supplier):
        """Tell whether a supplier is a contact."""
        return any(tie.supplier is supplier for tie in self.ties)

    def fade(self):
        """Let all ties fade by a round, chase what is overdue; give what that has cost."""
        market, model, policy = self.model.market, self.model, self.policy
        spent = 0.0
        attraction_left, goodwill_left = 1.0 - policy.memory, 1.0 - market.goodwill_erosion
        technology_left, idle_since = model.technology_left, model.round - 1
        kept = market.idle_forgetting
        for place, tie in enumerate(self.ties):
            supplier = tie.supplier
            if tie.owed:
                spent += self.chase(tie)
            tie.attraction *= attraction_left
            tie.goodwill *= goodwill_left
            tie.knowhow *= technology_left
            if tie.last_round < idle_since:
                tie.supplier_good = updated(tie.supplier_good, policy.prior_good, kept)
                tie.supplier_bad = updated(tie.supplier_bad, policy.prior_bad, kept)
                tie.knowhow *= 1.0 - market.knowhow_erosion
                tie.retained *= 1.0 - ATTENTION
            if supplier.generation != tie.generation:
                self.bereft = self.bereft or self.partner is supplier
                self.replace(place, supplier)
            tie = self.ties[place]
            if tie.ended or (market.break_rate and self.random.random() < market.break_rate):
                if tie.owed:
                    spent += self.close_out(tie)
                other = self.random.choice(model.suppliers)
                self.replace(place, supplier if self.knows(other) else other)
        return spent

    def replace(self, place, supplier):
        """Let a stranger take the place of a contact that is gone."""
        if self.partner is self.ties[place].supplier:
            self.partner = GONE
        self.ties[place] = self.meet(supplier)

    def share_information(self, order):
        """Disclose or not, both sides; know-how and assets follow."""
        market, tie, supplier = self.model.market, order.tie, order.supplier
        random, ours, theirs = self.random.random, self.policy, supplier.policy
        hours = market.disclosure_hours * market.hour_cost
        grown = 0.5 * market.knowhow_rate * (1.0 - tie.knowhow)
        saved = market.knowhow_gain * market.lot_cost
        lasting = saved * future(grown, order.stays, market.discount)
        spared = (self.model.mismatch_unshared - self.model.mismatch_shared) * order.worth
        risk = market.leak_rate * (1.0 - order.trust_in_supplier) * market.leak_loss * order.worth
        told = random() < ours.disclosure_rule(
            ours, order.trust_in_supplier, tie.orders, tie.supplier_shared,
            spared + market.gain_sharing * lasting, hours + risk,
        )  # fmt: skip
        lasting = saved * future(grown, order.retained, market.discount)
        heard = random() < theirs.disclosure_rule(
            theirs, order.trust_in_buyer, tie.orders, tie.buyer_shared,
            (1.0 - market.gain_sharing) * lasting, hours,
        )  # fmt: skip
        both = 0.5 * (told + heard)
        if told:
            self.work_together(order, SOURCING, market.disclosure_hours)
        if heard:
            order.pay_supplier(supplier, -hours)
        mismatch = self.model.mismatch_shared if told else self.model.mismatch_unshared
        order.cost[DELAY] += mismatch * order.worth
        unclear = (1.0 - 0.5 * both) * (1.0 - 0.5 * tie.knowhow)
        if random() < market.misunderstanding * unclear:
            order.misunderstood = True
            order.cost[DELAY] += market.misunderstanding_cost * order.worth
        leaky = 0.0 if theirs.conduct is conduct_never else supplier.opportunism
        if told and random() < market.leak_rate * leaky:
            order.leaked = True
            order.cost[LEAKAGE] += market.leak_loss * order.worth
        if both:
            tie.knowhow += market.knowhow_rate * both * (1.0 - tie.knowhow)
        else:
            tie.knowhow *= 1.0 - market.knowhow_erosion
        tie.buyer_shared, tie.supplier_shared = told, heard
        built = theirs.asset_rate * order.trust_in_buyer * (1.0 - tie.assets)
        tie.assets += built
        order.pay_supplier(supplier, -market.asset_cost * built * market.lot_cost)

    def rate(self, order):
        """Rate the order in public, rightly or wrongly, or demand money for silence."""
        market, supplier, random = self.model.market, order.supplier, self.random.random
        supplier.orders += 1
        supplier.faults += order.grievance
        bad = order.grievance
        if random() < market.ransom_rate * self.opportunism:
            demanded = market.ransom * market.lot_cost
            if supplier.sales_at_risk(order.price - order.unit_cost) > demanded:
                self.recover(order, demanded, DISPUTE)
                order.ransom, order.hushed = demanded, order.grievance
                return
            bad, order.invented = True, not order.grievance
        elif random() >= market.rating_rate:
            return
        if random() < market.rating_error:
            bad = not bad
        if bad:
            supplier.bad += 1
        else:
            supplier.good += 1

    def learn(self, order):
        """Draw the lesson of the order on both sides of the tie."""
        market, random, tie, supplier = (
            self.model.market,
            self.random.random,
            order.tie,
            order.supplier,
        )
        ours, theirs = self.policy, supplier.policy
        good, bad = 1.0, 0.0
        mishap = order.late or order.misunderstood
        left = False
        unmended = 1.0 - market.redress * order.redressed
        if order.grievance:
            good, bad = 0.0, market.betrayal_weight * unmended
        elif mishap and random() < ours.blame:
            good, bad = 0.0, 0.3 * market.betrayal_weight
        disappointed = not good and bad > 0.0
        good = 0.0 if disappointed else 1.0
        if disappointed:
            if random() < ours.voice:
                bad *= 1.0 - market.voice_repair
                self.work_together(order, SOURCING, market.upkeep_hours)
            else:
                tie.attraction *= 0.5
                left = order.grievance and random() < ours.exit * unmended
        kept = market.trust_forgetting
        tie.supplier_good = updated(tie.supplier_good, ours.prior_good, kept, good)
        tie.supplier_bad = updated(tie.supplier_bad, ours.prior_bad, kept, bad)
        self.general_good = updated(self.general_good, 1.0, kept, good)
        self.general_bad = updated(self.general_bad, 1.0, kept, bad)
        cheated = order.false_claim or order.delayed_payment
        if cheated or order.accused:
            good, bad = 0.0, market.betrayal_weight
            supplier.known_bad += 1
        else:
            good, bad = 1.0, 0.0
            supplier.known_good += 1
        tie.buyer_good = updated(tie.buyer_good, theirs.prior_good, kept, good)
        tie.buyer_bad = updated(tie.buyer_bad, theirs.prior_bad, kept, bad)
        tie.supplier_conduct = "cheated" if order.grievance else "fair"
        tie.buyer_conduct = "cheated" if cheated else "fair"
        tie.clean = 0 if disappointed else tie.clean + 1
        tie.goodwill += 0.1 * (ours.upkeep + theirs.care) * (1.0 - tie.goodwill)
        self.work_together(order, SOURCING, market.upkeep_hours * ours.upkeep)
        self.answer_wrongs(order, left)
        watched = tie.watched if tie.orders else self.model.experience.watched
        tie.watched = watched + ATTENTION * (order.inspected - watched)
        tie.orders += 1
        tie.last_round = self.model.round

    def answer_wrongs(self, order, left):
        """End the relation, or put up with what the partner did; the trade hears of it."""
        market, news = self.model.market, self.model.experience.news
        if order.age == 0:
            news["inspected"] += order.inspected
            news["passed_by"] += order.delivered - order.inspected
        if left:
            news["wronged_left"] += 1
            self.model.rounds[-1].wronged += 1
        leaves = False
        betrayed = order.false_claim or order.accused
        if betrayed or order.delayed_payment:
            wish = order.supplier.policy.exit * (1.0 if betrayed else market.late_damage)
            leaves = self.random.random() < wish
        if betrayed:
            news["walked_out" if leaves else "put_up"] += 1
        order.tie.ended = left or leaves

    def note_return(self, supplier):
        """Note whether the order goes where the last one went, and what the last one was like."""
        if self.partner is None:
            return
        stayed = self.partner is supplier
        self.stays += ATTENTION * (stayed - self.stays)
        for tie in self.ties:
            if tie.supplier is self.partner:
                wronged = tie.supplier_conduct == "cheated"
                kind = "wronged" if wronged else "content"
                self.model.experience.news[f"{kind}_{'stayed' if stayed else 'left'}"] += 1
                self.model.rounds[-1].wronged += wronged
                self.model.rounds[-1].returned += wronged and stayed

    def attract(self, order):
        """Add the profit of the order to the attraction of its supplier."""
        profit = -sum(order.cost) / order.worth
        if order.accepted:
            profit += self.model.market.value
        if profit > 0.0:
            order.tie.attraction += profit

    def burden(self, order):
        """Let the supplier note what dealing with the buyer has cost: margin due less profit."""
        if order.absconded:
            return
        supplier, margin = order.supplier, -order.outlay
        if order.accepted or not order.delivered:
            margin += order.price * order.lots
        dealing = margin - order.profit - order.receivable
        supplier.lots += order.lots
        supplier.dealing += dealing
        cost = (dealing + order.bids) / self.model.market.lot_cost
        weight = SERVICE_MEMORY * min(order.lots, 1.0 / SERVICE_MEMORY)
        order.tie.served += weight * (cost / order.lots - order.tie.served)

    def choose_whom_to_recommend(self):
        """Choose the most trusted supplier that the buyer has tried; others hear of it later."""
        self.prefers, most = None, 0.5
        for tie in self.ties:
            if tie.orders and not tie.ended:
                mean = tie.supplier_good / (tie.supplier_good + tie.supplier_bad)
                if mean > most:
                    self.prefers, most = tie.supplier, mean

    def publish(self):
        """Let others hear the recommendation, from the next round on."""
        self.recommends = self.prefers
