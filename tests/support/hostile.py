"""Values that nobody means, and how many of them a test tries."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

ATTACKS = max(1, int(os.environ.get("TRUSTSIM_ATTACK", "60")))
"""Cases of every kind; `make attack` asks for more."""

COUNTS: Counter[str] = Counter()
"""What has been tried, by kind; printed at the end."""

hostile = settings(
    max_examples=ATTACKS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXTS = st.one_of(
    st.sampled_from(
        ["", "all", "nothing", "none", "a.b", "high_trust", "High trust", "../x", "~/x", "/", ".",
         "\x1b[31m", "\u202e", "nan", "=1+1", "x" * 300, "'", '"', "\\", "[", "{", "#", "=", "é"]
    ),
    st.text(max_size=12),
)  # fmt: skip
NUMBERS = st.one_of(
    st.sampled_from(
        [0, -0.0, 1, -1, 2, 0.5, 1e-300, 1e300, 2**31, 2**63, 2**64, -(2**63), 10**400]
    ),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), True, False]),
    st.floats(),
    st.integers(),
)
DATES = st.just(datetime.date(2020, 1, 1))
WRITTEN: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, NUMBERS, DATES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(TEXTS, inner, max_size=3),
        st.fixed_dictionaries({"value": inner, "source": inner}),
        st.fixed_dictionaries({"low": inner, "high": inner}),
    ),
    max_leaves=5,
)
"""What a file can hold under a key."""

ANYTHING: st.SearchStrategy[Any] = st.one_of(
    WRITTEN,
    st.sampled_from(
        [None, object(), print, b"x", 1j, (), frozenset(), range(3), Exception, [None]]
    ),
)
"""What Python can pass as an argument."""
