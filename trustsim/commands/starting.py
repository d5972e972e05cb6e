"""Commands to start from: a copy of an experiment with a script, and the pages of the docs."""

from __future__ import annotations

import re
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from trustsim.commands.options import expanded
from trustsim.commands.screen import say
from trustsim.errors import ConfigError, shown

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
LIBRARY = Path(__file__).parents[1] / "library"


def new(
    name: Annotated[str, typer.Argument(help="Name of the experiment.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option("--from", help="A shipped experiment or case to copy, by its name.",
                     show_default="a small one"),
    ] = None,
) -> None:  # fmt: skip
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
    contents = {
        Path(f"{name}.toml"): _experiment(source).replace("NAME", name),
        Path(f"{name}.py"): _template("py").replace("NAME", name),
    }
    for path in contents:
        if path.exists():
            raise ConfigError(f"{path}: exists already and is not overwritten; give another name")
    for path, text in contents.items():
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
        say(f"wrote {path}")
    say(f"start with: trustsim run {name}.toml")


def docs(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the built pages.")
    ] = True,
    odd: Annotated[
        Path | None,
        typer.Option(
            help="Write the model, by the ODD protocol, into this page.", callback=expanded
        ),
    ] = None,
) -> None:
    """Say where the pages of the docs are, and open the built ones if they are there."""
    if odd is not None:
        from trustsim.report.odd_page import write_odd

        say(f"wrote {write_odd(odd)}")
        return
    from trustsim.config.shipped import shipped_folder

    home = shipped_folder("docs")
    built = home / "_build" / "html" / "contents.html"
    if built.exists():
        say(f"pages: {built}")
        if browser:
            webbrowser.open(built.as_uri())
        return
    say(f"pages, as Markdown: {home / 'index.md'}")


def _template(kind: str) -> str:
    return (LIBRARY / f"new.{kind}.template").read_text(encoding="utf-8")


def _experiment(source: str | None) -> str:
    """Give the text of an experiment to start from, with NAME in the place of its name."""
    if source is None:
        return _template("toml")
    from trustsim.config.shipped import experiment_path, shipped

    path = experiment_path(source)
    if path not in shipped().values():
        raise ConfigError(f"--from {shown(source)}: is no shipped experiment; copy a file yourself")
    text = path.read_text(encoding="utf-8")
    return re.sub(r'(?m)^name = ".*"$', 'name = "NAME"', text, count=1)
