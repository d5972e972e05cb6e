"""The market in which orders are settled by hand: every number differs from its default."""

from __future__ import annotations

from typing import Any

MARKET: dict[str, Any] = {
    "rework_cost": 0.2, "late_cost": 0.1, "warranty": 0.5, "failure_cost": 0.8,
    "failure_traced": 0.6, "shortage_cost": 0.3, "buyer_interest": 0.3, "supplier_interest": 0.4,
    "strain": 0.4, "strain_days": 20.0, "lot_cost": 1.5, "platform_fee": 0.03, "fine": 0.05,
    "dispute_hours": 3.0, "hour_cost": 0.01, "claim_penalty": 0.25, "payment_record": 0.7,
    "delivery_record": 0.3, "off_platform": 0.5, "enforcement": 0.6, "locatable": 0.8,
}  # fmt: skip
