"""What each room costs: the walk is cut short after one room after the other.

A copy of the schedule in `trustsim.market.schedule` is made from its source, with a way out after
every call of a room. Walking the same buyers from the same state up to each way out and taking
differences gives the cost of every call, in the place and with the data that it has in the walk.
"""

import ast
import atexit
import importlib.util
import inspect
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.measuring import Row
from trustsim.config.scenario import Scenario
from trustsim.market import population, schedule
from trustsim.simulation.run import Rounds

ROOMS = {room.__name__.rpartition(".")[2] for room in schedule.SCHEDULE}
OPENED = ("find_partner", "fulfil")
"""Functions of the schedule that call several rooms; the walk is cut inside them as well."""

PART_OF = {"fade": "learning"}
NAMES = {"settlement": "settlement, with disputes", "population": "population, between rounds"}
CUT_WALK = "benchmarks.cut_walk"
SEASON = 24
"""Rounds before the measured one, so that relations are old and invoices overdue."""


def source_of(name: str) -> ast.FunctionDef:
    """Source of a function of the schedule."""
    function = getattr(schedule, name)
    tree = ast.parse(dedent(inspect.getsource(getattr(function, "py_func", function))))
    found = tree.body[0]
    assert isinstance(found, ast.FunctionDef)
    found.decorator_list = [ast.Name("compiled", ast.Load())]
    return found


