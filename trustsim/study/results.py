"""What an experiment has found: the tables of a results folder, and what can be asked of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsim.analysis.ablation import Ablation
from trustsim.analysis.compare import compare
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.sensitivity.drivers import Sensitivity
from trustsim.analysis.spread import buyers_of, pairs_of
from trustsim.config.experiment import ExperimentConfig
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError
from trustsim.experiment.run import collect
from trustsim.experiment.storage.files import (
    FAILURES,
    check_folder,
    experiment_in,
    read_table,
    unverified,
    verify,
)
from trustsim.experiment.storage.seals import read_manifest
from trustsim.experiment.storage.tables import AGES, ORDERS, POLICIES, ROUNDS, RUNS, TEMPTATIONS
from trustsim.report.results import Reported, read_results
from trustsim.report.words.answers import answers
from trustsim.schema.forms import html_table
from trustsim.study.drawing import FIRST, draw, draw_orders

if TYPE_CHECKING:
    from trustsim.report.figures.style import Panels


class Results:
    """What an experiment has found: the tables of a results folder as frames.

    Attributes
    ----------
    folder : Path
        The folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = path_of(folder)

    def __repr__(self) -> str:
        done, failed = (self.manifest[f"runs_{each}"] for each in ("done", "failed"))
        runs = f"{done:,} runs done" + (f", {failed:,} failed" if failed else "")
        return f"Results({str(self.folder)!r}: {runs}, digest {self.manifest['digest'][:12]})"

    def _repr_html_(self) -> str:
        rows = [(name, self.manifest[name]) for name in ("name", "runs_done", "runs_failed")]
        rows += [(name, self.manifest[name]) for name in ("seed", "model_version", "digest")]
        return html_table(" ".join(self.answer()), [*rows, ("folder", str(self.folder))])

    def plot(self, figure: str = FIRST, width: float | None = None) -> Panels:
        """Draw a figure of the report, by the name of its files; a notebook shows it.

        Where orders are kept, ``network`` shows who buys from whom in the first run of each arm,
        and ``spread_over_buyers`` how what buyers pay is spread.

        Raises
        ------
        ConfigError
            If no figure of these results has this name, or the tables lack what it needs.
        """
        if figure in ("network", "spread_over_buyers"):
            return draw_orders(self.orders, figure, list(self.config.arms), width)
        return draw(self._as_reported, figure, width)

    def export(
        self, out: str | Path, kind: str = "csv", names: Sequence[str] = (), **options: Any
    ) -> list[Path]:
        """Write tables or figures into files for a paper; ``trustsim export`` does the same.

        Parameters
        ----------
        out : path
            Where the files go.
        kind : str
            ``csv``, ``xlsx`` or ``dta`` for tables, ``pdf``, ``eps`` or ``tiff`` for figures,
            ``tex`` for comparisons with the baseline, ``bib`` for a citation.
        names : sequence of str
            Which tables, figures or, in LaTeX, measures; all if empty.
        **options
            ``width`` and ``points`` of figures; ``columns`` and ``confidence`` of comparisons.

        Raises
        ------
        ConfigError
            For an unknown kind, table, figure or column, or a number out of bounds.
        """
        from trustsim.export.writing import write

        return write(self._as_reported, path_of(out), kind, names, **options)

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Open a results folder; what an interrupted run has left is put into its tables first.

        Warns of chunks that were found damaged, and of a folder whose files cannot be verified.

        Raises
        ------
        ConfigError
            If it is no results folder of the installed version.
        """
        results = cls(folder)
        for notice in [*collect(results.folder), *unverified(results.folder)]:
            warnings.warn(notice, stacklevel=2)
        return results

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, with what, and the digest of the tables."""
        return read_manifest(self.folder)

    @cached_property
    def config(self) -> ExperimentConfig:
        """The experiment, resolved."""
        check_folder(self.folder)
        return experiment_in(self.folder)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per run."""
        return self._frame(RUNS)

    @cached_property
    def policies(self) -> pd.DataFrame:
        """A row per run and buyer policy."""
        return self._frame(POLICIES)

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """A row per run, round and policy."""
        return self._frame(ROUNDS)

    @cached_property
    def ages(self) -> pd.DataFrame:
        """A row per run and relationship age."""
        return self._frame(AGES)

    @cached_property
    def temptations(self) -> pd.DataFrame:
        """A row per run and temptation: what was expected of giving in, and what came of it."""
        return self._frame(TEMPTATIONS)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """A row per order and per event after or beside it, if ``keep`` has ``"orders"``."""
        return self._frame(ORDERS)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """A row per run, buyer and supplier that have dealt, from the table of orders."""
        return pairs_of(self.orders)

    @cached_property
    def buyers(self) -> pd.DataFrame:
        """A row per run and buyer: what a lot has cost it in all, from the table of orders."""
        return buyers_of(self.orders)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """A row per failed run, with its error; no row if none failed."""
        if not (self.folder / FAILURES).exists():
            verify(self.folder, FAILURES)
            return pd.DataFrame(columns=["run_id", "arm", "point", "replicate", "error", "message"])
        return self._frame(Path(FAILURES).stem)

    def compare(
        self, arm_a: str, arm_b: str, measures: Sequence[str] | None = None, **options: Any
    ) -> pd.DataFrame:
        """Compare two arms by paired differences; see `trustsim.compare`.

        Over a design whose points were drawn at random, intervals are for other points drawn
        alike and other luck, unless ``over`` says otherwise. Of an ablation it is the full market
        that is compared, with nothing switched off. With ``within=ARM`` two policies of buyers
        are, side by side in the market of that arm.
        """
        reported = self._as_reported
        if options.get("within") is not None:
            runs = reported.policies
            if runs is None:
                runs = self.policies  # which says what is missing
        else:
            runs = self.runs if reported.ablated is None else reported.runs
        return compare(runs, arm_a, arm_b, measures, **{**reported.reading, **options})

    def answer(self, confidence: float = 0.95) -> list[str]:
        """Sentences that say what each arm costs against the baseline."""
        return answers(self._as_reported, confidence)

    def precision(self) -> list[str]:
        """Say whether the precision that was asked for is reached; nothing if none was."""
        reported = self._as_reported
        if "precision" not in reported.experiment:
            return []
        from trustsim.report.sections import precision

        result = precision.find(reported)
        return precision.sentences(result)[:1] if result is not None else []

    def alone_or_all(self, confidence: float = 0.95) -> list[str]:
        """Say what a policy of buyers is worth to one and to all, if policies share a market."""
        from trustsim.report.words import alone

        return alone.sentences(alone.find(self._as_reported, confidence), confidence)

    def sensitivity(self, confidence: float = 0.95, **options: Any) -> list[Sensitivity]:
        """Say which parameters drive the difference to the baseline, for each challenger.

        Needs a design of the method ``sobol`` or ``morris``; for the options see
        `trustsim.report.sections.sensitivity.analyses`.
        """
        from trustsim.report.sections import sensitivity

        return sensitivity.analyses(self._as_reported, confidence, **options)

    def discover(self, confidence: float = 0.95, **options: Any) -> list[Discovery]:
        """Find where each challenger loses, in boxes of the parameters that vary.

        Needs a design of many points; for the options see
        `trustsim.report.sections.discovery.analyses`.
        """
        from trustsim.report.sections import discovery

        return discovery.analyses(self._as_reported, confidence, **options)

    def ablation(self, confidence: float = 0.95, **options: Any) -> list[Ablation]:
        """Say what each mechanism carries of the difference to the baseline, for each challenger.

        Needs a design of the method ``ablation``; for the options see
        `trustsim.report.sections.ablation.analyses`.
        """
        from trustsim.report.sections import ablation

        return ablation.analyses(self._as_reported, confidence, **options)

    def report(self, confidence: float = 0.95) -> Path:
        """Write ``report.html`` and the figures, and give the path of the page."""
        from trustsim.report.writing import write_report

        return write_report(self.folder, confidence)

    @property
    def _as_reported(self) -> Reported:
        return read_results(self.folder)

    def _frame(self, name: str) -> pd.DataFrame:
        path = self.folder / f"{name}.parquet"
        if name != RUNS and not path.exists() and path.with_stem(RUNS).exists():
            verify(self.folder, path.name)
            raise ConfigError(f"{path}: the experiment keeps no table of {name}")
        frame: pd.DataFrame = read_table(self.folder, name).to_pandas()
        return frame
