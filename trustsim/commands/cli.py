"""The command line: thin, and quick to say what it can do.

Nothing heavy is imported before a command needs it. Exit codes: 0 done, 1 some runs failed or a run
came out differently, 2 the call or a config is wrong, 130 interrupted.
"""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from trustsim import __version__
from trustsim.commands import analyses as verbs
from trustsim.errors import ConfigError, nearest, shown

if TYPE_CHECKING:
    pass

FAILED, WRONG, INTERRUPTED = 1, 2, 130
SECONDS_PER_LINE = 5.0
LINES = 10
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")

app = typer.Typer(
    name="trustsim",
    help="What does high-trust purchasing cost against adversarial purchasing, and why?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Config = Annotated[Path, typer.Argument(help="Experiment file (TOML).", show_default=False)]
Folder = Annotated[Path, typer.Argument(help="Results folder.", show_default=False)]
Jobs = Annotated[int | None, typer.Option(help="Cores to use.", show_default="all")]
Out = Annotated[Path | None, typer.Option(help="Results folder.", show_default="results/<name>")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value; can be repeated."),
]
Replications = Annotated[
    int | None, typer.Option(help="Runs of every arm.", show_default="as in CONFIG")
]
Seed = Annotated[int | None, typer.Option(help="Seed.", show_default="as in CONFIG")]


def main() -> None:
    """Run the command line; bad input is one message and exit code 2."""
    try:
        app()
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Simulate markets of buyers and suppliers, and compare ways of purchasing."""
    if show:
        print(f"trustsim {__version__}")
        raise typer.Exit


@app.command()
def run(
    config: Config,
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
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run what is missing of an experiment, and answer its question."""
    loaded = _loaded(config, changes, replications, seed, jobs)
    from trustsim.commands.progress import progress as shown
    from trustsim.study import Experiment, default_folder

    folder = out if out is not None else default_folder(loaded)
    try:
        with shown(quiet) as progress:
            results = Experiment(loaded).run(
                folder,
                jobs=jobs,
                executor=executor,
                address=address,
                report=False,
                progress=progress,
            )
    except KeyboardInterrupt:
        _interrupted(folder)
    manifest = results.manifest
    for notice in manifest["notices"]:
        print(f"note: {notice}", file=sys.stderr)
    if manifest["runs_done"]:
        if len(loaded.arms) > 1:
            print("\n".join([*results.answer(), *results.precision()]))
        print(f"results: {folder}")
        if not no_report:
            print(f"report: {results.report()}")
    if manifest["runs_failed"]:
        _tell_failures(results, manifest)
        raise typer.Exit(FAILED)


@app.command()
def plan(
    config: Config,
    changes: Changes = None,
    replications: Replications = None,
    seed: Seed = None,
    jobs: Jobs = None,
) -> None:
    """Show what an experiment consists of, and what it will take, without running it."""
    loaded = _loaded(config, changes, replications, seed, jobs)
    from trustsim.experiment.design import Plan
    from trustsim.experiment.plan import estimate, told
    from trustsim.experiment.run import check_points, cores_to_use

    check_points(Plan(loaded))
    print("\n".join(told(loaded, estimate(loaded, cores_to_use(jobs)))))
    for notice in loaded.design.notices if loaded.design is not None else ():
        print(f"note: {notice}", file=sys.stderr)


@app.command()
def report(folder: Folder) -> None:
    """Write the report of a results folder again."""
    from trustsim.calibration.folder import is_calibration
    from trustsim.report.calibration_page import write_calibration
    from trustsim.study import Results

    page = write_calibration(folder) if is_calibration(folder) else Results.open(folder).report()
    print(f"report: {page}")


@app.command()
def rerun(
    folder: Folder,
    run_id: Annotated[str, typer.Argument(help="Id of a run.", show_default=False)],
) -> None:
    """Compute one run again, and say whether it comes out the same, bit for bit."""
    from trustsim.experiment.run import rerun as rerun_in

    found, differences = rerun_in(folder, run_id)
    name = f"run {run_id} (arm '{found.arm}', replicate {found.replicate})"
    if differences:
        print(f"{name} comes out differently: {', '.join(differences)}")
        raise typer.Exit(FAILED)
    print(f"{name} comes out the same, bit for bit")


for verb in (verbs.compare, verbs.sensitivity, verbs.discover, verbs.calibrate):
    app.command()(verb)


@app.command()
def check(
    folder: Folder,
    sample: Annotated[int, typer.Option(help="Runs to compute again.", min=0)] = 5,
) -> None:
    """Check a results folder: digest, completeness, books, and a sample of runs done again."""
    from trustsim.experiment.check import check as checked_in

    found = checked_in(folder, sample)
    print("\n".join(found.sentences()))
    if not found.sound:
        raise typer.Exit(FAILED)


@app.command()
def describe(
    config: Config,
    arm: Annotated[
        str | None, typer.Option(help="Only this arm, with the policies it uses.")
    ] = None,
    changes: Changes = None,
) -> None:
    """Show every parameter of an experiment, with unit, bounds, default and source."""
    from trustsim.commands.describe import describe as described
    from trustsim.config.experiment import load_experiment

    loaded = load_experiment(config, changes or [])
    if arm is not None and arm not in loaded.arms:
        raise ConfigError(
            f"{config}: has no arm {shown(arm)}{nearest(arm, loaded.arms)}; "
            f"allowed: {', '.join(loaded.arms)}"
        )
    print("\n".join(described(loaded, list(loaded.arms) if arm is None else [arm])))


@app.command("list")
def list_built_in() -> None:
    """List built-in policies, instruments, markets and rules, and the configs in ./configs."""
    from trustsim.commands.describe import built_in

    print("\n".join(built_in(sorted(Path("configs").rglob("*.toml")))))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the experiment.", show_default=False)],
) -> None:
    """Write an experiment file and a script to start from."""
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"name = {shown(name)}: allowed: up to 64 letters, digits, - and _, beginning with a "
            "letter or _"
        )
    if find_spec(name) is not None:
        raise ConfigError(
            f"name = {shown(name)}: a script of this name would hide the Python module {name}; "
            "give another name"
        )
    templates = Path(__file__).parents[1] / "library"
    files = {Path(f"{name}.{kind}"): templates / f"new.{kind}.template" for kind in ("toml", "py")}
    for path in files:
        if path.exists():
            raise ConfigError(f"{path}: exists already and is not overwritten; give another name")
    for path, template in files.items():
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(template.read_text(encoding="utf-8").replace("NAME", name))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
        print(f"wrote {path}")
    print(f"start with: trustsim run {name}.toml")


