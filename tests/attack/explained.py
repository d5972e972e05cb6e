"""Faults that nobody can see, each with its reason: they are neither tried nor counted."""

from __future__ import annotations

import re

EXPLAINED: tuple[tuple[str, str, str, str], ...] = (
    ("analysis/crossover.py", "weights @ np.where(seen, gap", "* (weights @ seen.astype(float)))",
     "of a mean path the sign alone is looked at"),
    ("analysis/discovery/losses.py", "for k in range(1, max(1, len(result)) + 1)", "1 -> (2)",
     "boxes judged beyond those found are cut off again"),
    ("analysis/discovery/surface.py", "AT_ONCE = 4_000_000", "", "how much is done at a time"),
    ("analysis/discovery/surface.py", "AT_ONCE // max(1, columns)", "",
     "how much is done at a time"),
    ("analysis/means.py", "if counts[1] == 1:", "1 -> (0)", "parted, one point comes out the same"),
    ("analysis/means.py", "SWEEPS = 100", "", "a sweep more or less of a hundred moves no digit"),
    ("analysis/means.py", "SETTLED = 1e-12", "1e-12 -> (-0.999999999999)",
     "sweeps that go on change nothing"),
    ("analysis/precision.py", "MOST_DRAWS = 20_000_000", "", "a draw more of twenty million"),
    ("analysis/precision.py", "FEWEST_RESAMPLES = 200", "", "a resample more of two hundred"),
    ("analysis/precision.py", "MOST_PAIRS = 10**9", "", "more replications than anybody runs"),
    ("analysis/sensitivity/drivers.py", "reshape(-1", "1 -> (2)", "below zero: what is left"),
    ("analysis/sensitivity/indices.py", "reshape(-1", "1 -> (2)", "below zero: what is left"),
    ("analysis/discovery/who_wins.py", "reshape(-1", "1 -> (2)", "below zero: what is left"),
    ("experiment/estimate.py", "MOST_POINTS_LOOKED_AT = 500", "", "a point more of five hundred"),
    ("experiment/execution/dask_cluster.py", "CONNECT_WITHIN = 6.0", "", "how long one waits"),
    ("experiment/execution/dask_executor.py", "LOOK_EVERY = 1.0", "", "how long one waits"),
    ("experiment/execution/executors.py", "LOOK_EVERY = 0.2", "", "how long one waits"),
    ("experiment/execution/executors.py", "LONGEST_FAULT = 200", "", "a letter of two hundred"),
    ("experiment/plan.py", "SCENARIOS_KEPT = 4096", "", "how much at a time"),
    ("experiment/run.py", "SECONDS_PER_CHUNK = 2.0", "", "how much at a time"),
    ("experiment/run.py", "ORDERS_PER_CHUNK = 2**18", "", "how much at a time"),
    ("experiment/storage/manifest.py", "timeout=10", "", "how long one waits"),
    ("experiment/storage/merging.py", "ROWS_AT_A_TIME = 2**16", "", "how much at a time"),
    ("report/figures/analyses/ablation.py", "axis = axes[0]", "0 -> (-1)",
     "of one panel the first is the last"),
    ("report/writing.py", "plain(results.name, 48)", "48 -> (47)", "a letter of a long name"),
    ("report/writing.py", "footer(axes[0], line)", "0 -> (-1)", "all panels are of one figure"),
    ("market/rooms/inspection.py", "if view.orders > 0 and view.clean <", "0 -> (-1)",
     "without an order none has been clean either"),
    ("market/rooms/search.py", "highest = 0.0", "", "the first candidate takes its place"),
    ("market/rooms/sourcing.py", "highest = 0.0", "", "the first candidate takes its place"),
)  # fmt: skip
"""Faults that nobody can see: file, part of the line, change (any if empty), and the reason."""

OF_A_KIND: tuple[tuple[str, str, str], ...] = (
    ("report/figures/", r"width <= style\.NARROW", "no figure is exactly as wide as the limit"),
    ("report/figures/analyses/calibration.py", r"place - 0\.2", "runs above or below their mean"),
    ("report/words/labels.py", r"value < 0\b.*-> \(value <= 0", "zero has no sign before or after"),
    ("report/figures/style.py", r'"(handlelength|labelspacing)": ', "spaces within a legend"),
    ("report/figures/style.py", r"round\(float\(v\), 6\)", "places to a millionth of a figure"),
    ("report/figures/style.py", r"_pad=", "spaces between panels"),
    ("report/figures/analyses/discovery.py", r"axis\.high - axis\.low <=", "fewer of the ticks"),
    ("report/figures/", r"\(0, \([0-9., ]*\)\)|\(\(1\.0, \(4, 2\)\)", "lengths of dashes"),
)
"""Kinds of faults that nobody can see: start of the file, pattern in `line: change`, the reason."""


def explanation(file: str, line: str, fault: str, change: str) -> str:
    """Give the reason why nobody can see a fault; nothing if somebody should."""
    for where, text, end, why in EXPLAINED:
        if where == file and text in line and fault.endswith(end):
            return why
    for where, pattern, why in OF_A_KIND:
        if file.startswith(where) and re.search(pattern, f"{line.strip()}: {change}"):
            return why
    return ""
