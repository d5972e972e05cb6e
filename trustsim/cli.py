"""The command line: thin, and quick to say what it can do.

Nothing heavy is imported before a command needs it. Exit codes: 0 done, 1 some runs failed or a run
came out differently, 2 the call or a config is wrong, 130 interrupted.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from trustsim import __version__
from trustsim.errors import ConfigError, nearest, shown

if TYPE_CHECKING:
    from trustsim.experiment.run import Progress

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
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value; can be repeated."),
    ] = None,
    replications: Annotated[
        int | None, typer.Option(help="Runs of every arm.", show_default="as in CONFIG")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed.", show_default="as in CONFIG")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Results folder.", show_default="results/<name>")
    ] = None,
    jobs: Jobs = None,
    executor: Annotated[str, typer.Option(help="Who computes the runs: threads.")] = "threads",
    address: Annotated[
        str | None, typer.Option(help="Address of a scheduler, for executors that have one.")
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run what is missing of an experiment, and answer its question."""
    _refuse_executor(executor, address)
    from trustsim.parameters.models import EXPERIMENTS, allowed
    from trustsim.scenario import load_experiment

    for option, value in (("replications", replications), ("seed", seed)):
        row = EXPERIMENTS.rows[option]
        if value is not None and not row.low <= value <= row.high:
            raise ConfigError(f"--{option} = {value}: allowed: {allowed(row)}")
    if jobs is not None and jobs < 1:
        raise ConfigError(f"--jobs = {jobs}: allowed: a whole number, 1 or more")
    loaded = load_experiment(config, changes or []).replace(replications=replications, seed=seed)
    from trustsim.study import Experiment, default_folder

    folder = out if out is not None else default_folder(loaded)
    try:
        with _progress(quiet) as progress:
            results = Experiment(loaded).run(folder, jobs=jobs, report=False, progress=progress)
    except KeyboardInterrupt:
        _interrupted(folder)
    manifest = results.manifest
    if manifest["runs_done"]:
        if len(loaded.arms) > 1:
            print("\n".join(results.answer()))
        print(f"results: {folder}")
        if not no_report:
            print(f"report: {results.report()}")
    if manifest["runs_failed"]:
        _tell_failures(results, manifest)
        raise typer.Exit(FAILED)


@app.command()
def report(folder: Folder) -> None:
    """Write the report of a results folder again."""
    from trustsim.study import Results

    print(f"report: {Results.open(folder).report()}")


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


@app.command()
def describe(
    config: Config,
    arm: Annotated[
        str | None, typer.Option(help="Only this arm, with the policies it uses.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value; can be repeated."),
    ] = None,
) -> None:
    """Show every parameter of an experiment, with unit, bounds, default and source."""
    from trustsim.describe import describe as described
    from trustsim.scenario import load_experiment

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
    from trustsim.describe import built_in

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
    templates = Path(__file__).parent / "library"
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


def _refuse_executor(executor: str, address: str | None) -> None:
    if executor != "threads":
        raise ConfigError(
            f"--executor = {shown(executor)}: allowed: threads{nearest(executor, ['threads'])}"
        )
    if address is not None:
        raise ConfigError(f"--address = {shown(address)}: the executor 'threads' has no address")


def _interrupted(folder: Path) -> NoReturn:
    from trustsim.experiment.store import read_manifest

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


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show how far a run is: a bar on a terminal, else a line now and then."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield bar
    else:
        yield _Lines()


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                total=progress.planned,
                completed=progress.done + progress.failed,
                description=_words(progress),
            )

        yield show


class _Lines:
    """Plain lines: one for every tenth of the runs, and one every few seconds."""

    def __init__(self) -> None:
        self.tenth = -1
        self.last = 0.0

    def __call__(self, progress: Progress) -> None:
        tried = progress.done + progress.failed
        tenth = tried * LINES // max(1, progress.planned)
        if tenth > self.tenth or time.monotonic() - self.last > SECONDS_PER_LINE:
            self.tenth, self.last = tenth, time.monotonic()
            with suppress(BrokenPipeError):  # nobody listens any more; the runs go on
                print(_words(progress), file=sys.stderr, flush=True)


def _words(progress: Progress) -> str:
    parts = [f"{progress.done} of {progress.planned} runs"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.rate:
        parts += [f"{progress.rate:.3g} per second", f"{_time(progress.seconds_left)} left"]
    return ", ".join(parts)


def _time(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes}:{whole % 60:02}"


if __name__ == "__main__":
    main()
