"""Calibrations of known answer: the best values, which others fit as well, and what is refused."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.calibration_problems import (
    GOODS,
    SHARE,
    Means,
    config_of,
    evaluated,
    idle,
    ridge,
    text_of,
    told,
)

from trustsim import simulate
from trustsim.calibration.fit import Calibration, calibrate, read_calibration
from trustsim.config.experiment import load_experiment
from trustsim.errors import ConfigError
from trustsim.report.calibration_page import sentences, warnings

T, Q = "market.tender_hours", "market.qualification_hours"


def fitted(folder: Path, means: Means, text: str = "", **options: Any) -> Calibration:
    config = config_of(folder, text or text_of())
    return calibrate(config, folder / "out", evaluate=evaluated(means), **options)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    return fitted(tmp_path_factory.mktemp("sound"), told)


def test_the_best_values_are_found(sound: Calibration) -> None:
    found = sound
    assert found.best.values[T] == pytest.approx(2.0, abs=0.02)
    assert found.best.values[Q] == pytest.approx(40.0, abs=0.8)
    assert found.best.loss < 0.05
    assert len(found.trials) == 20


def test_values_that_fit_as_well_are_those_within_a_tolerance(sound: Calibration) -> None:
    tender, qualification = sound.spreads
    # Each target has a parameter to itself, so the loss is ((t - 2) / .1)^2 + ((q - 40) / 4)^2.
    assert (tender.low, tender.high) == pytest.approx((1.9, 2.1), abs=0.01)
    assert (qualification.low, qualification.high) == pytest.approx((36.0, 44.0), abs=0.4)
    assert qualification.share == pytest.approx(0.08, abs=0.01)
    assert tender.share == pytest.approx(math.log(2.1 / 1.9) / math.log(16), abs=0.01)
    assert tender.identified
    assert qualification.identified


def test_a_sound_fit_gives_no_warning(sound: Calibration) -> None:
    assert warnings(sound) == []


def test_a_parameter_that_nothing_depends_on_is_not_identified(tmp_path: Path) -> None:
    found = fitted(tmp_path, idle)
    tender, qualification = found.spreads
    assert (qualification.low, qualification.high) == (0.0, 100.0)
    assert qualification.share == 1.0
    assert tender.identified
    assert not qualification.identified
    (warning,) = warnings(found)
    assert warning.startswith("Qualification hours is not identified: values from 0 to 100 hours")
    assert warning in sentences(found)


def test_parameters_that_make_up_for_each_other_are_named(tmp_path: Path) -> None:
    found = fitted(tmp_path, ridge)
    ((one, other, correlation),) = found.trade_offs
    assert {one.path, other.path} == {T, Q}
    assert correlation < -0.9
    tender, qualification = found.spreads
    assert tender.high / tender.low > 4
    assert not tender.identified
    assert any("make up for each other" in text for text in warnings(found))
    product = found.best.values[T] * found.best.values[Q]
    assert product == pytest.approx(80.0, abs=4.0)
    assert qualification.share > 0.5


@pytest.mark.parametrize(
    ("side", "low", "high", "end"),
    [("at_most", 0.0, 24.0, "lower"), ("at_least", 76.0, 100.0, "upper")],
)
def test_a_bound_tells_a_parameter_from_one_side(
    tmp_path: Path, side: str, low: float, high: float, end: str
) -> None:
    bound = "20.0" if side == "at_most" else "80.0"
    goods = GOODS.format(side=side).replace("40.0", bound)
    found = fitted(tmp_path, told, text_of(SHARE + goods))
    spread = found.spreads[1]
    assert (spread.low, spread.high) == pytest.approx((low, high), abs=0.5)
    assert (spread.open_below, spread.open_above) == (end == "lower", end == "upper")
    assert not spread.identified
    text = " ".join(warnings(found))
    assert f"{end} end of the range searched" in text


def test_a_target_that_is_not_fitted_has_no_say(tmp_path: Path) -> None:
    held_out = GOODS.format(side="value") + "fitted = false\n"
    found = fitted(tmp_path, told, text_of(SHARE + held_out))
    assert found.spreads[1].share == 1.0
    row = found.fits().set_index("target").loc["goods"]
    assert row["simulated"] == pytest.approx(found.best.values[Q], abs=1e-9)
    assert found.best.loss == pytest.approx(((found.best.values[T] - 2.0) / 0.1) ** 2, abs=1e-12)
    assert any("fewer targets than parameters" in text for text in warnings(found))


def test_figures_out_of_reach_are_said_to_be_missed(tmp_path: Path) -> None:
    found = fitted(tmp_path, told, text_of(SHARE.replace("2.0", "20.0")))
    assert found.best.values[T] == pytest.approx(8.0, abs=0.05)
    text = " ".join(sentences(found))
    assert "Not met within tolerance: share" in text
    assert "The best tender hours lies at the upper end of the range searched" in text


def test_a_search_that_was_too_short_is_told(tmp_path: Path) -> None:
    found = fitted(tmp_path, told, trials=8)
    assert found.best.loss > 1.0
    assert any(text.startswith("The search was too short") for text in warnings(found))
    for spread in found.spreads:
        assert spread.low <= spread.best <= spread.high


def test_the_check_is_on_luck_that_the_search_has_not_seen(tmp_path: Path) -> None:
    asked: list[tuple[int, ...]] = []
    inner = evaluated(told)

    def evaluate(values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        asked.append(tuple(replicates))
        return inner(values, replicates)

    found = calibrate(config_of(tmp_path, text_of()), tmp_path / "out", evaluate=evaluate)
    assert set(asked[:-1]) == {(0, 1, 2, 3)}
    assert asked[-1] == (4, 5, 6, 7, 8, 9)
    share = found.check[found.check["target"] == "share"]
    assert list(share["replicate"]) == list(asked[-1])
    row = found.fits().set_index("target").loc["share"]
    assert row["n"] == found.fresh == 6
    assert row["mean"] == pytest.approx(share["value"].mean())
    half = 2.5706 * share["value"].std(ddof=1) / math.sqrt(6)  # Student's t, 5 degrees, 97.5 %
    assert row["high"] - row["low"] == pytest.approx(2 * half, rel=1e-4)


def test_failed_runs_are_counted_and_left_out(tmp_path: Path) -> None:
    inner = evaluated(told)

    def evaluate(values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        runs = inner(values, replicates)
        if values[Q] > 70:
            return runs[runs["arm"] == "high_trust"]
        return runs[runs["replicate"] != 1]

    config = config_of(tmp_path, text_of(trials=16))
    found = calibrate(config, tmp_path / "out", evaluate=evaluate)
    for trial in found.trials:
        beyond = trial.values[Q] > 70
        assert trial.failed == (4 if beyond else 2)
        assert math.isinf(trial.loss) == beyond
    kept = [luck for r, luck in enumerate((0.01, -0.01, 0.02, -0.02)) if r != 1]
    offset = found.best.simulated["share"] - found.best.values[T]
    assert offset == pytest.approx(np.mean(kept), abs=1e-12)
    assert any("runs of the search failed" in text for text in warnings(found))


def test_a_calibration_that_measures_nothing_says_so(tmp_path: Path) -> None:
    def evaluate(values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        return pd.DataFrame()

    config = config_of(tmp_path, text_of(trials=9))
    with pytest.raises(ConfigError, match=r"in none of the 9 trials .*72 runs failed"):
        calibrate(config, tmp_path / "out", evaluate=evaluate)


def test_whole_numbers_and_choices_are_searched_too(tmp_path: Path) -> None:
    text = text_of().replace(
        "market.qualification_hours = { low = 0.0, high = 100.0 }",
        "market.contacts = { low = 2, high = 6 }\npolicies.buyers.adversarial.award = "
        '{ choices = ["lowest_bid", "total_cost"] }',
    )

    def evaluate(values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        lowest = values["policies.buyers.adversarial.award"] == "lowest_bid"
        goods = 10.0 * values["market.contacts"] + (0.0 if lowest else 9.0)
        assert isinstance(values["market.contacts"], int)
        return evaluated(lambda t, q: told(t, goods))({**values, Q: 0.0}, replicates)

    found = calibrate(config_of(tmp_path, text), tmp_path / "out", evaluate=evaluate)
    assert found.best.values["market.contacts"] == 4
    assert found.best.values["policies.buyers.adversarial.award"] == "lowest_bid"
    by_path = {spread.path: spread for spread in found.spreads}
    assert by_path["policies.buyers.adversarial.award"].as_well == ("lowest_bid",)
    assert by_path["market.contacts"].identified
    assert read_calibration(tmp_path / "out").spreads == found.spreads


def test_the_first_error_is_told(tmp_path: Path) -> None:
    inner = evaluated(told)

    def evaluate(values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        runs = inner(values, replicates)
        return runs.assign(error=np.where(runs["replicate"] == 2, "it is too late", None))

    found = calibrate(config_of(tmp_path, text_of()), tmp_path / "out", evaluate=evaluate)
    assert found.trials[0].failed == 2
    assert list(found.check["replicate"].unique()) == [4, 5, 6, 7, 8, 9]
    assert warnings(found) == [
        "40 runs of the search failed and are left out of its means; the first, it is too late."
    ]
    assert read_calibration(tmp_path / "out").trials == found.trials


class TestTheModel:
    TEXT = text_of(
        """
