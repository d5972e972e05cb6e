"""Every parameter of an experiment in words: value, unit, bounds, default and source.

Also the listing of what is built in, and the parameter reference of the docs
(``python -m trustsim.commands.describe > docs/parameters.md``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trustsim.commands.screen import enduring_streams, say
from trustsim.config.design import METHODS, range_text
from trustsim.config.drafts import INSTRUMENTS as INSTRUMENT_ROWS
from trustsim.config.drafts import SIDES, Draft, Place
from trustsim.config.experiment import ExperimentConfig
from trustsim.config.library import KINDS, built_in_markets, library
from trustsim.config.models import values_of, word
from trustsim.config.scenario import Scenario
from trustsim.config.shipped import question_of, shipped
from trustsim.schema import Parameter
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    Kind,
    bound,
)
from trustsim.schema.decisions import rule_names
from trustsim.schema.mechanism_rows.row import Mechanism
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, off_without

CHANGED = "*"


def describe(config: ExperimentConfig, arms: Sequence[str]) -> Iterator[str]:
    """Give the lines that describe an experiment, or some of its arms.

    A star marks what the config changes: a market parameter that is not the built-in market's, a
    parameter of a policy or an instrument that is not the built-in one's.
    """
    yield f"experiment {config.name}"
    if config.question:
        yield f"  {config.question}"
    numbers = {key: getattr(config, key) for key in EXPERIMENTS.rows}
    yield from _rows(EXPERIMENTS, numbers, dict(EXPERIMENTS.default), {}, "")
    yield f"    baseline = {config.baseline}"
    yield from _settings(config)
    start = next(iter(config.arms.values())).draft.base or Draft()
    base = start.market
    sources = _sources(config, "market")
    yield ""
    yield f"market, based on {word(start.top, 'name')} ({word(base, 'description')})"
    yield from _off(config.without)
    yield from _rows(
        MARKETS,
        config.market.model_dump(),
        {**dict(MARKETS.default), **values_of(base)},
        sources,
        "set in the config",
    )
    for arm in arms:
        yield ""
        yield from _arm(config, arm)
    for title, place, used in _tables(config, arms):
        for name, record in used.items():
            yield ""
            own = _sources(config, *place, name)
            yield from _row_of_library(title, place, record, name, own)


def _settings(config: ExperimentConfig) -> Iterator[str]:
    """Say how the experiment is run, where its file says so."""
    tables = config.execution()
    tables.pop("design", None)
    for key, value in tables.items():
        yield f"    {key} = {value}"
    design = config.design
    if design is not None:
        yield ""
        yield f"design: {design.method} ({METHODS[design.method]})"
        for dimension in design.dimensions:
            yield f"    {dimension.path}: {range_text(dimension)} ({dimension.unit})"


def built_in(configs: Sequence[Path]) -> Iterator[str]:
    """Give the lines that list what is built in, and the configs at hand."""
    markets = {name: market.market for name, market in built_in_markets().items()}
    for title, rows in (
        ("policies of buyers", library().rows(SIDES["buyer"])),
        ("policies of suppliers", library().rows(SIDES["supplier"])),
        ("instruments", library().rows(INSTRUMENT_ROWS)),
        ("markets", markets),
    ):
        yield title
        width = max(map(len, rows))
        for name, entry in rows.items():
            yield f"  {name:<{width}}  {word(entry, 'description')}"
        yield ""
    yield "rules, by the parameter that chooses one"
    for side, kind in (("buyers", BUYERS), ("suppliers", SUPPLIERS)):
        for row in kind.rows.values():
            if row.choices:
                yield f"  {side}: {row.name}: {', '.join(rule_names(row))}"
    yield ""
    yield "mechanisms by room; `without` switches them off"
    width = max(map(len, MECHANISMS))
    for room in dict.fromkeys(mechanism.room for mechanism in MECHANISMS.values()):
        yield f"  {_words(room)}"
        for name, mechanism in MECHANISMS.items():
            if mechanism.room == room:
                needs = f" Needs {', '.join(mechanism.needs)}." if mechanism.needs else ""
                absent = _absent(mechanism).replace("`", "")
                yield f"    {name:<{width}}  {mechanism.text}{needs} Absent when {absent}."
    yield ""
    yield "shipped experiments, cases and calibrations; `trustsim run NAME` runs one by its name"
    names = shipped()
    width = max(map(len, names))
    for name, path in names.items():
        yield f"  {name:<{width}}  {question_of(path)}"
    yield ""
    yield "configs"
    for path in configs:
        yield f"  {path}"
    if not configs:
        yield "  none in ./configs; `trustsim new NAME --from ID` copies a shipped one"


def reference() -> str:
    """Parameter reference of the docs, in Markdown."""
    parts = [
        "# Parameters",
        "Made by `python -m trustsim.commands.describe > docs/parameters.md` from the tables in "
        "`trustsim/schema/`; a test keeps it up to date. How to set them: "
        "[Experiment files](configs.md).",
    ]
    for title, kind, text in (
        ("Experiment", EXPERIMENTS, "Keys at the top of an experiment file."),
        ("Market", MARKETS, "The world that all policies face: `[market]`."),
        ("Policies of buyers", BUYERS, "`[policies.buyers.NAME]`."),
        ("Policies of suppliers", SUPPLIERS, "`[policies.suppliers.NAME]`."),
        ("Instruments", INSTRUMENTS, "`[instruments.NAME]`."),
    ):
        parts += [f"## {title}", text]
        for room, groups in _by_room(kind, kind.rows).items():
            if room:
                parts.append(f"### {title}: {_words(room)}")
            for name, rows in groups.items():
                if name:
                    how = f"{MECHANISMS[name].text} Absent when {_absent(MECHANISMS[name])}."
                    parts.append(f"#### Mechanism {name}: {how}")
                if rows:
                    parts.append("\n".join(_markdown_table(rows)))
    return "\n\n".join(parts) + "\n"


def _arm(config: ExperimentConfig, name: str) -> Iterator[str]:
    scenario = config.arms[name]
    yield f"arm {name}"
    yield f"    buyer_mix = {_mix(scenario.buyer_mix)}"
    yield f"    supplier_mix = {_mix(scenario.supplier_mix)}"
    yield f"    instruments = {', '.join(scenario.instruments)}"
    yield from _off(scenario.without)
    common = config.market.model_dump()
    own = {k: v for k, v in scenario.market.model_dump().items() if v != common[k]}
    sources = {
        keys[-1]: text
        for keys, text in config.sources.items()
        if keys[:-1] == ("arms", name, "market")
    }
    yield from _rows(MARKETS, own, common, sources, "set in the config")


def _tables(
    config: ExperimentConfig, arms: Sequence[str]
) -> Iterator[tuple[str, Place, dict[str, Any]]]:
    scenarios: list[Scenario] = [config.arms[name] for name in arms]
    for side, place in SIDES.items():
        yield (
            f"{side}s' policy",
            place,
            {
                name: getattr(scenario, f"{side}_policies")[name]
                for scenario in scenarios
                for name in getattr(scenario, f"{side}_mix")
            },
        )
    rows = {name: row for scenario in scenarios for name, row in scenario.instruments.items()}
    yield "instrument", INSTRUMENT_ROWS, rows


def _row_of_library(
    title: str, place: Place, record: Any, name: str, given_for: Mapping[str, str]
) -> Iterator[str]:
    kind, built_in = KINDS[place], library().rows(place)
    row = built_in.get(name, {})
    about = f" ({word(row, 'description')})" if name in built_in else " (defined in the config)"
    yield f"{title} {name}{about}"
    if source := word(row, "source"):
        yield f"  source: {source}"
    given = values_of(row)
    base = {**dict(kind.default), **given}
    sources = {
        parameter: f"built-in {kind.name} {name}"
        for parameter in given
        if base[parameter] == getattr(record, parameter)
    }
    sources |= given_for
    yield from _rows(kind, record.model_dump(), base, sources, "set in the config")


def _rows(
    kind: Kind,
    values: Mapping[str, Any],
    base: Mapping[str, Any],
    sources: Mapping[str, str],
    otherwise: str,
) -> Iterator[str]:
    """Describe values; the source of one that is not the table's default is found elsewhere."""
    for room, groups in _by_room(kind, values).items():
        if room:
            yield f"  {_words(room)}"
        for mechanism, rows in groups.items():
            if mechanism:
                yield f"    mechanism {mechanism}"
            for row in rows:
                value = values[row.name]
                mark = CHANGED if value != base[row.name] else " "
                source = sources.get(row.name, row.source if value == row.default else otherwise)
                limits = f"[{_limits(row)}; default {_value(row.default)}]"
                yield f"  {mark} {row.name} = {_value(value)}  {limits}"
                yield f"        {row.text} Source: {source or row.source}."


