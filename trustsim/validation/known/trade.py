"""Known answers of trade: loyalty, prices of tenders, terms of payment, forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from trustsim.simulation.run import simulate
from trustsim.theory.information_sharing import supply_cost
from trustsim.theory.negotiation import tender_price
from trustsim.theory.payment_terms import switch_order
from trustsim.theory.sourcing import logit_shares
from trustsim.validation.known.answer import Known
from trustsim.validation.quiet_market import needs_of, quiet

PROFIT = 0.25
"""Value 1.25 less the price: a lone supplier asks the ceiling of costs, 1."""

COSTS: dict[str, Any] = {"cost_low": 0.7, "cost_high": 1.3, "value": 2.0}
"""Costs of the suppliers of a tender."""

PRICE = 1.4
"""What a lone supplier asks where terms are settled; its own cost is about half of that."""

CHAIN: dict[str, Any] = {"demand_volatility": 0.3, "holding_cost": 0.05, "shortage_cost": 0.4}
"""Supply whose cost a forecast lowers."""


def shares_of_attraction(intensity: float, memory: float, rounds: int, sellers: int = 2) -> Any:
    """Let 200 buyers visit equal sellers, and give their shares of attraction at the end.

    The intensity is in units of the threshold of two sellers. Attraction fades before it is
    looked at, so the intensity is taken per unit of what is left of it.
    """
    threshold = 2.0 * memory / PROFIT / (1.0 - memory)
    buyer = {
        "award": "logit",
        "attraction_weight": 1.0,
        "memory": memory,
        "intensity": intensity * threshold,
    }
    market: dict[str, Any] = {"buyers": 200, "suppliers": sellers, "contacts": sellers}
    goods: dict[str, Any] = {"cost_low": 0.8, "cost_high": 1.0, "value": 1.0 + PROFIT}
    outcome = simulate(quiet(buyer, rounds=rounds, **market, **goods))
    attraction = outcome.world.ties["attraction"].astype(float)
    np.testing.assert_allclose(attraction.sum(axis=1), PROFIT / memory, rtol=1e-3)
    return attraction / attraction.sum(axis=1, keepdims=True)


@cache
def order_parameter(intensity: float, memory: float, rounds: int) -> float:
    """Give the mean over buyers of P1^2 + P2^2, the shares of two equal sellers."""
    return float((shares_of_attraction(intensity, memory, rounds) ** 2).sum(axis=1).mean())


def prices_of_tenders(bidders: int, rounds: int, **market: Any) -> Any:
    """Let one buyer call so many bidders, whose costs are drawn anew every round, for every order.

    Gives the price of every order; rounds are independent.
    """
    buyer = {"bidders": bidders, "award": "lowest_bid"}
    sizes: dict[str, Any] = {"suppliers": bidders, "contacts": bidders, "cost_churn": 1.0}
    outcome = simulate(quiet(buyer, rounds=rounds, **sizes, **COSTS, **market))
    return outcome.rounds["cost_price"].to_numpy()


def mean_price(bidders: int) -> float:
    """Give the mean price of 6,000 tenders."""
    return float(prices_of_tenders(bidders, 6_000).mean())


def ways_of_payment(
    fee_share: float, fee_fixed: float = 0.0, credit_loss: float = 1.0, secured: float = 0.0
) -> Any:
    """Let a pair choose between escrow and open account; give its 80 orders.

    Beta(1, 1), no forgetting, no interest: after n good orders trust is (n + 1)/(n + 2).
    """
    instruments = {
        "escrow": {
            "advance": 1.0,
            "held": 1,
            "fee_share": fee_share,
            "fee_fixed": fee_fixed,
            "supplier_fee_share": 0.5,
        },
        "open": {"credit_days": 30.0, "secured": secured},
    }
    prices: dict[str, Any] = {"cost_low": 0.3, "cost_high": PRICE}  # a margin larger than any fee
    learning: dict[str, Any] = {"trust_forgetting": 1.0, "credit_loss": credit_loss}
    learning["enforcement"] = 0.0  # the law brings nothing back
    outcome = simulate(
        quiet(instruments=instruments, rounds=80, value=3.0, **prices, **learning), orders=True
    )
    return needs_of(outcome)


def last_escrow(fee_share: float, exposure: float) -> float:
    """Give the number of good orders after which the pair never takes escrow again."""
    ways = ways_of_payment(fee_share, credit_loss=exposure)["instrument"]
    held = np.flatnonzero(ways == "escrow")
    return float(held[-1] + 1) if len(held) else 0.0


def cost_of_mismatch(persistence: float, lead_time: int, told: bool) -> float:
    """Give what supply costs a lot beyond its price, with forecasts or without."""
    buyer = {"disclosure_rule": "always" if told else "never", "disclosure": 1.0}
    demand: dict[str, Any] = {"demand_persistence": persistence, "lead_time": lead_time}
    outcome = simulate(quiet(buyer, rounds=100, buyers=20, **demand, **CHAIN))
    return outcome.measures["cost_delay"]


def answers() -> Iterator[Known]:
    """Give the known answers of trade."""
    source = "Weisbuch, Kirman & Herreiner 2000, Economic Journal"
    what = "concentration P1^2 + P2^2 of orders on two equal sellers"
    memory = 0.005
    for intensity in (0.5, 1.0, 1.2, 1.5, 2.0):
        share = logit_shares(intensity * 2.0 * memory / PROFIT, memory, PROFIT, rounds=200_000)
        answer = 0.5 if intensity <= 1.0 else share**2 + (1.0 - share) ** 2
        # fluctuations of order sqrt(memory) at the threshold, and slow just above it
        within, rounds = 0.035 if intensity == 1.0 else 0.015, 16_000 if intensity == 1.2 else 4_000
        look = partial(order_parameter, intensity, memory, rounds)
        yield Known(f"loyalty at {intensity:g} beta_c", what, source, answer, within, look)
    for bidders in (1, 2, 4, 8, 16):
        yield Known(
            f"tender of {bidders}",
            "mean price among bidders of uniform costs, .7 to 1.3",
            "Vickrey 1961, Journal of Finance",
            tender_price(COSTS["cost_low"], COSTS["cost_high"], bidders),
            0.01,
            partial(mean_price, bidders),
        )
    for fee, exposure in ((0.3, 1), (0.11, 1), (0.06, 1), (0.03, 1), (0.015, 1), (0.03, 0.25)):
        yield Known(
            f"open account at a fee of {fee:g}, exposure {exposure:g}",
            "good orders from which on open account beats escrow",
            "first n with (n + 1)/(n + 2) > 1 - fee/exposure (Beta(1, 1), Josang & Ismail 2002)",
            float(switch_order(fee, exposure)),
            0.0,
            partial(last_escrow, fee, exposure),
        )
    for persistence, lead_time in ((0.0, 1), (0.6, 2), (0.9, 3)):
        for told in (True, False):
            told_name = "told" if told else "not told"
            costs = CHAIN["holding_cost"], CHAIN["shortage_cost"]
            yield Known(
                f"supply at persistence {persistence:g}, lead time {lead_time}, {told_name}",
                "cost of holding and of shortage per lot, order-up-to under AR(1) demand",
                "Lee, So & Tang 2000, Management Science",
                supply_cost(persistence, CHAIN["demand_volatility"], lead_time, costs, told),
                3e-6,
                partial(cost_of_mismatch, persistence, lead_time, told),
            )
