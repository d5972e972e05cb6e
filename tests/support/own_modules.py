"""Modules of a user's own, written into files and imported, with the rules that stand in them."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType
from typing import Any

NUMBERS = itertools.count()


def module(folder: Path, name: str, text: str, **around: Any) -> ModuleType:
    """Write a module into a folder of its own and import it; names around it come first."""
    path = folder / str(next(NUMBERS)) / f"{name}.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    vars(made).update(around)
    spec.loader.exec_module(made)
    return made


def rule_of(folder: Path, answer: str, limits: str = "", imports: str = "") -> Any:
    """Give a rule that answers with an expression, beside a module `limits` of its user's."""
    text = f"{imports}\n\ndef mine(order, view, policy):\n    return {answer}\n"
    return module(folder, "rules", text, limits=module(folder, "limits", limits)).mine
