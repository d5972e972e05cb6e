"""Dellarocas 2005: sellers who are delisted by chance after a negative rating, simulated.

Nobody here knows the closed form. A seller compares two careers with the same luck: effort from now
on, and one cheat before it. The marketplace delists as rarely as still makes effort the better one.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log
from typing import Any

import numpy as np

from trustsim.engine.compiling import compiled
from trustsim.engine.luck import draw, number_of
from trustsim.engine.worker_pool import WorkerPool
from trustsim.experiment.run import cores_to_use
from trustsim.validation.published.file import Figure, Published
from trustsim.validation.published.row import Effort, Reproduced

RATING = number_of("rating")
LUCK = np.dtype([("seed", "u8"), ("round", "i8"), ("replicate", "i8")])
BATCHES = 10
HALVINGS = 24
LEFT = 1e-6
"""Share of a career's worth beyond the rounds that are played."""


@compiled
def careers(luck: Any, sellers: int, game: Any, chance: float, cheats: int, earned: Any) -> None:
    """Play sellers' careers; write what each earned, discounted, into ``earned``, shape (sellers,).

    Parameters
    ----------
    luck : record
        Seed, round and replicate.
    game : array, shape (6,)
        Value and cost of effort, chance of a negative rating after effort and after cheating,
        discount, rounds.
    chance : float
        Probability of being delisted after a negative rating.
    cheats : int
        Rounds of cheating at the start; buyers expect effort and pay its value all the same.
    """
    value, cost, after_effort, after_cheating, discount, rounds = game
    for seller in range(sellers):
        weight, total = 1.0, 0.0
        for now in range(int(rounds)):
            luck.round = now
            rated, delisted, _, _ = draw(luck, RATING, seller)
            total += weight * (value if now < cheats else value - cost)
            if rated < (after_cheating if now < cheats else after_effort) and delisted < chance:
                break
            weight *= discount
        earned[seller] = total


def worth(game: tuple[float, ...], sellers: int, replicate: int) -> tuple[float, float]:
    """Give what a listed seller earns, and the chance of delisting that is just high enough.

    Parameters
    ----------
    game : tuple of float
        Value w2 and cost c of effort, alpha, beta, discount.
    sellers : int
        Careers to play.
    replicate : int
        Number of the batch; batches have luck of their own.

    Returns
    -------
    value, chance : float
        Both zero if cheating pays even if every negative rating ends the career: no trade.
    """
    luck = np.zeros(1, LUCK)[0]
    luck["seed"], luck["replicate"] = 2005, replicate
    full = np.array([*game, ceil(log(LEFT) / log(game[-1]))])
    honest, tempted = np.empty(sellers), np.empty(sellers)

    def effort_pays(chance: float) -> bool:
        careers(luck, sellers, full, chance, 0, honest)
        careers(luck, sellers, full, chance, 1, tempted)
        return bool(honest.mean() >= tempted.mean())

    if not effort_pays(1.0):
        return 0.0, 0.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if effort_pays(middle) else (middle, high)
    effort_pays(high)
    return float(honest.mean()), high


def rows(source: Published, effort: Effort) -> Iterator[Reproduced]:
    """Play every game of the file in batches of sellers; the interval is over batches."""
    sellers = effort.of(8_000, 40_000)
    games = dict.fromkeys(_game(figure) for figure in source.figure)
    with WorkerPool(cores_to_use(effort.jobs)) as pool:
        batches = {
            game: [pool.submit(worth, game, sellers, batch) for batch in range(BATCHES)]
            for game in games
        }
        found = {game: np.array([b.result() for b in parts]) for game, parts in batches.items()}
    for figure in source.figure:
        yield Reproduced.mean(figure.id, found[_game(figure)][:, int(figure.at["delisting"])])


def _game(figure: Figure) -> tuple[float, ...]:
    return tuple(float(figure.at[key]) for key in ("w2", "c", "alpha", "beta", "delta"))
