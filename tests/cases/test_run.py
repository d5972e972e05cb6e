"""Cases are run like any experiment: what is there is not run again, and more is added."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.small_case import write_case

from trustsim.cases.effect import effects
from trustsim.cases.file import load_case
from trustsim.cases.run import folder_of, run_cases, tables_of
from trustsim.errors import ConfigError
from trustsim.experiment.run import Progress
from trustsim.experiment.storage.seals import read_manifest


def test_a_case_is_run_once_and_grows(tmp_path: Path) -> None:
    case, out = load_case(write_case(tmp_path)), tmp_path / "out"
    done: list[Progress] = []
    ((same, found),) = run_cases([case], out, jobs=1, progress=lambda case: done.append)
    assert same is case
    folder = folder_of(case, out)
    assert folder == out / "r2"
    assert (done[0].done, done[-1].done, done[-1].planned) == (0, 12, 12)
    assert found == effects(case, tables_of(case, folder))
    before = read_manifest(folder)["digest"]
    done.clear()
    run_cases([case], out, jobs=1, progress=lambda case: done.append)
    assert [each.done for each in done] == [12]
    assert read_manifest(folder)["digest"] == before
    more = load_case(write_case(tmp_path, "r2", ("replications = 3", "replications = 5")))
    done.clear()
    ((_, grown),) = run_cases([more], out, jobs=1, progress=lambda case: done.append)
    assert (done[0].done, done[-1].planned) == (12, 20)
    assert (found.full.pairs, grown.full.pairs) == (3, 5)


def test_the_effect_is_that_of_the_runs(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path))
    ((_, found),) = run_cases([case], tmp_path / "out", jobs=1)
    runs = pd.read_parquet(tmp_path / "out" / "r2" / "runs.parquet")
    mean = runs.groupby(["without", "market.ransom_rate"])["cost_dispute"].mean()
    assert found.full.difference == pytest.approx(mean["nothing", 0.5] - mean["nothing", 0.0])
    assert found.full.difference < 0.0
    assert found.without.difference == 0.0


def test_another_experiment_in_the_folder_is_refused(tmp_path: Path) -> None:
    run_cases([load_case(write_case(tmp_path))], tmp_path / "out", jobs=1)
    other = load_case(write_case(tmp_path, "r2", ("buyers = 10", "buyers = 11")))
    with pytest.raises(ConfigError, match="r2"):
        run_cases([other], tmp_path / "out", jobs=1)
