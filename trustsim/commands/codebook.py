"""The codebook of the docs: every column of every table of results, and every event of the panel.

``python -m trustsim.commands.codebook > docs/tables.md`` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trustsim.schema.events import EVENTS
from trustsim.schema.tables import TABLES

HEAD = """\
# Tables

Made by `python -m trustsim.commands.codebook > docs/tables.md` from `trustsim/schema/tables.py`; a
test keeps it up to date. The results folder of an experiment has `runs`, `policies`, `rounds`,
`ages` and `temptations`, and `orders` if `keep` says so, each as `NAME.parquet`, and `failures` if
runs failed; `trustsim export` works out `pairs` and `buyers` from the orders.
That of a calibration has `trials`, `profile` and `check`. Columns of an `Outcome` in
Python are the same, without those that say which run it is.

Money is in the unit of `lot_cost`: a nominal lot costs 1 to produce unless the market says
otherwise. A number is missing where there is nothing to measure. In names, capitals stand for a
name of the experiment's; `point` is there if the experiment has a design."""

PANEL = """\
Every cost and every payment of a run stands in one row. So every measure of a run can be worked
out again from its rows, exactly. A run counts money, lots, hours, days, trust, know-how and
loyalty of every row in whole millionths, a half upwards, so that a number is to be rounded to them
before it is added up. Money is rounded already; lots as they stand make a measure per lot wrong by
up to half a millionth of a lot per order, relative to the lots of an order in the mean: 2e-6 of
the cost if that is a quarter of a lot. Total cost is the sum of all columns `cost_` over all rows,
divided by the lots, so rounded, of the rows that are accepted. Measures of a round take its rows,
those of a policy of buyers the rows of its `buyer_policy`, those of an age the rows of a buyer
with that `age`, needs that became no order aside. Nothing is left out; only `procurement_cost`
needs a parameter beside the panel, for it is hours times `hour_cost`.

Numbers that only an order has are missing in rows of other events, and what happened to it is 0
there; `event == "order"` gives the orders alone. The bids for an order, also of those that do not
win it, are in its row: there `flow_suppliers` is `profit` less `bids`."""


def codebook() -> str:
    """Codebook of the docs, in Markdown."""
    parts = [HEAD]
    for name, table in TABLES.items():
        parts += [f"## {name}", f"A row is {table.row}."]
        columns = [(f"`{c.name}`", c.unit, c.kind or "its own", c.text) for c in table.columns]
        if name == "orders":
            parts.append(PANEL)
            parts.append(_table(("event", "tells"), EVENTS.items()))
        parts.append(_table(("column", "unit", "type", "meaning"), columns))
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(codebook(), end="")
