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


def test_the_level_is_95_percent_wherever_it_may_be_left_out() -> None:
    levels = {
        name: parameter.default
        for name, function in functions()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name == "confidence" and parameter.default is not parameter.empty
    }
    assert len(levels) > 15
    assert {name: level for name, level in levels.items() if level != 0.95} == {}
