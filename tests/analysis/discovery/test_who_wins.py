"""The map of who wins: axes, which parameters stand on them, the grid and its shares."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.discovery.boxes import LosingBox, Restriction
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.surface import fit_surface
from trustsim.analysis.discovery.who_wins import (
    FEW,
    Axis,
    asked_axes,
    dimension_named,
    leading,
    who_wins,
)
from trustsim.config.dimensions import Dimension, Dimensions
from trustsim.errors import ConfigError
from trustsim.schema.translation import read

SPACE = read(
    Dimensions,
    {
        "market.late_gain": {"low": 1.0, "high": 3.0},
        "market.lot_cost": {"low": 0.5, "high": 50.0, "scale": "log"},
        "market.rivals": {"low": 2, "high": 6},
        "market.scruple": {"values": [0.2, 0.4, 0.8]},
        "policies.buyers.high_trust.inspection": {"choices": ["none", "all"]},
    },
    "design.parameters",
)
LATE_GAIN, LOT_COST, RIVALS, SCRUPLE, INSPECTION = SPACE


def discovery(boxes: tuple[LosingBox, ...] = (), count: int = 200, **change: Any) -> Discovery:
    """Give what was found of a difference that goes with two parameters, the first more."""
    random = np.random.default_rng(3)
    table = pd.DataFrame({d.path: d.of(random.random(count)) for d in SPACE})
    late, rivals = table["market.late_gain"], table["market.rivals"]
    table["difference"] = 0.2 * (late - 2.0) - 0.04 * (rivals - 4.0)
    whole = Discovery(
        "one", "two", "total_cost", 0.0, SPACE, table, 0, 0, 2 * count, boxes,
        pd.DataFrame(), (), "no box", 0.8, 0.9,
    )  # fmt: skip
    return replace(whole, **change)


def box_on(*dimensions: Dimension) -> LosingBox:
    limits = tuple(
        Restriction(each, -math.inf, 1.0, (), 0.0, 1.0, (1.0, 1.0)) for each in dimensions
    )
    return LosingBox(limits, 10, 9, 0.5, 0.9, 0.05, True)


def test_places_along_an_axis_and_back() -> None:
    plain, log = Axis(LATE_GAIN, 1.0, 3.0, False), Axis(LOT_COST, 0.5, 50.0, True)
    assert plain.share(np.array([1.0, 1.5, 3.0])) == pytest.approx([0.0, 0.25, 1.0])
    assert plain.values(np.array([0.0, 0.25, 1.0])) == pytest.approx([1.0, 1.5, 3.0])
    assert log.share(np.array([0.5, 5.0, 50.0])) == pytest.approx([0.0, 0.5, 1.0])
    assert log.values(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.5, 5.0, 50.0])


@pytest.mark.parametrize(
    ("axis", "columns"),
    [
        (Axis(RIVALS, 1.5, 6.5, False), True),
        (Axis(RIVALS, 0.5, FEW + 1.5, False), True),  # a unit more, half at either end
        (Axis(RIVALS, 0.0, FEW + 2.0, False), False),
        (Axis(RIVALS, 1.0, 6.0, True), False),
        (Axis(LATE_GAIN, 1.0, 3.0, False), False),
    ],
)
def test_few_whole_numbers_have_a_column_each(axis: Axis, columns: bool) -> None:
    assert axis.columns is columns
    assert FEW == 20


def test_the_axes_are_the_ranges_of_the_parameters() -> None:
    drawn = who_wins(discovery(), "late_gain", "market.rivals")
    assert drawn.x == Axis(LATE_GAIN, 1.0, 3.0, False)
    assert drawn.y == Axis(RIVALS, 1.5, 6.5, False)  # half a unit beyond few whole numbers
    other = who_wins(discovery(), "lot_cost", "scruple")
    assert other.x == Axis(LOT_COST, 0.5, 50.0, True)
    assert other.y == Axis(SCRUPLE, 0.2, 0.8, False)  # listed values: as far as they go
    assert (drawn.threshold, drawn.confidence) == (0.0, 0.9)


def test_whole_numbers_are_drawn_by_column_up_to_twenty_apart() -> None:
    for high, end in ((22, 22.5), (23, 23.0)):
        wide = replace(RIVALS, high=float(high))
        found = discovery(dimensions=(LATE_GAIN, wide))
        assert who_wins(found, "rivals", "late_gain").x.high == end
    log = replace(RIVALS, scale="log")
    axis = who_wins(discovery(dimensions=(LATE_GAIN, log)), "rivals", "late_gain").x
    assert (axis.low, axis.high, axis.log) == (2.0, 6.0, True)


def test_the_grid_is_the_surface_at_even_steps_of_both_axes() -> None:
    result = discovery(threshold=0.05)
    drawn = who_wins(result, "late_gain", "lot_cost")
    x, y, difference, half = drawn.grid(5)
    assert x == pytest.approx([1.0, 1.5, 2.0, 2.5, 3.0])
    assert y == pytest.approx(0.5 * 100 ** np.array([0.0, 0.25, 0.5, 0.75, 1.0]))
    table = result.points
    places = np.column_stack(
        [
            (table["market.late_gain"] - 1.0) / 2.0,
            np.log(table["market.lot_cost"].astype(float) / 0.5) / math.log(100.0),
        ]
    )
    surface = fit_surface(places, table["difference"].to_numpy(float))
    for row, v in enumerate(np.linspace(0, 1, 5)):
        for column, u in enumerate(np.linspace(0, 1, 5)):
            estimate, error = surface.at(np.array([[u, v]]))
            assert difference[row, column] == pytest.approx(estimate[0], abs=1e-9)
            wide = stats.norm.ppf(0.95) * error[0]
            assert half[row, column] == pytest.approx(wide, rel=1e-6)
    assert drawn.grid()[2].shape == (61, 61)


def test_shares_of_the_map_count_what_is_clear_of_the_threshold() -> None:
    drawn = who_wins(discovery(threshold=0.05), "late_gain", "rivals")
    _, _, difference, half = drawn.grid()
    wins = np.mean(difference + half < 0.05)
    loses = np.mean(difference - half > 0.05)
    assert drawn.shares() == pytest.approx((wins, loses, 1 - wins - loses))
    assert wins > 0.3
    assert loses > 0.2
    assert wins + loses < 1


def test_parameters_of_the_boxes_lead_then_those_the_difference_goes_with() -> None:
    assert leading(discovery())[:2] == [LATE_GAIN, RIVALS]  # the second goes the other way
    assert set(leading(discovery())) == {LATE_GAIN, LOT_COST, RIVALS, SCRUPLE}
    boxes = (box_on(INSPECTION, SCRUPLE), box_on(SCRUPLE, LOT_COST))
    assert leading(discovery(boxes)) == [SCRUPLE, LOT_COST, LATE_GAIN, RIVALS]
    drawn = who_wins(discovery(boxes))
    assert (drawn.x.dimension, drawn.y.dimension) == (SCRUPLE, LOT_COST)
    drawn = who_wins(discovery(boxes), y="scruple")
    assert (drawn.x.dimension, drawn.y.dimension) == (LOT_COST, SCRUPLE)
    drawn = who_wins(discovery(), x="rivals")
    assert (drawn.x.dimension, drawn.y.dimension) == (RIVALS, LATE_GAIN)


def test_a_parameter_that_never_varied_comes_last() -> None:
    found = discovery()
    found.points["market.late_gain"] = 2.0
    assert leading(found)[-1] == LATE_GAIN
    assert leading(found)[0] == RIVALS
    fixed = replace(LATE_GAIN, low=2.0, high=2.0)
    with pytest.raises(ConfigError, match=r'"market.late_gain" has one value only'):
        who_wins(replace(found, dimensions=(fixed, *SPACE[1:])), "late_gain", "rivals")


def test_ranks_and_not_sizes_say_what_goes_together() -> None:
    found = discovery()
    late = found.points["market.late_gain"].astype(float)
    # with ranks of lot cost exactly as of the difference, but on a curve as steep as can be
    found.points["market.lot_cost"] = np.exp(20 * found.points["difference"].rank() / 200)
    assert leading(found)[0] == LOT_COST
    straight = found.points["market.lot_cost"].corr(found.points["difference"])
    assert straight < late.corr(found.points["difference"])


def test_a_parameter_is_named_by_its_path_or_by_its_last_word() -> None:
    found = discovery()
    assert dimension_named(found, "market.rivals") == RIVALS
    assert dimension_named(found, "inspection") == INSPECTION
    with pytest.raises(ConfigError, match=r'no parameter "rivlas" \(did you mean "market.rivals"'):
        dimension_named(found, "rivlas")
    twice = replace(RIVALS, path="arms.one.market.rivals")
    with pytest.raises(ConfigError, match='no parameter "rivals"'):
        dimension_named(replace(found, dimensions=(*SPACE, twice)), "rivals")


def test_axes_that_cannot_be_are_refused() -> None:
    found = discovery()
    assert asked_axes(found, None, "rivals") == [None, RIVALS]
    with pytest.raises(ConfigError, match=r'high_trust.inspection" is a choice'):
        asked_axes(found, "rivals", "inspection")
    with pytest.raises(ConfigError, match=r'two different parameters; both are "market.rivals"'):
        asked_axes(found, "rivals", "market.rivals")
    with pytest.raises(ConfigError, match="fewer than two parameters that are numbers"):
        who_wins(replace(found, dimensions=(RIVALS, INSPECTION)))
