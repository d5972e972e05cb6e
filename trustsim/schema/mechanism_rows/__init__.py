"""The rows of mechanisms, by the part of the walk in which they are at work.

Nobody enters; `ROWS` leaves, in the order of the rooms.
"""

from trustsim.schema.mechanism_rows import agreeing, fulfilling, lasting

ROWS = (*agreeing.ROWS, *fulfilling.ROWS, *lasting.ROWS)
