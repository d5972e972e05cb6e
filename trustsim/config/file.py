"""The experiment file as its author wrote it, with the files that it names.

A path and changes of the command line come in; drafts of the arms go out, with what is said about
the experiment as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from trustsim.config.drafts import INSTRUMENTS, MARKET, Draft, Place, draft_of
from trustsim.config.library import DEFAULT_MARKET, KINDS, library, market_named, named_file
from trustsim.config.models import ExperimentFile, FileList, Given, RowsFile, word
from trustsim.config.toml import inside, put, read_change, read_toml
from trustsim.errors import ConfigError, at, known, said_at, shown
from trustsim.schema.translation import Text, leaves, plain, read

Change = str | tuple[str, Any]
"""A change of the command line, ``path=value``, or a path and its value."""

LONGEST_CHANGE = 200
"""Letters of a change that are told again when it is refused."""


class ExperimentTables(NamedTuple):
    """An experiment file, checked but not completed: what it says of all arms, and of each."""

    file: str
    tables: ExperimentFile
    common: Draft
    arms: dict[str, Draft]

    def sources(self, market: Any, arms: Mapping[str, Any]) -> dict[Place, str]:
        """Sources of single values that the records have, by the keys that lead to them."""
        drafts = [(self.common, {**next(iter(arms.values())).records, MARKET: market})]
        drafts += [(self.arms[name], arm.records) for name, arm in arms.items()]
        beside = {
            (*given.table.split("."), name): given.source
            for draft, records in drafts
            for place, row in draft.whole.over(library()).tables.items()
            for name, given in row.items()
            if given.source and place in records and given.value == getattr(records[place], name)
        }
        return beside | {tuple(p.split(".")): text for p, text in leaves(self.tables.sources)}

    def refuse_forgotten(self, arms: Mapping[str, Any]) -> None:
        """Refuse a policy that starts from nothing and that nobody follows: a name misspelt."""
        for kind in KINDS:
            rows, mix = self.common.rows(kind), f"{kind[-1].removesuffix('s')}_mix"
            names = [*library().rows(kind), *(n for n in rows if (*kind, n) in self.common.shared)]
            used = {name for arm in arms.values() for name in getattr(arm, mix, ())}
            used |= {word(row, "based_on") for row in rows.values()}
            said = f"no built-in policy, no based_on, and in no {mix}"
            if kind == INSTRUMENTS:  # one that is new needs no name of old
                used |= {name for name in rows if not get_close_matches(name, names, 1, 0.85)}
                said = "no built-in instrument, and no based_on"
            for name, row in rows.items():
                if name not in used and not word(row, "based_on"):
                    known(name, names, at(self.file, ".".join((*kind, name))) + said)


def read_experiment(
    path: Path, changes: Iterable[Change] = (), model: type[ExperimentFile] = ExperimentFile
) -> ExperimentTables:
    """Read an experiment file."""
    file, written = str(path), read_toml(path)
    for change in changes:
        _apply(change, written, _included(written, file), file)
    shared = _included(written, file)
    names = _names(INSTRUMENTS, written, shared)
    tables: ExperimentFile = read(model, written, "", file, instruments=names)
    for keys, source in leaves(tables.sources):
        read(Text, source, f"sources.{keys}", file)
        if inside(written, keys.split(".")) is None:
            text = f"the file has no {keys} to be a source of"
            raise ConfigError(at(file, f"sources.{keys}") + text)
    base = market_named(tables.market.based_on or DEFAULT_MARKET, "market.based_on", file)
    common = draft_of(tables, file).upon(replace(shared, base=base))
    arms = {}
    for name, arm in tables.arms.items():
        key = f"arms.{name}"
        market = arm.market.row(f"{key}.market", file)
        for mix in arm.model_fields_set - {"without", "market"}:
            market[mix] = Given(getattr(arm, mix), key, file)
        said = {(): {"name": Given(name, key, file)}, MARKET: market}
        arms[name] = Draft(said, (*arm.without, *arm.market.without)).upon(common)
    return ExperimentTables(file, tables, common, arms)


def _included(written: Mapping[str, Any], file: str) -> Draft:
    """Read the files of rows that an experiment includes; each row stands in one of them."""
    found = Draft()
    for name in read(FileList, written.get("include", []), "include", file):
        path = named_file(name, "include", file)
        rows = draft_of(read(RowsFile, read_toml(path), "", str(path)), str(path), shared=True)
        for place in rows.shared.keys() & found.shared.keys() - {()}:
            said = f"{found.shared[place]}, which is included too, has one of this name"
            raise ConfigError(at(str(path), ".".join(place)) + said)
        found = rows.over(found)
    return found


def _names(kind: Place, written: Mapping[str, Any], shared: Draft) -> list[str]:
    """Names of all arms, policies or instruments that are built in, shared or written."""
    own = inside(written, kind)
    return [*library().rows(kind), *shared.rows(kind), *(own if isinstance(own, Mapping) else ())]


def _apply(change: Change, written: dict[str, Any], shared: Draft, file: str) -> None:
    """Put a change into the tables of a file; it can name no new arm, policy or instrument."""
    pair = change if isinstance(change, tuple) else (change, None)
    if len(pair) != 2 or not isinstance(pair[0], str):
        raise ConfigError(f"{shown(change)}: is no change; give path=value, or a path and a value")
    path, value = pair
    said = f"{path}={value}" if pair is change else path
    with said_at(f"--set {said if len(said) < LONGEST_CHANGE else shown(said)}: "):
        keys, value = (path.split("."), plain(value)) if pair is change else read_change(path)
        for kind in (("arms",), *KINDS):
            *above, name = keys[: len(kind) + 1]
            if tuple(above) == kind:
                where = f"{file} has no {'.'.join((*kind, name))}"
                known(name, _names(kind, written, shared), where)
        put(written, keys, value)
