"""Writing a resolved experiment as a complete TOML file, which loads back as the same scenarios.

The file holds every parameter of the market, of all policies in a mix and of all instruments, so
that it says what was run even if a later version has other defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w

from trustsim.errors import ConfigError
from trustsim.schema.decisions import DECISION_OF, registered_rules, rule_named

SIDES = {"buyers": "buyer", "suppliers": "supplier"}


def experiment_toml(config: Any) -> str:
    """Write an experiment file.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment; its market is the one before what an arm changes in it.

    Raises
    ------
    ConfigError
        If arms use one name for different rows, differ in seed, rounds, market or instruments, or
        have a rule without a registered name.
    """
    market, arms, sources = config.market, config.arms, config.sources
    first = next(iter(arms.values()))
    common = market.model_dump()
    for name, arm in arms.items():
        _refuse_what_one_file_cannot_say(name, first, arm)
    tables: dict[str, Any] = {
        "name": config.name,
        "question": config.question,
        "seed": config.seed,
        "rounds": config.rounds,
        "replications": config.replications,
        "baseline": config.baseline,
        **config.as_tables(config.seed),
        "market": {
            "based_on": first.given.based_on,
            "instruments": list(first.instruments),
            **common,
        },
        "arms": {
            name: {
                "buyer_mix": arm.buyer_mix,
                "supplier_mix": arm.supplier_mix,
                "market": {k: v for k, v in arm.market.model_dump().items() if v != common[k]},
            }
            for name, arm in arms.items()
        },
        "policies": {side: _policies(side, arms) for side in SIDES},
        "instruments": {
            name: row.model_dump() for arm in arms.values() for name, row in arm.instruments.items()
        },
    }
    for keys, source in sources.items():
        if _holds(tables, keys):
            table = tables.setdefault("sources", {})
            for key in keys[:-1]:
                table = table.setdefault(key, {})
            table[keys[-1]] = source
    return tomli_w.dumps(tables)


def _policies(side: str, arms: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All parameters of the policies that are used, or that the author has written or changed."""
    rows: dict[str, dict[str, Any]] = {}
    first_user: dict[str, str] = {}
    for arm_name, arm in arms.items():
        policies = getattr(arm, f"{SIDES[side]}_policies")
        mix = getattr(arm, f"{SIDES[side]}_mix")
        for name in dict.fromkeys([*mix, *getattr(arm.given, side)]):
            own = getattr(arm.given, side).get(name)
            row = {"based_on": own.based_on} if own is not None and own.based_on else {}
            row |= {
                key: _rule_name(key, value, f"policies.{side}.{name}")
                for key, value in policies[name].model_dump().items()
            }
            if rows.setdefault(name, row) != row:
                raise ConfigError(
                    f"policies.{side}.{name}: the arms '{first_user[name]}' and '{arm_name}' have "
                    "different policies of this name; give one of them another name"
                )
            first_user.setdefault(name, arm_name)
    return rows


def _rule_name(parameter: str, value: Any, key: str) -> Any:
    if not callable(value):
        return value
    name = getattr(value, "__name__", "")
    decision = DECISION_OF[parameter]
    if name in registered_rules(decision) and rule_named(name) is value:
        return name
    raise ConfigError(
        f"{key}.{parameter}: a function has no name that a file could hold; put "
        f'@rule("{decision}") above its definition'
    )


def _refuse_what_one_file_cannot_say(name: str, first: Any, arm: Any) -> None:
    for what in ("seed", "rounds", "instruments"):
        if getattr(arm, what) != getattr(first, what):
            raise ConfigError(f"arms.{name}: all arms of an experiment have the same {what}")
    if arm.given.based_on != first.given.based_on:
        raise ConfigError(f"arms.{name}: all arms of an experiment are in the same market")


def _holds(tables: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    table: Any = tables
    for key in keys:
        if not isinstance(table, Mapping) or key not in table:
            return False
        table = table[key]
    return True
