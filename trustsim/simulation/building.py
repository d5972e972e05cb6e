"""From a scenario to the records of its market, before the first round.

A frozen scenario enters; a world of records leaves, with its agents and their first contacts drawn,
and with a workspace for each worker.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsim.config.scenario import Scenario
from trustsim.engine.answers import MOST, ODD, Range, RuleAnswerError, told
from trustsim.engine.compiling import records
from trustsim.engine.own_rules import Kinds, address_of
from trustsim.errors import ConfigError
from trustsim.market import population
from trustsim.market.ledger import micro
from trustsim.market.records import (
    Bond,
    Books,
    Buyer,
    BuyerPolicy,
    Candidate,
    Facts,
    Instrument,
    Market,
    Order,
    Supplier,
    SupplierPolicy,
    SupplierTally,
    Tally,
    Temptation,
    Tie,
    View,
    Workspace,
    World,
)
from trustsim.market.rooms.demand import mismatch
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER
from trustsim.schema.accounts import ACCOUNTS, MICRO
from trustsim.schema.checking import MOST_REPLICATES
from trustsim.schema.decisions import DECISIONS
from trustsim.schema.measures import AGE_FROM, TEMPTATIONS

TEN_LOTS = 10.0
"""Room in the books for each order, in lots of its cost."""

RANGES = {
    decision.parameter: Range(
        place,
        -MOST if decision.low is None else decision.low,
        MOST if decision.high is None else decision.high,
        decision.whole,
    )
    for place, decision in enumerate(DECISIONS.values())
}
"""Answers that a rule of the user's may give, by the parameter that takes it."""

TYPES = {
    "market": (Market, MARKET),
    "buyer": (BuyerPolicy, BUYER),
    "supplier": (SupplierPolicy, SUPPLIER),
    "instrument": (Instrument, INSTRUMENT),
}
"""Record and parameters of what a scenario consists of."""


def _record(what: str, values: Any) -> Any:
    """Give the record of frozen values; it is not to be changed.

    One with a rule of the user's is made anew: what the rule takes from around it may change.
    """
    own = any(callable(value) for value in vars(values).values())
    return (_made if own else _kept)(what, values)


def _made(what: str, values: Any) -> Any:
    """Make a record of values; a rule becomes its number or its function's address."""
    kind, rows = TYPES[what]
    record = records(kind, 1)[0]
    for row in rows:
        value = getattr(values, row.name)
        if row.choices:
            if value in row.choices:
                value = row.choices.index(value)
            else:
                value = address_of(value, Kinds(Order, View, kind, Market), RANGES[row.name])
        record[row.name] = value
    return record


_kept = lru_cache(maxsize=1024)(_made)


def build(scenario: Scenario, replicate: int) -> World:
    """Make the records of a market before its first round.

    Parameters
    ----------
    scenario : Scenario
    replicate : int
        From 0 to 2**32 - 1.
    """
    if not 0 <= replicate < MOST_REPLICATES:
        raise ConfigError(f"replicate = {replicate}: allowed: 0 to {MOST_REPLICATES - 1}")
    given = scenario.market
    _refuse_more_money_than_fits(scenario)
    market = records(Market, 1)
    market[0] = _record("market", given)
    market["seed"] = scenario.seed
    market["replicate"] = replicate
    market["instruments"] = len(scenario.instruments)
    usual = given.demand_rate * given.buyers / given.suppliers
    market["usual_sales"] = usual
    for name, share in (
        ("capital", given.start_cash),
        ("credit", given.credit_line),
        ("fixed_cost", given.overhead),
    ):
        market[name] = micro(share * usual * given.lot_cost)
    market["common_demand"] = market["cost_level"] = market["technology_left"] = 1.0
    for shared in (True, False):
        market["mismatch_shared" if shared else "mismatch_unshared"] = mismatch(
            given.demand_persistence,
            given.demand_volatility,
            given.lead_time,
            given.holding_cost,
            given.shortage_cost,
            shared and given.forecasts == 1,
        )
    buyer_policies = records(BuyerPolicy, len(scenario.buyer_mix))
    for place, name in enumerate(scenario.buyer_mix):
        buyer_policies[place] = _record("buyer", scenario.buyer_policies[name])
    supplier_policies = records(SupplierPolicy, len(scenario.supplier_mix))
    for place, name in enumerate(scenario.supplier_mix):
        supplier_policies[place] = _record("supplier", scenario.supplier_policies[name])
    instruments = records(Instrument, len(scenario.instruments))
    for place, row in enumerate(scenario.instruments.values()):
        instruments[place] = _record("instrument", row)
    instruments["familiarity"] = given.familiarity_start
    contacts = min(given.contacts, given.suppliers)
    world = World(
        market,
        records(Buyer, given.buyers),
        records(Supplier, given.suppliers),
        records(Tie, given.buyers, contacts),
        records(Bond, given.buyers if _needs_bonds(scenario) else 0, contacts),
        buyer_policies,
        supplier_policies,
        instruments,
    )
    population.populate(world, _cumulative(scenario.buyer_mix), _cumulative(scenario.supplier_mix))
    return world


