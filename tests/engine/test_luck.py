"""Named luck: published known answers, no shared draws, uniform and independent numbers, and runs
in which an agent that nobody deals with changes nothing else."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.quiet_market import quiet

import trustsim.market
from trustsim.config.scenario import Scenario
from trustsim.engine import luck
from trustsim.engine.compiling import records
from trustsim.market.records import Market, Order
from trustsim.simulation.building import build
from trustsim.simulation.run import Rounds, simulate

ROOMS = Path(trustsim.market.__file__).parent
ALL_ONES = 0xFFFFFFFF

KNOWN_ANSWERS = {
    # Salmon, Moraes, Dror & Shaw 2011: counter, key, answer of Philox4x32-10
    "zeros": ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    "ones": ((ALL_ONES,) * 4, (ALL_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    "pi": (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
}


def market(seed: int = 1, replicate: int = 0, round: int = 0) -> Any:
    record = records(Market, 1)
    record["seed"], record["replicate"], record["round"] = seed, replicate, round
    return record[0]


def draws(count: int, *, event: str = "delivery", seed: int = 1, along: str = "agent") -> Any:
    """Draw four numbers for many agents, rounds, replicates or slots: shape (count, 4)."""
    number = luck.number_of(event)
    found = np.empty((count, 4))
    for i in range(count):
        at = {"agent": 7, "slot": 0, "round": 3, "replicate": 5} | {along: i}
        where = market(seed, at["replicate"], at["round"])
        found[i] = luck.draw_slot(where, number, np.int64(at["agent"]), np.int64(at["slot"]))
    return found


@pytest.mark.parametrize("name", KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(name: str) -> None:
    counter, key, answer = KNOWN_ANSWERS[name]
    words = luck.philox(*(np.uint64(word) for word in (*counter, *key)))
    assert tuple(int(word) for word in words) == answer


def test_a_draw_is_philox_of_agent_round_event_and_replicate_under_the_seed() -> None:
    seed, replicate, round, agent, slot = 0x0123456789ABCDEF, 3, 17, 123_456, 2
    event = luck.number_of("rating")
    words = luck.philox(
        *(np.uint64(w) for w in (agent, round, event + slot, replicate)),
        np.uint64(0x89ABCDEF),
        np.uint64(0x01234567),
    )
    found = luck.draw_slot(market(seed, replicate, round), event, np.int64(agent), np.int64(slot))
    assert found == tuple((int(word) + 0.5) / 2**32 for word in words)


def test_a_word_becomes_a_number_strictly_between_0_and_1() -> None:
    lowest, highest = luck.chance(np.uint64(0)), luck.chance(np.uint64(ALL_ONES))
    assert 0.0 < lowest < 1e-9
    assert 1.0 - 1e-9 < highest < 1.0


def test_numbers_of_events_are_stable_for_ever() -> None:
    # a change of these numbers changes every result that was ever published
    found = {event: int(luck.number_of(event)) for event in ("demand", "production", "rating")}
    assert found == {
        "demand": 2_822_936_832,
        "production": 4_192_648_960,
        "rating": 2_508_002_048,
    }


def test_numbers_of_events_do_not_depend_on_the_process() -> None:
    program = (
        "from trustsim.engine.luck import EVENTS, number_of\n"
        "print([int(number_of(event)) for event in EVENTS])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOMS.parents[1])},
    )
    assert done.stdout.strip() == str([int(luck.number_of(event)) for event in luck.EVENTS])


def test_events_have_room_for_their_slots_in_a_counter_word() -> None:
    numbers = sorted(int(luck.number_of(event)) for event in luck.EVENTS)
    assert all(b - a >= luck.SLOTS for a, b in itertools.pairwise(numbers))
    assert numbers[0] >= 0
    assert numbers[-1] + luck.SLOTS <= 2**32


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(KeyError, match="delivry"):
        luck.number_of("delivry")


def test_every_event_has_one_room_that_draws_it() -> None:
    named = [
        call.args[0].value
        for path in ROOMS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "number_of"
        and isinstance(call.args[0], ast.Constant)
    ]
    assert Counter(named) == Counter(luck.EVENTS)


def test_no_two_events_agents_rounds_replicates_slots_or_seeds_share_a_draw() -> None:
    # For one key Philox is a bijection of counters, and chance() one of words: four numbers drawn
    # twice would mean the same counter twice.
    found = set()
    count = 0
    ranges = ((1, 2**32 + 1, 2**62), (0, 1, 2**16, 2**32 - 1), (0, 1, 30_000))
    for seed, replicate, round in itertools.product(*ranges):
        where = market(seed, replicate, round)
        for event in luck.EVENTS:
            number = luck.number_of(event)
            for agent, slot in itertools.product((0, 1, 2**16, 10_000_000), (0, 1, 31, 255)):
                found.add(luck.draw_slot(where, number, np.int64(agent), np.int64(slot)))
                count += 1
    assert len(found) == count == 3 * 4 * 3 * len(luck.EVENTS) * 16


WATCHED_RUN = """
from collections import Counter
from trustsim.engine import luck
from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

counters = Counter()
philox = luck.philox

def watched(*words):
    counters[words] += 1
    return philox(*words)

