"""A market in which nothing happens by chance and nothing costs anything but the goods.

Limiting cases start here and switch on the one thing that they are about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trustsim.config.scenario import Scenario
from trustsim.schema.checking import MARKETS
from trustsim.schema.mechanisms import MECHANISMS
from trustsim.simulation.outcome import Outcome

ABSENT = (
    "hold_up",
    "pass_on",
    "known_odds",
    "familiarity",
    "ideas",
    "misunderstanding",
    "leakage",
    "specific_assets",
    "lateness",
    "transit_loss",
    "documents",
    "strain",
    "ratings",
    "ransom",
    "acquaintance",
    "redress",
    "goodwill",
    "cost_shocks",
    "technology_shocks",
)
"""Mechanisms whose parameters of the market are at the values at which they are absent."""

QUIET: dict[str, Any] = {
    **{
        parameter: absent
        for name in ABSENT
        for parameter, absent in MECHANISMS[name].absent.items()
        if parameter in MARKETS.rows
    },
    "buyers": 1,
    "suppliers": 1,
    "contacts": 1,
    # one order of one lot per buyer and round
    "demand_rate": 1.0,
    "lot_spread": 0.0,
    "demand_volatility": 0.0,
    "common_volatility": 0.0,
    "shortage_cost": 0.0,
    # hours are free, and so is changing the supplier
    "hour_cost": 0.0,
    "switching_cost": 0.0,
    "asset_cost": 0.0,
    "asset_lock": 0.0,
    # prices are what is bid
    "haggle_rate": 0.0,
    "cost_churn": 0.0,
    # money costs no interest
    "buyer_interest": 0.0,
    "supplier_interest": 0.0,
    "remoteness": 0.0,
    # strangers get what the policy says
    "general_weight": 0.0,
    # lots are good and travel for free
    "defect_good": 0.0,
    "defect_bad": 0.0,
    "scruple": 0.0,
    "freight": 0.0,
    "care_cost": 0.0,
    # firms live for ever
    "overhead": 0.0,
    "payout": 0.0,
    "credit_line": 1000.0,
}

BUYER: dict[str, Any] = {
    "conduct": "never",
    "bidders": 1,
    "exploration": 0.0,
    "haggling": "none",
    "inspection": "none",
    "disclosure_rule": "never",
    "exit": 0.0,
}

SUPPLIER: dict[str, Any] = {
    "conduct": "never",
    "asset_rate": 0.0,
    "disclosure_rule": "never",
    "exit": 0.0,
}

CASH: dict[str, Any] = {"on_delivery": 1.0}
"""Cash against the goods, for free."""


def quiet(
    buyer: Mapping[str, Any] | None = None,
    supplier: Mapping[str, Any] | None = None,
    instruments: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    rounds: int = 12,
    seed: int = 1,
    **market: Any,
) -> Scenario:
    """Make a quiet market of the policies `buyer` and `supplier`; cash unless told otherwise."""
    means = {"cash": CASH} if instruments is None else dict(instruments)
    scenario = Scenario(
        "buyer",
        supplier_mix="supplier",
        rounds=rounds,
        seed=seed,
        policies={
            "buyers": {"buyer": {**BUYER, **(buyer or {})}},
            "suppliers": {"supplier": {**SUPPLIER, **(supplier or {})}},
        },
        instruments=means,
        **{**QUIET, **market},
    )
    return scenario.replace(instruments=list(means))


def needs_of(outcome: Outcome) -> pd.DataFrame:
    """Give the orders of a run, and its needs that became none: a row each, nothing beside."""
    panel = outcome.orders
    assert panel is not None
    return panel[panel["event"].isin(["order", "unmet need"])].reset_index(drop=True)
