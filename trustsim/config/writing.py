"""Writing an experiment as a complete TOML file, which loads back as the same scenarios.

An experiment comes in, its text goes out. The text holds every parameter of the market, of all
policies in a mix and of all instruments, so that it says what was run even if a later version has
other defaults; only parameters of mechanisms that are off in all arms are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tomli_w

from trustsim.config.drafts import SIDES
from trustsim.config.models import KEPT, word
from trustsim.config.toml import inside, put
from trustsim.errors import ConfigError
from trustsim.schema.checking import EXPERIMENTS
from trustsim.schema.decisions import DECISION_OF, registered_rules, rule_named
from trustsim.schema.mechanisms import OWNERS, off_without


def experiment_toml(config: Any) -> str:
    """Write an experiment file."""
    common = config.without
    off = off_without(common)
    arms = {name: arm.replace(without=common) for name, arm in config.arms.items()}
    first = next(iter(arms.values()))
    for name, arm in arms.items():
        for what in ("seed", "rounds", "instruments", "based_on"):
            if getattr(arm, what) != getattr(first, what):
                said = what if what != "based_on" else "market to start from"
                raise ConfigError(f"arms.{name}: all arms of an experiment have the same {said}")
    tables: dict[str, Any] = {
        **{key: getattr(config, key) for key in ("name", "question", *EXPERIMENTS.rows)},
        "baseline": config.baseline,
        **execution_tables(config),
        "market": {
            "based_on": first.based_on,
            "instruments": list(first.instruments),
            **_listed(common),
            **_values(config.market, off),
        },
        "arms": {
            name: {
                **_listed([each for each in config.arms[name].without if each not in common]),
                "buyer_mix": arm.buyer_mix,
                "supplier_mix": arm.supplier_mix,
                "market": _changed(arm.market, config.market, config.arms[name].without),
            }
            for name, arm in arms.items()
        },
        "policies": {f"{side}s": _policies(side, arms, off) for side in SIDES},
        "instruments": {name: _values(row, off) for name, row in first.instruments.items()},
    }
    for keys, source in sorted(config.sources.items()):
        if inside(tables, keys) is not None:
            put(tables, ("sources", *keys), source)
    return tomli_w.dumps(tables)


def execution_tables(config: Any) -> dict[str, Any]:
    """How an experiment is run, as it stands in a file, where that is not as usual."""
    tables = {
        "keep": list(config.keep) if config.keep != KEPT else None,
        "run_timeout": config.run_timeout,
        "smallest_difference": config.smallest_difference,
        "precision": config.precision and dict(vars(config.precision)),
        "design": config.design and config.design.table(config.seed),
    }
    return {key: value for key, value in tables.items() if value is not None}


def _listed(without: Iterable[str]) -> dict[str, Any]:
    return {"without": list(without)} if without else {}


def _values(record: Any, off: Collection[str], key: str = "") -> dict[str, Any]:
    """Parameters of a record, but those of mechanisms that are off; own rules by their names."""
    used = ((n, v) for n, v in record.model_dump().items() if OWNERS.get(n, "") not in off)
    return {name: _rule_name(name, v, key) if callable(v) else v for name, v in used}


def _changed(market: Any, common: Any, without: Iterable[str]) -> dict[str, Any]:
    """What an arm changes in the market of all arms."""
    own = _values(market, off_without(without))
    return {name: value for name, value in own.items() if value != getattr(common, name)}


def _policies(side: str, arms: Mapping[str, Any], off: Collection[str]) -> dict[str, Any]:
    """All parameters of the policies that are used, or that the author has written or changed."""
    rows: dict[str, dict[str, Any]] = {}
    first_user: dict[str, str] = {}
    for arm_name, arm in arms.items():
        own, shared = arm.draft.rows(SIDES[side]), arm.draft.shared
        names = [*getattr(arm, f"{side}_mix")]
        names += [n for n in own if n not in names and (*SIDES[side], n) not in shared]
        for name in names:
            key, row = ".".join((*SIDES[side], name)), {}
            if name in own and (base := word(own[name], "based_on")):
                row["based_on"] = base
                names += [base] if base in own and base not in names else []
            row |= _values(getattr(arm, f"{side}_policies")[name], off, key)
            if rows.setdefault(name, row) != row:
                users = f"the arms '{first_user[name]}' and '{arm_name}'"
                text = f"{users} have different policies of this name; give one of them another"
                raise ConfigError(f"{key}: {text} name")
            first_user.setdefault(name, arm_name)
    return rows


def _rule_name(parameter: str, rule: Any, key: str) -> str:
    name, decision = getattr(rule, "__name__", ""), DECISION_OF[parameter]
    if name in registered_rules(decision) and rule_named(name) is rule:
        return str(name)
    text = "a function has no name that a file could hold; put"
    raise ConfigError(f'{key}.{parameter}: {text} @rule("{decision}") above its definition')
