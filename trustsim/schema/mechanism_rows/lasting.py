"""Mechanisms at work on what lasts: reputation, what is learned, the population."""

from __future__ import annotations

from trustsim.schema.mechanism_rows.row import Mechanism

ROWS = (
    Mechanism(
        "ratings", "reputation",
        "Buyers rate their orders in public, and choose and judge strangers by what they read.",
        {"rating_rate": 0.0, "reputation_weight": 0.0, "rating_weight": 0.0,
         "search": {"rating": "random"}},
        ("rating_error", "rating_forgetting"), luck=("rating",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "tiers", "reputation", "Suppliers of the top tier stand out.",
        {"tier_bonus": 0.0}, ("tier_threshold",), needs=("ratings",), measures=("loyalty",),
    ),
    Mechanism(
        "streaks", "reputation", "A visible streak of clean orders makes a supplier stand out.",
        {"streak_bonus": 0.0}, ("streak_threshold",), needs=("ratings",), measures=("loyalty",),
    ),
    Mechanism(
        "delisting", "reputation", "The platform delists suppliers of bad rating.",
        {"delisting_rating": 0.0}, ("delisting_orders",), needs=("ratings",),
        measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "new_identities", "reputation", "Delisted suppliers come back under a new name.",
        {"new_identity": 0.0}, needs=("delisting",), luck=("cost", "identity"),
        measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "ransom", "reputation", "Opportunistic buyers demand money for not rating badly.",
        {"ransom_rate": 0.0}, ("ransom",), needs=("ratings",), luck=("rating",),
        measures=("cost_dispute", "supplier_profit"),
    ),
    Mechanism(
        "acquaintance", "learning", "Strangers of the same community get credit.",
        {"acquaintance_bonus": 0.0}, ("communities",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "blame", "learning", "An honest mishap is treated as a betrayal.",
        {"blame": 0.0}, luck=("learning",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "voice", "learning", "A dissatisfied buyer speaks instead of leaving (Hirschman 1970).",
        {"voice": 0.0}, ("voice_repair",), luck=("learning",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "outreach", "learning",
        "A supplier that hears nothing goes and asks (Fornell & Wernerfelt 1987).",
        {"outreach": 0.0}, ("outreach_hours", "outreach_repair"), luck=("learning",),
        measures=("repurchase_rate", "supplier_profit"),
    ),
    Mechanism(
        "exit", "learning", "A wronged side ends the relation (Hirschman 1970).",
        {"exit": 0.0}, luck=("learning",), measures=("loyalty",),
    ),
    Mechanism(
        "promises", "learning",
        "Sales promises more than is delivered, and the gap disappoints (Oliver 1980).",
        {"disconfirmation": 0.0}, ("promise_inflation", "account_owner", "owner_hours"),
        measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "redress", "learning",
        "A fault that is made good at once weighs less (Smith, Bolton & Wagner 1999).",
        {"redress": 0.0}, measures=("loyalty", "trust_in_suppliers"),
    ),
    Mechanism(
        "goodwill", "learning", "Care and attention make goodwill, which lifts trust.",
        {"goodwill_bonus": 0.0, "care": 0.0}, ("care_cost",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "upkeep", "learning", "Relations fade, and are tended so that they do not.",
        {"upkeep": 0.0, "goodwill_erosion": 0.0, "idle_forgetting": 1.0},
        measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "bankruptcy", "population", "A supplier beyond its credit line is replaced by a newcomer.",
        {"bankruptcy": 0}, ("credit_line",), luck=("identity",), measures=("cost_switching",),
    ),
    Mechanism(
        "cost_shocks", "population", "Shocks hit the costs of all suppliers, and fade.",
        {"shock_rate": 0.0}, ("shock_size",), luck=("shock",), measures=("cost_price",),
    ),
    Mechanism(
        "technology_shocks", "population", "Technology changes, and know-how loses value.",
        {"technology_rate": 0.0}, ("technology_loss",), needs=("ideas",), luck=("shock",),
        measures=("knowhow",),
    ),
    Mechanism(
        "imitation", "population",
        "Agents adopt the policies of others that fare better (Traulsen, Nowak & Pacheco 2006).",
        {"imitation_rate": 0.0}, ("imitation_noise", "mutation"),
        luck=("buyer imitation", "supplier imitation"),
    ),
)  # fmt: skip
