"""Troubles of a market, instruments and sizes that tests of several rooms switch on."""

from __future__ import annotations

from typing import Any

SIZES: dict[str, Any] = {"buyers": 100, "rounds": 60}

OPEN: dict[str, Any] = {"open": {"credit_days": 30.0}}

PREPAID: dict[str, Any] = {"prepaid": {"advance": 1.0}}

HELD: dict[str, Any] = {"held": {"advance": 1.0, "held": 1}}

ALL_BAD: dict[str, Any] = {"opportunism_mean": 1.0, "buyer_opportunism_mean": 1.0}
ALL_BAD |= {"opportunism_spread": 0.0, "value": 3.0}

NO_RISK: dict[str, Any] = {"advance_loss": 0.0, "credit_loss": 0.0}
"""Nobody minds how it is paid."""

BAD_LOTS: dict[str, Any] = {"defect_good": 1.0, "defect_bad": 1.0, "knowhow_quality": 0.0}
BAD_LOTS |= {"failure_traced": 1.0, "failure_cost": 0.1, "value": 3.0}

FAULTY: dict[str, Any] = {"defect_good": 1.0, "defect_bad": 1.0, "failure_traced": 1.0}

TELL = {"disclosure_rule": "always", "disclosure": 1.0}

# Half of the lots are shaded, every shaded one fails in use and is traced.
CHEATING: dict[str, Any] = {"defect_bad": 1.0, "failure_traced": 1.0, "failure_cost": 0.1}

CHEAT = {"conduct": "propensity", "propensity": 0.5, "admission": 1.0}
