"""Plausible result tables without a simulation: the columns of a results folder, made-up numbers.

Adversarial purchasing starts with the lower price; trusting purchasing saves elsewhere and learns,
so that its cumulative cost falls below after a few years.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from trustsim.schema.measures import TEMPTATIONS

ARMS = ("high_trust", "adversarial", "trust_but_verify")
INSTRUMENTS = ("prepayment", "deposit_balance", "escrow", "letter_of_credit", "open_account")
BUCKETS = ((0, 0), (1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63), (64, 10**6))
ACCOUNTS = ("buyers", "suppliers", "platform", "carriers", "banks", "courts", "outside")
PARTS = (
    "price sourcing negotiation payment inspection failure delay dispute bad_debt switching "
    "leakage service"
).split()

# trust of each arm when relations are old: 0 adversarial, 1 high trust; further arms lie between
WARMTH = {"high_trust": 1.0, "adversarial": 0.0, "trust_but_verify": 0.75}


def _row(
    warmth: float,
    age: np.ndarray,
    shake: np.ndarray,
    replicate: np.ndarray,
    random: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measures at relations of some age (0 new, 1 old), one value per row."""
    old = warmth * age

    def noise(scale: float) -> np.ndarray:
        run = random.standard_normal(replicate.max() + 1)[replicate]
        return scale * (0.7 * shake + 0.3 * random.standard_normal(shake.shape) + 0.8 * run)

    part = {
        "price": 1.0 + 0.11 * warmth - 0.14 * old + noise(0.01),
        "sourcing": 0.024 - 0.018 * warmth + noise(0.0008),
        "negotiation": 0.03 - 0.012 * warmth - 0.008 * old + noise(0.001),
        "payment": 0.012 - 0.006 * old + noise(0.0005),
        "inspection": 0.018 - 0.014 * old + noise(0.0005),
        "failure": 0.035 - 0.01 * warmth - 0.01 * old + noise(0.004),
        "delay": 0.015 - 0.006 * old + noise(0.001),
        "dispute": 0.012 - 0.009 * old + noise(0.0008),
        "bad_debt": 0.006 - 0.002 * old + noise(0.0006),
        "switching": 0.008 - 0.006 * warmth + noise(0.0003),
        "leakage": 0.002 + 0.003 * warmth + noise(0.0004),
        "service": np.zeros_like(shake),
    }
    row = {f"cost_{name}": part[name] for name in PARTS}
    total = sum(row.values())
    unit = np.ones_like(shake)
    hours = 10 - 7.5 * warmth - 0.6 * old
    return {
        "total_cost": total,
        **row,
        "transaction_time_share": 0.47 - 0.235 * warmth + noise(0.01),
        "transaction_cost": total - row["cost_price"] - row["cost_failure"],
        "procurement_cost": 0.004 * hours + noise(0.001),
        "goods_per_hour": unit / hours + noise(0.004),
        "inspection_rate": np.clip(0.9 - 0.75 * old + noise(0.01), 0, 1),
        "supplier_opportunism_rate": np.clip(0.22 - 0.17 * old + noise(0.01), 0, 1),
        "buyer_opportunism_rate": np.clip(0.10 - 0.07 * old + noise(0.006), 0, 1),
        "defect_escape_rate": np.clip(0.02 + 0.015 * old + noise(0.003), 0, 1),
        "dispute_rate": np.clip(0.06 - 0.045 * old + noise(0.004), 0, 1),
        "arrears_days": np.clip(14 - 9 * old + noise(1.0), 0, None),
        "no_terms_rate": np.clip(0.01 - 0.005 * old + noise(0.001), 0, 1),
        "trust_in_suppliers": np.clip(0.55 + 0.35 * old - 0.05 * age + noise(0.01), 0, 1),
        "trust_in_buyers": np.clip(0.5 + 0.3 * old - 0.1 * age + noise(0.01), 0, 1),
        "loyalty": np.clip(0.3 + 0.5 * old + noise(0.01), 0, 1),
        "loyal_share": np.clip(0.05 + 0.5 * old + noise(0.01), 0, 1),
        "knowhow": np.clip(0.02 + 0.14 * old + noise(0.004), 0, 1),
        "supplier_profit": 0.06 + 0.05 * warmth + noise(0.008),
        "buyer_surplus": 1.6 - total,
        "joint_surplus": 1.66 + 0.05 * warmth - total + noise(0.008),
        "orders": np.round(90 * unit + noise(3.0)),
        "accepted": np.round(86 * unit + noise(3.0)),
    }


def _shares(warmth: float, age: np.ndarray, instruments: tuple[str, ...]) -> dict[str, np.ndarray]:
    weight = {
        name: np.exp((1.2 + 2.0 * warmth) * np.asarray(age) * i / len(instruments) - 0.35 * i)
        for i, name in enumerate(instruments)
    }
    total = sum(weight.values())
    return {f"instrument_share_{name}": w / total for name, w in weight.items()}


