"""How a buyer has found a supplier, as ties and the panel number it; 0 is known from the start."""

from __future__ import annotations

BY_CHANCE, BY_RATING, BY_REFERRAL = 1, 2, 3
