"""The tables of results, column by column: unit, type and meaning of whatever is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from trustsim.schema.accounts import ACCOUNTS, CATEGORIES
from trustsim.schema.measures import COSTS, MEASURES

TEXT, WHOLE, NUMBER = "text", "whole number", "number"
"""Types of columns."""
FLAG = "0 or 1"
MONEY = "money"
NO_UNIT = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or all columns whose names are made alike.

    Attributes
    ----------
    name : str
        Its name; words in capitals stand for a name of the experiment's.
    unit, kind, text : str
        Unit; type: one of `TEXT`, `WHOLE`, `NUMBER`, or "" for that of a parameter; meaning.
    """

    name: str
    unit: str
    kind: str
    text: str

    def fits(self, name: str) -> bool:
        """Whether a column of this name is meant."""
        stem = re.escape(self.name)
        if self.name == PARAMETER:
            stem = r"without|(market|policies|instruments|arms)\..+"
        return re.fullmatch(re.sub("NAME|TARGET", ".+", stem), name) is not None


@dataclass(frozen=True, slots=True)
class TableOfResults:
    """A table: what a row of it is, and its columns.

    Attributes
    ----------
    row : str
    columns : tuple of Column
    """

    row: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """Give the description of a column; None if there is none."""
        return next((column for column in self.columns if column.fits(name)), None)


PARAMETER = "PARAMETER"
"""Stands for the path of a parameter that varies in a design."""


def _flags(**meanings: str) -> Iterable[Column]:
    return (Column(name, FLAG, WHOLE, text) for name, text in meanings.items())


def _numbers(unit: str, **meanings: str) -> Iterable[Column]:
    return (Column(name, unit, NUMBER, text) for name, text in meanings.items())


def _sides(*sides: str) -> Iterable[Column]:
    for side in sides:
        yield Column(side, "from 0", WHOLE, f"the {side}")
        yield Column(f"{side}_policy", NO_UNIT, TEXT, f"policy of the {side} in its last order")


RUN_ID = Column("run_id", NO_UNIT, TEXT, "which run: a hash of its scenario and its replicate")
ARM = Column("arm", NO_UNIT, TEXT, "arm of the experiment")
REPLICATE = Column("replicate", "from 0", WHOLE, "number of the luck that all arms share")
POINT = Column("point", "from 0", WHOLE, "number of the point of the design")
VARIED = Column(
    PARAMETER, "its own", "", "value of a parameter that varies in the design, by its path"
)
IDENTITY = (RUN_ID, ARM, POINT, REPLICATE)
ROUND = Column("round", "from 0", WHOLE, "round of the market")
MEASURED = (
    *(Column(row.name, row.unit, NUMBER, row.text) for row in MEASURES.values()),
    Column("instrument_share_NAME", "share of orders", NUMBER, "orders paid by this instrument"),
)
TROUBLE = (
    Column("error", NO_UNIT, TEXT, "kind of the error"),
    Column("message", NO_UNIT, TEXT, "what it says"),
    Column("traceback", NO_UNIT, TEXT, "where it arose"),
)
TRIAL = (
    VARIED,
    Column("simulated.TARGET", "of the target", NUMBER, "mean that the model shows of it"),
    Column("misfit.TARGET", "tolerances", NUMBER, "how far it is off; 0 within a bound"),
    Column("loss", NO_UNIT, NUMBER, "sum of the squared misfits of the targets that are fitted"),
    Column("failed", "runs", WHOLE, "runs that failed"),
    Column("error", NO_UNIT, TEXT, "why the first of them failed"),
)

