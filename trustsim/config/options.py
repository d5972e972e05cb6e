"""How an experiment is run, beside what is in it: design, precision, time limit, tables to keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trustsim.config.design import Design, read_design
from trustsim.config.library import library
from trustsim.config.precision import Precision, read_precision
from trustsim.errors import ConfigError, at, shown, suggestion

TABLES = ("runs", "rounds", "ages")
"""Tables of results, from a row per run to a row per run and relationship age."""

KEYS = ("design", "precision", "run_timeout", "keep", "smallest_difference")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an experiment is run.

    Attributes
    ----------
    design : Design or None
        Points of the parameter space to visit; None for the single point that the file describes.
    precision : Precision or None
        When there are enough replications; None for a fixed number.
    run_timeout : float or None
        Longest time that one run may take, seconds; a run that takes longer fails.
    keep : tuple of str
        Which of `TABLES` are kept; the table of runs always is.
    smallest_difference : float or None
        Smallest difference in total cost that matters, money per accepted lot.
    """

    design: Design | None = None
    precision: Precision | None = None
    run_timeout: float | None = None
    keep: tuple[str, ...] = TABLES
    smallest_difference: float | None = None

    def as_tables(self, seed: int) -> dict[str, Any]:
        """Settings as they stand in a file."""
        found: dict[str, Any] = {}
        if self.keep != TABLES:
            found["keep"] = list(self.keep)
        for key in ("run_timeout", "smallest_difference"):
            if getattr(self, key) is not None:
                found[key] = getattr(self, key)
        if self.precision is not None:
            found["precision"] = dict(vars(self.precision))
        if self.design is not None:
            found["design"] = self.design.table(seed)
        return found


def read_settings(tables: Mapping[str, Any], file: str = "") -> Settings:
    """Read the settings in the tables of an experiment file.

    Raises
    ------
    ConfigError
        If one of them cannot be used.
    """
    own = tables.get("instruments")
    instruments = [*library().instruments, *(own if isinstance(own, Mapping) else ())]
    rule = tables.get("precision")
    return Settings(
        design=read_design(tables["design"], file) if "design" in tables else None,
        precision=None if rule is None else read_precision(rule, file, instruments),
        run_timeout=_positive(tables, "run_timeout", "seconds", file),
        keep=_keep(tables, file),
        smallest_difference=_positive(
            tables, "smallest_difference", "money per accepted lot", file
        ),
    )


def check_settings(config: Any) -> None:
    """Check that the settings of an experiment go with its arms.

    Raises
    ------
    ConfigError
        If there is nothing whose precision could be judged; and if a parameter that varies is
        none of the arms, or changes nothing: with the names that there are.
    """
    if config.precision is not None and len(config.arms) < 2:
        raise ConfigError("precision: is that of a difference, and needs a second arm")
    arms = config.arms
    for path in config.design.paths if config.design is not None else ():
        key = f"design.parameters.{path}"
        keys = path.split(".")
        concerned = arms
        if keys[0] == "arms":
            if keys[1] not in arms:
                raise ConfigError(at("", key) + f"no such arm{suggestion(keys[1], arms)}")
            concerned = {keys[1]: arms[keys[1]]}
            keys = ["market", *keys[2:]] if keys[2] != "market" else keys[2:]
        _check_path(keys, path.startswith("arms."), config.market, concerned, at("", key))


def of_arm(arm: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that concern an arm, by the paths that they have in its scenario."""
    found = {}
    for path, value in values.items():
        keys = path.split(".")
        if keys[0] != "arms":
            found[path] = value
        elif keys[1] == arm:
            found[".".join(keys[2:] if keys[2] == "market" else ["market", *keys[2:]])] = value
    return found


def _check_path(
    keys: list[str], own: bool, market: Any, arms: Mapping[str, Any], where: str
) -> None:
    match keys:
        case ["market", ("buyer_mix" | "supplier_mix") as mix, name]:
            for arm_name, arm in arms.items():
                there = getattr(arm, mix)
                if name not in there:
                    raise ConfigError(
                        f"{where}the {mix} of arm '{arm_name}' has no such policy"
                        f"{suggestion(name, there)}"
                    )
        case ["market", name]:
            for arm_name, arm in arms.items():
                set_there = getattr(arm.market, name)
                if not own and set_there != getattr(market, name):
                    raise ConfigError(
                        f"{where}arm '{arm_name}' sets it to {shown(set_there)}, so that it cannot "
                        "vary for all arms; take it out of the arm, or let "
                        f"arms.{arm_name}.market.{name} vary"
                    )
        case ["policies", side, name, _]:
            mixes = [getattr(arm, f"{side.removesuffix('s')}_mix") for arm in arms.values()]
            used = {policy for shares in mixes for policy, share in shares.items() if share}
            if name not in used:
                raise ConfigError(
                    f"{where}no arm has {side} of this policy, so that nothing would change"
                    f"{suggestion(name, sorted(used))}"
                )
        case ["instruments", name, _]:
            there = dict.fromkeys(i for arm in arms.values() for i in arm.instruments)
            if name not in there:
                raise ConfigError(
                    f"{where}the market has no such instrument{suggestion(name, there)}"
                )


def _keep(tables: Mapping[str, Any], file: str) -> tuple[str, ...]:
    given = tables.get("keep", list(TABLES))
    if not isinstance(given, list) or not given:
        raise ConfigError(
            at(file, "keep", given, given=True)
            + f'must be a list of tables, such as ["runs"]; allowed: {", ".join(TABLES)}'
        )
    for name in given:
        if name not in TABLES:
            raise ConfigError(
                at(file, "keep", name, given=True) + f"no such table{suggestion(name, TABLES)}"
            )
    return tuple(name for name in TABLES if name in given or name == TABLES[0])


def _positive(tables: Mapping[str, Any], key: str, unit: str, file: str) -> float | None:
    value = tables.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ConfigError(at(file, key, value, given=True) + f"allowed: a number above 0 ({unit})")
    return float(value)
