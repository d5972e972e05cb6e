"""The codebook: every column of every table that is written is described, with its type."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.places import ROOT

from trustsim.config.experiment import load_experiment
from trustsim.config.models import TABLES as KEPT
from trustsim.config.scenario import Scenario
from trustsim.experiment.execution.executors import Attempt, Failure
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import run_missing
from trustsim.experiment.storage.store import opened
from trustsim.schema.events import EVENTS
from trustsim.schema.tables import NUMBER, PARAMETER, TABLES, TEXT, WHOLE
from trustsim.simulation.run import simulate

CONFIG = """
name = "told"
rounds = 3
replications = 1
keep = ["runs", "policies", "rounds", "ages", "temptations", "orders"]
baseline = "b"

[market]
buyers = 6
suppliers = 4

[arms.a]
buyer_mix = { high_trust = 0.5, adversarial = 0.5 }

[arms.b]
buyer_mix = { adversarial = 1.0 }

[design]
method = "grid"

[design.parameters]
market.hour_cost = [0.1, 0.2]
policies.buyers.adversarial.inspection = ["all", "none"]
"""


def kind_of(column: pa.DataType) -> str:
    if pa.types.is_integer(column):
        return WHOLE
    return NUMBER if pa.types.is_floating(column) else TEXT


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Schema]:
    """Give the columns of all tables of a folder, of a design and of one without."""
    folder = tmp_path_factory.mktemp("told")
    schemas = {}
    for name, text in (("plain", CONFIG.partition("[design]")[0]), ("design", CONFIG)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        config = load_experiment(folder / f"{name}.toml")
        run_missing(config, folder / name)
        plan = Plan(config)
        with opened(folder / name) as store:
            failure = Failure("ValueError", "as it is", "here")
            store.write_failures([Attempt(plan.run(0), failure=failure)], plan)
        for path in (folder / name).glob("*.parquet"):
            schemas[f"{name}.{path.stem}"] = pq.read_schema(path)
    return schemas


def test_every_column_that_is_written_is_described(written: dict[str, pa.Schema]) -> None:
    assert {name.partition(".")[2] for name in written} == {*KEPT, "failures"}
    for name, schema in written.items():
        table = TABLES[name.partition(".")[2]]
        for field in schema:
            column = table.column(field.name)
            assert column is not None, f"{name}: {field.name}"
            assert column.kind in ("", kind_of(field.type)), f"{name}: {field.name}"


def test_every_column_that_is_described_is_written(written: dict[str, pa.Schema]) -> None:
    for name in (*KEPT, "failures"):
        names = written[f"design.{name}"].names
        for column in TABLES[name].columns:
            assert any(column.fits(each) for each in names), f"{name}: {column.name}"


def test_columns_stand_in_the_order_of_the_codebook(written: dict[str, pa.Schema]) -> None:
    names = written["design.orders"].names
    assert names == [column.name for column in TABLES["orders"].columns]


def test_an_outcome_has_no_column_beside() -> None:
    outcome = simulate(Scenario("high_trust", buyers=4, suppliers=3, rounds=2), orders=True)
    for name in ("policies", "rounds", "ages", "temptations", "orders"):
        for column in getattr(outcome, name):
            assert TABLES[name].column(column) is not None, column
    assert outcome.orders is not None
    assert list(outcome.orders["event"].cat.categories) == list(EVENTS)


def test_what_fits_a_name_and_what_does_not() -> None:
    runs = TABLES["runs"]
    for name in ("market.hour_cost", "policies.buyers.x.blame", "without"):
        found = runs.column(name)
        assert found is not None
        assert found.name == PARAMETER
    for name in ("hour_cost", "instrument_share_", "price", "Run_id"):
        assert runs.column(name) is None
    assert runs.column("instrument_share_open account") is not None


def test_every_column_is_told_in_full() -> None:
    for name, table in TABLES.items():
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), name
        for column in table.columns:
            assert column.unit, column.name
            assert column.text, column.name
            assert "|" not in column.text + column.unit


def test_the_codebook_is_up_to_date() -> None:
    from trustsim.commands.codebook import codebook

    page = Path(ROOT / "docs" / "tables.md")
    assert page.read_text(encoding="utf-8") == codebook(), (
        "run: python -m trustsim.commands.codebook > docs/tables.md"
    )
