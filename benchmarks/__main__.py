"""Measure speed and size, and print a table: ``python -m benchmarks [--quick] [--json FILE]``."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.command_line import layer, starts
from benchmarks.dask_overhead import dask_overhead
from benchmarks.headline import against_plain_mesa
from benchmarks.measuring import Row
from benchmarks.size import cores, scaling
from benchmarks.stages import stages
from benchmarks.store_size import store_size
from benchmarks.sweep import sweep

PARTS = {
    "speed": against_plain_mesa,
    "stages": stages,
    "scaling": scaling,
    "cores": cores,
    "starts": starts,
    "layer": layer,
    "store": store_size,
    "sweep": sweep,
    "dask": dask_overhead,
}
MARKS = {None: "", True: "yes", False: "NO"}


def figure(row: Row) -> str:
    """Write a value with three or four digits that count."""
    if row.value is None:
        return "left out"
    if abs(row.value) >= 1000:
        return f"{row.value:,.0f}"
    return f"{row.value:.3g}" if abs(row.value) < 100 else f"{row.value:.0f}"


def machine() -> str:
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}{load}"
    )


def plain_line(row: Row) -> str:
    target = f"{row.target:<14} {MARKS[row.met]}"
    return f"  {row.name:<46} {figure(row):>12} {row.unit:<14} {target}".rstrip()


def show(rows: Iterator[Row], console: Console) -> list[Row]:
    """Print rows section by section, each as soon as it is measured."""
    shown: list[Row] = []
    section: list[Row] = []

    def flush() -> None:
        if not section:
            return
        table = Table(title=section[0].section, title_justify="left", min_width=90)
        for column in ("", "measured", "unit", "asked", "met"):
            table.add_column(column, justify="right" if column == "measured" else "left")
        for row in section:
            table.add_row(row.name, figure(row), row.unit, row.target, MARKS[row.met])
        console.print(table)
        section.clear()

    for row in rows:
        if console.is_terminal:
            if section and section[0].section != row.section:
                flush()
            section.append(row)
        else:
            if not shown or shown[-1].section != row.section:
                print(row.section)
            print(plain_line(row), flush=True)
        shown.append(row)
    flush()
    return shown


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run; its figures mean little")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="some parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file too")
    asked = parser.parse_args(arguments)
    console = Console()
    print(machine())
    parts = [PARTS[name] for name in asked.only or PARTS]
    rows = show((row for part in parts for row in part(asked.quick)), console)
    print(machine())
    if asked.json is not None:
        written = {"machine": machine(), "rows": [row.record() for row in rows]}
        asked.json.write_text(json.dumps(written, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
