"""What matters, in words: which parameters drive the difference, and how far that can be believed.

For the report a section, for the command line sentences, both from
`trustsim.analysis.sensitivity.drivers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trustsim.analysis.sensitivity.drivers import LEADING, SETTLED, Sensitivity, sensitivity
from trustsim.config.design import Design, read_design
from trustsim.errors import ConfigError, nearest
from trustsim.report.figures.analyses.sensitivity import (
    morris_plane,
    sensitivity_convergence,
    sobol_bars,
)
from trustsim.report.results import Reported
from trustsim.report.sections.gallery import Draw, Picture
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.labels import (
    capital,
    clear_of_zero,
    decimals,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
)

NOISY = 0.1
"""Share of replicate noise from which more replicates are advised. An assumption: a tenth."""

QUIET = 0.05
"""Share of noise that the advice aims at."""


def analyses(
    results: Reported,
    confidence: float = 0.95,
    *,
    measure: str = "total_cost",
    arm: str | None = None,
    allow_missing: bool = False,
) -> list[Sensitivity]:
    """Analyse the difference of every challenger to the baseline, or of one arm.

    Parameters
    ----------
    results : Reported
        A folder whose experiment has a design of the method sobol or morris.
    confidence : float
        Level of the intervals.
    measure : str
        The measure.
    arm : str, optional
        This challenger only. The baseline's name, or an experiment of one arm, asks for the
        measure of that arm itself.
    allow_missing : bool
        See `trustsim.analysis.sensitivity.drivers.sensitivity`.

    Raises
    ------
    ConfigError
        If there is no such arm or no design, and whatever `sensitivity` refuses.
    """
    design = _design(results)
    if arm is not None and arm not in results.arms:
        raise ConfigError(
            f'unknown arm "{arm}"{nearest(arm, results.arms)}; the runs have: '
            f"{', '.join(results.arms)}"
        )
    asked = [arm] if arm is not None else results.challengers or [results.baseline]
    seed = int(results.experiment.get("seed", 0))
    return [
        sensitivity(
            results.runs,
            design,
            name,
            None if name == results.baseline else results.baseline,
            measure,
            confidence,
            allow_missing=allow_missing,
            seed=seed,
        )
        for name in asked
    ]


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Section of the report; None unless the design is one for sensitivity."""
    table = results.experiment.get("design")
    if not isinstance(table, Mapping) or table.get("method") not in LEADING:
        return None
    title = "What matters"
    try:
        result = analyses(results, confidence)
    except ConfigError as error:
        return Section("sensitivity", title, (f"Sensitivity cannot be told: {error}.",))
    return Section(
        "sensitivity",
        title,
        tuple(sentences(result)),
        tuple(p for place, each in enumerate(result) for p in _pictures(each, place, len(result))),
        tuple(indices_table(each) for each in result),
        _notes(result[0]),
    )


def sentences(result: Sequence[Sensitivity]) -> list[str]:
    """Say what was found: the output, a verdict per parameter, noise and convergence."""
    lines = []
    for each in result:
        lines += [_output(each), *_verdicts(each), _noise(each), _converged(each)]
        if each.dropped:
            lines.append(
                f"Left out for missing runs: {number(each.dropped, 0)} of "
                f"{number(each.dropped + each.blocks, 0)} {_blocks(each)}."
            )
    return lines


def indices_table(result: Sensitivity) -> Table:
    """Indices of all parameters with their intervals, the largest first."""
    names = {"S1": "on its own (S1)", "ST": "altogether (ST)"}
    if result.method == "morris":
        names = {"mu_star": "mean size (μ*)", "mu": "mean (μ)", "sigma": "spread (σ)"}
    lead = LEADING[result.method]
    rows = result.indices.sort_values(lead, ascending=False, kind="stable")
    return Table(
        f"What drives the {_what(result)}",
        (
            "parameter",
            "range",
            *names.values(),
            f"{lead.replace('mu_star', 'μ*')} less noise",
            "verdict",
        ),
        tuple(
            (
                str(row["label"]),
                _range(row),
                *(_with_interval(result, row, name) for name in names),
                _amount(result, float(row[f"{lead}_less_noise"]), _half(row, lead)),
                str(row["verdict"]),
            )
            for row in rows.to_dict("records")
        ),
        f"With {percent(result.confidence)} intervals, from {number(result.points, 0)} points x "
        f"{number(result.replications, 0)} replicates.",
        tuple(str(unit) for unit in rows["unit"]),
    )


