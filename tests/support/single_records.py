"""Records of one decision, filled by hand; validation has them, too."""

from trustsim.validation.single_records import (
    buyer,
    filled,
    market,
    order,
    situation,
    supplier,
    view,
)

__all__ = ["buyer", "filled", "market", "order", "situation", "supplier", "view"]
