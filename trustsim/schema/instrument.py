"""Payment instruments: when who pays, who holds the money, what it costs, where it works."""

from __future__ import annotations

from trustsim.schema.row import in_room, number

ROW = "assumption: neutral; each instrument of the library gives its own value and source"

INSTRUMENT = in_room(
    "payment_terms",
    number("advance", 0.0, (0.0, 1.0), "share of price", "Paid with the order.", ROW),
    number("on_delivery", 0.0, (0.0, 1.0), "share of price", "Paid against the goods.", ROW),
    number("credit_days", 30.0, (0.0, 365.0), "days", "Credit on what is paid after acceptance.",
           ROW),
    number("held", 0, (0, 1), "0 or 1", "A third party holds the advance until acceptance.", ROW),
    number("secured", 0.0, (0.0, 1.0), "share",
           "Part of the supplier's exposure that a bank or credential secures.", ROW),
    number("fee_fixed", 0.0, (0.0, 100.0), "money", "Fee per use.", ROW),
    number("fee_share", 0.0, (0.0, 1.0), "share of price", "Fee in proportion to the price.", ROW),
    number("supplier_fee_share", 0.5, (0.0, 1.0), "share",
           "Part of the fee that the supplier pays.",
           ROW),
    number("operator", 0, (0, 2), "0 platform, 1 carrier, 2 bank", "Who earns the fee.", ROW),
    number("collection_failure", 0.0, (0.0, 1.0), "probability at full remoteness",
           "Goods are handed over without payment on delivery.", ROW),
    number("reach", 1.0, (0.0, 1.0), "remoteness", "Farthest remoteness at which it works.", ROW),
    number("novel", 0, (0, 1), "0 or 1", "Its use depends on familiarity.", ROW),
)
