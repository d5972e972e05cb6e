"""Commands that ask a results folder: compare, sensitivity, discover; and calibrate.

They print what the report says too. `trustsim.cli` puts them beside the commands that run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trustsim.errors import ConfigError, suggestion

Folder = Annotated[Path, typer.Argument(help="Results folder.", show_default=False)]
Config = Annotated[Path, typer.Argument(help="Calibration file (TOML).", show_default=False)]
Confidence = Annotated[float, typer.Option(help="Level of intervals and verdicts.")]
Measure = Annotated[str, typer.Option(help="Measure.")]
Arm = Annotated[
    str | None, typer.Option(help="Only this challenger.", show_default="all challengers")
]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Leave out what is missing of the plan.")
]
OVER = ("replicates", "points", "both")
CORRECTIONS = ("holm", "benjamini_hochberg", "none")


def compare(
    folder: Folder,
    arms: Annotated[
        list[str] | None,
        typer.Option(
            "--arm", help="Arm to compare, repeated; the last one is the baseline.",
            show_default="all arms with the experiment's baseline",
        ),
    ] = None,
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", help="Measure; can be repeated.", show_default="all"),
    ] = None,
    smallest: Annotated[
        float | None,
        typer.Option(help="Smallest difference of interest.", show_default="as in the experiment"),
    ] = None,
    confidence: Confidence = 0.95,
    over: Annotated[
        str | None,
        typer.Option(
            help="What intervals are over: replicates, points or both.",
            show_default="by the design",
        ),
    ] = None,
    correction: Annotated[
        str, typer.Option(help="For many comparisons: holm, benjamini_hochberg or none.")
    ] = "holm",
    allow_missing: AllowMissing = False,
) -> None:
    """Compare arms by paired differences, with verdicts that hold for all comparisons together."""
    _one_of("over", over, OVER)
    _one_of("correction", correction, CORRECTIONS)
    from trustsim.report.comparison import comparison, sentences, text_table

    found = comparison(
        _results(folder), arms, measures, confidence, smallest=smallest, over=over,  # type: ignore[arg-type]
        correction=correction, allow_missing=allow_missing,  # type: ignore[arg-type]
    )  # fmt: skip
    print("\n".join([*sentences(found), "", *text_table(found)]))


def sensitivity(
    folder: Folder,
    measure: Measure = "total_cost",
    arm: Arm = None,
    confidence: Confidence = 0.95,
    allow_missing: AllowMissing = False,
) -> None:
    """Say which parameters drive the difference between arms, and which do not."""
    from trustsim.report.sensitivity import analyses, sentences

    found = analyses(
        _results(folder), confidence, measure=measure, arm=arm, allow_missing=allow_missing
    )
    print("\n".join(sentences(found)))


def _results(folder: Path) -> Any:
    """Read a results folder, with what an interrupted run left in it."""
    from trustsim.experiment.run import collect
    from trustsim.report.results import read_results

    collect(folder)
    return read_results(folder)


def _one_of(option: str, value: str | None, names: tuple[str, ...]) -> None:
    if value is not None and value not in names:
        raise ConfigError(f"--{option} = '{value}': unknown{suggestion(value, names)}")
