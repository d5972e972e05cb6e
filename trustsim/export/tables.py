"""Tables of results as files for spreadsheets and statistics programs, with their codebook.

The same folder gives the same bytes. Text that a spreadsheet would take for a formula gets an
apostrophe before it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trustsim.analysis.spread import buyers_of, pairs_of
from trustsim.config.dimensions import parameter_at
from trustsim.config.models import TABLES
from trustsim.errors import ConfigError, clear_errors, known
from trustsim.experiment.storage.files import read_table, written
from trustsim.schema.tables import PARAMETER, Column
from trustsim.schema.tables import TABLES as DESCRIBED

DERIVED: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "pairs": pairs_of,
    "buyers": buyers_of,
}
"""Tables that are worked out from that of orders: who buys from whom, and what each buyer pays."""

NAMES = (*TABLES, *DERIVED)
FORMULA = tuple("=+-@\t\r")
"""Letters with which a spreadsheet begins a formula."""

MOST_ROWS = 1_048_575
"""Rows of a sheet, its head aside."""

FIXED = datetime(2000, 1, 1)
"""A time that stands in files that must have one, so that the same results give the same bytes."""

HEAD = ("table", "column", "unit", "type", "meaning")


def frame_of(folder: Path, name: str) -> pd.DataFrame:
    """Read a table of a results folder, or work it out from that of orders.

    Raises
    ------
    ConfigError
        If the folder does not hold what it needs.
    """
    stored = name if name not in DERIVED else "orders"
    if not (folder / f"{stored}.parquet").exists():
        said = f'keep = ["runs", "{stored}"] in the experiment keeps it'
        raise ConfigError(f"{folder / stored}.parquet: is not kept; {said}")
    frame: pd.DataFrame = read_table(folder, stored).to_pandas()
    return DERIVED[name](frame) if name in DERIVED else frame


def tables_in(folder: Path) -> tuple[str, ...]:
    """Give the names of the tables that a results folder holds."""
    return tuple(name for name in TABLES if (folder / f"{name}.parquet").exists())


def codebook(names: Iterable[str], frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Say of every column of some tables what it is: unit, type, meaning."""
    rows = [(n, c, *_described(n, str(c), frames[n])) for n in names for c in frames[n]]
    return pd.DataFrame(rows, columns=list(HEAD))


def _described(table: str, name: str, frame: pd.DataFrame) -> tuple[str, str, str]:
    found: Column | None = DESCRIBED[table].column(name)
    assert found is not None, name
    if found.name != PARAMETER:
        return found.unit, found.kind, found.text
    row = parameter_at(name)
    kind = "text" if frame[name].dtype == object else "number"
    return row.unit, kind, row.text