def _design(results: Reported) -> Design:
    table = results.experiment.get("design")
    if table is None:
        raise ConfigError(
            f"{results.folder}: the experiment has no [design]; sensitivity needs one with the "
            "method sobol or morris"
        )
    return read_design(table, str(results.folder / "experiment.toml"))


def _what(result: Sensitivity) -> str:
    label = measure_label(result.measure)
    label = label[:1].lower() + label[1:]
    if result.baseline is None:
        return f"{label} of {plain(result.challenger)}"
    return f"difference in {label}, {plain(result.challenger)} less {plain(result.baseline)}"


def _blocks(result: Sensitivity) -> str:
    return "base points" if result.method == "sobol" else "trajectories"


def _output(result: Sensitivity) -> str:
    places = decimals(abs(result.highest - result.lowest) / 20, result.mean)
    ends = [number(value, places) for value in (result.mean, result.lowest, result.highest)]
    unit = measure_unit(result.measure)
    pause = "" if result.baseline is None else ","
    text = (
        f"Over the design, the {_what(result)}{pause} is {ends[0]} on average"
        f"{f' ({unit})' if unit else ''}, and between {ends[1]} and {ends[2]} at nine points in ten"
    )
    if result.baseline is None:
        return text + "."
    which = "the points."
    if result.method == "sobol":
        which = (
            f"the {number(2 * result.blocks, 0)} points that were drawn independently (the others "
            "of the design are hybrids of them)."
        )
    return f"{text}; it is below zero at {percent(result.share_below)} of {which}"


def _verdicts(result: Sensitivity) -> list[str]:
    """A sentence for each parameter: first those that matter, then the others."""
    lead = LEADING[result.method]
    rows = result.indices.sort_values(lead, ascending=False, kind="stable").to_dict("records")
    lines = [_matters(result, row) for row in rows if row["verdict"] == "matters"]
    for row in rows:
        ends = _ends(result, row, lead)
        if row["verdict"] == "cannot be told":
            lines.append(f"{_name(row)}: cannot be told, the interval is too wide ({ends}).")
        elif row["verdict"] == "hardly matters":
            most = _amount(result, row[f"{lead}_high"], _half(row, lead))
            lines.append(f"{_name(row)}: hardly matters, {most} at most.")
        elif row["verdict"] == "idle":
            still = row[f"{lead}_low"] == row[f"{lead}_high"] == 0
            why = "no difference ever changed with it" if still else ends
            lines.append(f"{_name(row)}: idle, 0 within its interval ({why}).")
    return lines


def _matters(result: Sensitivity, row: Mapping[Any, Any]) -> str:
    if result.method == "sobol":
        return (
            f"{_name(row)}: drives {_amount(result, row['ST'], _half(row, 'ST'))} of the variance "
            f"({_ends(result, row, 'ST')}), {_amount(result, row['S1'], _half(row, 'S1'))} on its "
            f"own ({_ends(result, row, 'S1')})."
        )
    if row["mu_low"] <= 0 <= row["mu_high"]:
        way = "in either direction"
    else:
        way = "upwards" if row["mu"] > 0 else "downwards"
    spread = row["sigma"] / row["mu_star"]
    shape = (
        "much alike everywhere"
        if spread <= 0.5
        else "depending on where it and the other parameters stand"
    )
    return (
        f"{_name(row)}: moves it by {_amount(result, row['mu_star'], _half(row, 'mu_star'))} over "
        f"its range ({_ends(result, row, 'mu_star')}), {way}, {shape} (σ/μ* = {number(spread, 1)})."
    )


def _name(row: Mapping[Any, Any]) -> str:
    return capital(str(row["label"]))


def _half(row: Mapping[Any, Any], index: str) -> float:
    return float(row[f"{index}_high"] - row[f"{index}_low"]) / 2


def _places(result: Sensitivity, half: float, value: float) -> int:
    """Decimals of an amount: of percent points for shares, of the measure for effects."""
    if result.method == "morris":
        return decimals(half, value)
    return 1 if max(abs(value), half) < 0.095 else 0


def _amount(result: Sensitivity, value: float, half: float) -> str:
    places = _places(result, half, value)
    if result.method == "morris":
        return number(value, places)
    return percent(value, places)


def _ends(result: Sensitivity, row: Mapping[Any, Any], index: str) -> str:
    places = _places(result, _half(row, index), float(row[index]))
    low, high = float(row[f"{index}_low"]), float(row[f"{index}_high"])
    if result.method == "morris":
        places = clear_of_zero(low, high, places)
        return f"{number(low, places)} to {number(high, places)}"
    places = clear_of_zero(100 * low, 100 * high, places)
    return f"{number(100 * low, places)} to {number(100 * high, places)}\N{NO-BREAK SPACE}%"