_WHO = (
    Column("event", NO_UNIT, TEXT, "what the row tells of; see above"),
    Column("order_id", NO_UNIT, WHOLE,
           "the order, or the need that became none; of later events the order whose invoice it "
           "is, -1 if several of the pair are open; -1 for what suppliers do by themselves"),
    ROUND,
    Column("buyer", "from 0", WHOLE, "the buyer; -1 for none"),
    Column("buyer_policy", NO_UNIT, TEXT, "policy of the buyer in this round"),
    Column("supplier", "from 0", WHOLE, "the supplier; -1 if nobody could be asked"),
    Column("supplier_policy", NO_UNIT, TEXT, "policy of the supplier in this round"),
    Column("contact", "from 0", WHOLE,
           "place of the supplier among the buyer's contacts; -1 for none"),
    Column("instrument", NO_UNIT, TEXT, "payment instrument; missing where none was agreed"),
    Column("bidders", "suppliers", WHOLE, "suppliers asked for a bid"),
    Column("age", "orders", WHOLE, "orders that the two had completed before"),
)  # fmt: skip
_TERMS = (
    *_flags(fresh="first order between the two"),
    Column(
        "found_by",
        NO_UNIT,
        WHOLE,
        "how the buyer found the supplier: 1 by chance, 2 by its standing, 3 by referral; 0 if "
        "it has always known it",
    ),
    *_flags(
        newcomer="the supplier had too few ratings to be judged by",
        lured="the buyer had moved the talk off the platform",
    ),
    *_numbers("lots", lots="size of the order or need"),
    *_numbers(
        "money per lot",
        price="price agreed",
        reference_price="mean of the highest and the lowest cost, to compare bids with",
        ask="bid of the supplier before haggling",
    ),
    *_numbers(
        "share of price",
        advance="paid with the order",
        on_delivery="paid against the goods",
        after="paid after acceptance",
    ),
    *_numbers(FLAG, held="a third party holds the advance until acceptance"),
    *_numbers("share", secured="part of the supplier's claim that is secured"),
    *_numbers("days", credit_days="credit on what is paid after acceptance"),
    *_numbers("share", evidence="part of the order's history that can be shown to a third party"),
    *_numbers("0 to 1", remoteness="remoteness of the buyer's site"),
    *_numbers(
        FLAG,
        buyer_disclosed="the buyer told its plans",
        supplier_disclosed="the supplier told its ideas",
    ),
    *_numbers("share", shortfall="what was promised above what was delivered"),
    *_numbers(FLAG, acquainted="a community helps the two against each other"),
)
_COURSE = tuple(
    _flags(
        ordered="an order was agreed",
        lost_for_terms="no acceptable terms of payment, or nobody to ask",
        misunderstood="the two misunderstood each other",
        delivered="the lot arrived",
        late="it arrived late",
        inspected="the buyer inspected it",
        rejected="it was rejected",
        accepted="it was accepted",
        paid_late="it was not paid in time",
        buyer_accused="the buyer rejected a good lot",
        disputed="there was a dispute, also one settled between partners",
        grievance="the buyer has a reason to complain",
        redressed="the supplier made the fault good at once",
    )
)
_FACTS = (
    Column("answered", "grievances", WHOLE,
           "grievances of the buyer to which the row is its answer: its next order, or that it "
           "ends the relation at once"),
    Column("returned", "grievances", WHOLE,
           "of these, answered by another order from the same supplier"),
    *_flags(
        online="the supplier sells online",
        suspected="the supplier treated the buyer as a cheat",
        refunded="the lot went back for the money",
        exchanged="the lot went back for another",
        shaded="the supplier shaded quality",
        absconded="the supplier kept the prepayment and delivered nothing",
        defective="the lot was defective",
        escaped="it was defective, and no inspection found it",
        traced="its failure in use was traced to the supplier",
        leaked="what the buyer had told leaked",
    ),
)  # fmt: skip
_HIDDEN = (
    Column("false_claim", NO_UNIT, WHOLE,
           "how the buyer denied its debt: 1 it has paid, 2 nothing came, 3 other things were "
           "agreed; 0 if it did not"),
    *_flags(
        found_out="a third party found the denial to be false",
        delayed_payment="the buyer pays late on purpose",
    ),
    *_numbers(
        MONEY,
        outlay="what the lot cost the supplier, freight included",
        care="what the supplier spent on visible care",
        installation="what it cost the buyer to set the lot up",
        support="what help in the use of its installed base has cost since its last need",
        maintenance="what upkeep of it has cost",
        repair="what mending of it has cost",
        orphaned="what it has cost to find service for lots whose makers have failed",
        succession="what it has cost to put another in the place of a supplier that has failed",
    ),
    *_flags(
        offended="the buyer was suspected without a cause",
        false_fault="the buyer claimed the warranty of a good lot",
    ),
    *_numbers(MONEY, ransom="what the supplier paid for not being rated badly"),
    *_flags(
        hushed="so that a grievance was not told",
        invented="the buyer rated badly without a grievance, since nothing was paid",
    ),
    *_numbers(MONEY, enforced="what the law made a debtor of the order pay"),
    *_numbers("money times months", waited="the same, times the months until it is paid"),
    *_numbers("money per lot", unit_cost="the supplier's cost, freight included, unless it shades"),
    *_numbers(
        "0 to 1",
        trust_in_supplier="the buyer's belief in the supplier before the order",
        trust_in_buyer="the supplier's belief in the buyer before the order",
        knowhow="shared know-how of the two before the order",
    ),
    *_numbers(
        "Herfindahl index",
        loyalty="concentration of the buyer's orders on suppliers before this one",
    ),
    *_numbers("share of orders", top_share="largest share of the buyer's orders that one has"),
    *_numbers(
        MONEY,
        supplier_stake="worth of the relation to a calculating supplier that gives in to a "
        "temptation, 0 if it does not",
        buyer_stake="the same to the buyer",
    ),
)  # fmt: skip
_BOOKS = (
    *_numbers(
        MONEY,
        value="worth of the accepted lots to the buyer",
        profit="cash that the supplier gets from the order or event, less what it pays, without "
        "bids",
        receivable="what becomes overdue and stays owed; below 0 where that ends",
        bids="what the bids for the order cost all bidders",
        unpaid="what the buyer owes and will never pay: denied, or written off",
    ),
    *_numbers(
        "hours",
        transaction_hours="the buyer's hours of tendering, haggling, contracts, blame and arrears",
        productive_hours="the buyer's hours of productive work with the supplier",
    ),
    *_numbers("days", arrears_days="days that an invoice is overdue, counted in this row"),
    *(Column(f"cost_{name}", MONEY, NUMBER, f"cost of the buyer: {COSTS[name][1]}")
      for name in CATEGORIES),
    *(Column(f"flow_{name}", MONEY, NUMBER, f"what the account of {name} gets, less what it pays")
      for name in ACCOUNTS),
)  # fmt: skip

