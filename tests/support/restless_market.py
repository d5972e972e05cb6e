"""A market in which everything happens: every mechanism is at work, every rule has followers."""

from __future__ import annotations

from typing import Any

from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

POLICIES: dict[str, dict[str, dict[str, Any]]] = {
    "buyers": {
        "adversarial": {"documentation": 0.0},  # so that its platform errs
        "crafty": {
            "conduct": "propensity",
            "propensity": 0.5,
            "escalation": "platform",
            "inspection": "equilibrium",
            "documentation": 0.0,
            "haggling": "marginal",
            "search": "referral",
            "terms": "supplier_dictates",
        },
        "answering": {
            "conduct": "reciprocal",
            "first_move": 0.3,
            "after_own_cheating": 0.2,
            "disclosure_rule": "reciprocal",
            "inspection": "deming",
            "escalation": "cheapest",
            "bidders": 1,
            "market_test": 0.2,
            "rating_weight": 1.0,
            "worst": 0.5,
        },
    },
    "suppliers": {
        "crafty": {
            "conduct": "propensity",
            "propensity": 0.6,
            "escalation": "court",
            "worst": 0.5,
            "promise_inflation": 0.5,
            "account_owner": 0.4,
        },
        "answering": {"conduct": "reciprocal", "first_move": 0.3, "after_own_cheating": 0.5},
    },
}
BUYERS = {
    "high_trust": 0.2,
    "adversarial": 0.2,
    "trust_but_verify": 0.2,
    "crafty": 0.2,
    "answering": 0.2,
}
SUPPLIERS = {"cooperative": 0.2, "calculative": 0.3, "crafty": 0.3, "answering": 0.2}
RESTLESS: dict[str, Any] = {
    "buyers": 60,
    "suppliers": 12,
    "contacts": 5,
    "rounds": 40,
    "turn_rate": 0.02,
    "imitation_rate": 0.05,
    "mutation": 0.3,
    "delisting_rating": 0.85,
    "delisting_orders": 4,
    "overhead": 0.07,
    "ransom_rate": 0.4,
    "document_loss": 0.05,
    "transit_loss": 0.03,
    "advance_compensation": 0.3,
    "break_rate": 0.02,
    "shock_rate": 0.2,
    "technology_rate": 0.2,
    "law_age": 6,
    "rivals": 2,
    "tier_threshold": 0.6,
}


BUSTLING: dict[str, Any] = {
    **RESTLESS,
    "rounds": 60,
    "online_share": 0.3,
    "next_bidders": 1,
    "value": 1.2,
    "risk_aversion": 0.2,
    "terms_hours": 0.5,
    "news_gain": 0.2,
    "care_learning": 0.8,
    "installation_cost": 0.02,
    "support_cost": 0.001,
    "maintenance_cost": 0.001,
    "repair_cost": 0.01,
    "disconfirmation": 0.5,
    "owner_hours": 0.3,
    "orphan_cost": 0.1,
    "scope_dispute": 0.5,
    "false_faults": 1,
    "refund_share": 0.2,
    "exchange_share": 0.2,
    "denied_part": 0.9,
    "community_finds": 0.5,
    "luring": 0.7,
    "tracing_months": 1.0,
    "proof_months": 3.0,
    "protection_reliance": 0.5,
}
"""With what is off unless a case studies it, and margins so thin that terms bind."""


HEEDFUL: dict[str, dict[str, dict[str, Any]]] = {
    "buyers": {
        "crafty": {"health_weight": 0.3},
        "answering": {"health_weight": 0.3, "briefing_hours": 1.0, "service_weight": 0.5},
    },
    "suppliers": {
        "crafty": {"outreach": 0.5},
        "answering": {"suspicion": 0.2, "documentation": 0.5, "stays_on_platform": 0.5},
    },
}
"""What policies do besides in the bustling market: heed health and service, ask, brief, screen."""


def restless(**changes: Any) -> Scenario:
    return Scenario(BUYERS, supplier_mix=SUPPLIERS, policies=POLICIES, **{**RESTLESS, **changes})


def bustling(**changes: Any) -> Scenario:
    return restless(**{**BUSTLING, **changes}).replace(policies=HEEDFUL)


def bits(scenario: Scenario) -> bytes:
    sums = simulate(scenario).sums
    kept = (sums.rounds, sums.ages, sums.balances, sums.temptations)
    return b"".join(array.tobytes() for array in kept)
