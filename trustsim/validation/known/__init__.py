"""The known answers: limiting cases of the compiled market, against closed forms.

Each is a point at which `trustsim.theory` or a publication gives the answer. Tests of the rooms
start from the same markets.
"""

from __future__ import annotations

from trustsim.validation.known import conduct, memory, trade
from trustsim.validation.known.answer import Found, Known


def known_answers() -> tuple[Known, ...]:
    """Give all known answers, in the order of the rooms."""
    return (*trade.answers(), *conduct.answers(), *memory.answers())


def look_up(known: Known) -> Found:
    """Look a known answer up in the market."""
    return Found(known, known.market())
