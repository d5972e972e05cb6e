"""Writing an experiment as a complete TOML file, which loads back as the same scenarios.

An experiment comes in, its text goes out. The text holds every parameter of the market, of all
policies in a mix and of all instruments, so that it says what was run even if a later version has
other defaults; only parameters of mechanisms that are off in all arms are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tomli_w

from trustsim.config.models import KEPT
from trustsim.config.toml import inside, put
from trustsim.errors import ConfigError
from trustsim.schema.decisions import DECISION_OF, registered_rules, rule_named
from trustsim.schema.mechanisms import OWNERS, off_without

SIDES = {"buyers": "buyer", "suppliers": "supplier"}


def experiment_toml(config: Any) -> str:
    """Write an experiment file."""
    common = config.without
    off = off_without(common)
    arms = {name: arm.replace(without=common) for name, arm in config.arms.items()}
    first = next(iter(arms.values()))
    for name, arm in arms.items():
        for what in ("seed", "rounds", "instruments"):
            if getattr(arm, what) != getattr(first, what):
                raise ConfigError(f"arms.{name}: all arms of an experiment have the same {what}")
        if arm.draft.base.root != first.draft.base.root:
            raise ConfigError(f"arms.{name}: all arms of an experiment are in the same market")
    tables: dict[str, Any] = {
        "name": config.name,
        "question": config.question,
        "seed": config.seed,
        "rounds": config.rounds,
        "replications": config.replications,
        "baseline": config.baseline,
        **execution_tables(config),
        "market": {
            "based_on": first.draft.base.root,
            "instruments": list(first.instruments),
            **_listed(common),
            **_values(config.market, off),
        },
        "arms": {
            name: _arm(config.arms[name], arm.market, config.market, common)
            for name, arm in arms.items()
        },
        "policies": {side: _policies(side, arms, off) for side in SIDES},
        "instruments": {name: _values(row, off) for name, row in first.instruments.items()},
    }
    for keys, source in sorted(config.sources.items()):
        if inside(tables, keys) is not None:
            put(tables, ("sources", *keys), source)
    return tomli_w.dumps(tables)


def execution_tables(config: Any) -> dict[str, Any]:
    """How an experiment is run, as it stands in a file, where that is not as usual."""
    tables: dict[str, Any] = {} if config.keep == KEPT else {"keep": list(config.keep)}
    for key in ("run_timeout", "smallest_difference"):
        if getattr(config, key) is not None:
            tables[key] = getattr(config, key)
    if config.precision is not None:
        tables["precision"] = dict(vars(config.precision))
    if config.design is not None:
        tables["design"] = config.design.table(config.seed)
    return tables


def _listed(without: Iterable[str]) -> dict[str, Any]:
    return {"without": list(without)} if without else {}


def _values(record: Any, off: Collection[str]) -> dict[str, Any]:
    """Parameters of a record, but those of mechanisms that are off."""
    return {name: v for name, v in record.model_dump().items() if OWNERS.get(name, "") not in off}


def _arm(arm: Any, market: Any, common: Any, without: Iterable[str]) -> dict[str, Any]:
    """Table of an arm: what it changes in the market of all arms."""
    own = _values(market, off_without(arm.without))
    return {
        **_listed([name for name in arm.without if name not in without]),
        "buyer_mix": arm.buyer_mix,
        "supplier_mix": arm.supplier_mix,
        "market": {name: value for name, value in own.items() if value != getattr(common, name)},
    }


def _policies(
    side: str, arms: Mapping[str, Any], off: Collection[str]
) -> dict[str, dict[str, Any]]:
    """All parameters of the policies that are used, or that the author has written or changed."""
    rows: dict[str, dict[str, Any]] = {}
    first_user: dict[str, str] = {}
    for arm_name, arm in arms.items():
        own = arm.draft.rows[side]
        names = list(getattr(arm, f"{SIDES[side]}_mix"))
        names += [name for name, entry in own.items() if not entry.shared and name not in names]
        for name in names:
            row = {}
            if name in own and own[name].based_on:
                row["based_on"] = own[name].based_on
                names += [n for n in row.values() if n in own and n not in names]
            values = _values(getattr(arm, f"{SIDES[side]}_policies")[name], off)
            row |= {key: _rule_name(key, v, f"policies.{side}.{name}") for key, v in values.items()}
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
