"""Calibrations without a simulation: what the runs show is a formula, so that the answer is known.

Two free parameters, ``tender_hours`` (t, 0.5 to 8, logarithmic) and ``qualification_hours`` (q, 0
to 100). Every problem gives the means of the adversarial arm; those of the other arm are 1. Luck
moves each run by a fixed amount per replicate, of mean 0 over any two replicates in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from trustsim.calibration.file import CalibrationConfig, load_calibration
from trustsim.calibration.fit import Evaluate

HEAD = """
name = "{name}"
replications = 4
rounds = 6
seed = 3
baseline = "high_trust"
[market]
buyers = 6
suppliers = 4
[arms.high_trust]
buyer_mix = "high_trust"
[arms.adversarial]
buyer_mix = "adversarial"
[calibrate]
trials = {trials}
fresh = 6
[calibrate.parameters]
market.tender_hours = {{ low = 0.5, high = 8.0, scale = "log" }}
market.qualification_hours = {{ low = 0.0, high = 100.0 }}
"""
SHARE = """
[targets.share]
measure = "transaction_time_share"
arm = "adversarial"
value = 2.0
tolerance = 0.1
source = "a formula"
"""
GOODS = """
[targets.goods]
measure = "goods_per_hour"
arm = "adversarial"
{side} = 40.0
tolerance = 4.0
source = "a formula"
"""

Means = Callable[[float, float], Mapping[str, float]]


def text_of(targets: str = SHARE + GOODS.format(side="value"), trials: int = 20) -> str:
    return HEAD.format(name="problem", trials=trials) + targets


def config_of(folder: Path, text: str) -> CalibrationConfig:
    path = folder / "problem.toml"
    path.write_text(text, encoding="utf-8")
    return load_calibration(path)


def told(t: float, q: float) -> dict[str, float]:
    """Each parameter is told by a target of its own: t = 2, q = 40."""
    return {"transaction_time_share": t, "goods_per_hour": q}


def idle(t: float, q: float) -> dict[str, float]:
    """Nothing depends on q."""
    return {"transaction_time_share": t, "goods_per_hour": 20.0 * t}


def ridge(t: float, q: float) -> dict[str, float]:
    """Only the product counts: t q = 80 fits wherever it is."""
    return {"transaction_time_share": t * q / 40.0, "goods_per_hour": t * q / 2.0}


def luck(replicate: int) -> float:
    return (-1) ** replicate * 0.01 * (1 + replicate // 2)


def evaluated(means: Means) -> Evaluate:
    def evaluate(values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        shown = means(values["market.tender_hours"], values["market.qualification_hours"])
        return pd.DataFrame(
            [
                {
                    "arm": arm,
                    "replicate": r,
                    **{
                        name: luck(r) + (mean if arm == "adversarial" else 1.0)
                        for name, mean in shown.items()
                    },
                }
                for r in replicates
                for arm in ("high_trust", "adversarial")
            ]
        )

    return evaluate
