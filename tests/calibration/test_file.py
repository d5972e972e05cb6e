"""The calibration file: what it means, and what is said about one that cannot be used."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.calibration_problems import GOODS, SHARE, config_of, text_of

from trustsim.calibration.file import load_calibration
from trustsim.calibration.targets import SIDES, Target, loss_of
from trustsim.errors import ConfigError

RUNS = pd.DataFrame(
    {
        "arm": ["b", "a", "b", "a", "a"],
        "replicate": [1, 1, 0, 0, 2],
        "goods_per_hour": [4.0, 1.0, 0.0, 3.0, 5.0],
    }
)


def target(**changes: object) -> Target:
    given = {"name": "x", "measure": "goods_per_hour", "arm": "a", "value": 2.0, "tolerance": 0.5}
    return Target(**{**given, **changes})  # type: ignore[arg-type]


def test_a_measure_is_given_by_replicate() -> None:
    assert target().of(RUNS).to_dict() == {0: 3.0, 1: 1.0, 2: 5.0}


def test_arms_are_related_run_by_run_of_the_same_luck() -> None:
    ratio = target(relation="over", other="b").of(RUNS)
    assert ratio[1] == 0.25
    assert ratio.isna().to_dict() == {0: True, 1: False, 2: True}  # over 0; no partner
    difference = target(relation="minus", other="b").of(RUNS)
    assert difference.dropna().to_dict() == {0: 3.0, 1: -3.0}


@pytest.mark.parametrize(
    ("side", "simulated", "misfit"),
    [
        ("value", 3.0, 2.0),
        ("value", 1.5, -1.0),
        ("at_most", 3.0, 2.0),
        ("at_most", 1.0, 0.0),
        ("at_least", 3.0, 0.0),
        ("at_least", 1.0, -2.0),
    ],
)
def test_misfits_are_in_tolerances(side: str, simulated: float, misfit: float) -> None:
    assert target(side=side).misfit(simulated) == misfit


@given(
    side=st.sampled_from(SIDES),
    value=st.floats(-1e6, 1e6),
    tolerance=st.floats(1e-3, 1e3),
    simulated=st.floats(-1e6, 1e6),
)
def test_a_bound_is_half_of_a_target(
    side: str, value: float, tolerance: float, simulated: float
) -> None:
    both = [target(side=s, value=value, tolerance=tolerance) for s in ("at_most", "at_least")]
    exact = target(value=value, tolerance=tolerance).misfit(simulated)
    assert sum(t.misfit(simulated) for t in both) == exact
    assert loss_of([target(side=side, value=value)], {"x": value}) == 0.0


def test_what_could_not_be_measured_is_infinitely_far_off() -> None:
    missing = float("nan")
    fitted, held_out = target(), target(name="y", fitted=False)
    assert loss_of([fitted, held_out], {"x": missing, "y": 2.0}) == float("inf")
    assert loss_of([fitted, held_out], {"x": 2.5, "y": missing}) == 1.0


def test_the_file_is_read_as_written(tmp_path: Path) -> None:
    related = GOODS.format(side="at_most") + 'over = "high_trust"\nfitted = false\n'
    text = text_of(SHARE + related).replace(
        "fresh = 6",
        "fresh = 6\nstart = { market.tender_hours = 4, market.qualification_hours = 7.0 }",
    )
    config = config_of(tmp_path, text)
    assert config.paths == ["market.tender_hours", "market.qualification_hours"]
    assert [(d.low, d.high, d.scale) for d in config.dimensions] == [
        (0.5, 8.0, "log"),
        (0.0, 100.0, "linear"),
    ]
    assert (config.trials, config.seed, config.fresh) == (20, 3, 6)
    assert config.start == {"market.tender_hours": 4.0, "market.qualification_hours": 7.0}
    share, goods = config.targets
    assert (share.side, share.value, share.unit, share.fitted) == (
        "value",
        2.0,
        "share of purchasing hours",
        True,
    )
    assert (goods.side, goods.relation, goods.other) == ("at_most", "over", "high_trust")
    assert (goods.unit, goods.fitted) == ("ratio", False)


def test_set_changes_a_target_as_well_as_the_market(tmp_path: Path) -> None:
    path = tmp_path / "problem.toml"
    path.write_text(text_of())
    changes = ["targets.share.value=2.5", "calibrate.trials=7", "market.suppliers=5"]
    config = load_calibration(path, changes)
    assert config.targets[0].value == 2.5
    assert config.trials == 7
    assert config.experiment.arms["adversarial"].market.suppliers == 5


RANGE = "market.qualification_hours = { low = 0.0, high = 100.0 }"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("value = 2.0", ""), "targets.share: needs exactly one of value, at_most, at_least"),
        (("value = 2.0", "value = 2.0\nat_most = 3.0"), "has value and at_most"),
        (("value = 2.0", 'value = "two"'), "targets.share.value = 'two': allowed: a finite number"),
        (("value = 2.0", "value = nan"), "targets.share.value = nan: allowed: a finite number"),
        (("tolerance = 0.1", ""), "targets.share.tolerance: allowed: a finite number"),
        (("tolerance = 0.1", "tolerance = 0"), "targets.share.tolerance = 0: must be above 0"),
        (('"transaction_time_share"', '"transaction_time"'), 'mean "transaction_time_share"?'),
        (('arm = "adversarial"', 'arm = "adversary"'), 'did you mean "adversarial"?'),
        (('arm = "adversarial"', 'arm = "adversarial"\nover = "adversarial"'), "is the same arm"),
        (('source = "a formula"', ""), "targets.share.source: every figure has a source"),
        (("tolerance = 0.1", "tolerence = 0.1"), 'did you mean "tolerance"?'),
        (("tolerance = 0.1", "tolerance = 0.1\nfitted = 1"), "allowed: true or false"),
        ((SHARE + GOODS.format(side="value"), ""), "needs a table per target"),
        ((SHARE + GOODS.format(side="value"), "targets = 3"), "calibrate.parameters.targets"),
        ((RANGE, "market.qualification_hour = { low = 0, high = 1 }"), "qualification_hours"),
        ((RANGE, "market.qualification_hours = { low = 9.0, high = 1.0 }"), "the range is empty"),
        ((RANGE, RANGE.replace("low", 'distribution = "beta", a = 1, b = 2, low')),
         "distribution = 'beta': unknown key of a searched range; allowed: low, high, scale"),
        ((RANGE, RANGE.replace("low", "levels = 4, low")),
         "levels = 4: unknown key of a searched range"),
        ((RANGE, "policies.buyers.nobody.bidders = { low = 1, high = 3 }"), "nobody"),
        (("trials = 20", "trials = 0"), "calibrate.trials = 0: allowed: a whole number from 1"),
        (("trials = 20", "trails = 20"), 'did you mean "trials"?'),
        (("fresh = 6", "fresh = 1"), "calibrate.fresh = 1: allowed: a whole number from 2"),
        (("fresh = 6", "start = { market.tender_hours = 4.0 }"), "qualification_hours: is missing"),
        (("fresh = 6", "start = { market.buyers = 4 }"), "is no free parameter"),
        (
            ("fresh = 6", "start = { market.tender_hours = 9, market.qualification_hours = 1 }"),
            "market.tender_hours = 9.0: lies outside the range searched",
        ),
        (("[calibrate]", "[design]\nmethod = 'grid'\nparameters.market.value = [1.0]\n[calibrate]"),
         "a calibration searches for itself"),
        (("replications = 4", "precision = { measure = 'total_cost', half_width = 0.1 }"),
         "precision: a calibration searches for itself, and all its trials have the same luck"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = text_of().replace(*change, 1)
    assert text != text_of()
    with pytest.raises(ConfigError) as caught:
        config_of(tmp_path, text)
    assert said in str(caught.value)
    assert "problem.toml" in str(caught.value)


def test_an_experiment_is_no_calibration(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"calibrate: is missing, as in \[calibrate\.parameters\]"
    ):
        config_of(tmp_path, '[arms.a]\nbuyer_mix = "high_trust"\n')


def test_targets_that_are_all_held_out_fit_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none of them is fitted"):
        config_of(tmp_path, text_of(SHARE + "fitted = false\n"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("market.ransom_rate", "its mechanism 'ransom' is off"),
        ("policies.buyers.trust_but_verify.exploration", "'trust_but_verify' is not in use"),
        ("arms.hihg.market.hold_up", "no such arm"),
    ],
)
def test_a_parameter_that_would_change_nothing_is_refused(
    tmp_path: Path, path: str, said: str
) -> None:
    file = tmp_path / "x.toml"
    text = (
        '[market]\nwithout = ["ransom"]\n[arms.high]\nbuyer_mix = "high_trust"\n'
        f"[calibrate.parameters]\n{path} = {{ low = 0.1, high = 0.5 }}\n"
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_calibration(file)
    assert str(caught.value).startswith(f"{file}: calibrate.parameters.{path}: ")
    assert said in str(caught.value)