[targets.share]
measure = "transaction_time_share"
arm = "adversarial"
value = 0.4
tolerance = 0.05
source = "an example"
[targets.goods]
measure = "goods_per_hour"
arm = "adversarial"
over = "high_trust"
at_most = 0.5
tolerance = 0.05
source = "an example"
""",
        trials=9,
    )

    def test_a_trial_is_the_mean_over_its_replicates(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, self.TEXT)
        found = calibrate(config, tmp_path / "out", jobs=2)
        trial = found.trials[5]
        arms = {name: config.experiment.at(name, trial.values) for name in config.experiment.arms}
        assert arms["adversarial"].market.tender_hours == trial.values[T]
        runs = {
            name: pd.DataFrame([simulate(arm, r).measures for r in range(4)])
            for name, arm in arms.items()
        }
        share = runs["adversarial"]["transaction_time_share"].mean()
        ratio = (
            runs["adversarial"]["goods_per_hour"] / runs["high_trust"]["goods_per_hour"]
        ).mean()
        assert trial.simulated == pytest.approx({"share": share, "goods": ratio}, rel=1e-12)
        misfits = ((share - 0.4) / 0.05, max(0.0, (ratio - 0.5) / 0.05))
        assert trial.loss == pytest.approx(sum(m**2 for m in misfits), rel=1e-9)

    def test_the_number_of_cores_changes_nothing(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, self.TEXT)
        one = calibrate(config, tmp_path / "one", jobs=1)
        two = calibrate(config, tmp_path / "two", jobs=2)
        assert one.digest == two.digest
        pd.testing.assert_frame_equal(one.check, two.check)

    def test_a_run_that_takes_too_long_has_failed(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, self.TEXT.replace("seed = 3", "seed = 3\nrun_timeout = 1e-9"))
        with pytest.raises(ConfigError, match=r"72 runs failed; the first, arm '.*run_timeout"):
            calibrate(config, tmp_path / "out", jobs=2)

    def test_the_experiment_with_the_best_values_can_be_run(self, tmp_path: Path) -> None:
        found = calibrate(config_of(tmp_path, self.TEXT), tmp_path / "out", jobs=2)
        best = load_experiment(tmp_path / "out" / "calibrated.toml")
        assert best.arms == found.experiment().arms
        for arm in best.arms.values():
            assert arm.market.tender_hours == found.best.values[T]
            assert arm.market.qualification_hours == found.best.values[Q]
        assert best.market.tender_hours == found.best.values[T]
        assert best.sources["market", "tender_hours"] == "fitted: calibration problem"
