"""The command line: thin, and quick to say what it can do.

Nothing heavy is imported before a command needs it. Exit codes: 0 done, 1 some runs failed or a run
came out differently, or the answer could not be written; 2 the call or a config is wrong; 130
interrupted.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trustsim import __version__
from trustsim.commands import analyses, cases, exporting, running, starting, validating
from trustsim.commands.options import (
    FAILED,
    INTERRUPTED,
    WRONG,
    Changes,
    Config,
    Folder,
    refuse_gaps,
    tell_notes,
)
from trustsim.commands.screen import enduring_streams, say, tell
from trustsim.commands.stopping import STOPPED, Interrupts, Stopped, interrupts
from trustsim.errors import ConfigError, nearest, shown


class Commands(TyperGroup):
    """The commands; whoever interrupts one is told so in a sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise Stopped(*stop.args or (STOPPED,)) from None


app = typer.Typer(
    cls=Commands,
    name="trustsim",
    help="What does high-trust purchasing cost against adversarial purchasing, and why?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; bad input is one message and exit code 2, Ctrl-C one and 130."""
    with interrupts() as stopping, enduring_streams() as faults:
        code = _called(stopping)
    if code or faults:
        sys.exit(code or FAILED)


def _called(stopping: Interrupts) -> int:
    """Call the command that is asked for, and give its exit code."""
    try:
        code = int(app(prog_name="trustsim", standalone_mode=False) or 0)
        if code == INTERRUPTED:  # what Typer makes of a KeyboardInterrupt
            tell(STOPPED)
    except Stopped as error:
        code = INTERRUPTED
        tell(error)
    except (Exception, KeyboardInterrupt) as error:
        if stopping.asked or isinstance(error, KeyboardInterrupt):
            code = INTERRUPTED
            tell(STOPPED)
        elif isinstance(error, ConfigError):
            code = WRONG
            tell(error)
        elif isinstance(error, OSError) and error.filename is not None:
            code = WRONG  # what the system refuses about a file is no defect of the program
            tell(f"{error.filename}: cannot be used: {error.strerror}")
        elif hasattr(error, "format_message"):  # Typer's word for a call that it does not know
            code = WRONG
            said = io.StringIO()
            error.show(file=said)  # type: ignore[attr-defined]
            tell(*said.getvalue().splitlines())
        else:
            raise
    stopping.said = code == INTERRUPTED
    return code


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Simulate markets of buyers and suppliers, and compare ways of purchasing."""
    if show:
        say(f"trustsim {__version__}")
        raise typer.Exit


for command in (running.run, running.ablate, running.plan):
    app.command()(command)


@app.command()
def report(folder: Folder) -> None:
    """Write the report of a results folder again."""
    from trustsim.calibration.folder import is_calibration
    from trustsim.experiment.storage.files import unverified
    from trustsim.report.calibration_page import write_calibration
    from trustsim.report.words import alone
    from trustsim.report.writing import write_report

    if is_calibration(folder):
        tell_notes(unverified(folder))
        say(f"report: {write_calibration(folder)}")
        return
    results = analyses.results_in(folder)
    say(*alone.sentences(alone.find(results)), f"report: {write_report(folder)}")
    refuse_gaps(folder, results.manifest)


@app.command()
def rerun(
    folder: Folder,
    run_id: Annotated[str, typer.Argument(help="Id of a run.", show_default=False)],
) -> None:
    """Compute one run again, and say whether it comes out the same, bit for bit."""
    from trustsim.experiment.run import collect
    from trustsim.experiment.run import rerun as rerun_in
    from trustsim.experiment.storage.files import unverified

    tell_notes([*collect(folder), *unverified(folder)])
    result, differences = rerun_in(folder, run_id)
    name = f"run {run_id} (arm '{result.arm}', replicate {result.replicate})"
    if differences:
        say(f"{name} comes out differently: {', '.join(differences)}")
        raise typer.Exit(FAILED)
    say(f"{name} comes out the same, bit for bit")


for verb in (
    analyses.compare,
    analyses.sensitivity,
    analyses.discover,
    analyses.calibrate,
    validating.validate,
    cases.cases,
    exporting.export,
    exporting.cite,
):
    app.command()(verb)


@app.command()
def check(
    folder: Folder,
    sample: Annotated[int, typer.Option(help="Runs to compute again.", min=0)] = 5,
) -> None:
    """Check a results folder: digest, completeness, books, and a sample of runs done again."""
    from trustsim.experiment.check import check as checked_in

    result = checked_in(folder, sample)
    say(*result.sentences())
    if not result.sound:
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
    from trustsim.experiment.storage.files import (
        EXPERIMENT,
        kept_in,
        unverified,
        verify,
    )

    folder = kept_in(config)
    if folder is None:
        loaded = load_experiment(config, changes or [])
    else:
        tell_notes(unverified(folder))
        verify(folder, EXPERIMENT)
        loaded = load_experiment(folder / EXPERIMENT, changes or [])
    if arm is not None and arm not in loaded.arms:
        raise ConfigError(
            f"{config}: has no arm {shown(arm)}{nearest(arm, loaded.arms)}; "
            f"allowed: {', '.join(loaded.arms)}"
        )
    say(*described(loaded, list(loaded.arms) if arm is None else [arm]))


@app.command("list")
def list_built_in() -> None:
    """List built-in policies, instruments, markets and rules, and the configs in ./configs."""
    from trustsim.commands.describe import built_in

    say(*built_in(sorted(Path("configs").rglob("*.toml"))))


for start in (starting.new, starting.docs):
    app.command()(start)


if __name__ == "__main__":
    main()
