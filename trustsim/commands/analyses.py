"""Commands that ask a results folder: compare, sensitivity, discover; and calibrate.

They print what the report says too. `trustsim.commands.cli` puts them beside the commands that run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from trustsim.commands.options import (
    AllowMissing,
    Confidence,
    Folder,
    Jobs,
    Measure,
    expanded,
    tell_notes,
)
from trustsim.commands.screen import say
from trustsim.commands.stopping import Stopped
from trustsim.errors import ConfigError, shown, suggestion

Config = Annotated[
    Path, typer.Argument(help="Calibration file (TOML).", show_default=False, callback=expanded)
]
Arm = Annotated[
    str | None, typer.Option(help="Only this challenger.", show_default="all challengers")
]
OVER = ("replicates", "points", "both")
CORRECTIONS = ("holm", "benjamini_hochberg", "none")


def compare(
    folder: Folder,
    *,
    arms: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            help="Arm to compare, repeated; the last one is the baseline.",
            show_default="all arms with the experiment's baseline",
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            metavar="ARM",
            help="Compare policies of buyers side by side in the market of this arm.",
            show_default="arms are compared",
        ),
    ] = None,
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="Policy to compare within an arm, repeated; the last one is the baseline.",
            show_default="all that the arm has",
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
    if policies and within is None:
        raise ConfigError(
            f"--policy = {shown(policies[0])}: goes with --within ARM, which says where"
        )
    if within is not None and arms:
        raise ConfigError(
            f"--arm = {shown(arms[0])}: does not go with --within, which compares policies of one "
            "arm; name them by --policy"
        )
    from trustsim.report.sections.comparison import comparison, sentences, text_table
    from trustsim.report.words import alone

    results = results_in(folder)
    beside = alone.sentences(alone.find(results, confidence), confidence) if within is None else []
    if within is not None:
        results = results.within(within, policies or (), measures or ())
        say(f"Policies of buyers side by side in the market of the arm {shown(within)}.")
    result = comparison(
        results, arms, measures, confidence, smallest=smallest, over=over,  # type: ignore[arg-type]
        correction=correction, allow_missing=allow_missing,  # type: ignore[arg-type]
    )  # fmt: skip
    say(*sentences(result), *beside, "", *text_table(result))


def sensitivity(
    folder: Folder,
    *,
    measure: Measure = "total_cost",
    arm: Arm = None,
    confidence: Confidence = 0.95,
    allow_missing: AllowMissing = False,
) -> None:
    """Say which parameters drive the difference between arms, and which do not."""
    from trustsim.report.sections.sensitivity import analyses, sentences

    result = analyses(
        results_in(folder), confidence, measure=measure, arm=arm, allow_missing=allow_missing
    )
    say(*sentences(result))


def discover(
    folder: Folder,
    *,
    measure: Measure = "total_cost",
    arm: Arm = None,
    threshold: Annotated[
        float, typer.Option(help="An arm loses where it costs more than this more.")
    ] = 0.0,
    confidence: Confidence = 0.95,
    density: Annotated[
        float, typer.Option(help="Share of markets in a box in which the arm must lose.")
    ] = 0.8,
    x: Annotated[str | None, typer.Option(help="Parameter across the map.")] = None,
    y: Annotated[str | None, typer.Option(help="Parameter up the map.")] = None,
    allow_missing: AllowMissing = False,
) -> None:
    """Say where a challenger loses, in boxes of the parameters that vary; draw who wins."""
    from trustsim.report.sections.discovery import analyses, pictures, sentences
    from trustsim.report.writing import show_all

    results = results_in(folder)
    result = analyses(
        results, confidence, measure=measure, arm=arm, threshold=threshold, density=density,
        allow_missing=allow_missing,
    )  # fmt: skip
    say(*sentences(result))
    # Names of their own: those of the report show what the report asks.
    drawn = [
        replace(picture, name=f"discover_{picture.name}")
        for place, each in enumerate(result)
        for picture in pictures(each, place, x=x, y=y)
    ]
    for each in show_all(results, drawn, confidence):
        where = f"{folder / 'figures' / each.picture.name}.png"
        say(f"{each.picture.title}: " + (f"not drawn: {each.reason}" if each.reason else where))


def calibrate(
    config: Config,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value; can be repeated."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Trials of the search.", show_default="as in CONFIG")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the search.", show_default="results/<name>", callback=expanded
        ),
    ] = None,
    jobs: Jobs = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Fit parameters to published figures; going on from the trials that the folder holds."""
    from trustsim.calibration.file import load_calibration
    from trustsim.calibration.fit import calibrate as fit
    from trustsim.commands.progress import trial_lines
    from trustsim.report.calibration_page import sentences, write_calibration
    from trustsim.study import default_folder

    asked = load_calibration(config, changes or [])
    folder = out if out is not None else default_folder(asked.experiment)
    progress = None if quiet else trial_lines
    try:
        result = fit(asked, folder, trials=trials, jobs=jobs, progress=progress)
    except KeyboardInterrupt:
        raise Stopped(f"stopped: the same command goes on from {folder}") from None
    say(*sentences(result))
    say(f"results: {folder}")
    say(f"report: {write_calibration(folder)}")


def results_in(folder: Path) -> Any:
    """Read a results folder, with what an interrupted run left in it."""
    from trustsim.experiment.run import collect
    from trustsim.experiment.storage.files import unverified
    from trustsim.report.results import read_results

    tell_notes([*collect(folder), *unverified(folder)])
    return read_results(folder)


def _one_of(option: str, value: str | None, names: tuple[str, ...]) -> None:
    if value is not None and value not in names:
        raise ConfigError(f"--{option} = '{value}': unknown{suggestion(value, names)}")