def called(statement: ast.AST) -> str | None:
    """Room, or opened function, that a statement calls."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=ast.Name(id=room)) if room in ROOMS:
                    return f"{room}.{node.func.attr}"
                case ast.Name(id=name) if name == "fade" or name in OPENED:
                    return name
    return None


@dataclass
class Cutter:
    """Puts a way out after every call; remembers what was called, in the order of the walk."""

    calls: list[str] = field(default_factory=list)
    opened: list[ast.FunctionDef] = field(default_factory=list)

    def function(self, name: str) -> ast.FunctionDef:
        """Cut a function of the schedule."""
        function = source_of(name)
        function.args.args.append(ast.arg("stop"))
        gives = any(isinstance(node, ast.Return) and node.value for node in ast.walk(function))
        function.body = self.block(function.body, "False" if gives else "None")
        return function

    def block(self, statements: list[ast.stmt], nothing: str) -> list[ast.stmt]:
        """Cut a block of statements."""
        cut: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.If):
                if called(statement.test):
                    kept = f"kept_{len(self.calls)}"
                    cut += self.call(ast.parse(f"{kept} = 0").body[0], statement.test, nothing)
                    statement.test = ast.Name(kept, ast.Load())
                before = len(self.calls)
                statement.body = self.block(statement.body, nothing)
                if statement.orelse:
                    way_out = self.way_out(nothing)
                    statement.orelse = way_out + self.block(statement.orelse, nothing)
                cut.append(statement)
                if len(self.calls) > before:
                    cut += self.way_out(nothing)
            elif isinstance(statement, ast.Return) and statement.value and called(statement.value):
                cut += self.call(ast.parse("kept = 0").body[0], statement.value, nothing)
                cut.append(ast.Return(ast.Name("kept", ast.Load())))
            elif called(statement):
                cut += self.call(statement, None, nothing)
            else:
                cut.append(statement)
        return cut

    def call(self, statement: Any, value: ast.expr | None, nothing: str) -> list[ast.stmt]:
        """Put a way out after a call."""
        if value is not None:
            statement.value = value
        name = called(statement)
        assert name is not None
        if name in OPENED:
            self.opened.append(self.function(name))
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    node.args.append(ast.Name("stop", ast.Load()))
        else:
            self.calls.append(name)
        return [statement, *self.way_out(nothing)]

    def way_out(self, nothing: str) -> list[ast.stmt]:
        """Give a way out for walks that end with the last call."""
        leave = ast.Return(ast.parse(nothing, mode="eval").body)
        test = ast.parse(f"stop <= {len(self.calls)}", mode="eval").body
        return [ast.If(test, [leave], [])]


def cut_walk() -> tuple[Any, list[str]]:
    """Make the walk that can be cut short; give it with the names of its calls in order."""
    cutter = Cutter()
    walk = cutter.function("walk")
    module = ast.Module([*cutter.opened, walk], [])
    source = (
        "from trustsim.engine.compiling import compiled, entry\n"
        "from trustsim.market import *\n"
        "from trustsim.market.schedule import *\n"
        f"from trustsim.market.schedule import {', '.join(sorted(ROOMS))}\n\n\n"
        f"{ast.unparse(ast.fix_missing_locations(module))}\n\n\n"
        "@entry\n"
        "def walk_until(world, workspace, first, last, stop):\n"
        "    for b in range(first, last):\n"
        "        walk(world, workspace, b, stop)\n"
    )
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / "cut_walk.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(CUT_WALK, file)
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules[CUT_WALK] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made.walk_until, cutter.calls


def costs(scenario: Scenario, repetitions: int) -> tuple[dict[str, float], float]:
    """Time every call of a round; give nanoseconds per order by call, and of the whole round."""
    walk_until, calls = cut_walk()
    rounds = Rounds(scenario, 0)
    for _ in range(SEASON):
        rounds.step()
    population.open_round(rounds.world, SEASON)
    buyers, workspace = scenario.market.buyers, rounds.workspaces[0]
    state = [*rounds.world, *workspace]
    saved = [part.copy() for part in state]

    def restore() -> None:
        for part, copy in zip(state, saved, strict=True):
            part[...] = copy

    def taken(walk: Any, *stop: int) -> float:
        restore()
        start = perf_counter()
        walk(rounds.world, workspace, 0, buyers, *stop)
        return perf_counter() - start

    taken(schedule.walk_buyers)
    whole = [part.copy() for part in state]
    taken(walk_until, len(calls))
    for part, expected in zip(state, whole, strict=True):
        if not np.array_equal(part, expected):
            raise AssertionError("the walk with ways out is not the walk of the engine")
    orders = int(np.sum(workspace.rounds["orders"][SEASON]))
    best = np.full(len(calls) + 1, np.inf)
    walked = between = np.inf
    for _ in range(repetitions):
        for stop in range(len(calls) + 1):
            best[stop] = min(best[stop], taken(walk_until, stop))
        walked = min(walked, taken(schedule.walk_buyers))
        start = perf_counter()
        population.close_round(rounds.world, workspace, *rounds.mixes)
        population.open_round(rounds.world, SEASON)
        between = min(between, perf_counter() - start)
    found: dict[str, float] = {}
    for name, cost in zip(calls, np.diff(best), strict=True):
        found[name] = found.get(name, 0.0) + 1e9 * cost / orders
    found["population.close_round"] = 1e9 * between / orders
    return found, 1e9 * (walked + between) / orders


def stages(quick: bool) -> Iterator[Row]:
    """Cost of every room in an order, mean over the four arms of the headline experiment."""
    arms = ("high_trust", "adversarial", "trust_but_verify")
    buyers, suppliers, repetitions = (200, 40, 2) if quick else (1_000, 200, 40)
    measured = [
        costs(Scenario(arm, rounds=SEASON + 1, buyers=buyers, suppliers=suppliers), repetitions)
        for arm in arms
    ]
    calls = list(measured[0][0])
    rooms: dict[str, float] = {}
    mean = {call: sum(found[call] for found, _ in measured) / len(arms) for call in calls}
    for call, cost in mean.items():
        room = PART_OF.get(call, call.partition(".")[0])
        rooms[room] = rooms.get(room, 0.0) + cost
    for room in schedule.SCHEDULE:
        name = room.__name__.rpartition(".")[2]
        if name in rooms:
            yield Row("rooms, one order", NAMES.get(name, name), rooms[name], "ns")
    whole = sum(round_cost for _, round_cost in measured) / len(arms)
    yield Row("rooms, one order", "the whole round", whole, "ns")
    for call, cost in mean.items():
        yield Row("calls, one order", call, cost, "ns")