def place_rules(world: World, scenario: Scenario) -> None:
    """Put rules of the user's at the addresses that they have in this process."""
    parts: list[tuple[str, Any, Any]] = [("market", world.market[0], scenario.market)]
    for what, policies, mix, known in (
        ("buyer", world.buyer_policies, scenario.buyer_mix, scenario.buyer_policies),
        ("supplier", world.supplier_policies, scenario.supplier_mix, scenario.supplier_policies),
    ):
        parts += [(what, policies[place], known[name]) for place, name in enumerate(mix)]
    for what, record, values in parts:
        for name in (name for name, value in vars(values).items() if callable(value)):
            record[name] = _record(what, values)[name]


def _needs_bonds(scenario: Scenario) -> bool:
    """Whether goodwill, orphaned service or specific assets are at work."""
    suppliers = (scenario.supplier_policies[name] for name in scenario.supplier_mix)
    market = scenario.market
    assets = any(each.asset_rate > 0.0 for each in suppliers)
    return market.goodwill_bonus > 0.0 or market.orphan_cost > 0.0 or assets


def _refuse_more_money_than_fits(scenario: Scenario) -> None:
    """Refuse a market whose money, in micro-units, would not fit into 64 bits."""
    given = scenario.market
    lots = given.buyers * scenario.rounds
    if lots * given.lot_cost * max(given.value, TEN_LOTS) * MICRO > 2**62:
        raise ConfigError(
            f"buyers = {given.buyers} with rounds = {scenario.rounds} and lot_cost = "
            f"{given.lot_cost}: more money than can be counted in micro-units; take a smaller "
            "lot_cost"
        )


def _cumulative(mix: dict[str, float]) -> NDArray[np.float64]:
    total = np.cumsum(list(mix.values()))
    total[-1] = 1.0
    return total


def make_workspace(world: World, rounds: int) -> Workspace:
    """Make the workspace of one worker for so many rounds."""
    contacts = world.ties.shape[1]
    return Workspace(
        records(Candidate, contacts),
        records(Order, 1),
        records(Facts, 1),
        records(Books, 1),
        records(View, contacts),
        records(View, 1),
        records(Tally, rounds, len(world.buyer_policies)),
        records(Tally, len(AGE_FROM)),
        records(Tally, 1),
        records(SupplierTally, len(world.suppliers)),
        np.zeros(len(world.instruments), np.int64),
        np.zeros((rounds, len(ACCOUNTS)), np.int64),
        records(Temptation, len(TEMPTATIONS)),
    )


def own_rules(scenario: Scenario) -> list[str]:
    """Names of the rules of the user's that a scenario's policies follow."""
    policies = (*scenario.buyer_policies.values(), *scenario.supplier_policies.values())
    return sorted({v.__name__ for row in policies for v in vars(row).values() if callable(v)})


def refuse_odd_answers(scenario: Scenario, world: World) -> None:
    """Fail a run in which a rule of the user's gave an answer outside its decision's range.

    Raises
    ------
    RuleAnswerError
        With the rule, the decision, the answer and what is allowed.
    """
    for rows, mix, given in (
        (world.buyer_policies, scenario.buyer_mix, scenario.buyer_policies),
        (world.supplier_policies, scenario.supplier_mix, scenario.supplier_policies),
    ):
        for record, policy in zip(rows, mix, strict=True):
            if not record[ODD].any():
                continue
            for answer, (name, decision) in zip(record[ODD], DECISIONS.items(), strict=True):
                if answer != 0.0:
                    rule = getattr(given[policy], decision.parameter)
                    score = " (any finite number)" if decision.low is None else ""
                    raise RuleAnswerError(
                        f"rule {rule.__name__} of policy '{policy}' {told(float(answer))} for "
                        f"the decision {name}; allowed: {decision.returns}{score}"
                    )
