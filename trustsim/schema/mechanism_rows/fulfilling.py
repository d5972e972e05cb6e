"""Mechanisms at work while an order is fulfilled: from production to disputes."""

from __future__ import annotations

from trustsim.schema.mechanism_rows.row import Mechanism

ROWS = (
    Mechanism(
        "new_owners", "production", "A supplier's character changes with a new owner.",
        {"turn_rate": 0.0}, luck=("cost", "character"), measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "future", "production",
        "Margins and know-how to come count: relations are worth keeping (Klein & Leffler 1981).",
        {"discount": 0.0}, measures=("supplier_opportunism_rate", "buyer_opportunism_rate"),
    ),
    Mechanism(
        "lateness", "delivery", "Deliveries are late, more of them under load.",
        {"late_rate": 0.0}, ("capacity",), luck=("delivery",), measures=("cost_delay",),
    ),
    Mechanism(
        "transit_loss", "delivery", "Lots are lost on the way.",
        {"transit_loss": 0.0}, luck=("delivery",), measures=("cost_delay",),
    ),
    Mechanism(
        "documents", "delivery", "Shipping documents are lost, unless a second set is sent.",
        {"document_loss": 0.0, "courier_cost": 0.0}, ("demurrage",), luck=("delivery",),
        measures=("cost_delay",),
    ),
    Mechanism(
        "customer_records", "delivery",
        "Records of the customer make care cheaper with every order (Argote & Epple 1990).",
        {"care_learning": 1.0}, measures=("care_cost",),
    ),
    Mechanism(
        "outgoing_inspection", "inspection", "Honest suppliers inspect lots before they leave.",
        {"outgoing_inspection": 0.0}, measures=("cost_failure", "supplier_profit"),
    ),
    Mechanism(
        "saved_inspection", "inspection", "Inspection becomes less with trust (Dyer & Chu 2003).",
        {"inspection": {"by_trust": "fixed"}}, ("trust_power",), measures=("inspection_rate",),
    ),
    Mechanism(
        "failures", "inspection", "Defects that escape fail in use, at the buyer's cost.",
        {"failure_cost": 0.0}, measures=("cost_failure",),
    ),
    Mechanism(
        "unloading", "settlement", "At remote sites goods are unloaded before they are paid for.",
        {"collection_failure": 0.0}, measures=("arrears_days",),
    ),
    Mechanism(
        "strain", "settlement", "Buyers pay late for want of money.",
        {"strain": 0.0}, ("strain_days",), luck=("settlement",), measures=("arrears_days",),
    ),
    Mechanism(
        "late_on_purpose", "settlement", "Buyers pay late because it pays, and are chased.",
        {"late_on_purpose": 0},
        ("lateness", "late_gain", "late_damage", "arrears_hazard", "arrears_interest", "law_age",
         "late_interest_waived"),
        luck=("settlement", "arrears"), measures=("arrears_days", "buyer_opportunism_rate"),
    ),
    Mechanism(
        "chasing", "settlement", "Overdue invoices are chased, which costs both sides hours.",
        {"chase_hours": 0.0}, needs=("late_on_purpose",), measures=("buyer_opportunism_rate",),
    ),
    Mechanism(
        "warranty", "settlement", "A supplier makes good a failure that is traced to it.",
        {"warranty": 0.0}, needs=("failures",),
        measures=("supplier_opportunism_rate", "cost_failure"),
    ),
    Mechanism(
        "false_claims", "settlement", "Buyers deny a debt: paid, not received, not as agreed.",
        {"false_claims": 0},
        ("claim_penalty", "payment_record", "delivery_record", "off_platform", "denied_part"),
        luck=("settlement", "supplier dispute"), measures=("buyer_opportunism_rate",),
    ),
    Mechanism(
        "false_faults", "settlement", "Buyers claim the warranty of good lots.",
        {"false_faults": 0}, needs=("failures", "warranty", "false_claims"),
        luck=("settlement", "dispute"),
        measures=("buyer_opportunism_rate", "cost_failure"),
    ),
    Mechanism(
        "scope_disputes", "settlement",
        "Misunderstood orders end in disputes over a part of them.",
        {"scope_dispute": 0.0}, ("scope_part",), needs=("misunderstanding",),
        luck=("settlement", "dispute"), measures=("dispute_rate",),
    ),
    Mechanism(
        "returns", "settlement",
        "Rejected lots go back, for the money or for another lot.",
        {"refund_share": 0.0, "exchange_share": 0.0}, ("return_cost", "salvage"),
        luck=("settlement",), measures=("return_rate", "supplier_profit"),
    ),
    Mechanism(
        "installed_base", "service",
        "What is in use needs to be set up, supported, maintained and mended (Ellram 1995).",
        {"installation_cost": 0.0, "support_cost": 0.0, "maintenance_cost": 0.0,
         "repair_cost": 0.0},
        ("service_life",), measures=("cost_service",),
    ),
    Mechanism(
        "orphaned_service", "service",
        "Who fails leaves what it has supplied without service.",
        {"orphan_cost": 0.0}, needs=("installed_base",), measures=("cost_service",),
    ),
    Mechanism(
        "community_enforcement", "disputes",
        "A debtor of one's own community is found more easily (Greif 1993).",
        {"community_finds": 0.0}, needs=("acquaintance",),
        measures=("supplier_profit",),
    ),
    Mechanism(
        "slow_awards", "disputes",
        "Debtors are looked for, and proof takes time: what the law enforces is waited for.",
        {"tracing_months": 0.0, "proof_months": 0.0},
        measures=("recovery_months", "supplier_profit"),
    ),
    Mechanism(
        "protected_choice", "sourcing",
        "Buyers that the platform compensates choose with less care (Peltzman 1975).",
        {"protection_reliance": 0.0}, needs=("advance_compensation",),
        measures=("newcomer_share",),
    ),
    Mechanism(
        "fines", "disputes", "The platform fines a listed supplier that is found at fault.",
        {"fine": 0.0}, measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "advance_compensation", "disputes",
        "The platform pays a part of a loss at once and recovers it from the supplier.",
        {"advance_compensation": 0.0}, measures=("cost_failure", "cost_bad_debt"),
    ),
)  # fmt: skip
