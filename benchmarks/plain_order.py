"""What buyers and suppliers of the plain Mesa model deal with: ties, offers and orders."""

CATEGORIES = 12
(
    PRICE,
    SOURCING,
    NEGOTIATION,
    PAYMENT,
    INSPECTION,
    FAILURE,
    DELAY,
    DISPUTE,
    BAD_DEBT,
    SWITCHING,
    LEAKAGE,
    SERVICE,
) = range(CATEGORIES)


class Tie:
    """The relation of a buyer to one supplier that it knows."""

    __slots__ = (
        "arrears",
        "assets",
        "attraction",
        "buyer_bad",
        "buyer_conduct",
        "buyer_good",
        "buyer_shared",
        "clean",
        "ended",
        "favour",
        "found_by",
        "generation",
        "goodwill",
        "knowhow",
        "last_round",
        "orders",
        "owed",
        "retained",
        "served",
        "supplier",
        "supplier_bad",
        "supplier_conduct",
        "supplier_good",
        "supplier_shared",
        "watched",
    )

    def __init__(self, supplier, round_number, buyer_trusts, supplier_trusts):
        self.supplier = supplier
        self.generation = supplier.generation
        self.supplier_good, self.supplier_bad = buyer_trusts
        self.buyer_good, self.buyer_bad = supplier_trusts
        self.last_round = round_number
        self.orders = self.clean = 0
        self.found_by = None
        self.supplier_conduct = self.buyer_conduct = None
        self.supplier_shared = self.buyer_shared = False
        self.attraction = self.knowhow = self.goodwill = self.assets = 0.0
        self.watched = 0.0
        self.served = supplier.burden
        self.favour = 0.0
        self.ended = False
        self.retained = 0.0
        self.owed = 0.0
        self.arrears = 0


class Offer:
    """What a supplier that was asked bids, and what the buyer thinks of it."""

    __slots__ = ("base", "chance", "leaving", "price", "qualifying", "tie", "trust", "utility")

    def __init__(self, tie, utility, trust, base, chance):
        self.tie = tie
        self.utility = utility
        self.trust = trust
        self.base = base
        self.chance = chance
        self.price = self.leaving = self.qualifying = 0.0


class Order:
    """A buyer's round: the order, if it comes to one, and all that the round costs."""

    __slots__ = (
        "absconded",
        "accepted",
        "accused",
        "age",
        "arrears_days",
        "assets",
        "bidders",
        "bids",
        "buyer",
        "care",
        "concentration",
        "cost",
        "defective",
        "delayed_payment",
        "delivered",
        "disputed",
        "escaped",
        "evidence",
        "false_claim",
        "grievance",
        "hushed",
        "inspected",
        "instrument",
        "invented",
        "knowhow",
        "late",
        "leaked",
        "lots",
        "misunderstood",
        "outlay",
        "price",
        "productive_hours",
        "profit",
        "ransom",
        "receivable",
        "redressed",
        "rejected",
        "retained",
        "shaded",
        "stays",
        "succession",
        "supplier",
        "tie",
        "top_share",
        "traced",
        "transaction_hours",
        "trust_in_buyer",
        "trust_in_supplier",
        "unit_cost",
        "unpaid",
        "worth",
    )

    def __init__(self, buyer):
        self.buyer = buyer
        self.supplier = self.tie = self.instrument = None
        self.cost = [0.0] * CATEGORIES
        self.transaction_hours = self.productive_hours = self.arrears_days = 0.0
        self.profit = self.receivable = self.bids = self.outlay = self.care = 0.0
        self.succession = self.unpaid = self.ransom = 0.0
        self.hushed = self.invented = False
        self.concentration = self.top_share = 0.0
        self.inspected = self.rejected = self.delivered = self.late = False
        self.misunderstood = self.accepted = self.accused = self.disputed = False
        self.grievance = self.shaded = self.absconded = self.defective = False
        self.escaped = self.traced = self.leaked = False
        self.false_claim = self.delayed_payment = self.redressed = False

    def pay_supplier(self, supplier, amount):
        """Pay a supplier; a negative amount is what it spends."""
        supplier.income += amount
        self.profit += amount
