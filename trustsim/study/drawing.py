"""Figures at a prompt: those of the report, drawn from runs that are in memory or in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsim.analysis.spread import buyers_of, pairs_of
from trustsim.errors import ConfigError, known
from trustsim.report.results import Reported
from trustsim.simulation.outcome import (
    Outcome,
    Sums,
    age_columns,
    round_columns,
    run_columns,
)

if TYPE_CHECKING:
    from trustsim.report.figures.style import Panels

FIRST = "cost_over_time"
"""The figure that is drawn if none is named."""


def frames_of(arms: Mapping[str, Sequence[tuple[int, Sums]]]) -> dict[str, pd.DataFrame]:
    """Give the tables of runs, rounds and ages of runs by arm, each with its replicate's number."""
    makers = {"runs": run_columns, "rounds": round_columns, "ages": age_columns}
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in makers}
    for arm, tried in arms.items():
        numbers, sums = np.array([n for n, _ in tried]), [each for _, each in tried]
        for name, make in makers.items():
            columns = make(sums)
            rows = len(next(iter(columns.values())))
            own = {"arm": arm, "point": 0, "replicate": np.repeat(numbers, rows // len(sums))}
            parts[name].append(pd.DataFrame({**own, **columns}, copy=False))
    return {name: pd.concat(each, ignore_index=True) for name, each in parts.items()}


def in_memory(
    frames: Mapping[str, pd.DataFrame], title: str, baseline: str, market: Any
) -> Reported:
    """Give tables that are in memory as the report reads a folder."""
    arms = dict.fromkeys(frames["runs"]["arm"])
    experiment = {"name": title, "arms": {arm: {} for arm in arms}, "baseline": baseline}
    experiment["market"] = {"rounds_per_year": int(market.rounds_per_year)}
    reported = Reported(Path(), frames["runs"], experiment=experiment)
    vars(reported).update(rounds=frames["rounds"], ages=frames["ages"])
    return reported


def draw(reported: Reported, figure: str = FIRST, width: float | None = None) -> Panels:
    """Draw a figure of the report.

    Parameters
    ----------
    reported : Reported
    figure : str
        Its name, that of its files in a results folder.
    width : float, optional
        Inches; that of a page if not given.

    Returns
    -------
    Panels
        The axes, which a notebook shows as the figure.

    Raises
    ------
    ConfigError
        If no figure of these results has this name, or the tables lack what it needs.
    """
    from trustsim.report.figures.style import WIDE, Panels, our_style
    from trustsim.report.sections.gallery import pictures

    there = {picture.name: picture for picture in pictures(reported)}
    picture = there[known(figure, there, f"figure '{figure}': no such figure of these results")]
    with our_style():
        return Panels(picture.draw(WIDE if width is None else width))


def draw_orders(
    orders: pd.DataFrame, figure: str, arms: Sequence[str], width: float | None = None
) -> Panels:
    """Draw who buys from whom, or how what buyers pay is spread, from the table of orders."""
    from trustsim.report import figures
    from trustsim.report.figures.style import WIDE, Panels, our_style

    with our_style():
        wide = WIDE if width is None else width
        if figure == "network":
            return Panels(figures.network(pairs_of(orders), arms=arms, width=wide))
        return Panels(figures.spread_over_buyers(buyers_of(orders), arms=arms, width=wide))


def draw_outcome(outcome: Outcome, figure: str = FIRST, width: float | None = None) -> Panels:
    """Draw a figure of one run; see `draw`."""
    name = outcome.scenario.name
    if figure in ("network", "spread_over_buyers"):
        if outcome.orders is None:
            raise ConfigError(f"figure '{figure}': needs orders; simulate(..., orders=True)")
        return draw_orders(outcome.orders.assign(arm=name), figure, [name], width)
    frames = frames_of({name: [(outcome.replicate, outcome.sums)]})
    return draw(in_memory(frames, name, name, outcome.scenario.market), figure, width)
