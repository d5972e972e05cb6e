"""A calibration in sentences, figures and a page."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.calibration_problems import GOODS, SHARE, config_of, evaluated, idle, text_of, told

from trustsim.calibration.fit import Calibration, calibrate
from trustsim.errors import ConfigError
from trustsim.report.calibration_page import section, sentences, write_calibration
from trustsim.report.figures.analyses.calibration import (
    calibration_check,
    calibration_profiles,
    calibration_search,
)
from trustsim.report.figures.style import COLUMN, WIDE

T, Q = "market.tender_hours", "market.qualification_hours"
HELD_OUT = GOODS.format(side="at_most").replace("goods]", "more_goods]") + "fitted = false\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calibration")


@pytest.fixture(scope="module")
def found(folder: Path) -> Calibration:
    text = text_of(SHARE + GOODS.format(side="value") + HELD_OUT, trials=20)
    text = text.replace('name = "problem"', 'name = "a <b>bold</b> name"\nquestion = "Why & how?"')
    return calibrate(config_of(folder, text), folder / "out", evaluate=evaluated(told))


@pytest.fixture(scope="module")
def page(found: Calibration, folder: Path) -> Path:
    return write_calibration(folder / "out")


def test_sentences_say_what_was_found(found: Calibration) -> None:
    best, fresh, predicted, *warned = sentences(found)
    assert best.startswith("Best of 20 trials: tender hours ")
    assert re.search(r"tender hours (1\.9|2\.0)\d* hours per bidder \(1\.9\d* to 2\.1\d* fit", best)
    assert re.search(r"share (1\.9|2\.0)\d* \(\S+ to \S+; target 2 ± 0\.1, met\)", fresh)
    assert "more goods" not in fresh
    assert predicted.startswith("Not fitted, predicted: more goods")
    assert "target at most 40 ± 4, met" in predicted
    assert warned == []


def test_the_check_shows_every_target_in_tolerances(found: Calibration) -> None:
    (axis,) = calibration_check(found.fits(), found.check)
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == ["share", "goods", "more goods"]
    marks = [line for line in axis.lines if line.get_marker() == "|" and len(line.get_xdata()) > 2]
    for mark, row in zip(marks, found.fits().to_dict("records"), strict=True):
        runs = found.check.loc[found.check["target"] == row["target"], "value"]
        off = (runs - row["value"]) / row["tolerance"]
        assert mark.get_xdata() == pytest.approx(off.to_numpy())
    low, high = axis.get_xlim()
    assert low == -high
    assert high > 1


def test_profiles_show_the_loss_and_the_values_that_fit_as_well(found: Calibration) -> None:
    axes = calibration_profiles(found.losses(), found.spreads, log=[T])
    assert [axis.get_xscale() for axis in axes] == ["log", "linear"]
    assert [axis.get_title(loc="left") for axis in axes] == ["tender hours", "qualification hours"]
    least = found.best.loss
    for axis, path in zip(axes, (T, Q), strict=True):
        line = next(each for each in axis.lines if each.get_linewidth() == 1.4)
        own = sorted((t.values[path], t.loss - least) for p, t in found.profile if p == path)
        assert np.column_stack(line.get_data()) == pytest.approx(np.array(own))
    spread = found.spreads[1]
    band = axes[1].patches[0].get_extents().transformed(axes[1].transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((spread.low, spread.high))


def test_the_page_draws_a_profile_on_the_scale_of_its_search(found: Calibration) -> None:
    (profiles,) = (p for p in section(found).pictures if p.name == "calibration_profiles")
    assert [axis.get_xscale() for axis in profiles.draw(WIDE)] == ["log", "linear"]


def test_profiles_that_found_better_values_are_seen_whole(found: Calibration) -> None:
    losses = found.losses()
    better = losses["parameter"] == found.spreads[0].path
    losses.loc[better, "loss"] = losses["loss"].min() - 3.0
    assert calibration_profiles(losses, found.spreads)[0].get_ylim()[0] < -3.0


def test_the_search_shows_the_least_loss_so_far(found: Calibration) -> None:
    (axis,) = calibration_search(found.losses())
    assert axis.get_yscale() == "log"
    step = np.asarray(axis.lines[1].get_ydata(), float)
    assert len(step) == 20
    assert (np.diff(step) <= 0).all()
    assert step[-1] == pytest.approx(max(found.best.loss, 1e-6))


@pytest.mark.parametrize("width", [WIDE, COLUMN])
def test_figures_can_be_drawn_into_axes_of_ones_own(found: Calibration, width: float) -> None:
    from matplotlib.figure import Figure

    for draw in (
        lambda ax: calibration_check(found.fits(), found.check, ax),
        lambda ax: calibration_profiles(found.losses(), found.spreads, ax),
        lambda ax: calibration_search(found.losses(), ax),
    ):
        figure = Figure(figsize=(width, 3))
        axes = draw(figure.add_subplot())
        assert all(axis.figure is figure for axis in axes)
        figure.draw_without_rendering()


def test_the_page_holds_all_that_it_shows(found: Calibration, folder: Path, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert page == folder / "out" / "report.html"
    assert "<b>bold" not in text
    assert "a &lt;b&gt;bold&lt;/b&gt; name" in text
    assert "Why &amp; how?" in text
    for sentence in sentences(found):
        assert sentence in text
    assert not re.search(r'(src|href|srcset)="(?!data:|#)', text)
    assert found.digest in text
    assert "Dyer" not in text.partition('id="parameters"')[0], "sources are those of the file"
    names = [picture.name for picture in section(found).pictures]
    for name in names:
        for ending in ("", "_column"):
            png = folder / "out" / "figures" / f"{name}{ending}.png"
            with Image.open(png) as image:
                width = WIDE if not ending else COLUMN
                assert image.width == width * 200
                assert image.text["Identifier"] == f"digest {found.digest}"
            assert png.with_suffix(".svg").exists()
    assert len(re.findall(r"<img ", text)) == len(names) == 3


def test_the_page_is_the_same_every_time(page: Path) -> None:
    first = page.read_bytes()
    assert write_calibration(page.parent).read_bytes() == first


def test_what_is_not_identified_is_marked_in_the_table(tmp_path: Path) -> None:
    found = calibrate(
        config_of(tmp_path, text_of(trials=20)), tmp_path / "out", evaluate=evaluated(idle)
    )
    values = section(found).tables[0]
    assert [row[0] for row in values.rows] == [T, Q]
    assert [row[-1] for row in values.rows] == ["yes", "no"]
    assert values.rows[1][2] == "0 to 100"


def test_a_folder_without_a_calibration_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        write_calibration(tmp_path / "nowhere")


def test_confidence_must_be_one(found: Calibration) -> None:
    with pytest.raises(ConfigError, match="confidence"):
        found.fits(1.5)
