"""The signs that theory gives: rows of ``trustsim/library/signs.toml``, checked.

A row says what is changed from low to high, in which market, what is measured, and which way theory
says that it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from trustsim.config.scenario import Scenario
from trustsim.config.toml import read_toml
from trustsim.errors import suggestion
from trustsim.schema.measures import MEASURES
from trustsim.schema.translation import Refusal, Table, Text, allowing, leaves, read, whole
from trustsim.validation.reading import Observable

FILE = Path(__file__).parents[1] / "library" / "signs.toml"

Changes = dict[str, Any]
Names = Annotated[tuple[str, ...], Field(strict=False)]
Span = Annotated[tuple[int, int], Field(strict=False), allowing("two whole numbers, [from, to]")]


class Base(Table):
    """A market in which signs are measured: keywords of `Scenario`, as an arm has them."""

    buyer_mix: dict[str, float]
    supplier_mix: dict[str, float] | None = None
    market: Changes = Field(default_factory=dict)
    policies: Changes = Field(default_factory=dict)


class Sign(Table):
    """A sign that theory gives.

    Attributes
    ----------
    id : str
        Name of the row.
    what : str
        What is changed, in words, and what it does.
    base : str
        Market in which it is measured.
    against : str
        Market whose measure is taken off, if the sign is that of a difference between two.
    changes : mapping
        What is changed in all markets of the row, as in an experiment file.
    low, high : mapping
        What is changed further, on the two sides that are compared.
    measure : str
        A measure of runs; or, with `among`, an expression over columns of the panel of orders,
        whose mean is taken.
    among : str
        Condition on the orders that count.
    rounds, ages : (int, int)
        The rounds, or the ages of relations, that count; all if not given.
    policy : str
        The buyers' policy that counts; all if not given.
    expected : {-1, 0, 1}
        The sign; 0 if there is to be no effect.
    source : str
        Who says so.
    through : tuple of str
        Mechanisms without which the effect vanishes.
    smallest : float
        Smallest effect that matters; a twentieth of the level if not given.
    replications : int
        Pairs of runs, if it takes more than usual.
    explanation : str
        Why it comes out otherwise.
    """

    NOUN = "key of a sign"
    id: Text
    what: Text
    base: Text
    against: Text = ""
    changes: Changes = Field(default_factory=dict)
    low: Changes = Field(default_factory=dict)
    high: Changes = Field(default_factory=dict)
    measure: Text
    among: Text = ""
    rounds: Span | None = None
    ages: Span | None = None
    policy: Text = ""
    expected: Annotated[Literal[-1, 0, 1], allowing("-1, 0 or 1")]
    source: Text
    through: Names = ()
    smallest: float | None = None
    replications: Annotated[int, whole(2, 10_000)] | None = None
    explanation: Text = ""

    @model_validator(mode="after")
    def _refuse_an_unknown_measure(self) -> Sign:
        share = self.measure.startswith("instrument_share_")
        if not self.among and not share and self.measure not in MEASURES:
            said = f"no such measure{suggestion(self.measure, MEASURES)}"
            raise Refusal(said, "measure", value=self.measure)
        return self

    @property
    def reading(self) -> Observable:
        """What is read of a run."""
        return Observable(self.measure, self.among, self.rounds, self.ages, self.policy)


class SignsFile(Table):
    """All signs, the markets in which they are measured, and what has none."""

    rounds: int
    seed: int
    market: Changes
    bases: dict[str, Base]
    sign: tuple[Sign, ...]
    no_sign: dict[str, str]

    @model_validator(mode="after")
    def _refuse_what_is_twice_or_not_there(self) -> SignsFile:
        seen: set[str] = set()
        for row in self.sign:
            if row.id in seen:
                raise Refusal("is the name of two signs", "sign", value=row.id)
            seen.add(row.id)
            for base in (row.base, *([row.against] if row.against else [])):
                if base not in self.bases:
                    said = f"no such market{suggestion(base, self.bases)}"
                    raise Refusal(said, "sign", row.id, "base", value=base)
        return self

    def scenario(self, row: Sign, base: str, side: Mapping[str, Any], without: bool) -> Scenario:
        """Give the market of one side of a row.

        Parameters
        ----------
        row : Sign
        base : str
            `base` or `against` of the row.
        side : mapping
            `low` or `high` of the row.
        without : bool
            Without the mechanisms through which the effect is said to go.
        """
        start = self.base_market(base)
        if without:
            start = start.replace(without=row.through)
        for changes in (row.changes, side):
            start = start.at(dict(leaves(changes)))
        return start

    def base_market(self, name: str) -> Scenario:
        """Give a market in which signs are measured, by its name."""
        base = self.bases[name]
        return Scenario(
            base.buyer_mix,
            supplier_mix=base.supplier_mix,
            rounds=self.rounds,
            seed=self.seed,
            policies=base.policies or None,
            **{**self.market, **base.market},
        )


@cache
def signs(path: Path = FILE) -> SignsFile:
    """Read the file of signs."""
    found: SignsFile = read(SignsFile, read_toml(path), "", str(path))
    return found