luck.philox = watched
mix = {"adversarial": 0.4, "high_trust": 0.3, "price_only": 0.3}
risky = dict(turn_rate=0.2, imitation_rate=0.3, mutation=0.5, break_rate=0.1, delisting_rating=0.6)
simulate(Scenario(mix, buyers=10, suppliers=6, contacts=5, rounds=8, **risky))
print(len(counters), max(counters.values()))
"""


def test_no_draw_of_a_run_is_used_twice() -> None:
    # with the compiler off, so that every counter can be noted
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_RUN],
        capture_output=True,
        text=True,
        env={"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOMS.parents[1])},
    )
    assert done.returncode == 0, done.stderr
    counters, most = map(int, done.stdout.split())
    assert counters > 1_000
    assert most == 1


@pytest.mark.parametrize("along", ["agent", "round", "replicate", "slot"])
def test_numbers_are_uniform(along: str) -> None:
    numbers = draws(256 if along == "slot" else 5_000, along=along)
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3
    bins, _ = np.histogram(numbers, bins=64, range=(0.0, 1.0))
    assert stats.chisquare(bins).pvalue > 1e-3


def pairs_are_independent(first: np.ndarray, second: np.ndarray) -> None:
    """Assert no correlation, and no pattern among 8 x 8 cells."""
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.0 / np.sqrt(len(first))
    cells, _, _ = np.histogram2d(first, second, bins=8, range=((0.0, 1.0), (0.0, 1.0)))
    assert stats.chisquare(cells.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("along", ["agent", "round", "replicate"])
def test_neighbours_are_independent(along: str) -> None:
    numbers = draws(5_000, along=along)
    for place in range(4):
        pairs_are_independent(numbers[:-1, place], numbers[1:, place])


def test_the_four_numbers_of_a_draw_are_independent() -> None:
    numbers = draws(5_000)
    for first, second in itertools.combinations(range(4), 2):
        pairs_are_independent(numbers[:, first], numbers[:, second])


def test_events_and_seeds_are_independent() -> None:
    base = draws(5_000)[:, 0]
    for other in (draws(5_000, event="production"), draws(5_000, seed=2), draws(5_000, seed=2**32)):
        pairs_are_independent(base, other[:, 0])


def test_normal_and_gumbel_numbers_have_their_distributions() -> None:
    numbers = draws(5_000)
    normal = [luck.normal(first, second) for first, second, _, _ in numbers]
    gumbel = [luck.gumbel(third) for _, _, third, _ in numbers]
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    assert stats.kstest(gumbel, "gumbel_r").pvalue > 1e-3


# What buyers feel of each other is switched off: load, ratings, generalised trust of suppliers,
# burdens passed on, ruin, word of mouth, instruments that become familiar.
APART: dict[str, Any] = {
    "tier_bonus": 0.0,
    "streak_bonus": 0.0,
    "late_rate": 0.0,
    "rating_rate": 0.0,
    "ransom_rate": 0.0,
    "general_weight": 0.0,
    "pass_on": 0.0,
    "credit_line": 1000.0,
    "familiarity_weight": 0.0,
    "rounds": 15,
}
TWO_KINDS = {"adversarial": 0.5, "trust_but_verify": 0.5}


def without_calculators(buyers: int) -> Scenario:
    """A market in which nobody weighs what is known in the trade."""
    habit = {"conduct": "propensity", "propensity": 0.3}
    kinds = {"cooperative": 0.5, "opportunist": 0.5}
    apart = Scenario(TWO_KINDS, buyers=buyers, supplier_mix=kinds, **APART)
    return apart.with_policy("adversarial", **habit).with_policy("trust_but_verify", **habit)


def test_more_buyers_change_nothing_for_the_ones_before_them() -> None:
    few, many = (
        simulate(without_calculators(buyers), 2, orders=True).recorded[0] for buyers in (12, 40)
    )
    assert few is not None
    assert many is not None
    assert len(few) == 12 * 15
    kept = many[many["buyer"] < 12]
    for field in Order.names or ():
        np.testing.assert_array_equal(few[field], kept[field], err_msg=field)
    assert 0 < few["disputed"].sum()
    assert len(set(few["supplier"])) > 5


def test_that_buyers_feel_each_other_when_it_is_switched_on() -> None:
    felt = {**APART, "rating_rate": 1.0, "pass_on": 1.0}
    few, many = (
        simulate(Scenario(TWO_KINDS, buyers=buyers, **felt), 2, orders=True).recorded[0]
        for buyers in (12, 40)
    )
    assert few is not None
    assert many is not None
    assert np.any(few["price"] != many[many["buyer"] < 12]["price"])


def test_a_supplier_that_nobody_knows_changes_nothing() -> None:
    known = {**APART, "buyers": 10, "contacts": 4}
    buyer = {"exploration": 0.0, "bidders": 3}
    ten, eleven = (
        Scenario(
            "trust_but_verify",
            suppliers=suppliers,
            policies={"buyers": {"trust_but_verify": buyer}},
            **known,
        )
        for suppliers in (10, 11)
    )
    without, beside = Rounds(ten, 4), Rounds(eleven, 4)
    beside.world.ties[...] = without.world.ties
    for run in (without, beside):
        for _ in range(ten.rounds):
            run.step(keep=True)
    first, second = (run.outcome().recorded[0] for run in (without, beside))
    assert first is not None
    assert second is not None
    for field in Order.names or ():
        np.testing.assert_array_equal(first[field], second[field], err_msg=field)


def test_the_first_agents_are_the_same_in_a_larger_market() -> None:
    small, large = (
        build(quiet(buyers=buyers, suppliers=suppliers, remoteness=0.4), 1)
        for buyers, suppliers in ((5, 3), (9, 8))
    )
    for field in ("policy", "community", "remoteness", "opportunism"):
        np.testing.assert_array_equal(small.buyers[field], large.buyers[field][:5])
    for field in ("policy", "community", "cost", "opportunism"):
        np.testing.assert_array_equal(small.suppliers[field], large.suppliers[field][:3])
