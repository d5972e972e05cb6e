"""What is tried next, and the model of the responses that tells where to look."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.calibration_problems import config_of, text_of

from trustsim.calibration.identifiability import AS_WELL, profile_values, spreads
from trustsim.calibration.response import Response, from_unit, to_unit
from trustsim.calibration.search import Search
from trustsim.calibration.targets import Target, Trial, loss_of
from trustsim.config.dimensions import Dimension
from trustsim.schema import MARKET

ROWS = {row.name: row for row in MARKET}
LINEAR = Dimension("market.qualification_hours", ROWS["qualification_hours"], 0.0, 100.0)
LOG = Dimension("market.tender_hours", ROWS["tender_hours"], 0.5, 8.0, "log")
WHOLE = Dimension("market.contacts", ROWS["contacts"], 2.0, 9.0)
T, Q = LOG.path, LINEAR.path


def targets(*values: float) -> tuple[Target, ...]:
    return tuple(
        Target(f"target_{i}", "total_cost", "a", value, 0.5) for i, value in enumerate(values)
    )


def quadratic_trials(asked: tuple[Target, ...], count: int = 12) -> list[Trial]:
    """Trials of a model in which all means are quadratics in the unit coordinates."""
    found = []
    for u, v in np.random.default_rng(5).random((count, 2)):
        values = {T: from_unit(LOG, u), Q: from_unit(LINEAR, v)}
        means = (1 + 4 * u + u * v + v**2, 3 - 2 * v + 0.5 * u**2)
        simulated = {t.name: m for t, m in zip(asked, means, strict=True)}
        found.append(Trial(values, simulated, loss_of(asked, simulated)))
    return found


@given(unit=st.floats(0.0, 1.0))
def test_unit_coordinates_lead_there_and_back(unit: float) -> None:
    for dimension in (LINEAR, LOG):
        value = from_unit(dimension, unit)
        assert dimension.low <= value <= dimension.high
        assert to_unit([dimension], {dimension.path: value}) == pytest.approx(unit, abs=1e-12)
    whole = from_unit(WHOLE, unit)
    assert isinstance(whole, int)
    assert 2 <= whole <= 9


def test_the_middle_of_a_logarithmic_range_is_its_geometric_mean() -> None:
    assert from_unit(LOG, 0.5) == pytest.approx(2.0)


def test_quadratic_responses_are_known_after_a_few_trials() -> None:
    u, v = 0.3, 0.7
    asked = targets(1 + 4 * u + u * v + v**2, 3 - 2 * v + 0.5 * u**2)
    response = Response.of([LOG, LINEAR], asked, quadratic_trials(asked))
    assert response is not None
    assert response.quadratic
    assert response.misfits(np.array([u, v])) == pytest.approx([0.0, 0.0], abs=1e-9)
    least = response.least()
    assert to_unit([LOG, LINEAR], least) == pytest.approx([u, v], abs=1e-5)


def test_a_path_leaves_the_other_parameters_where_they_fit_best() -> None:
    asked = targets(1 + 4 * 0.3 + 0.3 * 0.7 + 0.49, 3 - 1.4 + 0.045)
    response = Response.of([LOG, LINEAR], asked, quadratic_trials(asked))
    assert response is not None
    path = response.path(0)
    assert path[:, 0] == pytest.approx(np.linspace(0, 1, len(path)))
    grid = np.linspace(0, 1, 201)
    for point in path[::8]:
        least = min((response.misfits(np.array([point[0], v])) ** 2).sum() for v in grid)
        assert (response.misfits(point) ** 2).sum() <= least + 1e-6


def test_too_few_trials_give_no_model() -> None:
    asked = targets(1.0, 2.0)
    assert Response.of([LOG, LINEAR], asked, quadratic_trials(asked, 3)) is None
    linear = Response.of([LOG, LINEAR], asked, quadratic_trials(asked, 5))
    assert linear is not None
    assert not linear.quadratic


def test_independent_parameters_are_not_correlated() -> None:
    asked = targets(1.0, 2.0)
    units = np.random.default_rng(2).random((12, 2))
    trials = []
    for u, v in units:
        simulated = {"target_0": 5 * u, "target_1": 5 * v}
        values = {T: from_unit(LOG, u), Q: from_unit(LINEAR, v)}
        trials.append(Trial(values, simulated, loss_of(asked, simulated)))
    response = Response.of([LOG, LINEAR], asked, trials)
    assert response is not None
    assert response.correlations() == pytest.approx(np.eye(2), abs=1e-6)


def test_ends_of_good_values_are_exact_for_a_parabola() -> None:
    def trial(value: float) -> Trial:
        return Trial({Q: value}, {}, ((value - 40.0) / 4.0) ** 2)

    profile = [(Q, trial(value)) for value in (0.0, 30.0, 39.0, 47.0, 100.0)]
    (spread,) = spreads([LINEAR], [trial(40.0), trial(41.0)], profile)
    assert AS_WELL == 1.0
    assert (spread.low, spread.high) == pytest.approx((36.0, 44.0), abs=1e-9)
    assert spread.best == 40.0


def test_a_profile_reaches_both_ends_of_the_range() -> None:
    asked = targets(2.0, 2.0)
    trials = quadratic_trials(asked)
    response = Response.of([LOG, LINEAR], asked, trials)
    for model in (response, None):
        rows = profile_values([LOG, LINEAR], model, trials[0])
        for dimension in (LOG, LINEAR):
            own = [values[dimension.path] for path, values in rows if path == dimension.path]
            assert min(own) == pytest.approx(dimension.low)
            assert max(own) == pytest.approx(dimension.high)
            assert len(own) >= 9


class TestSearch:
    def test_it_begins_at_the_start_and_spreads_over_the_space(self) -> None:
        start = {T: 4.0, Q: 7.0}
        search = Search([LOG, LINEAR], targets(1.0, 2.0), 1, start)
        trials: list[Trial] = []
        for _ in range(9):
            trials.append(Trial(search.propose(trials), {"target_0": 1.0, "target_1": 2.0}, 1.0))
        assert trials[0].values == start
        units = np.array([to_unit([LOG, LINEAR], t.values) for t in trials[1:]])
        for column in units.T:  # eight points of a Sobol' sequence: one in each eighth
            assert sorted((column * 8).astype(int)) == list(range(8))

    def test_a_proposal_depends_on_trials_number_and_seed_alone(self) -> None:
        asked = targets(2.0, 2.0)
        trials = quadratic_trials(asked, 15)
        first = Search([LOG, LINEAR], asked, 1)
        for count in (9, 12, 15):
            first.propose(trials[: count - 1])
            again = Search([LOG, LINEAR], asked, 1).propose(trials[:count])
            assert first.propose(trials[:count]) == again
        other = Search([LOG, LINEAR], asked, 2)
        assert other.propose(trials) != first.propose(trials)

    def test_proposals_stay_within_the_ranges(self, tmp_path: Path) -> None:
        contacts = "market.contacts = { low = 3, high = 5 }\n[targets.share]"
        config = config_of(tmp_path, text_of().replace("[targets.share]", contacts))
        search = Search(config.dimensions, config.targets, 4)
        trials: list[Trial] = []
        for number in range(30):
            values = search.propose(trials)
            assert values["market.contacts"] in (3, 4, 5)
            assert all(d.low <= values[d.path] <= d.high for d in config.dimensions if not d.values)
            simulated = {"share": values[T] * (1 + 0.1 * number), "goods": values[Q]}
            trials.append(Trial(values, simulated, loss_of(config.targets, simulated)))
