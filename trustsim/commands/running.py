"""Commands that run an experiment, or say what running it will take: run, ablate, plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from trustsim.commands.options import (
    FAILED,
    AllowMissing,
    Changes,
    Confidence,
    Config,
    Jobs,
    Measure,
    NoReport,
    Out,
    Quiet,
    Replications,
    Seed,
    expanded,
    experiment,
    refuse_gaps,
    tell_notes,
)
from trustsim.commands.screen import say, tell
from trustsim.commands.stopping import Stopped
from trustsim.errors import ConfigError, shown, suggestion

Answer = Callable[[Any], Iterable[str]]


def run(
    config: Config,
    *,
    changes: Changes = None,
    replications: Replications = None,
    seed: Seed = None,
    out: Out = None,
    jobs: Jobs = None,
    executor: Annotated[
        str, typer.Option(help="Who computes the runs: threads, or dask (processes, machines).")
    ] = "threads",
    address: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786.")
    ] = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> None:
    """Run what is missing of an experiment, and answer its question."""
    loaded = _loaded(config, changes or [], replications, seed)

    def answer(results: Any) -> Iterable[str]:
        answers = [*results.answer(), *results.precision()] if len(loaded.arms) > 1 else []
        return [*answers, *results.alone_or_all()]

    options = {"jobs": jobs, "executor": executor, "address": address}
    _run(loaded, out, answer, report=not no_report, quiet=quiet, options=options)


def ablate(
    config: Annotated[
        Path,
        typer.Argument(
            help="Experiment file (TOML), the name of a shipped one, or the results folder of an "
            "ablation.",
            show_default=False,
            callback=experiment,
        ),
    ],
    *,
    mechanisms: Annotated[
        list[str] | None,
        typer.Option(
            "--mechanism",
            help="Mechanism to switch off; can be repeated.",
            show_default="all that are at work",
        ),
    ] = None,
    changes: Changes = None,
    replications: Replications = None,
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Results folder.", show_default="results/<name>_ablation", callback=expanded
        ),
    ] = None,
    jobs: Jobs = None,
    measure: Measure = "total_cost",
    confidence: Confidence = 0.95,
    allow_missing: AllowMissing = False,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> None:
    """Switch each mechanism off in turn, and say what it carries of the difference of the arms."""
    asked: dict[str, Any] = {"measure": measure, "allow_missing": allow_missing}
    if config.is_dir():
        _refuse_options_of_a_run(
            config, mechanism=mechanisms, set=changes, replications=replications, seed=seed, out=out
        )
        from trustsim.commands.analyses import results_in
        from trustsim.report.sections.ablation import analyses

        say(*_carried(analyses(results_in(config), confidence, **asked)))
        return
    loaded = _loaded(config, changes or [], replications, seed)
    _refuse_what_no_run_has(loaded, measure, confidence)
    own = None if loaded.design is None else loaded.design.method
    if own != "ablation" or mechanisms:
        named = f", mechanisms = {json.dumps(mechanisms)}" if mechanisms else ""
        changes = [*(changes or []), f'design={{ method = "ablation"{named} }}']
        if own != "ablation":  # nothing is read from the other tables, and they are far larger
            changes = ['keep=["runs"]', *changes]
        loaded = _loaded(config, changes, replications, seed)
    if own not in (None, "ablation"):
        tell(
            f"note: {config}: its design ({own}) is left out; mechanisms are switched off in the "
            "market that the file describes"
        )
    if len(loaded.arms) < 2:
        raise ConfigError(f"{config}: has one arm; an ablation takes the difference of two apart")
    from trustsim.study import default_folder

    if out is None:
        folder = default_folder(loaded)
        out = folder.with_name(f"{folder.name.removesuffix('_ablation')}_ablation")

    def answer(results: Any) -> Iterable[str]:
        # What failed is told in the end, and is no reason to say nothing of what did not.
        failed = bool(results.manifest["runs_failed"])
        missing = {"allow_missing": allow_missing or failed}
        return _carried(results.ablation(confidence, **asked | missing))

    _run(loaded, out, answer, report=not no_report, quiet=quiet, options={"jobs": jobs})


def plan(
    config: Config,
    *,
    changes: Changes = None,
    replications: Replications = None,
    seed: Seed = None,
    jobs: Jobs = None,
) -> None:
    """Show what an experiment consists of, and what it will take, without running it."""
    loaded = _loaded(config, changes or [], replications, seed)
    from trustsim.experiment.estimate import estimate, plan_lines
    from trustsim.experiment.plan import Plan
    from trustsim.experiment.run import check_points, cores_to_use, notices_of

    check_points(Plan(loaded))
    say(*plan_lines(loaded, estimate(loaded, cores_to_use(jobs))))
    tell_notes(notices_of(loaded))


def _refuse_options_of_a_run(folder: Path, **options: Any) -> None:
    """Refuse what would change a run, where a folder is only read."""
    for name, value in options.items():
        if value is not None and value != []:
            raise ConfigError(
                f"--{name}: {folder} is a results folder, which is only read; give the experiment "
                "file to run it in another way"
            )


def _run(
    config: Any,
    out: Path | None,
    answer: Answer,
    *,
    report: bool,
    quiet: bool,
    options: dict[str, Any],
) -> None:
    """Run what is missing, print the answer and where it stands, and tell of failures."""
    from trustsim.commands.progress import progress as watching
    from trustsim.experiment.plan import Plan
    from trustsim.experiment.run import check_points, notices_of
    from trustsim.study import Experiment, default_folder

    check_points(Plan(config))
    at_start = notices_of(config)
    tell_notes(at_start)
    folder = out if out is not None else default_folder(config)
    try:
        with watching(quiet) as progress:
            results = Experiment(config).run(folder, report=False, progress=progress, **options)
    except KeyboardInterrupt:
        _interrupted(folder)
    manifest = results.manifest
    tell_notes(notice for notice in manifest["notices"] if notice not in at_start)
    if manifest["runs_done"]:
        for line in answer(results):
            say(line)
        say(f"results: {folder}")
        if report:
            say(f"report: {results.report()}")
    if manifest["runs_failed"]:
        _tell_failures(results, manifest)
    refuse_gaps(folder, manifest)
    if manifest["runs_failed"]:
        raise typer.Exit(FAILED)


def _carried(found: list[Any]) -> list[str]:
    """Say what mechanisms carry, in sentences and in a table for each challenger."""
    from trustsim.report.sections.ablation import sentences, text_table

    lines = []
    for one in found:
        lines += [*sentences([one]), "", *text_table(one), ""]
    return lines


def _refuse_what_no_run_has(config: Any, measure: str, confidence: float) -> None:
    """Refuse a measure that no run will have, and a level out of bounds, before anything runs."""
    from trustsim.schema.measures import MEASURES

    shares = [
        f"instrument_share_{name}" for arm in config.arms.values() for name in arm.instruments
    ]
    if measure not in MEASURES and measure not in shares:
        names = dict.fromkeys([*MEASURES, *shares])
        raise ConfigError(f"--measure = {shown(measure)}: unknown{suggestion(measure, names)}")
    if not 0 < confidence < 1:
        raise ConfigError(f"--confidence = {confidence}: allowed: above 0 and below 1")


def _loaded(
    config: Path,
    changes: list[str],
    replications: int | None,
    seed: int | None,
) -> Any:
    """Read an experiment, with what the command line changes in it."""
    from trustsim.config.experiment import load_experiment
    from trustsim.schema.checking import EXPERIMENTS, allowed

    for option, value in (("replications", replications), ("seed", seed)):
        row = EXPERIMENTS.rows[option]
        if value is not None and not row.low <= value <= row.high:
            raise ConfigError(f"--{option} = {value}: allowed: {allowed(row)}")
    return load_experiment(config, changes).replace(replications=replications, seed=seed)


def _interrupted(folder: Path) -> NoReturn:
    from trustsim.experiment.storage.seals import read_manifest

    manifest = read_manifest(folder)
    done, planned = manifest.get("runs_done", 0), manifest.get("runs_planned", 0)
    raise Stopped(
        f"stopped: {done} of {planned} runs are kept in {folder}; "
        "the same command goes on from there"
    ) from None


def _tell_failures(results: Any, manifest: dict[str, Any]) -> None:
    first = results.failures.iloc[0]
    tell(
        f"{manifest['runs_failed']} of {manifest['runs_planned']} runs failed; the first, arm "
        f"'{first['arm']}', replicate {first['replicate']}: {first['error']}: {first['message']}",
        f"all of them: {results.folder / 'failures.parquet'}",
    )
