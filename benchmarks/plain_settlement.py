"""Settlement of the plain Mesa model: inspection, payment, arrears, disputes."""

from benchmarks.plain_experience import SERVICE_MEMORY
from benchmarks.plain_order import (
    BAD_DEBT,
    DELAY,
    DISPUTE,
    FAILURE,
    INSPECTION,
    PAYMENT,
    PRICE,
    Order,
)
from benchmarks.plain_rules import (
    COURT,
    JOINT,
    PLATFORM,
    WRITE_OFF,
    acceptance,
    award_of,
    disclose_never,
    gravity,
    inspect_sampling,
    recovery,
)

NEAR, REMOTE_DEBTOR = 0.0, 0.5


class Settlement:
    """How a buyer inspects, accepts, pays, and deals with trouble."""

    __slots__ = ()

    # Inspection

    def inspect(self, order):
        """Check the lot or not; a defect that escapes fails in use."""
        market, policy, random = self.model.market, self.policy, self.random.random
        look = policy.inspection(policy, market, order.tie, order.trust_in_supplier, order.price)
        if random() < look:
            order.inspected = True
            sensitivity, alarm, cost = self.powers(order.tie)
            order.cost[INSPECTION] += cost * order.worth
            if random() < (sensitivity if order.defective else alarm):
                order.rejected = True
                return
        if order.defective:
            order.escaped = True
            order.cost[FAILURE] += market.failure_cost * order.worth
            order.traced = random() < market.failure_traced

    def powers(self, tie):
        """Give the chances to reject a defective and a good lot, and the cost of a look."""
        market, policy = self.model.market, self.policy
        if policy.inspection is not inspect_sampling:
            return market.sensitivity, 1.0 - market.specificity, market.inspection_cost
        items, allowed = policy.sample_size, policy.acceptance_number
        if tie.orders > 0 and tie.clean < min(5, tie.orders):
            allowed = max(allowed - 1, 0)
        find = 1.0 - acceptance(items, allowed, market.lot_bad_fraction)
        alarm = 1.0 - acceptance(items, allowed, market.lot_good_fraction)
        return find, alarm, market.item_cost * items

    # Settlement

    def settle(self, order):
        """Accept and pay the order, or deal with a lot that never came."""
        market, random, instrument = self.model.market, self.random.random, order.instrument
        amount = order.price * order.lots
        if not order.delivered:
            order.cost[DELAY] += market.shortage_cost * order.worth
            if order.absconded:
                taken = instrument.advance * (1 - instrument.held) * amount
                order.grievance = True
                order.cost[BAD_DEBT] += taken
                order.pay_supplier(order.supplier, taken)
                self.complain(order, taken, BAD_DEBT)
            return
        if order.rejected or order.traced:
            self.claim_fault(order)
        elif order.leaked and random() < market.failure_traced:
            order.grievance = True
        order.accepted = True
        due = instrument.after
        if random() < instrument.collection_failure * self.remoteness:
            due = min(due + instrument.on_delivery, 1.0)
        due *= amount
        order.cost[PRICE] += amount
        order.pay_supplier(order.supplier, amount - due)
        if due > 0.0:
            self.pay_invoice(order, due)

    def claim_fault(self, order):
        """Deal with a rejected lot or a traced failure: the supplier makes good, or not."""
        market, instrument = self.model.market, order.instrument
        order.grievance = True
        admitted = self.random.random() < order.supplier.policy.admission
        if order.rejected:
            stake = market.rework_cost * order.worth
            order.cost[DELAY] += market.late_cost * order.worth
            order.accused = not order.defective
            if admitted or instrument.after + instrument.held * instrument.advance >= 0.5:
                order.redressed = True
                order.pay_supplier(order.supplier, -stake)
            else:
                order.cost[FAILURE] += stake
                self.complain(order, stake, FAILURE)
        else:
            stake = market.warranty * market.failure_cost * order.worth
            if admitted:
                order.redressed = stake > 0.0
                self.recover(order, stake, FAILURE)
            else:
                self.complain(order, stake, FAILURE)

    def recover(self, order, amount, category):
        """Get money back from the supplier."""
        order.pay_supplier(order.supplier, -amount)
        order.cost[category] -= amount

    def pay_invoice(self, order, due):
        """Pay what is due after acceptance, late, or not at all."""
        market, policy, tie, random = self.model.market, self.policy, order.tie, self.random
        supplier, secured = order.supplier, order.instrument.secured
        experience = self.model.experience
        relation = experience.suppliers_leave * self.relation_value(order)
        scope = order.evidence * (1.0 - market.off_platform * self.opportunism)
        record, part = random.choice(
            (
                (market.payment_record, 1.0),  # claims to have paid
                (market.delivery_record, 1.0),  # claims not to have received the goods
                (scope, market.denied_part),  # claims that other things were agreed
            )
        )
        denied = part * due
        scruple = market.scruple * (1.0 - self.opportunism)
        gain = denied * (1.0 - secured)
        fee = market.platform_fee * market.lot_cost
        enforced = recovery(market, self.remoteness) * gain
        loss = award_of(record) * (enforced + fee + market.claim_penalty * denied)
        loss += market.dispute_hours * market.hour_cost + relation + scruple * denied
        wish = policy.conduct(
            policy, gain, loss, self.opportunism, tie.supplier_conduct, tie.buyer_conduct
        )
        if market.false_claims and gain > 0.0 and random.random() < wish * gravity(policy):
            order.false_claim = True
            open_claim = gain
            order.pay_supplier(supplier, due - open_claim)
            paid, found_out = self.answer_claim(order, open_claim, record)
            order.pay_supplier(supplier, paid)
            order.cost[PRICE] -= open_claim - paid
            order.unpaid += open_claim - paid
            if found_out:
                order.cost[DISPUTE] += market.claim_penalty * denied
            return
        years = experience.waiting / market.rounds_per_year
        chased = experience.chases * market.chase_hours * market.hour_cost
        harm = due * market.supplier_interest * years + chased
        gain = due * (market.late_gain * market.buyer_interest * years + experience.never_paid)
        loss = (1.0 - market.late_interest_waived) * due * market.arrears_interest * years
        suit = market.dispute_hours * market.hour_cost
        suit += award_of(market.evidence) * market.court_fee * market.lot_cost
        loss += chased + experience.suits * suit + market.late_damage * relation + scruple * harm
        wish = policy.conduct(
            policy, gain, loss, self.opportunism, tie.supplier_conduct, tie.buyer_conduct
        )
        if market.late_on_purpose and random.random() < max(policy.lateness, wish):
            order.delayed_payment = True
            experience.news["late_invoices"] += 1
            order.receivable += due
            tie.arrears = int(tie.arrears * tie.owed / (tie.owed + due) + 0.5)
            tie.owed += due
            return
        if random.random() < market.strain:
            days = random.expovariate(1.0) * market.strain_days
            order.arrears_days += days
            order.pay_supplier(supplier, -due * market.supplier_interest * days / 365.0)
            order.cost[PAYMENT] -= due * market.buyer_interest * days / 365.0
        order.pay_supplier(supplier, due)

    def relation_value(self, order):
        """Give what the relation is worth to the buyer."""
        market, policy = self.model.market, self.policy
        shared = policy.disclosure * order.trust_in_supplier
        if policy.disclosure_rule is disclose_never:
            shared = 0.0
        kept = market.discount * min(order.stays, 0.999)
        left = kept * (1.0 - market.knowhow_rate * shared)
        knowhow = kept / (1.0 - kept) - (1.0 - order.knowhow) * left / (1.0 - left)
        leaving = market.switching_cost + market.asset_lock * order.assets
        value = market.gain_sharing * market.knowhow_gain * knowhow + leaving * order.stays
        return value * order.worth

    def chase(self, tie):
        """Be chased for an overdue invoice: pay with interest, be taken to law, or wait.

        Gives what that has cost.
        """
        market, random, supplier = self.model.market, self.random.random, tie.supplier
        order = Order(self)
        news = self.model.experience.news
        news["chased"] += 1
        tie.arrears += 1
        order.arrears_days = 365.0 / market.rounds_per_year
        self.work(order, DISPUTE, market.chase_hours)
        order.pay_supplier(supplier, -market.chase_hours * market.hour_cost)
        waiting = tie.owed / market.rounds_per_year
        order.pay_supplier(supplier, -waiting * market.supplier_interest)
        order.cost[PAYMENT] -= waiting * market.buyer_interest * market.late_gain
        if supplier.generation != tie.generation or random() < market.arrears_hazard:
            self.discharge(tie, order, tie.owed)
        elif tie.arrears >= market.law_age:
            news["suits"] += 1
            self.quarrel(order, supplier)
            won = random() < 0.5 * (1.0 + market.evidence)
            fee = market.court_fee * market.lot_cost
            if won:
                order.cost[DISPUTE] += fee
            else:
                order.pay_supplier(supplier, -fee)
            found = random() < market.locatable * (1.0 - REMOTE_DEBTOR * self.remoteness)
            paid = market.enforcement * tie.owed if won and found else 0.0
            self.discharge(tie, order, paid)
        return self.enter_chased(tie, order)

    def close_out(self, tie):
        """Pay what is owed to a supplier with whom the relation ends; give what that has cost."""
        order = Order(self)
        self.discharge(tie, order, tie.owed)
        return self.enter_chased(tie, order)

    def enter_chased(self, tie, order):
        """Enter what an overdue invoice has brought about; give what it has cost."""
        profit = order.profit + order.receivable
        tie.supplier.dealing -= profit
        tie.served -= SERVICE_MEMORY * profit / self.model.market.lot_cost
        self.model.enter_costs(order, max(tie.orders - 1, 0))
        return sum(order.cost)

    def discharge(self, tie, order, paid):
        """Close an overdue invoice: part is paid, with interest, the rest is lost."""
        market, news = self.model.market, self.model.experience.news
        interest = (1.0 - market.late_interest_waived) * market.arrears_interest
        interest *= paid * tie.arrears / market.rounds_per_year
        order.pay_supplier(tie.supplier, paid + interest)
        order.cost[PAYMENT] += interest
        order.cost[PRICE] -= tie.owed - paid
        order.receivable -= tie.owed
        order.unpaid += tie.owed - paid
        news["ended"] += tie.owed
        news["waited"] += tie.owed * tie.arrears
        news["written_off"] += tie.owed - paid
        tie.owed = 0.0
        tie.arrears = 0

    # Disputes

    def quarrel(self, order, supplier):
        """Spend hours on a dispute before a third party, both sides."""
        market = self.model.market
        self.work(order, DISPUTE, market.dispute_hours)
        order.pay_supplier(supplier, -market.dispute_hours * market.hour_cost)

    def decide(self, order, route, evidence, remoteness, justified, deposit):
        """Give the share of the stake that the complaining side gets, and whether it is right.

        The platform takes what it awards from a deposit; without one the law must.
        """
        market, random = self.model.market, self.random.random
        if route == WRITE_OFF:
            return 0.0, False
        if route == JOINT:
            self.work_together(order, DISPUTE, market.joint_hours)
            order.pay_supplier(order.supplier, -market.joint_hours * market.hour_cost)
            return (1.0 if justified and random() < market.joint_success else 0.0), False
        self.quarrel(order, order.supplier)
        right = random() < award_of(evidence)
        if right != justified:
            return 0.0, right
        if route == PLATFORM and deposit:
            return 1.0, right
        reachable = market.locatable * (1.0 - REMOTE_DEBTOR * remoteness)
        return (market.enforcement if random() < reachable else 0.0), right

    def charge_loser(self, order, route, supplier_lost, fine):
        """Let the loser pay the platform or the court."""
        market = self.model.market
        if route == PLATFORM:
            fee = market.platform_fee * market.lot_cost
        elif route == COURT:
            fee = market.court_fee * market.lot_cost
        else:
            return
        if not supplier_lost:
            order.cost[DISPUTE] += fee
        else:
            if route == PLATFORM:
                fee += fine * market.lot_cost
            order.pay_supplier(order.supplier, -fee)

    def complain(self, order, stake, category):
        """Take the buyer's grievance through its route."""
        market, supplier = self.model.market, order.supplier
        route = self.policy.escalation(market, order.trust_in_supplier, order.evidence, stake)
        if route == JOINT and order.absconded:
            route = PLATFORM
        order.disputed = True
        justified = order.absconded or order.defective
        share, _ = self.decide(order, route, order.evidence, NEAR, justified, supplier.listed)
        fine = market.fine if supplier.listed else 0.0
        self.charge_loser(order, route, share > 0.0, fine)
        if justified and route == PLATFORM and supplier.listed:
            self.recover(order, market.advance_compensation * (1.0 - share) * stake, category)
        self.recover(order, share * stake, category)
        if route == COURT:
            wait = market.buyer_interest * market.court_delay / 12.0
            order.cost[DISPUTE] += share * stake * wait

    def answer_claim(self, order, stake, evidence):
        """Go through the supplier's grievance over an unpaid invoice.

        Gives what is paid, and whether the lie is found out.
        """
        market, policy = self.model.market, order.supplier.policy
        route = policy.escalation(market, order.trust_in_buyer, order.evidence, stake)
        if route == JOINT:
            route = PLATFORM
        order.disputed = True
        share, found_out = self.decide(order, route, evidence, self.remoteness, True, False)
        self.charge_loser(order, route, not found_out, 0.0)
        if route == COURT:
            wait = market.supplier_interest * market.court_delay / 12.0
            order.pay_supplier(order.supplier, -share * stake * wait)
        return share * stake, found_out
