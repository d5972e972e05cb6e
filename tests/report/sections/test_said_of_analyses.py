"""What the sections of the analyses say is worked out here from the runs, number by number."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report.sections.test_discovery import HOUR_COST, INSPECTION, LATE_GAIN, RIVALS, folder
from report.sections.test_discovery import planted as losing
from report.sections.test_sensitivity import folder as designed
from report.words.test_said_values import near, spaced
from support.designed_runs import design_of
from support.designed_runs import runs_of as designed_runs
from support.drawn import student

from trustsim.analysis.discovery.boxes import HeldOut, LosingBox, Restriction
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.sensitivity.drivers import Sensitivity
from trustsim.analysis.sensitivity.drivers import sensitivity as sensitivity_of
from trustsim.report.sections import discovery, sensitivity

INF = math.inf


class TestLoses:
    @pytest.fixture(scope="class")
    @classmethod
    def found(cls) -> Discovery:
        (each,) = discovery.analyses(folder(losing))
        return each

    def inside(self, found: Discovery, box: LosingBox) -> np.ndarray:
        within = np.ones(len(found.points), bool)
        for r in box.restrictions:
            values = found.points[r.dimension.path].to_numpy(float)
            within &= (values >= r.low) & (values <= r.high)
        return within

    def test_shares_of_the_box_are_counted_on_the_points(self, found: Discovery) -> None:
        runs = folder(losing).runs
        wide = runs.pivot_table(index=["point", "replicate"], columns="arm", values="total_cost")
        gap = (wide["high_trust"] - wide["adversarial"]).groupby("point").mean()
        loses = gap.to_numpy() > 0
        (box,) = found.boxes
        within = self.inside(found, box)
        coverage, density = loses[within].sum() / loses.sum(), loses[within].mean()
        share, text, close = map(spaced, discovery.sentences([found]))
        assert near(share, 100 * loses.mean(), 400)
        told = re.search(r"density (?:over )?(\d+) % of (\d+) markets", text)
        assert told is not None
        assert int(told[2]) == within.sum()
        bound = 99 if "density over" in text else round(100 * density)
        assert int(told[1]) == bound
        cover = re.match(r"(?:(over) )?(\d+) % of these", text)
        assert cover is not None
        assert int(cover[2]) == (99 if cover[1] else round(100 * coverage))
        table = discovery.boxes_table(found)
        for cells, unit, r in zip(table.rows, table.units, box.restrictions, strict=True):
            assert unit == r.dimension.unit
            assert cells[1].startswith("1: ")
            assert cells[1].endswith(f", {within.sum()}")
            assert spaced(cells[4]) in (f"{100 * r.stability:.0f} %", "over 99 %")
            assert near(cells[3], *r.spread)
            assert cells[5] in ("< 0.0001", f"{r.chance:.4f}")
        replicates = [student(each, 0.95) for _, each in
                      (wide["high_trust"] - wide["adversarial"]).groupby("point")]  # fmt: skip
        near_zero = sum(low <= 0 <= high for low, high in replicates)
        assert close.startswith(f"{near_zero} market")

    def test_the_map_in_words(self, found: Discovery) -> None:
        picture = discovery.pictures(found, x="hour_cost", y="late_gain")[0]
        said = spaced(picture.caption)
        assert "over 400 points (2400 runs)" in said
        assert "95 % interval of the mean holds" in said
        alt = spaced(picture.alt)
        assert "over hour cost (across) and late gain (up): high trust has clearly less" in alt
        from trustsim.analysis.discovery.who_wins import who_wins

        surface = who_wins(found, "hour_cost", "late_gain")
        _, _, difference, half = surface.grid()
        shares = [100 * (difference < -half).mean(), 100 * (difference > half).mean()]
        assert near(alt.partition("(up)")[2], *shares, 100 - sum(shares))
        explained = re.search(r"foretell (\d+) % of the variance", said)
        assert explained is not None
        # Points that were left out one at a time, foretold by a surface of the others: not the same
        # as what is left between the points and the surface, which is less.
        gap = found.points["difference"]
        places = [surface.x.share(found.points["market.hour_cost"].to_numpy(float)),
                  surface.y.share(found.points["market.late_gain"].to_numpy(float))]  # fmt: skip
        fitted = surface.surface.at(np.column_stack(places))[0]
        inner = 1 - ((gap - fitted) ** 2).mean() / gap.var(ddof=0)
        assert int(explained[1]) <= 100 * inner
        assert int(explained[1]) == pytest.approx(100 * inner, abs=15)
        assert [each.name for each in discovery.pictures(found, 1)] == [
            "who_wins_2", "losing_boxes_2",
        ]  # fmt: skip

    def asks(self, dimension: Any, low: float, high: float, stability: float) -> Restriction:
        kept = ("all",) if dimension.kind == "choice" else ()
        spread = (math.nan, math.nan) if kept else (low if high == INF else high,) * 2
        return Restriction(dimension, low, high, kept, 0.01234, stability, spread)

    def test_several_boxes(self, found: Discovery) -> None:
        boxes = (
            LosingBox((self.asks(RIVALS, 4, INF, 0.79), self.asks(LATE_GAIN, -INF, 1.4, 0.8)),
                      40, 20, 0.5, 0.5, 0.1, False),
            LosingBox((self.asks(HOUR_COST, 0.05, INF, 0.4),), 1, 1, 0.25, 1.0, 0.01, True),
            LosingBox((self.asks(INSPECTION, -INF, INF, 0.9),), 9, 8, 0.125, 8 / 9, 0.01, True),
        )  # fmt: skip
        held = tuple(HeldOut(0.4 + i / 10, 0.6 - i / 10, 0.1, 0.01, 20) for i in range(3))
        result = replace(found, boxes=boxes, held_out=held, asked=0.75, threshold=-0.02)
        share, one, two, three, all_, _ = map(spaced, discovery.sentences([result]))
        assert "costs more than adversarial by over −0.02 money per accepted lot in" in share
        assert one == (
            "50 % of these lie where rivals ≥ 4 and late gain < 1.40 times the buyer's cost of "
            "capital (density 50 % of 40 markets, held out: density 60 %, coverage 40 %). That is "
            "less than the 75 % asked for; no box of that density holds, and this is the one that "
            "tells losing markets from others best. Less sure, as not all halves of the markets "
            "ask for it: rivals (79 %)."
        )
        assert two.startswith("A further 25 % lie where hour cost > 0.050 money per hour (density")
        assert "(density 100 % of 1 market)." in two
        assert "(density 89 % of 9 markets)." in three
        assert (
            all_
            == "Together the 3 boxes hold 88 % of them (held out: density 40 %, coverage 60 %)."
        )
        rows = discovery.boxes_table(result).rows
        assert [spaced(cell) for cell in rows[0]] == [
            "rivals", "1: 50 %, 50 %, 40", "≥ 4", "4 to 4", "79 %", "0.0123",
        ]  # fmt: skip
        assert [row[1][:2] for row in rows] == ["1:", "1:", "2:", "3:"]
        assert rows[-1][3] == "–"
        alt = discovery.pictures(result)[1].alt
        assert alt.startswith("Box 1: rivals ≥ 4 and late gain < 1.40")
        assert "; Box 2: hour cost > 0.050 money per hour; Box 3: inspection" in alt

    def test_what_is_too_close_to_call(self, found: Discovery) -> None:
        points = found.points.assign(undecided=np.arange(400) == 3)
        said = spaced(discovery.sentences([replace(found, points=points)])[-1])
        assert said == (
            "1 market (under 1 %) is too close to call: its own 95 % interval over replicates "
            "holds zero."
        )
        points = found.points.assign(undecided=np.arange(400) < 100)
        made_ = replace(found, points=points, threshold=0.1, confidence=0.8, unmeasured=1)
        close, left = map(spaced, discovery.sentences([made_])[-2:])
        assert close == (
            "100 markets (25 %) are too close to call: their own 80 % interval over replicates "
            "holds the threshold."
        )
        assert left == "Left out, without a measured pair of runs: 1 market of 401."

    def test_no_box_says_how_dense_the_best_were(self, found: Discovery) -> None:
        none = replace(found, boxes=(), verdict="no box")
        for density, words_ in ((0.31, "it is 31 %: no surer than chance."), (math.nan, "where.")):
            held = (HeldOut(0.1, density, 0.1, 0.5, 20),)
            said = spaced(discovery.sentences([replace(none, held_out=held)])[1])
            assert said.endswith(words_)


class TestMatters:
    @pytest.fixture(scope="class", params=["sobol", "morris"])
    @classmethod
    def found(cls, request: pytest.FixtureRequest) -> tuple[Sensitivity, pd.DataFrame]:
        points = {"sobol": 64, "morris": 24}[request.param]
        results_ = designed(request.param, points)
        (each,) = sensitivity.analyses(results_, 0.8, arm="high_trust")
        return each, results_.runs

    def gaps(self, found: Sensitivity, runs: pd.DataFrame) -> np.ndarray:
        """Differences of the points that count: of a Saltelli design the independent ones."""
        wide = runs.pivot_table(index=["point", "replicate"], columns="arm", values="total_cost")
        table = (wide["high_trust"] - wide["adversarial"]).unstack().to_numpy()
        place = np.arange(len(table)) % 6
        return table[(place == 0) | (place == 5)] if found.method == "sobol" else table

    def test_the_output(self, found: tuple[Sensitivity, pd.DataFrame]) -> None:
        each, _ = found
        mean = self.gaps(*found).mean(axis=1)
        said = spaced(sensitivity.sentences([each])[0])
        numbers_ = [mean.mean(), *np.quantile(mean, [0.05, 0.95]), 100 * (mean < 0).mean()]
        if each.method == "sobol":
            numbers_.append(128)
        assert near(said, *numbers_), (said, numbers_)
        assert "(money per accepted lot), and between" in said

    @pytest.mark.parametrize("method", ["sobol", "morris"])
    def test_the_noise(self, method: str) -> None:
        design = design_of(method, 64, 2)
        random = np.random.default_rng(2)
        size = {"sobol": 4, "morris": 3}[method] * 64
        own, luck = random.normal(size=(size, 3)), np.array([0.1, -0.3, 0.4])
        runs = designed_runs(design, ("a", lambda u: u[:, :1] + 0.2 * own + luck))
        (each,) = [sensitivity_of(runs, design, "a", resamples=20)]
        table = runs.pivot(index="point", columns="replicate", values="total_cost").to_numpy()
        if method == "sobol":
            table = table[np.isin(np.arange(size) % 4, (0, 3))]
        n, r = table.shape
        # Two crossed factors with one value a cell
        rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
        ms_rest = (rest**2).sum() / ((n - 1) * (r - 1))
        points = (r * table.mean(axis=1).var(ddof=1) - ms_rest) / r
        shared = (n * table.mean(axis=0).var(ddof=1) - ms_rest) / n
        share = ms_rest / r / (points + ms_rest / r)
        apart = (shared + ms_rest) / r / (points + (shared + ms_rest) / r)
        needed = math.ceil(ms_rest * 0.95 / (0.05 * points))
        (said,) = [s for s in sensitivity.sentences([each]) if s.startswith("Luck of")]
        advised = (needed, 5) if share > 0.1 else ()
        assert near(said, 100 * share, 3, 100 * apart, *advised)

    def test_every_index_in_the_table_and_in_the_figure(
        self, found: tuple[Sensitivity, pd.DataFrame]
    ) -> None:
        each, _ = found
        lead, *names = {
            "sobol": ("ST", "S1", "ST"), "morris": ("mu_star", "mu_star", "mu", "sigma"),
        }[each.method]  # fmt: skip
        scale = 100 if each.method == "sobol" else 1
        rows = each.indices.sort_values(lead, ascending=False).to_dict("records")
        table = sensitivity.indices_table(each)
        for cells, row in zip(table.rows, rows, strict=True):
            for cell, name in zip(cells[2 : 2 + len(names)], names, strict=True):
                known = [scale * row[f"{name}{end}"] for end in ("", "_low", "_high")]
                assert near(cell, *known), (cell, known)
            assert near(cells[-2], scale * row[f"{lead}_less_noise"])
        count = 64 * 6 if each.method == "sobol" else 24 * 5
        assert spaced(table.note) == f"With 80 % intervals, from {count} points x 3 replicates."
        picture, way = sensitivity._pictures(each, 0, 1)
        assert (picture.name, way.name) == ("sensitivity", "sensitivity_convergence")
        assert picture.title.startswith("Difference in total cost")
        for one in (picture, way):
            shown = spaced(one.alt).split(": " if one is picture else "in the end ")[-1]
            shown = shown.replace("hold up", "held")
            assert near(shown, *(scale * row[lead] for row in rows))
            assert "80 % interval" in spaced(one.caption)

    def test_convergence(self, found: tuple[Sensitivity, pd.DataFrame]) -> None:
        each, _ = found
        lead = "ST" if each.method == "sobol" else "mu_star"
        rows = each.indices
        scale = 1.0 if each.method == "sobol" else rows[lead].abs().max()
        widest = ((rows[f"{lead}_high"] - rows[f"{lead}_low"]) / 2).max() / scale
        way = each.convergence[each.convergence["index"] == lead]
        way = way.pivot(index="path", columns="blocks", values="value")
        moved = (way.iloc[:, -1] - way.iloc[:, -2]).abs().max() / scale
        (said,) = [s for s in sensitivity.sentences([each]) if "widest interval" in s]
        blocks = 64 if each.method == "sobol" else 24
        moved = 0.1 if 0 < moved < 5e-4 else 100 * moved
        assert near(said.partition("widest")[2], 100 * widest, blocks, moved)

    def test_verdicts_of_effects(self) -> None:
        (each,) = sensitivity.analyses(designed("morris", 24), 0.95, arm="high_trust")
        row = {"label": "strain", "mu_star": 0.2, "mu_star_low": 0.15, "mu_star_high": 0.25,
               "mu_star_less_noise": 0.19, "verdict": "matters"}  # fmt: skip
        for mu, sigma, way, shape in (
            ((0.2, 0.1, 0.3), 0.1, "upwards", "much alike everywhere (σ/μ* = 0.5)"),
            ((-0.2, -0.3, -0.1), 0.11, "downwards", "depending on where it and the other para"),
            ((0.1, -0.1, 0.3), 0.4, "in either direction", "depending on where it and the other"),
        ):
            ends = dict(zip(("mu", "mu_low", "mu_high"), mu, strict=True))
            only = replace(each, indices=pd.DataFrame([{**row, **ends, "sigma": sigma}]))
            said = spaced(sensitivity._verdicts(only)[0])
            assert said.startswith("Strain: moves it by 0.200 over its range (0.150 to 0.250), ")
            assert f", {way}, {shape}" in said
        for verdict, known in (
            (
                "cannot be told",
                "Strain: cannot be told, the interval is too wide (0.150 to 0.250).",
            ),
            ("hardly matters", "Strain: hardly matters, 0.250 at most."),
            ("idle", "Strain: idle, 0 within its interval (0.150 to 0.250)."),
        ):
            only = replace(each, indices=pd.DataFrame([{**row, "verdict": verdict}]))
            assert sensitivity._verdicts(only) == [known]

    def test_small_shares_have_one_decimal(self) -> None:
        (each,) = sensitivity.analyses(designed("sobol", 16), arm="high_trust")
        for value, half, text in (
            (0.05, 0.01, "5.0 %"), (0.0949, 0.0, "9.5 %"), (0.096, 0.0, "10 %"),
            (0.05, 0.096, "5 %"), (0.456, 0.01, "46 %"),
        ):  # fmt: skip
            assert spaced(sensitivity._amount(each, value, half)) == text

    def test_luck_and_convergence_in_words(self, found: tuple[Sensitivity, pd.DataFrame]) -> None:
        each, _ = found
        noise = replace(each.noise, points=1.0, interaction=0.6, share=0.2)
        # .6 (1 - .05) / .05
        said = spaced(sensitivity._noise(replace(each, noise=noise)))
        assert said.endswith(" 12 replicates would bring it to 5 %.")
        quiet = spaced(sensitivity._noise(replace(each, noise=replace(noise, share=0.1))))
        assert "would bring" not in quiet
        lost = sensitivity._noise(replace(each, noise=replace(noise, points=0.0)))
        assert lost.endswith("Nothing is left beside it: run many more replicates.")
        added = "would be added to every total index" in quiet
        assert added == (each.method == "sobol")
        rows = each.indices.assign(verdict="matters")
        for settled, verdict, opening in (
            (True, "matters", "The indices have converged: "),
            (False, "matters", "The values have not settled to ±5 %, but every parameter can be"),
            (False, "cannot be told", "The indices have not converged: "),
        ):
            one = replace(each, settled=settled, indices=rows.assign(verdict=verdict))
            said = spaced(sensitivity._converged(one))
            assert said.startswith(opening)
            assert said.endswith("A design of more points is needed.") == (verdict != "matters")
        wide = replace(each, widest=0.0951, moved=0.0949)
        said = spaced(sensitivity._converged(wide))
        assert "±10 % of" in said
        assert "by more than 9.5 %" in said
