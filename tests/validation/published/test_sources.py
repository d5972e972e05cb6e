"""Published results done again, and that each mechanism is what they come from."""

from __future__ import annotations

import numpy as np
import pytest

from trustsim.theory.reputation import delisting_equilibrium
from trustsim.validation.published import p1, p3, p4, p8, p9
from trustsim.validation.published.file import published
from trustsim.validation.published.row import Effort
from trustsim.validation.published.run import reproduce

EXPLAINED = {
    "P1": {"rank_correlation"},
    "P4": {"loyalty_day_500"},
    "P8": {"age_default_fear", "weak_law_letters"},
}


@pytest.mark.parametrize("name", ["P1", "P8"])
def test_what_comes_out_and_what_is_missed(name: str) -> None:
    rows = reproduce([name], Effort(jobs=1))
    assert [row.figure for row in rows] == list(published()[name].figure)
    assert {r.figure.id for r in rows if r.verdict == "explained"} == EXPLAINED[name]
    assert {r.verdict for r in rows} == {"right", "explained"}


@pytest.mark.parametrize(
    "game", [(2.0, 1.0, 0.05, 0.8, 0.9), (3.0, 1.0, 0.2, 0.6, 0.95)], ids=["noisy", "noisier"]
)
def test_sellers_find_the_closed_form_without_knowing_it(game: tuple[float, ...]) -> None:
    found = np.mean([p3.worth(game, 4_000, batch) for batch in range(4)], axis=0)
    value, chance = delisting_equilibrium(*game)
    assert found[0] == pytest.approx(value, rel=0.02)
    assert found[1] == pytest.approx(chance, rel=0.1)


def test_ratings_that_say_nothing_make_no_trade() -> None:
    assert p3.worth((2.0, 1.0, 0.5, 0.5, 0.9), 500, 0) == (0.0, 0.0)
    assert p3.worth((1.2, 1.0, 0.1, 0.9, 0.9), 4_000, 0) == (0.0, 0.0)
    value, _ = p3.worth((1.5, 1.0, 0.1, 0.9, 0.9), 4_000, 0)
    assert value > 0.0


def test_a_career_by_hand() -> None:
    luck, earned = np.zeros(1, p3.LUCK)[0], np.empty(1)
    game = np.array([3.0, 1.0, 0.0, 1.0, 0.5, 3.0])
    p3.careers(luck, 1, game, 1.0, 0, earned)
    assert earned[0] == 2.0 * (1.0 + 0.5 + 0.25)
    p3.careers(luck, 1, game, 1.0, 1, earned)
    assert earned[0] == 3.0  # found out and delisted at once
    p3.careers(luck, 1, game, 0.0, 1, earned)
    assert earned[0] == 3.0 + 2.0 * (0.5 + 0.25)


def test_loyalty_by_hand() -> None:
    always, turns = np.zeros((60, 1), int), np.arange(60)[:, None] % 2
    assert p4.loyalty(always) == pytest.approx(np.ones(60))
    # in the long run the last visited has 1/(1 + 1/1.25) of all that is remembered
    last = 1.0 / (1.0 + 1.0 / 1.25)
    assert p4.loyalty(turns)[-1] == pytest.approx(last**2 + (1.0 - last) ** 2, abs=1e-4)
    assert p4.loyalty(np.hstack([always, turns]))[-1] == pytest.approx(
        (1.0 + last**2 + (1.0 - last) ** 2) / 2.0, abs=1e-4
    )


def test_buyers_above_95_per_cent_by_hand() -> None:
    visited = np.zeros((100, 2), int)
    visited[:5, 0], visited[:4, 1] = 1, 1
    assert p4.loyal_share(visited) == 0.5


def test_without_memory_nobody_is_loyal() -> None:
    some = p4.visits(p4.ten_sellers(0.51, days=60), 0)
    none = p4.visits(p4.ten_sellers(0.0, days=60), 0)
    assert p4.loyalty(none)[-1] < 0.25 < p4.loyalty(some)[-1]
    assert p4.loyal_share(none[-25:]) == 0.0


def test_the_bend_of_a_gain_by_hand() -> None:
    index = np.array([1.0, 2.0, 3.0, 4.0])
    assert p1.gain_bend(index, 5.0 - 2.0 * index) == pytest.approx(-0.6)
    # 10 % more of x gains 1.21 x^2 - x^2 of the square
    assert p1.gain_bend(index, index**2) == pytest.approx(0.21 * (16.0 - 1.0))


def test_terms_do_not_ask_for_the_law_where_nothing_is_on_account() -> None:
    (figure,) = (f for f in published()["P8"].figure if f.id == "strong_law_prepayment")
    assert p8.difference(figure.at, 0) < 0.0
    only = {**figure.at, "market": {"instruments": ["prepayment"]}}
    assert p8.difference(only, 0) == 0.0


def test_every_counted_experience_fades_as_its_figure_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(p9, "farthest_trust", lambda forgetting: 10.0 + forgetting)
    monkeypatch.setattr(p9, "farthest_rating", lambda forgetting: 20.0 + forgetting)
    found = {each.figure: each.value for each in p9.rows(published()["P9"], Effort())}
    assert found == {
        "trust_1": 11.0,
        "trust_0.9": 10.9,
        "rating_1": 21.0,
        "rating_0.9": 20.9,
        "rating_0": 20.0,
    }


def test_below_the_threshold_orders_are_split_above_it_they_are_not() -> None:
    below, above = (p4.order_parameters(each) for each in (0.5, 2.0))
    assert below.mean() == pytest.approx(0.5, abs=0.02)
    assert above.mean() == pytest.approx(0.9584, abs=0.02)
    assert below.shape == above.shape == (200,)