def _sources(config: ExperimentConfig, *keys: str) -> dict[str, str]:
    return {path[-1]: text for path, text in config.sources.items() if path[:-1] == keys}


def _limits(row: Parameter) -> str:
    if row.choices:
        return " | ".join(rule_names(row))
    return f"{row.unit}; {bound(row.low)} to {bound(row.high)}"


def _mix(mix: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:g}" for name, share in mix.items())


def _value(value: Any) -> str:
    return getattr(value, "__name__", str(value))


def _words(room: str) -> str:
    return room.replace("_", " ")


def _by_room(kind: Kind, names: Collection[str]) -> dict[str, dict[str, list[Parameter]]]:
    """Group parameters by room and, after the core of the room, by mechanism."""
    rooms: dict[str, dict[str, list[Parameter]]] = {}
    for row in kind.rows.values():
        if row.name in names:
            groups = rooms.setdefault(row.room, {"": []})
            groups.setdefault(OWNERS.get(row.name, ""), []).append(row)
    order = ["", *MECHANISMS]
    return {
        room: dict(sorted(groups.items(), key=lambda group: order.index(group[0])))
        for room, groups in rooms.items()
    }


def _absent(mechanism: Mechanism) -> str:
    """Say how a mechanism is absent."""
    return " and ".join(
        " and ".join(f"`{name}` is not `{choice}`" for choice in value)
        if isinstance(value, Mapping)
        else f"`{name}` = {f'`{value}`' if isinstance(value, str) else f'{value:g}'}"
        for name, value in mechanism.absent.items()
    )


def _off(without: Sequence[str]) -> Iterator[str]:
    """Say which mechanisms are off, and which of them only because they stand on others."""
    if without:
        yield f"    without = {', '.join(without)}"
    if also := [name for name in off_without(without) if name not in without]:
        yield f"    off with them: {', '.join(also)}"


def _markdown_table(rows: Sequence[Parameter]) -> Iterator[str]:
    yield "| name | default | allowed | unit | meaning | source |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        allowed = ", ".join(f"`{c}`" for c in row.choices) or (
            f"{bound(row.low)} to {bound(row.high)}"
        )
        cells = (f"`{row.name}`", f"`{row.default}`", allowed, row.unit, row.text, row.source)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    with enduring_streams():
        say(*reference().splitlines())
