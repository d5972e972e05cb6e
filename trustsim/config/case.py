"""What a case says about its experiment: the table ``[case]``, a claim from the field.

The rest of the file is an ordinary experiment, which runs with or without this table.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from trustsim.errors import suggestion
from trustsim.schema.figures import FIGURES
from trustsim.schema.measures import MEASURES
from trustsim.schema.mechanisms import MECHANISMS
from trustsim.schema.translation import Refusal, Table, Text, allowing, one_of

CHAPTERS = {"V": 8, "E": 5, "R": 8, "A": 15, "D": 5}
"""Number of claims in each chapter, by its letter."""

IDS = tuple(f"{letter}{n}" for letter, many in CHAPTERS.items() for n in range(1, many + 1))
"""All claims, in the order of the chapters."""

TIME, AGE = "time", "age"
"""What an effect may be against, if not a parameter."""

ARMS, ENDS, BOTH = "arms", "ends", "both"
"""Which difference an effect is: that of two arms; that of two ends, of a parameter or of time; or
the difference of the arms at one end less that at the other."""

SHARE = "instrument_share_"


class CaseTable(Table):
    """A claim from the field, and how the model is asked about it.

    Attributes
    ----------
    id : str
        One of `IDS`.
    claim, source : str
        What is claimed, and who says so.
    mechanism : str
        What is switched off in the second pair of arms.
    measure : str
        A measure of runs; with `among`, an expression over columns of the table of orders, whose
        mean is taken (see `trustsim.analysis.expressions`).
    among : str
        Condition on the orders that count.
    called : str
        What such a measure is called.
    against : str
        ``time``, ``age`` (of relations, in orders), or the path of a parameter that varies.
    expect : {-1, 1}
        The sign that the claim gives to the effect.
    difference : str
        One of `ARMS`, `ENDS` and `BOTH`; if nothing is said, `ENDS` with one arm, `ARMS` with two
        against time or age, `BOTH` with two against a parameter.
    figure : str
        A figure of the report that shows the claim, in place of one of the three that cases have.
    """

    NOUN: ClassVar[str] = "key of a case"
    SHAPE: ClassVar[str] = "a table that says what is claimed"
    id: Annotated[str, one_of(IDS, "no such case")]
    claim: Text
    source: Text
    mechanism: Annotated[str, one_of(MECHANISMS, "no such mechanism")]
    measure: Text
    among: Text = ""
    called: Text = ""
    against: Text
    expect: Annotated[Literal[-1, 1], allowing("1 or -1", lambda value: type(value) is int)]
    difference: Annotated[str, one_of((ARMS, ENDS, BOTH), "no such difference")] = ""
    figure: Annotated[str, one_of(FIGURES, "no such figure of a report")] = ""

    @model_validator(mode="after")
    def _refuse_an_unknown_measure(self) -> CaseTable:
        if bool(self.among) != bool(self.called):
            one, other = ("among", "called") if self.among else ("called", "among")
            raise Refusal(f"needs {other} beside it", one, value=getattr(self, one))
        share = self.measure.startswith(SHARE)
        if not self.among and not share and self.measure not in MEASURES:
            said = f"no such measure{suggestion(self.measure, MEASURES)}"
            raise Refusal(said, "measure", value=self.measure)
        return self
