"""Every interval is of 95 % unless somebody asks for another level."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import trustsim.analysis
import trustsim.report.sections
import trustsim.report.words
from trustsim.study import Results


def functions() -> Iterator[tuple[str, Any]]:
    for package in (trustsim.analysis, trustsim.report.sections, trustsim.report.words):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = import_module(found.name)
            for name, value in inspect.getmembers(module, inspect.isfunction):
                if value.__module__ == module.__name__:
                    yield f"{module.__name__}.{name}", value
    yield from inspect.getmembers(Results, inspect.isfunction)


def left_out(*names: str) -> dict[str, Any]:
    """Give what stands for parameters that are left out, by function and name."""
    return {
        f"{name}({parameter.name})": parameter.default
        for name, function in functions()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name in names and parameter.default is not parameter.empty
    }


def test_luck_and_numbers_of_draws_are_as_documented_wherever_they_may_be_left_out() -> None:
    seeds = left_out("seed")
    assert len(seeds) >= 6
    assert set(seeds.values()) == {0}
    draws = {
        name.removeprefix("trustsim.analysis."): value
        for name, value in left_out("resamples", "splits", "block", "rounds_per_year").items()
        if name.startswith("trustsim.analysis.")
    }
    assert draws == {
        "compare.compare(block)": 1,
        "crossover.cost_paths(rounds_per_year)": 12,
        "crossover.crossover(resamples)": 2000,
        "crossover.crossover(rounds_per_year)": 12,
        "discovery.losses.discover(splits)": 10,
        "means.means_over(block)": 1,
        "precision.pairing(resamples)": 2000,
        "sensitivity.drivers.sensitivity(resamples)": 500,
        "sensitivity.indices.morris_indices(resamples)": 500,
        "sensitivity.indices.sobol_indices(resamples)": 500,
    }


def test_the_level_is_95_percent_wherever_it_may_be_left_out() -> None:
    levels = {
        name: parameter.default
        for name, function in functions()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name == "confidence" and parameter.default is not parameter.empty
    }
    assert len(levels) > 15
    assert {name: level for name, level in levels.items() if level != 0.95} == {}