TABLES = {
    "runs": TableOfResults(
        "a run",
        (*IDENTITY, Column("status", NO_UNIT, TEXT, "done"), VARIED, *MEASURED),
    ),
    "policies": TableOfResults(
        "a run and policy of buyers; one that no buyer has has no measures",
        (
            *IDENTITY,
            Column("policy", NO_UNIT, TEXT, "policy of the buyers"),
            *_numbers(
                "share of buyers",
                share_of_buyers="buyers that have the policy, mean over all rounds",
            ),
            *_numbers("share of orders", share_of_orders="orders of the buyers that have it"),
            *_numbers(
                "share of buyers",
                share_at_start="buyers that have it in the first round",
                share_at_end="buyers that have it in the last round; another share if they imitate",
            ),
            *MEASURED,
        ),
    ),
    "rounds": TableOfResults(
        "a run, round and policy of buyers",
        (
            *IDENTITY,
            ROUND,
            Column("policy", NO_UNIT, TEXT,
                   "policy of the buyers; all for all of them, where there are several"),
            Column("buyers", "buyers", WHOLE, "buyers that have the policy in the round"),
            *MEASURED,
            *(Column(f"balance_{name}", "millionths of money", WHOLE,
                     f"balance of the account of {name} after the round")
              for name in ACCOUNTS),
        ),
    ),
    "ages": TableOfResults(
        "a run and age of relations",
        (
            *IDENTITY,
            Column("age_from", "orders", WHOLE,
                   "fewest orders that the two had completed before"),
            Column("age_to", "orders", WHOLE, "most orders that they had"),
            *MEASURED,
        ),
    ),
    "temptations": TableOfResults(
        "a run and temptation that calculating agents gave in to, or a wrong that was answered",
        (
            *IDENTITY,
            Column("temptation", NO_UNIT, TEXT,
                   "shade or abscond (of a supplier), pay_late or deny (of a buyer); wrong_a_buyer "
                   "and wrong_a_supplier tell how often a wronged partner leaves"),
            Column("times", "times", WHOLE, "how often it was given in to"),
            *_numbers(
                f"{MONEY} a time",
                gain_expected="what it was expected to bring",
                gain_happened="what it brought",
            ),
            *_numbers(
                "probability",
                found_expected="chance expected to be found out, or that who is wronged leaves",
                found_happened="share of the times in which that happened",
            ),
            *_numbers(
                f"{MONEY} a time",
                loss_expected="money that it was expected to cost, scruples and the worth of the "
                "relation aside",
                loss_happened="money that it cost",
                relation_expected="worth of the relation that was expected to be lost by it",
                relation_happened="worth of relations that ended by it: of buyers that left after "
                "a grievance, those that leave without one taken off",
            ),
        ),
    ),
    "orders": TableOfResults(
        "an order, what happens after it, or what happens beside orders",
        (*IDENTITY, *_WHO, *_TERMS, *_COURSE, *_FACTS, *_HIDDEN, *_BOOKS),
    ),
    "pairs": TableOfResults(
        "a run, buyer and supplier that have dealt with each other; worked out from the orders",
        (
            *IDENTITY,
            *_sides("buyer", "supplier"),
            Column("orders", "orders", WHOLE, "orders agreed between the two"),
            *_numbers("lots", lots="lots accepted"),
            *_numbers(MONEY, spend="price of the accepted lots, as agreed"),
            *_numbers(
                "0 to 1",
                trust_in_supplier="the buyer's belief before an order, mean",
                trust_in_buyer="the supplier's belief before an order, mean",
            ),
        ),
    ),
    "buyers": TableOfResults(
        "a run and buyer; worked out from the orders",
        (
            *IDENTITY,
            *_sides("buyer"),
            Column("orders", "orders", WHOLE, "orders agreed"),
            Column("suppliers", "suppliers", WHOLE, "suppliers that it has ordered from"),
            *_numbers("lots", lots="lots accepted"),
            *_numbers(MONEY, cost="all that it has paid and lost, with what follows orders"),
            *_numbers("money per accepted lot", total_cost="the same, over its accepted lots"),
        ),
    ),
    "failures": TableOfResults(
        "a run that failed",
        (*IDENTITY, Column("seed", NO_UNIT, WHOLE, "seed of the experiment"), VARIED, *TROUBLE),
    ),
    "trials": TableOfResults(
        "a trial of a calibration",
        (Column("trial", "from 0", WHOLE, "number of the trial"), *TRIAL),
    ),
    "profile": TableOfResults(
        "a value of one parameter of a calibration, the others at their best",
        (Column("parameter", NO_UNIT, TEXT, "path of the parameter"), *TRIAL),
    ),
    "check": TableOfResults(
        "a target of a calibration and a run with fresh luck at the best values",
        (
            Column("target", NO_UNIT, TEXT, "name of the target"),
            REPLICATE,
            Column("value", "of the target", NUMBER, "what the run shows of it"),
        ),
    ),
}  # fmt: skip
"""Tables of results, of an experiment and of a calibration, by name."""
