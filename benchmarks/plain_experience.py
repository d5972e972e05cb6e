"""What the trade knows in the plain Mesa model: who leaves, who pays late, what dealing costs."""

PAYOFF_MEMORY = 0.1
SERVICE_MEMORY = 0.15
FIRST_INVOICES = 1.0
INVOICE_MEMORY = 0.99
FADING = {"wronged_left": 0.5, "wronged_stayed": 1.0, "content_left": 0.5, "content_stayed": 1.5}
FADING |= {"walked_out": 0.5, "put_up": 1.0}
FADING |= {"inspected": 0.5, "passed_by": 0.5}
"""Smoothed counts, with what a new market starts from."""
INVOICES = ("ended", "late_invoices", "waited", "chased", "suits", "written_off")
"""Smoothed sums of late payment."""


class Experience:
    """Counts of the trade, as they were at the end of the last round, and news of this one."""

    def __init__(self, model):
        self.market = model.market
        self.usual_sales = self.market.demand_rate * self.market.buyers / self.market.suppliers
        self.counts = FADING | dict.fromkeys(INVOICES, 0.0)
        self.news = dict.fromkeys(self.counts, 0.0)
        self.burden = 0.0
        self.learn()

    def busy(self, lots):
        """Give the weight of a round in which so many lots were sold."""
        return min(PAYOFF_MEMORY * lots / max(self.usual_sales, 1e-9), 1.0)

    def close_round(self, suppliers):
        """Take in the news of the round."""
        for name, start in FADING.items():
            kept = start + (1.0 - PAYOFF_MEMORY) * (self.counts[name] - start)
            self.counts[name] = kept + self.news[name]
        for name in INVOICES:
            self.counts[name] = INVOICE_MEMORY * self.counts[name] + self.news[name]
        lots = sum(supplier.lots for supplier in suppliers)
        if lots > 0.0:
            dealing = sum(supplier.dealing for supplier in suppliers if supplier.lots > 0.0)
            weight = self.busy(lots / len(suppliers))
            self.burden += weight * (dealing / (lots * self.market.lot_cost) - self.burden)
        self.news = dict.fromkeys(self.news, 0.0)
        self.learn()

    def learn(self):
        """Work out what the counts come to."""
        market, counts = self.market, self.counts
        self.suppliers_leave = counts["walked_out"] / (counts["walked_out"] + counts["put_up"])
        wronged = counts["wronged_left"] / (counts["wronged_left"] + counts["wronged_stayed"])
        content = counts["content_left"] / (counts["content_left"] + counts["content_stayed"])
        self.buyers_leave = max(wronged - content, 0.0) / (1.0 - content)
        self.watched = counts["inspected"] / (counts["inspected"] + counts["passed_by"])
        suit = (1.0 - market.arrears_hazard) ** market.law_age
        rounds = (1.0 - suit) / market.arrears_hazard if market.arrears_hazard else market.law_age
        found = market.locatable * (1.0 - 0.5 * market.remoteness)
        lost = suit * (1.0 - 0.5 * (1.0 + market.evidence) * market.enforcement * found)
        start = FIRST_INVOICES * market.buyers
        money = start * market.lot_cost
        ended = counts["ended"] + money
        self.waiting = (counts["waited"] + rounds * money) / ended
        invoices = counts["late_invoices"] + start
        self.chases = (counts["chased"] + rounds * start) / invoices
        self.suits = (counts["suits"] + suit * start) / invoices
        self.never_paid = (counts["written_off"] + lost * money) / ended
        self.shared_burden = market.pass_on * max(self.burden, 0.0)
