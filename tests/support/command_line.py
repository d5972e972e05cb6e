"""The command line as tests call it: its config, what it said, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
name = "mine"
rounds = 2
replications = 2
baseline = "low"
[market]
buyers = 5
suppliers = 3
[market.supplier_mix]
cooperative = 0.5
opportunist = 0.5
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 1.0 }
"""


@dataclass
class Said:
    """What a call said and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def listing(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }


def refused(said: Said, words: list[str]) -> None:
    assert said.code == 2, said
    assert said.out == ""
    assert "Traceback" not in said.err
    assert [word for word in words if word not in said.err] == [], said.err
