"""A calibration in words: what was fitted, how it stands against its targets, what they leave open.

For the command line sentences, for the folder a page, both from `trustsim.calibration.fit`.
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

from trustsim import __version__
from trustsim.calibration.fit import Calibration, read_calibration
from trustsim.calibration.identifiability import AS_WELL, FLAT, Spread
from trustsim.calibration.response import to_unit
from trustsim.config.paths import path_of
from trustsim.report.figures.analyses.calibration import (
    calibration_check,
    calibration_profiles,
    calibration_search,
)
from trustsim.report.page import write_page
from trustsim.report.sections.gallery import Picture
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table, parameter_tables
from trustsim.report.words.labels import capital, decimals, measure_label, number, percent, plain

EDGE = 0.01
"""Share of the range searched that counts as its end."""


def write_calibration(folder: str | Path, confidence: float = 0.95) -> Path:
    """Write the page and the figures of a finished calibration into its folder.

    Raises
    ------
    ConfigError
        If it is no folder of a finished calibration, or cannot be written.
    """
    result = read_calibration(folder)
    experiment = result.config.experiment
    replications = experiment.replications
    line = (
        f"{plain(experiment.name, 48)} · {len(result.trials)} trials x {replications} "
        f"replicates per arm · {result.fresh} fresh replicates · intervals: "
        f"{percent(confidence)}, Student t over runs · trustsim {__version__} · seed "
        f"{experiment.seed} · digest {result.digest[:12]}"
    )
    provenance = {
        "name": experiment.name,
        "model version": __version__,
        "seed": str(experiment.seed),
        "seed of the search": str(result.config.seed),
        "trials": str(len(result.trials)),
        "replicates of every trial": f"{replications} (0 to {replications - 1})",
        "fresh replicates": f"{result.fresh} (from {replications})",
        "digest": result.digest,
    }
    return write_page(
        path_of(folder),
        experiment.name,
        experiment.question.strip(),
        section(result, confidence),
        line=line,
        provenance=provenance,
        parameters=parameter_tables(tomllib.loads(result.experiment().to_toml())),
    )


def section(result: Calibration, confidence: float = 0.95) -> Section:
    """What a calibration found, with its figures and tables."""
    fits = result.fits(confidence)
    log = [d.path for d in result.config.dimensions if d.scale == "log"]
    pictures = (
        Picture(
            "calibration_check",
            "The fit on fresh luck",
            f"Grey marks: {result.fresh} runs with luck that the search has not seen, at the best "
            f"values. Black: their mean with its {percent(confidence)} interval; hollow, if the "
            "target was not fitted. Grey bars: within the tolerance of the target.",
            "Simulated targets less published ones, in tolerances: "
            + "; ".join(f"{plain(r['target'])} {number(r['misfit'], 2)}" for r in _rows(fits))
            + ".",
            lambda width: calibration_check(fits, result.check, width=width),
        ),
        Picture(
            "calibration_profiles",
            "Which values fit as well",
            "Line: the least loss that was found with a parameter at a value, the others fitted to "
            f"it. Shaded: the values at which the loss rises by {number(AS_WELL, 0)} at most, so "
            "that no target moves by more than its tolerance. A flat line is a parameter that the "
            "targets do not tell.",
            "Loss by parameter: " + "; ".join(_spread_words(s) for s in result.spreads) + ".",
            lambda width: calibration_profiles(
                result.losses(), result.spreads, log=log, width=width
            ),
        ),
        Picture(
            "calibration_search",
            "The search",
            "Loss of each trial and the least so far: the sum over the fitted targets of the "
            "squared difference between simulated and published, in tolerances.",
            f"Loss by trial, falling to {_loss(result.best.loss)}.",
            lambda width: calibration_search(result.losses(), width=width),
        ),
    )
    return Section(
        "calibration",
        "Calibration",
        tuple(sentences(result, confidence)),
        pictures,
        (_values_table(result), _targets_table(result, confidence)),
        (
            "Simulated moments with fixed luck: every trial meets the same chance events (the same "
            "replicates), so that the loss depends on the parameters alone (McFadden 1989, "
            "Econometrica 57(5):995-1026). Values that fit as well are told by profiles (Raue et "
            "al. 2009, Bioinformatics 25(15):1923-1929).",
            "A fit says which values give the published figures in this model. It does not say "
            "that the model is right; for that there are figures that were not fitted.",
        ),
    )


def sentences(result: Calibration, confidence: float = 0.95) -> list[str]:
    """Say what was fitted, how it stands on fresh luck, and what the targets leave open."""
    rows = _rows(result.fits(confidence))
    best = " and ".join(_spread_words(spread) for spread in result.spreads)
    lines = [f"Best of {number(len(result.trials), 0)} trials: {best}."]
    fitted = [row for row in rows if row["fitted"]]
    lines.append(f"On fresh luck: {'; '.join(_fit_words(row) for row in fitted)}.")
    missed = [plain(row["target"]) for row in fitted if not row["met"]]
    if missed:
        lines.append(
            f"Not met within tolerance: {', '.join(missed)}. Within these ranges the model cannot "
            "give all figures at once, or the search was too short."
        )
    predicted = [row for row in rows if not row["fitted"]]
    if predicted:
        lines.append(f"Not fitted, predicted: {'; '.join(_fit_words(row) for row in predicted)}.")
    return [*lines, *warnings(result)]


def warnings(result: Calibration) -> list[str]:
    """Say what the targets leave open: parameters they do not tell, and fits at the edge."""
    lines = [text for spread in result.spreads if (text := _open(result, spread))]
    for one, other, correlation in result.trade_offs:
        together = "rise together" if correlation > 0 else "move against each other"
        lines.append(
            f"{capital(one.label)} and {other.label} make up for each other (correlation "
            f"{number(correlation, 2)}): good values {together}; take them from one fit."
        )
    count = sum(target.fitted for target in result.config.targets)
    parameters = len(result.config.dimensions)
    if count < parameters:
        lines.append(
            f"{parameters} parameters are fitted to {count} "
            f"{'target' if count == 1 else 'targets'}: fewer targets than parameters cannot tell "
            "them all."
        )
    lower = min(trial.loss for _, trial in result.profile)
    if lower < result.best.loss - AS_WELL:
        lines.append(
            f"The search was too short: close by, values were found that fit better (loss "
            f"{_loss(lower)}, against {_loss(result.best.loss)} of the best trial); ask for more "
            "trials."
        )
    failed = sum(trial.failed for trial in result.trials)
    if failed:
        first = next((f"; the first, {t.error}" for t in result.trials if t.error), "")
        runs = "1 run" if failed == 1 else f"{number(failed, 0)} runs"
        verb = "is" if failed == 1 else "are"
        lines.append(f"{runs} of the search failed and {verb} left out of its means{first}.")
    return lines


def _open(result: Calibration, spread: Spread) -> str:
    """Say that the targets do not tell a parameter, or only from one side."""
    if spread.identified:
        return ""
    label = capital(spread.label)
    if spread.as_well:
        values = ", ".join(str(value) for value in spread.as_well)
        return f"{label} is not identified: {values} fit as well."
    values = f"values from {_value(spread, spread.low)} to {_value(spread, spread.high)}"
    within = f"(the loss rises by {number(AS_WELL, 0)} at most)"
    if spread.share >= FLAT or (spread.open_below and spread.open_above):
        return (
            f"{label} is not identified: {values} {spread.unit}, {percent(spread.share)} of the "
            f"range searched, fit as well {within}."
        )
    end = "upper end" if spread.open_above else "lower end"
    if _at_the_end(result, spread):
        return (
            f"The best {spread.label} lies at the {end} of the range searched, and values beyond "
            "it may fit better; widen the range."
        )
    return (
        f"{label} is identified from one side only: {values} {spread.unit} fit as well {within}, "
        f"up to the {end} of the range searched."
    )


def _at_the_end(result: Calibration, spread: Spread) -> bool:
    dimension = next(d for d in result.config.dimensions if d.path == spread.path)
    (place,) = to_unit([dimension], result.best.values)
    return not EDGE < place < 1.0 - EDGE


def _values_table(result: Calibration) -> Table:
    return Table(
        "Best values",
        ("parameter", "best", "fit as well", "searched", "identified"),
        tuple(
            (
                spread.path,
                _value(spread, spread.best),
                ", ".join(str(v) for v in spread.as_well)
                or f"{_value(spread, spread.low)} to {_value(spread, spread.high)}",
                ", ".join(str(v) for v in dimension.values)
                or f"{dimension.low:g} to {dimension.high:g}",
                "yes" if spread.identified else "no",
            )
            for spread, dimension in zip(result.spreads, result.config.dimensions, strict=True)
        ),
        f"Fit as well: the loss rises by {number(AS_WELL, 0)} at most. Not identified: the values "
        f"that fit as well are {percent(FLAT)} of the range searched or more, or reach its end.",
        tuple(spread.unit for spread in result.spreads),
    )


def _targets_table(result: Calibration, confidence: float) -> Table:
    signs = {"value": "", "at_most": "at most ", "at_least": "at least "}
    rows = []
    for target, row in zip(result.config.targets, _rows(result.fits(confidence)), strict=True):
        what = f"{measure_label(target.measure)}, {plain(target.arm)}"
        if target.relation:
            what += f" {target.relation} {plain(target.other)}"
        rows.append(
            (
                plain(target.name),
                what,
                f"{signs[target.side]}{target.value:g} ± {target.tolerance:g}",
                _number(row, row["simulated"]),
                f"{_number(row, row['mean'])} ({_number(row, row['low'])} to "
                f"{_number(row, row['high'])})",
                "yes" if target.fitted else "no",
                "yes" if row["met"] else "no",
                target.source,
            )
        )
    return Table(
        "Targets",
        ("target", "measure", "published", "in the fit", "fresh luck", "fitted", "met", "source"),
        tuple(rows),
        f"In the fit: mean over {result.config.experiment.replications} replicates that all trials "
        f"share. Fresh luck: mean over {result.fresh} others with its {percent(confidence)} "
        "interval. Met: that mean is within the tolerance.",
        tuple(target.unit for target in result.config.targets),
    )


def _rows(fits: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = fits.to_dict("records")
    return rows


def _fit_words(row: dict[str, Any]) -> str:
    signs = {"value": "target ", "at_most": "target at most ", "at_least": "target at least "}
    if not math.isfinite(row["mean"]):
        return f"{plain(row['target'])} could not be measured"
    return (
        f"{plain(row['target'])} {_number(row, row['mean'])} ({_number(row, row['low'])} to "
        f"{_number(row, row['high'])}; {signs[row['side']]}{row['value']:g} ± "
        f"{row['tolerance']:g}, {'met' if row['met'] else 'not met'})"
    )


def _number(row: dict[str, Any], value: float) -> str:
    """A figure with the decimals that its interval and its tolerance call for."""
    half = float(row["high"] - row["low"]) / 2
    half = min(half, row["tolerance"]) if math.isfinite(half) and half > 0 else row["tolerance"]
    return number(value, max(0, decimals(half, value) - 1))


def _spread_words(spread: Spread) -> str:
    if spread.as_well:
        return f"{spread.label} {spread.best}"
    return (
        f"{spread.label} {_value(spread, spread.best)} {spread.unit} "
        f"({_value(spread, spread.low)} to {_value(spread, spread.high)} fit as well)"
    )


def _value(spread: Spread, value: Any) -> str:
    if isinstance(value, str) or spread.as_well:
        return str(value)
    half = (spread.high - spread.low) / 2
    return number(float(value), decimals(half, float(value)) if half > 0 else 3)


def _loss(loss: float) -> str:
    return number(loss, 2) if loss >= 0.01 else "under 0.01"