def write_tables(folder: Path, out: Path, kind: str, names: Collection[str] = ()) -> list[Path]:
    """Write tables of a results folder into files.

    Parameters
    ----------
    folder : Path
        The results.
    out : Path
        Where the files go; made if it is not there.
    kind : {"csv", "xlsx", "dta"}
        A file a table and one for the codebook; or one workbook; or a file a table with labels.
    names : collection of str
        Some of `NAMES`; all that the folder holds if empty.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ConfigError
        For an unknown table, one that is not kept, or more rows than a sheet has.
    """
    known(kind, WRITERS, f"--format '{kind}': no such format of tables")
    chosen = tuple(dict.fromkeys(names)) or tables_in(folder)
    for name in chosen:
        known(name, NAMES, f"--tables '{name}': no such table")
    frames = {name: frame_of(folder, name) for name in chosen}
    book = codebook(chosen, frames)
    with clear_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        return WRITERS[kind](out, frames, book)


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table in which no text is taken for a formula."""
    result = frame.rename(columns=_guarded)
    for name in result.columns[[_is_text(result[name]) for name in result]]:
        result[name] = result[name].map(_guarded, na_action="ignore")
    return result


def _is_text(column: Any) -> bool:
    return not pd.api.types.is_numeric_dtype(column)


def _guarded(text: Any) -> Any:
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA) else text


def _csv(out: Path, frames: dict[str, pd.DataFrame], book: pd.DataFrame) -> list[Path]:
    paths = []
    for name, frame in {**frames, "codebook": book}.items():
        paths.append(out / f"{name}.csv")
        with written(paths[-1]) as file:
            text = harmless(frame).to_csv(index=False, lineterminator="\n")
            file.write(text.encode("utf-8"))
    return paths


def _xlsx(out: Path, frames: dict[str, pd.DataFrame], book: pd.DataFrame) -> list[Path]:
    try:
        from openpyxl import Workbook
    except ImportError:
        text = "workbooks are written by openpyxl: install trustsim[export], or take csv"
        raise ConfigError(f"--format 'xlsx': {text}") from None
    sheets = Workbook(write_only=True)
    for name, frame in {**frames, "codebook": book}.items():
        if len(frame) > MOST_ROWS:
            text = f"{len(frame):,} rows do not fit into a sheet of {MOST_ROWS:,}; take csv or dta"
            raise ConfigError(f"--tables '{name}': {text}")
        sheet = sheets.create_sheet(name)
        sheet.freeze_panes = "A2"
        plain = harmless(frame).astype(object)
        sheet.append([str(column) for column in plain.columns])
        for row in plain.where(frame.notna().to_numpy(), None).itertuples(index=False):
            sheet.append(list(row))
    buffer = io.BytesIO()
    sheets.save(buffer)
    path = out / "tables.xlsx"
    with written(path) as file:
        file.write(_timeless(buffer.getvalue()))
    return [path]


def _timeless(content: bytes) -> bytes:
    """Give a workbook without the time at which it was written."""
    buffer = io.BytesIO()
    stamp = FIXED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for each in old.infolist():
            data = old.read(each)
            if each.filename == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", stamp, data)
            entry = zipfile.ZipInfo(each.filename, FIXED.timetuple()[:6])
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _dta(out: Path, frames: dict[str, pd.DataFrame], book: pd.DataFrame) -> list[Path]:
    paths = []
    for name, frame in frames.items():
        short = _short(list(map(str, frame.columns)))
        own = book[book["table"] == name].to_dict("records")
        said = {short[row["column"]]: f"{row['meaning']} ({row['unit']})" for row in own}
        labels = {n: text if len(text) <= 80 else f"{text[:77]}..." for n, text in said.items()}
        plain = pd.DataFrame({short[str(n)]: _for_stata(frame[n]) for n in frame})
        paths.append(out / f"{name}.dta")
        buffer = io.BytesIO()
        plain.to_stata(
            buffer, write_index=False, version=118, time_stamp=FIXED, data_label=f"trustsim {name}",
            variable_labels=labels,
        )  # fmt: skip
        with written(paths[-1]) as file:
            file.write(buffer.getvalue())
    return [*paths, *_csv(out, {}, book)]


def _for_stata(column: Any) -> Any:
    """Give a column as Stata can hold it: whole numbers of 32 bits, texts without missing ones."""
    if _is_text(column):
        return column.astype(object).where(column.notna(), "").astype(str)
    if pd.api.types.is_integer_dtype(column) and column.abs().max() > np.iinfo(np.int32).max // 2:
        return column.astype(float)
    return column


def _short(names: list[str]) -> dict[str, str]:
    """Give names of at most 32 letters, digits and underscores, each once."""
    taken: dict[str, str] = {}
    for name in names:
        base = re.sub(r"\W", "_", name.rpartition(".")[2] if len(name) > 32 else name)
        base = f"_{base}" if base[:1].isdigit() else base
        tries = (base[:32], *(f"{base[:28]}_{n}" for n in range(1, 999)))
        taken[name] = next(each for each in tries if each not in taken.values())
    return taken


WRITERS = {"csv": _csv, "xlsx": _xlsx, "dta": _dta}
