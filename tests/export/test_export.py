"""What leaves for a paper: read back by pandas, compared with what is in the folder, refused."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from trustsim import ConfigError, Experiment, Results, Scenario, simulate
from trustsim.export.latex import escaped
from trustsim.export.tables import FORMULA, harmless

EXPERIMENT = """
name = "=a & 50%"
rounds = 8
replications = 3
baseline = "adversarial"
keep = ["runs", "rounds", "ages", "orders"]
market = { buyers = 8, suppliers = 4 }
[arms."+high_trust"]
buyer_mix = "high_trust"
[arms.adversarial]
buyer_mix = "adversarial"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("export")
    (folder / "e.toml").write_text(EXPERIMENT)
    return Experiment.load(folder / "e.toml").run(folder / "out", report=False)


def same(written: pd.DataFrame, kept: pd.DataFrame) -> None:
    """Numbers are the same to the digits that a file has; texts but for what was defused."""
    assert len(written) == len(kept)
    for ours, theirs in zip(kept.columns, written.columns, strict=True):
        if pd.api.types.is_numeric_dtype(kept[ours]):
            np.testing.assert_allclose(
                written[theirs].astype(float), kept[ours].astype(float), rtol=1e-12
            )
        else:
            texts = written[theirs].astype(object).fillna("").str.removeprefix("'")
            assert texts.tolist() == kept[ours].astype(object).fillna("").tolist()


def test_tables_are_read_back_as_they_are(results: Results, tmp_path: Path) -> None:
    kept = {name: getattr(results, name) for name in ("runs", "rounds", "ages", "orders")}
    results.export(tmp_path, "csv")
    results.export(tmp_path, "xlsx")
    results.export(tmp_path, "dta")
    book = pd.read_excel(tmp_path / "tables.xlsx", sheet_name=None)
    assert set(book) == {*kept, "codebook"}
    for name, frame in kept.items():
        same(pd.read_csv(tmp_path / f"{name}.csv"), frame)
        same(book[name], frame)
        same(pd.read_stata(tmp_path / f"{name}.dta"), frame)
    said = pd.read_csv(tmp_path / "codebook.csv")
    assert set(said["table"]) == set(kept)
    assert len(said) == sum(len(frame.columns) for frame in kept.values())
    assert said["meaning"].notna().all()
    labels = pd.io.stata.StataReader(tmp_path / "runs.dta").variable_labels()
    assert labels["total_cost"].startswith("all costs of the buyers per accepted lot")
    assert labels["cost_price"].endswith("(money per accepted lot)")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "dta", "tex", "bib", "pdf", "eps", "tiff"])
def test_the_same_results_give_the_same_bytes(results: Results, kind: str, tmp_path: Path) -> None:
    names = {"pdf": ["hours_split"], "eps": ["hours_split"], "tiff": ["hours_split"]}.get(kind, [])
    once, twice = (results.export(tmp_path / n, kind, names) for n in ("a", "b"))
    assert [path.name for path in once] == [path.name for path in twice]
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in twice]


def test_no_text_is_taken_for_a_formula(results: Results, tmp_path: Path) -> None:
    results.export(tmp_path, "csv", ["runs"])
    arms = pd.read_csv(tmp_path / "runs.csv")["arm"]
    assert set(arms) == {"'+high_trust", "adversarial"}
    odd = pd.DataFrame({"=cmd()": [f"{letter}x" for letter in FORMULA], "n": [-1.0] * 6})
    plain = harmless(odd)
    assert list(plain.columns) == ["'=cmd()", "n"]
    assert plain["'=cmd()"].str.startswith("'").all()
    assert plain["n"].tolist() == [-1.0] * 6


def test_who_buys_from_whom_adds_up(results: Results, tmp_path: Path) -> None:
    results.export(tmp_path, "csv", ["pairs", "buyers"])
    pairs, buyers = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("pairs", "buyers"))
    agreed = results.orders[results.orders["event"] == "order"]
    assert pairs["orders"].sum() == len(agreed) == buyers["orders"].sum()
    lots = agreed.loc[agreed["accepted"] == 1, "lots"].sum()
    assert pairs["lots"].sum() == pytest.approx(lots)
    runs = results.runs.set_index("run_id")
    of_run = buyers.groupby("run_id")[["cost", "lots"]].sum()
    cost = of_run["cost"] / of_run["lots"]
    expected = runs.loc[cost.index, "total_cost"].to_numpy()
    np.testing.assert_allclose(cost.to_numpy(), expected, rtol=1e-5)
    one = buyers.iloc[0]
    mine = agreed[(agreed["run_id"] == one["run_id"]) & (agreed["buyer"] == one["buyer"])]
    assert one["suppliers"] == mine["supplier"].nunique()


