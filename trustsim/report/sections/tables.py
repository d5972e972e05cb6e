"""Rows of the report's tables, as texts: measures, differences, parameters, provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from trustsim.analysis.compare import measure_columns
from trustsim.analysis.means import means_over
from trustsim.analysis.pairs import arm_runs
from trustsim.errors import ConfigError
from trustsim.report.results import Reported
from trustsim.report.words.labels import (
    decimals,
    half_width_text,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
    plain_arms,
)
from trustsim.report.words.limits import conduct_by_phase
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column names the row, which may have a unit.

    A long one can be `folded`: the page shows its title, and its rows when asked for or printed.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    units: tuple[str, ...] = ()
    folded: Literal["no", "narrow", "always"] = "no"


def text_lines(table: Table) -> list[str]:
    """Lines of a table in plain text: its title, and columns of which the first is to the left."""
    cells = [table.header, *table.rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(table.header))]
    lines = [table.title]
    for row in cells:
        first, *rest = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *rest]).rstrip())
    return lines


def measures_table(results: Reported, confidence: float = 0.95) -> Table:
    """Mean of every measure per arm, with its half-width."""
    names = measure_columns(results.runs)
    labels = plain_arms(results.arms)
    cells: dict[str, list[str]] = {name: [] for name in names}
    for arm in results.arms:
        values = arm_runs(results.runs, arm)[names].astype(float)
        for name, result in means_over(values, confidence, **results.reading).iterrows():
            cells[str(name)].append(_with_half(result["mean"], result["half_width"]))
    return Table(
        "Measures per arm",
        ("measure", *(f"{labels[a]} ({results.runs_of(a)} runs)" for a in results.arms)),
        tuple((measure_label(n), *cells[n]) for n in names),
        f"Mean over {'runs' if results.points == 1 else 'the points'} ± half-width of its "
        f"{percent(confidence)} interval.",
        tuple(measure_unit(n) for n in names),
        "always",
    )


def conduct_tables(results: Reported, confidence: float = 0.95) -> list[Table]:
    """Conduct on first orders and in old relations, a table per challenger."""
    if results.ages is None:
        return []
    tables = []
    labels = plain_arms(results.arms)
    for arm in results.challengers:
        try:
            phases = conduct_by_phase(results.ages, arm, results.baseline, confidence)
        except ConfigError:  # said in the place of the figure
            continue
        titles = [f"{age} earlier orders" for age in phases]
        columns = [[_with_interval(row) for row in t.to_dict("records")] for t in phases.values()]
        names = [measure_label(str(m)) for m in next(iter(phases.values()))["measure"]]
        tables.append(
            Table(
                f"{labels[arm]} minus {labels[results.baseline]}, by age of the relation",
                ("measure", *titles),
                tuple(zip(names, *columns, strict=True)),
                f"Paired difference with its {percent(confidence)} interval.",
            )
        )
    return tables


def parameter_tables(experiment: Mapping[str, Any]) -> list[Table]:
    """Parameters with values, unit and source: experiment, market, arms, policies, instruments."""
    policies = experiment.get("policies")
    policies = policies if isinstance(policies, Mapping) else {}
    sources = experiment.get("sources")
    given = sources.get("market") if isinstance(sources, Mapping) else None
    loose = {key: value for key, value in experiment.items() if not isinstance(value, Mapping)}
    tables = [
        _values_table("Experiment", loose),
        _described_table(
            "Market", MARKET, {"value": experiment.get("market")}, given, defaults=True
        ),
        _values_table("Arms", experiment.get("arms")),
        _described_table("Policies of buyers", BUYER, policies.get("buyers")),
        _described_table("Policies of suppliers", SUPPLIER, policies.get("suppliers")),
        _described_table("Instruments", INSTRUMENT, experiment.get("instruments")),
    ]
    return [replace(table, folded="always") for table in tables if table.rows]


def provenance_table(results: Reported) -> Table:
    """Where these results come from: the manifest, flattened."""
    rows = [(_key(k), _value(v)) for k, v in _flat(results.manifest)]
    note = f"Not in the folder: {', '.join(results.missing)}." if results.missing else ""
    return Table("Provenance", ("what", "value"), tuple(rows), note)


def _values_table(title: str, values: Any) -> Table:
    rows = _flat(values) if isinstance(values, Mapping) else []
    return Table(title, ("what", "value"), tuple((_key(k), _value(v)) for k, v in rows))


def _described_table(
    title: str,
    known: Sequence[Parameter],
    columns: Any,
    sources: Any = None,
    *,
    defaults: bool = False,
) -> Table:
    """Table with a row per parameter and a column per policy, instrument or market.

    A source that the experiment gives for a value stands before that of the default.
    """
    given = sources if isinstance(sources, Mapping) else {}
    columns = columns if isinstance(columns, Mapping) else {}
    values = {str(c): dict(_flat(v)) for c, v in columns.items() if isinstance(v, Mapping)}
    named = {row.name: row for row in known}
    keys = list(dict.fromkeys(key for column in values.values() for key in column))
    rows = []
    units = []
    for key in keys:
        row = named.get(key)
        cells = [_value(column[key]) if key in column else "" for column in values.values()]
        if defaults:
            cells.append(_value(row.default) if row else "")
        rows.append(
            (_key(key), *cells, *((row.text, given.get(key, row.source)) if row else ("", "")))
        )
        units.append(row.unit if row else "")
    header = ("parameter", *(plain(c) for c in values), *(["default"] * defaults))
    return Table(title, (*header, "meaning", "source"), tuple(rows), "", tuple(units))


def _key(name: str) -> str:
    """A name as it stands in a file, cut if it is endless."""
    return name if len(name) <= 80 else name[:79] + "…"


def _flat(mapping: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Keys and values with nested tables written out as ``outer · inner``."""
    rows: list[tuple[str, Any]] = []
    for key, value in mapping.items():
        name = f"{before} · {key}" if before else str(key)
        if isinstance(value, Mapping):
            rows += _flat(value, name)
        else:
            rows.append((name, value))
    return rows


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if value is None:
        return "–"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _with_half(mean: float, half: float) -> str:
    places = decimals(half, mean)
    text = number(mean, places)
    return f"{text} ± {half_width_text(half, places)}" if math.isfinite(half) else text


def _with_interval(row: Mapping[Any, Any]) -> str:
    difference, half = float(row["difference"]), float(row["half_width"])
    places = decimals(half, difference)
    text = number(difference, places)
    if math.isfinite(half):
        text += f" ({number(row['low'], places)} to {number(row['high'], places)})"
    return text
