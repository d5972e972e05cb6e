"""Which tests look at a module besides those that mirror it."""

from __future__ import annotations

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "analysis/pairs.py": ("analysis/test_compare.py",),
    "analysis/means.py": ("analysis/test_compare_points.py",),
    "analysis/crossover.py": ("analysis/test_compare.py", "report/test_drawn_intervals.py"),
    "analysis/sensitivity/indices.py": ("analysis/sensitivity/test_drivers.py",),
    "analysis/discovery/prim.py": ("analysis/discovery/test_boxes.py",),
    "analysis/discovery/who_wins.py": (
        "report/sections/test_discovery.py",
        "report/test_drawn_intervals_of_analyses.py",
    ),
    "experiment/run.py": ("experiment/test_design_runs.py", "experiment/storage"),
    "experiment/plan.py": ("experiment/test_design_plan.py", "experiment/test_design_runs.py"),
    "experiment/estimate.py": ("experiment/test_design_runs.py",),
    "experiment/storage/": ("experiment/storage",),
    "experiment/execution/": ("experiment/execution",),
    "report/figures/": (
        "report/test_drawn_values.py",
        "report/test_layout.py",
        "report/test_figures.py",
        "report/test_drawn_intervals.py",
    ),
    "report/figures/analyses/": (
        "report/test_drawn_values_of_analyses.py",
        "report/test_drawn_values_of_calibration.py",
        "report/test_drawn_values_of_discovery.py",
        "report/test_drawn_intervals_of_analyses.py",
        "report/test_calibration_page.py",
        "report/sections",
    ),
    "report/sections/": (
        "report/sections/test_said_of_analyses.py",
        "report/sections/test_said_of_comparisons.py",
        "report/words/test_said_values.py",
        "report/test_design.py",
    ),
    "report/words/": ("report/words", "report/test_design.py", "report/sections"),
    "report/results.py": ("report/test_design.py", "report/test_writing.py"),
    "report/calibration_page.py": ("report/test_calibration_said.py",),
    "report/page.py": ("report/test_writing.py",),
    "commands/analyses.py": (
        "commands/test_compare_options.py",
        "commands/test_sensitivity_options.py",
        "commands/test_discover_options.py",
        "commands/test_refusals.py",
    ),
    "commands/running.py": ("commands/test_cli.py", "commands/test_ablate.py",
                            "commands/test_refusals.py"),
    "commands/options.py": ("commands/test_cli.py", "commands/test_terminal.py"),
    "commands/": ("commands/test_terminal.py",),
    "commands/cli.py": ("commands/test_stopping.py",),
    "commands/describe.py": ("commands/test_cli.py",),
    "report/": ("report/test_what_is_missing.py",),
    "commands/codebook.py": ("schema/test_tables.py",),
    "commands/screen.py": ("commands/test_streams.py", "commands/test_pipes.py"),
    "market/": ("market",),
}  # fmt: skip
"""Further tests of a module, or of all in a folder."""