def test_a_comparison_is_a_table_of_booktabs(results: Results, tmp_path: Path) -> None:
    (path,) = results.export(
        tmp_path, "tex", ["total_cost"], columns=("difference", "interval", "n"), arms=()
    )
    text = path.read_text()
    row = results.compare("+high_trust", "adversarial", ["total_cost"]).iloc[0]
    assert re.search(rf"Total cost of ownership & .*{abs(row['difference']):.2f} & ", text)
    assert r"\begin{tabular}{lrrr}" in text
    assert text.count(r"\\") == 2
    assert results.manifest["digest"] in text
    assert "=a & 50%" in text.splitlines()[0]  # a comment, where nothing is escaped
    (path,) = results.export(tmp_path, "tex")
    assert "Orders online" not in path.read_text()  # what happens in neither arm


def test_letters_that_latex_reads_are_escaped() -> None:
    assert escaped("50% & a_b #1 {x} ~^\\ $") == (
        r"50\% \& a\_b \#1 \{x\} \textasciitilde{}\textasciicircum{}\textbackslash{} \$"
    )
    assert escaped("−1.2 <") == r"$-$1.2 \textless{}"


def test_figures_have_the_width_and_the_type_that_were_asked_for(
    results: Results, tmp_path: Path
) -> None:
    for kind in ("pdf", "eps", "tiff"):
        results.export(tmp_path, kind, ["cost_over_time"], width=3.5, points=10.0)
    with Image.open(tmp_path / "cost_over_time.tiff") as image:
        assert image.size[0] == pytest.approx(3.5 * 600, abs=1)
        assert image.info["dpi"][0] == pytest.approx(600)
    eps = (tmp_path / "cost_over_time.eps").read_bytes()
    low, high = re.search(rb"%%HiResBoundingBox: (\S+) \S+ (\S+)", eps).groups()  # type: ignore[union-attr]
    assert float(high) - float(low) == pytest.approx(3.5 * 72, abs=1)
    assert b"/FontType 42" in eps
    pdf = (tmp_path / "cost_over_time.pdf").read_bytes()
    assert b"/Type0" in pdf
    assert b"/Type3" not in pdf
    small, large = (
        results.export(tmp_path / str(size), "pdf", ["cost_over_time"], points=size)[0]
        for size in (8.0, 12.0)
    )
    assert small.read_bytes() != large.read_bytes()


def test_nothing_shines_through_in_eps(
    results: Results, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results.export(tmp_path, "eps")
    assert "transparency" not in caplog.text


@pytest.mark.parametrize(
    ("kind", "names", "options", "said"),
    [
        ("doc", [], {}, "--format 'doc': no such format; allowed: csv, xlsx"),
        ("csv", ["run"], {}, "--tables 'run': no such table (did you mean \"runs\"?)"),
        ("csv", ["policies"], {}, "policies.parquet: is not kept"),
        ("pdf", ["costs"], {}, "--figures 'costs': no such figure"),
        ("pdf", [], {"width": 0.0}, "--width = 0.0: allowed: a width from 1 to 12 inches"),
        ("tiff", [], {"points": 99.0}, "--points = 99.0: allowed: a size from 4 to 24 points"),
        ("tex", ["cost"], {}, "unknown measure 'cost'"),
        ("tex", [], {"columns": ("p",)}, "--columns 'p': no such column"),
        ("tex", [], {"arms": ("adversarial",)}, "must be two arms, A,B"),
    ],
)
def test_what_cannot_be_written_is_said(
    results: Results, kind: str, names: Any, options: Any, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        results.export(tmp_path / "new", kind, names, **options)
    assert said in str(refused.value)


def test_networks_and_spreads_are_drawn_from_orders(results: Results) -> None:
    (left, right), pairs = results.plot("network")[:2], results.pairs
    first = pairs[(pairs["arm"] == "+high_trust") & (pairs["replicate"] == 0)]
    assert len(left.collections[0].get_segments()) == len(first)
    assert left.get_title(loc="left") == "+high trust"
    assert right.get_title(loc="left") == "adversarial"
    (axis,) = results.plot("spread_over_buyers")
    buyers = results.buyers[results.buyers["arm"] == "adversarial"]
    median = buyers.groupby("replicate")["total_cost"].median().mean()
    assert axis.lines[1].get_xdata()[50] == pytest.approx(median)
    outcome = simulate(Scenario("high_trust", buyers=6, suppliers=3, rounds=6), orders=True)
    png = outcome.plot("network")._repr_png_()
    assert struct.unpack(">II", png[16:24])[0] > 500
    with pytest.raises(ConfigError, match="needs orders; simulate"):
        simulate(outcome.scenario).plot("network")


def test_a_citation_names_version_and_digest(results: Results, tmp_path: Path) -> None:
    (path,) = results.export(tmp_path, "bib")
    text = path.read_text()
    assert results.manifest["digest"] in text
    assert r"=a \& 50\%" in text
    assert text.count("@") == 2
    assert io.StringIO(text).readline() == "@software{trustsim,\n"
