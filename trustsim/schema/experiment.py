"""Numbers of an experiment as a whole: how often, how long, with which luck."""

from __future__ import annotations

from trustsim.schema.row import number

EXPERIMENT = (
    number("seed", 1, (0, 2**63 - 1), "seed", "Seed of all named luck.", "assumption: any number"),
    number("rounds", 120, (1, 30_000), "rounds", "Length of a run in ordering cycles.",
           "assumption: ten years of monthly orders"),
    number("replications", 200, (1, 1_000_000), "runs per arm",
           "Runs of every arm, paired by their number.",
           "assumption: enough for intervals that can be read"),
)  # fmt: skip
