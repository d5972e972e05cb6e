"""The registry of what a run reports: names, units, formulae, and how they come from the sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trustsim.schema.accounts import CATEGORIES, MICRO
from trustsim.schema.measure import COST, Measure, Numbers, per, ratio

AGE_FROM = (0, 1, 2, 3, 4, 6, 9, 13, 19, 25, 37, 49, 73)
"""First relationship age (orders completed with a supplier) of each bucket of the table of ages."""

TEMPTATIONS = ("shade", "abscond", "pay_late", "deny", "wrong_a_buyer", "wrong_a_supplier")
"""What is tempting, and what a wronged partner does: in the order of the table of temptations."""


def _lots(tally: Any) -> Any:
    return tally["accepted_lots"]


def _hours(tally: Any) -> Any:
    return tally["transaction_hours"] + tally["productive_hours"]


def _cost(*categories: str) -> Callable[[Any, Any], Numbers]:
    places = [CATEGORIES.index(category) for category in categories]
    return lambda tally, hour: ratio(tally["cost"][..., places].sum(axis=-1), _lots(tally))


COSTS = {
    "price": ("Price", "paid to suppliers for the goods, less what is recovered"),
    "sourcing": (
        "Tendering and search",
        "hours of tendering, qualifying, coordination, sharing plans and upkeep",
    ),
    "negotiation": ("Negotiation and contracts", "hours of haggling, contracts and documents"),
    "payment": ("Payment", "the buyer's part of fees, financing of prepayment, interest"),
    "inspection": ("Inspection", "inspecting lots on arrival"),
    "failure": (
        "Failures in use",
        "defects that escaped and rework refused, less what is recovered",
    ),
    "delay": ("Delay and mismatch", "lateness, shortages, unshared forecasts, misunderstandings"),
    "dispute": ("Disputes and recovery", "hours and fees of disputes and of arrears"),
    "bad_debt": ("Bad debt", "prepayments for goods that never came, less what is recovered"),
    "switching": ("Switching", "set-up when the supplier changes"),
    "leakage": ("Leakage", "loss from disclosed information that leaked"),
    "service": (
        "Service in use",
        "installation, support, repair and maintenance of what is in use, also of what is orphaned",
    ),
}
_TRANSACTION = [c for c in CATEGORIES if c not in ("price", "failure", "service")]


def _dispersion(tally: Any) -> Numbers:
    count = tally["orders"]
    mean, square = (ratio(tally[name] / MICRO, count) for name in ("price_sum", "price_squares"))
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0.0)) / mean, float)


SERVICES = (
    ("installation", "Installation", "setting up of accepted lots"),
    ("support", "Support", "help in the use of what is installed"),
    ("maintenance", "Maintenance", "upkeep of what is installed"),
    ("repair", "Repair", "mending of what is installed and was defective"),
    ("orphaned", "Orphaned service", "service found for what suppliers that failed had supplied"),
)
"""Parts of the cost of service in use: name, label, meaning."""


def _registry() -> dict[str, Measure]:
    rows = [
        Measure(
            "total_cost",
            "Total cost of ownership",
            COST,
            "all costs of the buyers per accepted lot; the parts add up to it",
            _cost(*CATEGORIES),
        ),
        *(
            Measure(f"cost_{name}", COSTS[name][0], COST, COSTS[name][1], _cost(name))
            for name in CATEGORIES
        ),
        Measure(
            "transaction_time_share",
            "Transaction time",
            "share of purchasing hours",
            "hours of tendering, haggling, contracts, blame and arrears over all hours with "
            "suppliers (Dyer & Chu 2003)",
            lambda t, hour: ratio(t["transaction_hours"], _hours(t)),
        ),
        Measure(
            "transaction_cost",
            "Transaction cost",
            COST,
            "all parts but price, failure and service",
            _cost(*_TRANSACTION),
        ),
        Measure(
            "procurement_cost",
            "Procurement cost",
            COST,
            "cost of all purchasing hours",
            lambda t, hour: ratio(_hours(t) * hour, _lots(t)),
        ),
        *(
            Measure(f"service_{part}", label, COST, text, per(part, "accepted_lots"))
            for part, label, text in SERVICES
        ),
        Measure(
            "failed_supplier_cost",
            "Failed suppliers",
            COST,
            "switching and qualification for the successors of suppliers that failed, and service "
            "that is orphaned: a part of total cost",
            lambda t, hour: ratio(t["succession"] + t["orphaned"], _lots(t)),
        ),
        Measure(
            "online_rate",
            "Orders online",
            "share of orders",
            "orders from suppliers that sell online",
            per("online", "orders"),
        ),
        Measure(
            "price_dispersion",
            "Price dispersion",
            "share of the mean price",
            "standard deviation of the prices of orders, per lot, over their mean",
            lambda t, hour: _dispersion(t),
        ),
        Measure(
            "care_cost",
            "Cost of care",
            "money per order",
            "what suppliers spend on visible care, over orders",
            per("care", "orders", micro=True),
        ),
        Measure(
            "goods_per_hour",
            "Goods per procurement hour",
            "lots per hour",
            "accepted lots over purchasing hours",
            lambda t, hour: ratio(_lots(t), _hours(t)),
        ),
        Measure(
            "inspection_rate",
            "Inspection rate",
            "share of lots",
            "lots inspected on arrival over lots delivered",
            per("inspected", "delivered"),
        ),
        Measure(
            "supplier_opportunism_rate",
            "Opportunism of suppliers",
            "share of orders",
            "orders shaded, or prepaid and never delivered",
            per("shaded", "orders"),
        ),
        Measure(
            "buyer_opportunism_rate",
            "Opportunism of buyers",
            "share of orders",
            "orders paid late on purpose or denied",
            per("buyer_cheated", "orders"),
        ),
        Measure(
            "defect_escape_rate",
            "Escaped defects",
            "share of defective lots",
            "defective lots delivered that no inspection found",
            per("escaped", "defective"),
        ),
        Measure(
            "dispute_rate",
            "Disputes",
            "share of orders",
            "orders with a dispute, also one settled between partners",
            per("disputed", "orders"),
        ),
        Measure(
            "arrears_days",
            "Arrears",
            "days per order",
            "days that invoices are overdue, over orders",
            per("arrears_days", "orders", micro=True),
        ),
        Measure(
            "no_terms_rate",
            "Lost for want of terms",
            "share of needs",
            "needs that found no acceptable terms of payment, or nobody to ask",
            per("no_terms", "needs"),
        ),
        Measure(
            "trust_in_suppliers",
            "Trust in suppliers",
            "0 to 1",
            "mean belief of buyers in the supplier of their order",
            per("trust_in_suppliers", "orders", micro=True),
        ),
        Measure(
            "trust_in_buyers",
            "Trust in buyers",
            "0 to 1",
            "mean belief of suppliers in the buyer of their order",
            per("trust_in_buyers", "orders", micro=True),
        ),
        Measure(
            "loyalty",
            "Loyalty",
            "Herfindahl index",
            "concentration of a buyer's orders on suppliers, recent ones weighing more",
            per("loyalty", "orders", micro=True),
        ),
        Measure(
            "loyal_share",
            "Loyal buyers",
            "share of orders",
            "orders by buyers that give more than 95 % to one supplier",
            per("loyal", "orders"),
        ),
        Measure(
            "knowhow",
            "Shared know-how",
            "0 to 1",
            "mean know-how of the tie of an order",
            per("knowhow", "orders", micro=True),
        ),
        Measure(
            "supplier_profit",
            "Supplier profit",
            COST,
            "what suppliers keep of price after production, freight, bids, hours and fees, "
            "before overhead",
            per("supplier_profit", "accepted_lots"),
        ),
        Measure(
            "buyer_surplus",
            "Buyer surplus",
            COST,
            "value of accepted lots less total cost",
            lambda t, hour: ratio(t["value"] - t["cost"].sum(axis=-1), _lots(t)),
        ),
        Measure(
            "joint_surplus",
            "Joint surplus",
            COST,
            "buyer surplus plus supplier profit",
            lambda t, hour: ratio(
                t["value"] - t["cost"].sum(axis=-1) + t["supplier_profit"], _lots(t)
            ),
        ),
        Measure(
            "bank_loss",
            "Banks' losses",
            COST,
            "what suppliers that went bankrupt owed their banks, shared out over buyers",
            per("bank_losses", "accepted_lots"),
        ),
        Measure(
            "repurchase_rate",
            "Repurchase after a grievance",
            "share of grievances",
            "next orders placed with the same supplier after a grievance",
            per("returned", "wronged"),
        ),
        Measure(
            "unpaid",
            "Bad debt of suppliers",
            COST,
            "invoices, or parts of them, that buyers never paid: denied, or written off",
            per("unpaid", "accepted_lots"),
        ),
        Measure(
            "return_rate",
            "Lots sent back",
            "share of orders",
            "orders of which the lot went back, for the money or for another",
            per("sent_back", "orders"),
        ),
        Measure(
            "newcomer_share",
            "Orders with new sellers",
            "share of orders",
            "orders from suppliers that have too few ratings to be judged by",
            per("newcomers", "orders"),
        ),
        Measure(
            "lured_rate",
            "Talk moved off the platform",
            "share of orders",
            "orders that an opportunist has had talked over elsewhere",
            per("lured", "orders"),
        ),
        Measure(
            "recovery_months",
            "Time to recover by law",
            "months",
            "time until what the law enforces is paid, by its worth",
            per("enforced_wait", "enforced"),
        ),
        Measure(
            "ransom_paid",
            "Ransom for ratings",
            "money per order",
            "what suppliers pay for not being rated badly, over orders",
            per("ransom", "orders", micro=True),
        ),
        Measure(
            "hushed_rate",
            "Bad ratings bought off",
            "share of orders",
            "orders with a grievance of which no rating tells since a ransom was paid",
            per("hushed", "orders"),
        ),
        Measure(
            "invented_rate",
            "Bad ratings invented",
            "share of orders",
            "orders without a grievance that are rated badly since no ransom was paid",
            per("invented", "orders"),
        ),
        *(
            Measure(
                f"found_by_{how}",
                f"Found by {how}",
                "share of orders",
                f"orders from suppliers that the buyer has found by {how}",
                per(f"by_{how}", "orders"),
            )
            for how in ("chance", "rating", "referral")
        ),
        Measure(
            "orders",
            "Orders",
            "orders",
            "orders agreed",
            lambda t, hour: np.asarray(t["orders"], float),
        ),
        Measure(
            "accepted",
            "Accepted goods",
            "lots",
            "lots accepted",
            lambda t, hour: np.asarray(_lots(t) / MICRO, float),
        ),
    ]
    return {row.name: row for row in rows}


MEASURES = _registry()
"""All measures by name, in the order of the tables."""


def measure(tallies: Any, hour_cost: float | Numbers, instruments: list[str]) -> dict[str, Numbers]:
    """Work out all measures of an array of tallies.

    Parameters
    ----------
    tallies : array of Tally
        Any shape.
    hour_cost : float or array of float64
        Money per hour; an array, of the shape of the tallies, if it differs among them.
    instruments : list of str
        Names of the instruments in the order of the records.

    Returns
    -------
    dict of str to array
        Every measure, then ``instrument_share_<name>`` (share of orders), in table order.
    """
    result = {name: row.of(tallies, hour_cost) for name, row in MEASURES.items()}
    for place, name in enumerate(instruments):
        used = tallies["instrument"][..., place]
        result[f"instrument_share_{name}"] = ratio(used, tallies["orders"])
    return result
