"""The answers of a folder: of one market, or on average over the points of a design."""

from __future__ import annotations

import math

from trustsim.analysis.compare import compare, differences_by_point
from trustsim.analysis.means import OVER, means_over
from trustsim.analysis.pairs import arm_runs
from trustsim.errors import ConfigError
from trustsim.report.results import Reported
from trustsim.report.words.answer import answer, difference_sentence, replication_sentence
from trustsim.report.words.labels import capital, decimals, half_width_text, number, percent, plain

MADE = {
    "grid": "every combination of the chosen values",
    "list": "chosen one by one",
    "zip": "chosen one by one",
    "latin_hypercube": "drawn by Latin hypercube",
    "sobol_sequence": "drawn as a scrambled Sobol' sequence",
    "sobol": "drawn for Sobol' indices",
    "morris": "drawn as Morris trajectories",
    "ablation": "taken with nothing off, and with each mechanism off in turn",
}
"""How the points of a design came about, by the name of its method."""


FULL_MARKET = (
    "This is the full market, with nothing switched off; what each mechanism carries of the "
    "difference is told by trustsim ablate."
)
"""What is said beside an answer if the folder holds an ablation."""


def answers(results: Reported, confidence: float = 0.95) -> list[str]:
    """Sentences that answer the experiment, for each arm other than the baseline."""
    return [*_lost(results), *_found(results, confidence)]


def _lost(results: Reported) -> list[str]:
    """Say which arms have no run to compare, and what takes the place of a lost baseline."""
    lines = [
        f"{capital(plain(arm))} has no finished run (failures.parquet has why)."
        for arm in results.lost
    ]
    if results.experiment.get("baseline") in results.lost and results.challengers:
        named = plain(str(results.experiment["baseline"]))
        lines.append(
            f"{capital(named)} was the baseline; {plain(results.baseline)} takes its place."
        )
    return lines


def _found(results: Reported, confidence: float) -> list[str]:
    if "total_cost" not in results.runs:
        return ["The table of runs has no total_cost, so that nothing can be compared."]
    if not results.challengers:
        return [_alone(results, confidence)]
    if results.points == 1:
        lines = answer(
            results.runs, results.rounds, results.baseline, results.arms, confidence,
            results.rounds_per_year,
        )  # fmt: skip
        return lines if results.ablated is None else [*lines, FULL_MARKET]
    sentences = []
    for arm in results.challengers:
        try:
            sentences.append(_over_points(results, arm, confidence))
        except ConfigError as error:
            sentences.append(f"{capital(plain(arm))} cannot be compared: {error}.")
    return [*sentences, mean_sentence(results)]


def mean_sentence(results: Reported) -> str:
    """Say what means of a design are over, and what their intervals are for."""
    made = MADE[results.design.method] if results.design is not None else "as they were run"
    counts = results.runs.groupby("point")["replicate"].nunique()
    few, many = int(counts.min()), int(counts.max())
    each = number(many, 0) if few == many else f"{number(few, 0)} to {number(many, 0)}"
    noun = "replicate" if many == 1 else "replicates"
    return (
        f"Means are over {number(results.points, 0)} points, {made}, which count alike, with "
        f"{each} {noun} at each; intervals are for {OVER[results.reading['over']]}."
    )


def precision_sentences(results: Reported, confidence: float = 0.95) -> list[str]:
    """Say of each comparison of total cost how precise it is; of one market, if that is enough."""
    sentences = []
    for arm in results.challengers:
        try:
            row = compare(
                results.runs, arm, results.baseline, ["total_cost"], confidence, unpaired="drop",
                **results.reading,
            ).iloc[0]  # fmt: skip
        except ConfigError:  # the answer gives the reason
            continue
        if results.points == 1:
            sentences.append(replication_sentence(row, arm, results.baseline))
        elif math.isfinite(row["half_width"]) and row["difference"] != 0:
            ratio = row["half_width"] / abs(row["difference"])
            size = percent(ratio, 1) if ratio < 1 else f"{number(ratio, 1)} times the size"
            sentences.append(
                f"{capital(plain(arm))} against {plain(results.baseline)}: "
                f"{number(row['points'], 0)} points, {number(row['replicates'], 0)} replicates; "
                f"the half-width is {size} of the difference."
            )
    return sentences


def _alone(results: Reported, confidence: float) -> str:
    costs = arm_runs(results.runs, results.baseline)[["total_cost"]].astype(float)
    result = means_over(costs, confidence, **results.reading).iloc[0]
    places = decimals(result["half_width"], result["mean"])
    said = (
        f"There is one arm only, {plain(results.baseline)}, and nothing to compare it with. It "
        f"costs {number(result['mean'], places)} per accepted lot "
        f"(± {half_width_text(result['half_width'], places)}, {percent(confidence)} interval, "
        f"{number(result['n'], 0)} runs)."
    )
    if results.points > 1:
        return f"{said} {mean_sentence(results)}"
    return said if results.ablated is None else f"{said} {FULL_MARKET}"


def _over_points(results: Reported, arm: str, confidence: float) -> str:
    """The mean difference over the points, and at how many of them the challenger is cheaper."""
    runs, baseline = results.runs, results.baseline
    row = compare(
        runs, arm, baseline, ["total_cost"], confidence, unpaired="drop", **results.reading
    ).iloc[0]
    when = f"on average over {number(row['points'], 0)} points of the design"
    text = difference_sentence(row, arm, baseline, confidence, when)
    places = differences_by_point(runs, arm, baseline, confidence=confidence, unpaired="drop")
    gap, half = places["difference"], places["half_width"]
    design = results.design
    which = "the points"
    if design is not None and design.method == "sobol":
        which = f"all {number(len(gap), 0)} points, hybrids included"
    text += f" It is the cheaper at {percent(float((gap < 0).mean()))} of {which}."
    if half.notna().any():
        less, more = float((gap + half < 0).mean()), float((gap - half > 0).mean())
        text += (
            f" Taken by itself, a point's {percent(confidence)} interval excludes zero at "
            f"{percent(less + more)} of them: it is shown to be the cheaper at {percent(less)} and "
            f"the dearer at {percent(more)}."
        )
    return text
