"""What the trade knows in the plain Mesa model: who leaves, who pays late, what dealing costs."""

PAYOFF_MEMORY = 0.1
SERVICE_MEMORY = 0.15
FIRST_INVOICES = 5.0
FADING = {"wronged_left": 0.5, "wronged_stayed": 1.0, "content_left": 0.5, "content_stayed": 1.5}
FADING |= {"walked_out": 0.5, "put_up": 1.0}
FADING |= dict.fromkeys(("late", "late_invoices", "waited", "chased", "written_off"), 0.0)
"""Smoothed counts, with what a new market starts from."""


class Experience:
    """Counts of the trade, as they were at the end of the last round, and news of this one."""

    def __init__(self, model):
        self.market = model.market
        self.usual_sales = self.market.demand_rate * self.market.buyers / self.market.suppliers
        self.counts = dict(FADING)
        self.news = dict.fromkeys((*FADING, "delivered", "inspected"), 0.0)
        self.watched = 0.5
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
        if self.news["delivered"]:
            seen = self.news["inspected"] / self.news["delivered"]
            self.watched += PAYOFF_MEMORY * (seen - self.watched)
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
        start = FIRST_INVOICES / max(market.arrears_hazard, 0.01)
        money = counts["late"] + FIRST_INVOICES
        self.waiting = (counts["waited"] + start) / money
        self.chases = (counts["chased"] + start) / (counts["late_invoices"] + FIRST_INVOICES)
        self.never_paid = counts["written_off"] / money
        self.shared_burden = market.pass_on * max(self.burden, 0.0)
