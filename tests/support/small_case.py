"""A small case: a market of few, with a claim about ransom, and pieces to change it by."""

from __future__ import annotations

from pathlib import Path

CASE = """
name = "r2"
rounds = 6
replications = 3
seed = 5

[case]
id = "R2"
claim = "Buyers demand money for not rating badly, and shops pay."
source = "shop owners"
mechanism = "ransom"
measure = "cost_dispute"
against = "market.ransom_rate"
expect = -1

[market]
buyers = 10
suppliers = 4

[arms.guided]
buyer_mix = { reputation_guided = 1.0 }

[design]
method = "grid"
[design.parameters."market.ransom_rate"]
values = [0.0, 0.5]
"""

OTHER = "\n[arms.other]\nbuyer_mix = { adversarial = 1.0 }\n"


def write_case(folder: Path, name: str = "r2", *changes: tuple[str, str]) -> Path:
    """Write the case, with some of its text replaced by other text."""
    text = CASE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def without_design(*changes: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Changes that make it a case against time, and more."""
    design = CASE[CASE.index("[design]") :]
    return ((design, ""), ('against = "market.ransom_rate"', 'against = "time"'), *changes)