def _loaded(
    config: Path,
    changes: list[str] | None,
    replications: int | None,
    seed: int | None,
    jobs: int | None,
) -> Any:
    """Read an experiment, with what the command line changes in it."""
    from trustsim.config.experiment import load_experiment
    from trustsim.schema.checking import EXPERIMENTS, allowed

    for option, value in (("replications", replications), ("seed", seed)):
        row = EXPERIMENTS.rows[option]
        if value is not None and not row.low <= value <= row.high:
            raise ConfigError(f"--{option} = {value}: allowed: {allowed(row)}")
    if jobs is not None and jobs < 1:
        raise ConfigError(f"--jobs = {jobs}: allowed: a whole number, 1 or more")
    return load_experiment(config, changes or []).replace(replications=replications, seed=seed)


def _interrupted(folder: Path) -> NoReturn:
    from trustsim.experiment.storage.files import read_manifest

    manifest = read_manifest(folder)
    done, planned = manifest.get("runs_done", 0), manifest.get("runs_planned", 0)
    print(
        f"\nstopped: {done} of {planned} runs are kept in {folder}; "
        "the same command goes on from there",
        file=sys.stderr,
    )
    raise typer.Exit(INTERRUPTED)


def _tell_failures(results: Any, manifest: dict[str, Any]) -> None:
    first = results.failures.iloc[0]
    print(
        f"{manifest['runs_failed']} of {manifest['runs_planned']} runs failed; the first, arm "
        f"'{first['arm']}', replicate {first['replicate']}: {first['error']}: {first['message']}\n"
        f"all of them: {results.folder / 'failures.parquet'}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
