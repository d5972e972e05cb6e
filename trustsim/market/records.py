"""The record types: the vocabulary of the whole model.

State lives in a few NumPy structured arrays. Parameter records are generated from
`trustsim.schema`; state records are written out here, each field once: a record is blanked, copied
and added up as a whole. A rule is stored as its number, the position of its name among the
parameter's choices, or as an address above `OWN_RULE` when it is a function of the user's (see
`trustsim.engine.compiling`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustsim.engine.answers import ODD
from trustsim.engine.compiling import Records
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter
from trustsim.schema.accounts import ACCOUNTS, CATEGORIES
from trustsim.schema.decisions import DECISIONS
from trustsim.schema.row import MAX_INSTRUMENTS

MAX_ORDERS = 65_000
"""Most orders that a tie counts; it stays there."""

Fields = list[Any]


def _parameter_fields(rows: tuple[Parameter, ...]) -> Fields:
    return [(row.name, "f8" if row.kind is float else "i8") for row in rows]


def _f8(*names: str) -> Fields:
    return [(name, "f8") for name in names]


def _i8(*names: str) -> Fields:
    return [(name, "i8") for name in names]


def _padded(size: int, fields: Fields) -> np.dtype[Any]:
    """Give a record of a fixed size, with the bytes that are left at its end."""
    plain = np.dtype(fields, align=True)
    places: Any = plain.fields
    layout: Any = {
        "names": plain.names,
        "formats": [places[name][0] for name in plain.names or ()],
        "offsets": [places[name][1] for name in plain.names or ()],
        "itemsize": size,
    }
    return np.dtype(layout, align=True)


Market = np.dtype(
    _parameter_fields(MARKET)
    + _i8("seed", "replicate", "round", "instruments")
    # what firms of this market have and owe as a matter of course, micro-units, once a run
    + _i8("capital", "credit", "fixed_cost")
    # lots that a supplier sells in a usual round
    + _f8("usual_sales")
    # what dealing with buyers costs suppliers on average, per lot, smoothed
    + _f8("burden")
    # what is known of what the wronged do: counts of buyers whose next order went elsewhere, or to
    # the same supplier, after a grievance and after an order without, and of suppliers that left,
    # or stayed, after a false claim or accusation
    + _f8("wronged_left", "wronged_stayed", "content_left", "content_stayed", "walked_out",
          "put_up", "buyer_leaves", "supplier_leaves")
    # and of payment late on purpose: invoices that became overdue, rounds in which they were
    # chased, and suits; of those that came to their end their money, money times rounds that it
    # was waited for, money written off; what follows for an invoice: rounds, chases, suits, share
    # never paid
    + _f8("late_invoices", "chased", "suits", "ended", "waited", "written_off", "late_rounds",
          "late_chases", "late_suits", "late_lost")
    # first lots that buyers inspected and not, and the share of the former
    + _f8("first_inspected", "first_passed_by", "watched")
    # common state of the round
    + _f8("common_demand", "cost_level", "technology_left", "effort")
    # closed forms worked out once a run: cost of demand mismatch per nominal lot
    + _f8("mismatch_shared", "mismatch_unshared"),
    align=True,
)
ODD_ANSWERS: Fields = [
    # first answer of a rule of the user's outside its range, by decision; hidden from rules
    (ODD, "f8", (len(DECISIONS),))
]
BuyerPolicy = np.dtype(_parameter_fields(BUYER) + ODD_ANSWERS, align=True)
SupplierPolicy = np.dtype(_parameter_fields(SUPPLIER) + ODD_ANSWERS, align=True)
Instrument = np.dtype(
    _parameter_fields(INSTRUMENT)
    + _f8("familiarity")
    # worked out once a run: share of the price that is paid after acceptance, years of credit,
    # years by which the buyer pays earlier than it receives, in shares of the price
    + _f8("after", "years", "years_ahead"),
    align=True,
)

Buyer = np.dtype(
    [
        ("policy", "i2"),
        ("debts", "i2"),  # ties with an overdue invoice
        ("community", "i4"),
        ("recommends", "i4"),  # supplier that this buyer names to others this round
        ("prefers", "i4"),  # supplier that it will name from the next round on
        ("partner", "i4"),  # supplier of its last order, -1 for none
        ("remoteness", "f4"),
        ("opportunism", "f4"),
        ("stays", "f4"),  # how often it orders where it did last time
        ("demand", "f8"),  # log of its own demand level, AR(1)
        ("general_good", "f4"),  # generalised trust: all experience with suppliers
        ("general_bad", "f4"),
        ("at_stake", "f4"),  # worth to its last supplier of the relation that it has wronged
        ("tempted", "i4"),  # by what that supplier was tempted
        ("installed", "f4"),  # lots in use
        ("faulty", "f4"),  # of these, with a defect that nobody has found
        ("orphaned", "f4"),  # of these, lots whose maker has failed since the last need
        ("bereft", "i4"),  # 1 if its last supplier has failed, until it orders elsewhere
        ("serviced", "i4"),  # round until which service is paid
        ("news", "f4"),  # market news that it has from suppliers, share of all there is
        ("payoff", "f8"),  # surplus per round, smoothed, lots
        ("cash", "i8"),
    ],
    align=True,
)

Supplier = np.dtype(
    [
        ("policy", "i2"),
        ("generation", "u1"),  # counts, round and round, the firms that have held this place
        ("listed", "u1"),
        ("online", "u1"),  # sells online, without service
        ("community", "i4"),
        ("streak", "i4"),  # orders since the last fault that became known
        ("rated", "i4"),
        ("opportunism", "f4"),
        ("cost", "f8"),  # unit cost, share of lot_cost
        ("burden", "f8"),  # what dealing with buyers has cost, per lot, passed on in bids
        ("load", "f8"),  # orders of the last round over the mean load
        ("rating_good", "f8"),
        ("rating_bad", "f8"),
        ("rating", "f8"),  # public reputation, mean of the Beta posterior
        ("general_good", "f8"),  # generalised trust in buyers
        ("general_bad", "f8"),
        ("payoff", "f8"),  # profit per round, smoothed, lots
        ("cash", "i8"),
    ],
    align=True,
)

TIE_BYTES = 64
"""Size of a tie: one cache line."""

Tie = _padded(
    TIE_BYTES,
    [
        ("supplier", "i4"),
        ("last_round", "i2"),
        ("orders", "u2"),  # completed together
        ("clean", "u2"),  # of these, in a row without trouble seen by the buyer
        ("generation", "u1"),
        ("arrears", "u1"),  # rounds that what is owed has been overdue
        ("supplier_conduct", "u1"),  # last conduct as the buyer saw it: 0 none, 1 fair, 2 cheated
        ("buyer_conduct", "u1"),  # last conduct as the supplier saw it
        ("supplier_shared", "u1"),  # disclosed last time
        ("buyer_shared", "u1"),
        ("supplier_good", "f4"),  # what the buyer counts for and against the supplier
        ("supplier_bad", "f4"),
        ("buyer_good", "f4"),  # what the supplier counts for and against the buyer
        ("buyer_bad", "f4"),
        ("attraction", "f4"),
        ("knowhow", "f4"),
        ("watched", "f4"),  # chance of being inspected, as the supplier has seen it
        ("favour", "f4"),  # how much more often its bids to this buyer win than its cost explains
        ("served", "f4"),  # what dealing with this buyer has cost the supplier, per lot
        ("retained", "f4"),  # share of this buyer's orders, as the supplier has seen it
        ("owed", "i8"),  # overdue invoices, micro-units
    ],
)

Bond = np.dtype(
    # what a tie has besides when goodwill, specific assets or orphaned service are at work; no rows
    # otherwise. Lots supplied are those still in use; found by 1 chance, 2 standing, 3 referral
    [("goodwill", "f4"), ("assets", "f4"), ("supplied", "f4"), ("found_by", "i4")],
    align=True,
)

Order = np.dtype(
    # what both sides know of the order while it walks
    _i8("round", "buyer", "supplier", "contact", "instrument", "bidders", "age", "fresh",
        "found_by", "newcomer", "lured")
    + _f8(
        "lots", "price", "reference_price", "ask", "advance", "on_delivery", "after", "held",
        "secured", "credit_days", "evidence", "remoteness",
        "buyer_disclosed", "supplier_disclosed", "shortfall", "acquainted",
    )
    + _i8("ordered", "lost_for_terms", "misunderstood", "delivered", "late", "inspected",
          "rejected", "accepted", "paid_late", "buyer_accused", "disputed", "grievance",
          "redressed", "answered", "returned", "online", "suspected", "refunded", "exchanged"),
    align=True,
)

Facts = np.dtype(
    # what was really done, hidden from the partner's rules
    _i8("shaded", "absconded", "defective", "escaped", "traced", "leaked", "false_claim",
        "found_out",
        "delayed_payment", "outlay", "earlier", "care", "installation", "support", "maintenance",
        "repair", "orphaned", "succession", "offended", "false_fault", "ransom", "hushed",
        "invented", "enforced", "waited")
    + _f8("unit_cost", "trust_in_supplier", "trust_in_buyer", "knowhow", "loyalty", "top_share",
          # what the relation is worth to a side that gives in to a temptation, 0 if none does
          "supplier_stake", "buyer_stake"),
    align=True,
)

Candidate = np.dtype(
    # a contact while a buyer chooses whom to ask: its utility with noise, the same while it is not
    # asked yet, and its luck; if it is asked, what it bears, its cost with that, and the chance to
    # win that this would give it in a tender among equals
    _f8("score", "open", "luck", "burden", "base", "chance"),
    align=True,
)

Books = np.dtype(
    # what the order, or an event after it, adds up: money by category and account, hours, days
    _i8("event", "profit", "receivable", "bids", "unpaid")
    + _f8("transaction_hours", "productive_hours", "arrears_days")
    + [("cost", "i8", (len(CATEGORIES),)), ("flow", "i8", (len(ACCOUNTS),))],
    align=True,
)

View = np.dtype(
    # the relation as one side sees it: all that a rule is given besides the order and its policy
    _f8("trust", "good", "bad", "rating", "streak", "knowhow", "goodwill", "assets", "attraction",
        "retained", "watched", "partner_shared", "partner_conduct", "own_conduct", "acquainted",
        "orders", "clean", "idle", "opportunism", "noise", "gain", "loss", "bid", "exposure",
        "partner_cost", "score", "asked", "leaving", "left", "detected", "damages",
        "platform_collects", "law_collects", "default_risk"),
    align=True,
)

SupplierTally = np.dtype(
    _i8("orders", "good", "bad", "faults", "known_good", "known_bad", "cash", "lots", "dealing",
        "delivered", "inspected", "wronged_left", "wronged_stayed", "content_left",
        "content_stayed", "walked_out", "put_up", "late_invoices", "chased", "suits", "ended",
        "waited", "written_off"),
    align=True,
)

Tally = np.dtype(
    [
        *_i8(
        "buyers", "needs", "no_terms", "orders", "delivered", "accepted_lots", "inspected",
        "shaded", "buyer_cheated", "defective", "escaped", "disputed", "arrears_days",
        "trust_in_suppliers", "trust_in_buyers", "loyalty", "loyal", "knowhow",
        "transaction_hours", "productive_hours", "value", "supplier_profit",
        "wronged", "returned", "bank_losses", "online", "price_sum",
        "price_squares", "care", "installation", "support", "maintenance",
        "repair", "orphaned", "succession", "unpaid", "ransom", "hushed", "invented",
        "sent_back", "by_chance", "by_rating", "by_referral", "newcomers", "lured", "enforced",
        "enforced_wait",
        ),
        ("cost", "i8", (len(CATEGORIES),)),
        ("instrument", "i8", (MAX_INSTRUMENTS,)),
    ],
    align=True,
)


Temptation = np.dtype(
    # what those who gave in to a temptation expected, and what happened: micro-units and counts,
    # chances in millionths
    _i8("times", "gain_expected", "gain_happened", "found_expected", "found_happened",
        "loss_expected", "loss_happened", "relation_expected", "relation_happened"),
    align=True,
)


class World(NamedTuple):
    """All the records of one market; what every room can look up.

    Attributes
    ----------
    market : array of Market, shape (1,)
    buyers : array of Buyer, shape (buyers,)
    suppliers : array of Supplier, shape (suppliers,)
    ties : array of Tie, shape (buyers, contacts)
    bonds : array of Bond, shape (buyers, contacts), or (0, contacts) if no mechanism needs them
    buyer_policies, supplier_policies : arrays of BuyerPolicy and SupplierPolicy
    instruments : array of Instrument
    """

    market: Records
    buyers: Records
    suppliers: Records
    ties: Records
    bonds: Records
    buyer_policies: Records
    supplier_policies: Records
    instruments: Records


class Workspace(NamedTuple):
    """Where one worker keeps the order that it walks and adds up what it saw.

    All sums are integers: they do not depend on who adds first.

    Attributes
    ----------
    candidates : array of Candidate, shape (contacts,)
    order, books : arrays of Order and of Books, shape (1,), or (1 + 2 contacts,)
        The first is of the order that is walked; if there are more, what becomes of earlier
        invoices is noted in them: two a contact, one if it is chased, one if the relation ends.
    facts : array of Facts, shape (1,)
    buyer_views, supplier_view : arrays of View, shape (contacts,) and (1,)
    rounds : array of Tally, shape (rounds, buyer policies)
    ages : array of Tally, shape (age buckets,)
    entry : array of Tally, shape (1,): what an order or an earlier invoice adds to the two
    suppliers : array of SupplierTally, shape (suppliers,)
    used_well : array of int64, shape (instruments,), orders of the round that went well with each
    balances : array of int64, shape (rounds, 7), net flow into each account by round
    temptations : array of Temptation, shape (6,)
    """

    candidates: Records
    order: Records
    facts: Records
    books: Records
    buyer_views: Records
    supplier_view: Records
    rounds: Records
    ages: Records
    entry: Records
    suppliers: Records
    used_well: Records
    balances: Records
    temptations: Records


class Dealing(NamedTuple):
    """One agreed order with all that its rooms need: a record each, not arrays of them."""

    market: Any
    buyer: Any
    supplier: Any
    tie: Any
    buyer_policy: Any
    supplier_policy: Any
    buyer_view: Any
    supplier_view: Any
    order: Any
    facts: Any
    books: Any
    tally: Any
    temptations: Any