def _with_interval(result: Sensitivity, row: Mapping[Any, Any], index: str) -> str:
    amount = _amount(result, float(row[index]), _half(row, index))
    return f"{amount} ({_ends(result, row, index)})"


def _range(row: Mapping[Any, Any]) -> str:
    low, high = float(row["low"]), float(row["high"])
    return f"{low:g} to {high:g}" if low == low else "listed values"


def _noise(result: Sensitivity) -> str:
    noise = result.noise
    if noise.replications < 2:
        return (
            "With a single replicate of each point, what luck adds to the indices cannot be told; "
            "run two or more."
        )
    apart = percent(noise.share_if_independent, 1)
    text = (
        f"Luck of single points makes {percent(noise.share, 1)} of the variance of their means "
        f"over {noise.replications} replicates; with luck of its own for every point "
    ) + (
        f"{apart} would be added to every total index, that of an idle parameter included."
        if result.method == "sobol"
        else f"it would be {apart}."
    )
    if noise.share > NOISY:
        needed = noise.replications_for(QUIET)
        text += (
            f" {number(needed, 0)} replicates would bring it to {percent(QUIET)}."
            if needed < float("inf")
            else " Nothing is left beside it: run many more replicates."
        )
    return text


def _converged(result: Sensitivity) -> str:
    of = "of the variance" if result.method == "sobol" else "of the largest effect"
    lines = (
        f"the widest interval is ±{_share(result.widest)} {of}, and from half of the "
        f"{number(result.blocks, 0)} {_blocks(result)} to all no index moved by more than "
        f"{_share(result.moved)}"
    )
    if result.settled:
        return f"The indices have converged: {lines}."
    if (result.indices["verdict"] != "cannot be told").all():
        return (
            f"The values have not settled to ±{percent(SETTLED)}, but every parameter can be "
            f"judged: {lines}."
        )
    return f"The indices have not converged: {lines}. A design of more points is needed."


def _share(value: float) -> str:
    return percent(value, 1 if value < 0.095 else 0)


def _notes(result: Sensitivity) -> tuple[str, ...]:
    method = (
        "Sobol' indices (Saltelli et al. 2010, by SALib)"
        if result.method == "sobol"
        else "Elementary effects (Morris 1991; Campolongo et al. 2007; by SALib), scaled to the "
        "whole range of a parameter,"
    )
    return (
        f"{method} of the mean over replicates of the paired difference. All points share their "
        "luck. Intervals are a bootstrap over base points or trajectories and over replicates, "
        "and hold the index less what finite replicates add to it.",
        "Shares depend on the ranges of the design: a parameter with a wider range drives more.",
    )


def _pictures(result: Sensitivity, place: int, of: int) -> list[Picture]:
    stem = "sensitivity" if of == 1 else f"sensitivity_{place + 1}"
    level, title = percent(result.confidence), _what(result)
    title = capital(title)
    lead = LEADING[result.method]
    rows = result.indices.sort_values(lead, ascending=False, kind="stable")
    listed = ", ".join(
        f"{row['label']} {_amount(result, row[lead], _half(row, lead))}"
        for row in rows.to_dict("records")
    )
    unit = "" if result.method == "sobol" else measure_unit(result.measure)
    draw: Draw
    if result.method == "sobol":
        heading, draw = (
            "What drives it",
            lambda width: sobol_bars(result.indices, title=title, width=width),
        )
        caption = (
            "Share of the variance over the design that each parameter drives: on its own, and "
            "altogether with what it does in combination with others."
        )
        alt = f"Bars of total Sobol' indices: {listed}."
    else:
        heading, draw = (
            "Mean and spread of effects",
            lambda width: morris_plane(result.indices, title=title, unit=unit, width=width),
        )
        caption = (
            "Each point is a parameter. To the right: it moves the output more over its range. "
            "Up: by how much depends more on itself and on the others; above the dashed line, on "
            "the dotted one half as much."
        )
        alt = f"Plane of elementary effects, mean size: {listed}."
    return [
        Picture(
            stem, f"{title}: {heading.lower()}", f"{caption} Whiskers: {level} interval.", alt, draw
        ),
        Picture(
            f"{stem}_convergence",
            f"{title}: convergence",
            f"The indices from the first eighth, quarter, half and all of the {_blocks(result)}, "
            f"with their {level} intervals.",
            f"Small panels of the indices against the number of {_blocks(result)}, a parameter "
            f"each; in the end {listed}.",
            lambda width: sensitivity_convergence(
                result.convergence, title=_blocks(result), unit=unit, width=width
            ),
        ),
    ]