def frames(
    arms: tuple[str, ...] = ARMS,
    replicates: int = 30,
    rounds: int = 120,
    instruments: tuple[str, ...] = INSTRUMENTS,
    mixed: bool = False,
    seed: int = 5,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tables of runs, rounds and ages; `mixed` adds rows per buyer policy beside "all"."""
    luck = np.random.default_rng(seed)
    shake = luck.standard_normal((replicates, rounds))  # the luck that all arms share
    years_old = 1 - np.exp(-np.arange(rounds) / 30)
    bucket_age = 1 - np.exp(-np.array([b[0] for b in BUCKETS]) / 6)
    run_parts, round_parts, age_parts = [], [], []
    for i, arm in enumerate(arms):
        warmth = WARMTH.get(arm, i / max(1, len(arms) - 1))
        random = np.random.default_rng((seed, i))
        replicate, number = np.divmod(np.arange(replicates * rounds), rounds)
        table = pd.DataFrame(
            {
                "run_id": [f"{i:02d}{r:06d}" for r in replicate],
                "arm": arm,
                "replicate": replicate,
                "round": number,
                "policy": arm,
                **_row(warmth, years_old[number], shake.ravel(), replicate, random),
                **_shares(warmth, years_old[number], instruments),
            }
        )
        lots = table["accepted"]
        keys = [table["run_id"], table["replicate"]]
        values = table.drop(columns=["run_id", "arm", "replicate", "round", "policy"])
        sums = values.mul(lots, axis=0).groupby(keys).sum()
        run = sums.div(lots.groupby(keys).sum(), axis=0).reset_index()
        for count in ("orders", "accepted"):
            run[count] = table.groupby(keys)[count].sum().to_numpy()
        run.insert(1, "arm", arm)
        run.insert(2, "point", 0)
        run.insert(4, "status", "done")
        run_parts.append(run)
        for account in ACCOUNTS:
            table[f"balance_{account}"] = np.int64(0)
        if mixed:
            halves = [table.assign(policy=p, total_cost=99.0) for p in ("one", "two")]
            table = pd.concat([table.assign(policy="all"), *halves], ignore_index=True)
        round_parts.append(table)
        replicate, bucket = np.divmod(np.arange(replicates * len(BUCKETS)), len(BUCKETS))
        ages = pd.DataFrame(
            {
                "run_id": [f"{i:02d}{r:06d}" for r in replicate],
                "arm": arm,
                "replicate": replicate,
                "age_from": [BUCKETS[b][0] for b in bucket],
                "age_to": [BUCKETS[b][1] for b in bucket],
                **_row(warmth, bucket_age[bucket], shake[replicate, 0], replicate, random),
                **_shares(warmth, bucket_age[bucket], instruments),
            }
        )
        age_parts.append(ages)
    return (
        pd.concat(run_parts, ignore_index=True),
        pd.concat(round_parts, ignore_index=True),
        pd.concat(age_parts, ignore_index=True),
    )


def policies_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Table of policies of runs in each of which all buyers have the policy of the arm's name."""
    shares = ("share_of_buyers", "share_of_orders", "share_at_start", "share_at_end")
    return runs.assign(policy=runs["arm"], **dict.fromkeys(shares, 1.0)).drop(columns="status")


def temptations_of(runs: pd.DataFrame, often: int = 50) -> pd.DataFrame:
    """Table of temptations of runs in which all that was expected happened."""
    which = runs.drop(columns="status").iloc[:, : list(runs).index("replicate")]
    rows = which.merge(pd.DataFrame({"temptation": TEMPTATIONS, "times": often}), how="cross")
    means = {f"{what}_{side}": mean for what, mean in EXPECTED.items() for side in SIDES}
    return rows.assign(**means)


EXPECTED = {"gain": 0.1, "found": 0.3, "loss": 0.2, "relation": 0.4}
SIDES = ("expected", "happened")
MANIFEST = {
    "name": "high_trust_vs_adversarial",
    "model_version": "0.1.0",
    "versions": {"python": "3.11.2", "numpy": "2.4.6", "numba": "0.61.0"},
    "seed": 1,
    "git": "0123456789abcdef",
    "platform": "Linux x86_64",
    "runs_planned": 90,
    "runs_done": 90,
    "runs_failed": 0,
    "orders": 972000,
    "seconds": 3.21,
    "digest": "6b1f0a9c" * 8,
}


def write_folder(
    folder: Path,
    arms: tuple[str, ...] = ARMS,
    *,
    baseline: str | None = None,
    question: str = "What does each regime cost, in what, and when does one overtake the other?",
    manifest: dict[str, object] | None = None,
    **kinds: object,
) -> Path:
    """Write a results folder as a run leaves it; `kinds` go to `frames`."""
    folder.mkdir(parents=True, exist_ok=True)
    runs, rounds, ages = frames(arms, **kinds)  # type: ignore[arg-type]
    runs.to_parquet(folder / "runs.parquet")
    policies_of(runs).to_parquet(folder / "policies.parquet")
    temptations_of(runs).to_parquet(folder / "temptations.parquet")
    rounds.to_parquet(folder / "rounds.parquet")
    ages.to_parquet(folder / "ages.parquet")
    if baseline is None:
        baseline = "adversarial" if "adversarial" in arms else arms[-1]
    lines = [
        f"name = {json.dumps(MANIFEST['name'])}",
        f"question = {json.dumps(question)}",
        "seed = 1",
        f"rounds = {rounds['round'].max() + 1}",
        f"replications = {runs['replicate'].nunique()}",
        f"baseline = {json.dumps(baseline)}",
        "[market]",
        "buyers = 100",
        "suppliers = 20",
        "rounds_per_year = 12",
        "[market.supplier_mix]",
        "cooperative = 0.4",
        "calculative = 0.6",
    ]
    for arm in arms:
        lines += [f"[arms.{json.dumps(arm)}]", f"buyer_mix = {{ {json.dumps(arm)} = 1.0 }}"]
        lines += [f"[policies.buyers.{json.dumps(arm)}]", "inspection_rate = 0.5"]
    (folder / "experiment.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "manifest.json").write_text(
        json.dumps(MANIFEST if manifest is None else manifest), encoding="utf-8"
    )
    return folder
