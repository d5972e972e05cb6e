"""Scenarios compared at once give what an experiment with the same arms gives."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from trustsim import ConfigError, Experiment, Scenario, compare_scenarios, rule, simulate
from trustsim.experiment.run import Progress
from trustsim.report.figures import cost_over_time
from trustsim.report.figures.style import Panels

TINY: dict[str, Any] = {"buyers": 10, "suppliers": 4, "rounds": 24}
CALM, ROUGH = Scenario("high_trust", **TINY), Scenario("adversarial", **TINY)


def test_it_is_the_experiment_with_these_arms(tmp_path: Any) -> None:
    found = compare_scenarios({"calm": CALM, "rough": ROUGH}, 6, jobs=2)
    path = tmp_path / "same.toml"
    path.write_text(
        "rounds = 24\nreplications = 6\nmarket = { buyers = 10, suppliers = 4 }\n"
        'baseline = "rough"\n[arms.calm]\nbuyer_mix = "high_trust"\n'
        '[arms.rough]\nbuyer_mix = "adversarial"\n'
    )
    results = Experiment.load(path).run(tmp_path / "out", report=False)
    assert found.baseline == "rough"
    assert found.challengers == ["calm"]
    measures = ["total_cost", "cost_price", "trust_in_suppliers"]
    ours, theirs = (each.compare("calm", "rough", measures) for each in (found, results))
    assert ours.equals(theirs)
    assert found.table(measures).drop(columns="arm").equals(theirs)
    assert found.answer() == results.answer()
    assert found.answer()[0] in repr(found)
    assert found.rounds["total_cost"].sum() == pytest.approx(results.rounds["total_cost"].sum())
    single = simulate(CALM, 4).measures["total_cost"]
    mine = found.runs[(found.runs["arm"] == "calm") & (found.runs["replicate"] == 4)]
    assert mine["total_cost"].item() == single


def test_a_list_goes_by_the_names_of_its_scenarios() -> None:
    found = compare_scenarios([CALM, ROUGH], 2, baseline="high_trust")
    assert found.challengers == ["adversarial"]
    page = found._repr_html_()
    assert "adversarial" in page
    assert f"{found.table(['total_cost'])['difference'].item():+.4f}" in page


@pytest.mark.parametrize(
    ("scenarios", "options", "said"),
    [
        ([CALM], {}, "must be two scenarios at least"),
        ("high_trust", {}, "must be two scenarios at least"),
        ({"a": CALM, "b": 3}, {}, "must be two scenarios at least"),
        ([CALM, CALM.replace(buyers=9)], {}, "have the same name"),
        ([CALM, ROUGH.replace(seed=2)], {}, "'high_trust' has seed = 1, and 'adversarial' has 2"),
        ([CALM, ROUGH.replace(rounds=9)], {}, "has rounds = 24, and 'adversarial' has 9"),
        ([CALM, ROUGH], {"baseline": "adversaria"}, 'did you mean "adversarial"'),
        ([CALM, ROUGH], {"replications": 0}, "replications = 0"),
        ([CALM, ROUGH], {"jobs": 0}, "jobs = 0"),
    ],
)
def test_what_cannot_be_compared_is_said(scenarios: Any, options: Any, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        compare_scenarios(scenarios, **{"replications": 2, **options})
    assert said in str(refused.value)


def test_a_rule_that_fails_is_named() -> None:
    @rule("inspection")
    def beyond(order, view, policy):  # type: ignore[no-untyped-def]
        return 7.0

    odd = CALM.with_policy("high_trust", inspection=beyond)
    with pytest.raises(ConfigError, match="'odd', run 0: RuleAnswerError"):
        compare_scenarios({"odd": odd, "rough": ROUGH}, 1)


def test_who_asks_is_told_how_far_it_is() -> None:
    told: list[Progress] = []
    compare_scenarios([CALM, ROUGH], 3, progress=told.append)
    assert [each.done for each in told] == [1, 2, 3, 4, 5, 6]
    assert {each.planned for each in told} == {6}


def test_figures_are_panels_that_a_notebook_shows() -> None:
    found = compare_scenarios([CALM, ROUGH], 2)
    panels = found.plot("cost_over_time", width=3.5)
    assert isinstance(panels, Panels)
    drawn = [len(line.get_xdata()) for ax in panels for line in ax.lines[:2]]
    assert drawn == [24] * 4
    png = panels._repr_png_()
    assert struct.unpack(">II", png[16:24])[0] == pytest.approx(3.5 * 110, abs=1)
    assert repr(panels) == "Panels(2: Cost of the last year, Cumulative cost)"
    assert png == found.plot("cost_over_time", width=3.5)._repr_png_()


def test_a_run_draws_itself_and_says_what_it_can_draw() -> None:
    outcome = simulate(CALM)
    assert len(outcome.plot("development")) > 1
    with pytest.raises(ConfigError, match="figure 'cost': no such figure"):
        outcome.plot("cost")


def test_a_frame_without_arms_is_told_what_is_missing() -> None:
    rounds = simulate(CALM).rounds
    with pytest.raises(ConfigError, match=r"no column arm, .*frame.assign\(arm="):
        cost_over_time(rounds)
    buffer = io.BytesIO()
    cost_over_time(rounds.assign(arm="calm", replicate=0))[0].figure.savefig(buffer)
    assert buffer.tell() > 1000
