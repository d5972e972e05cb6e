"""What a design varies in the arms of an experiment.

An experiment and the paths of what varies come in. Values by the paths that they have in one arm go
out, and the mechanisms that are at work; what would change nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trustsim.config.design import Design
from trustsim.config.dimensions import in_arm
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, off_without


def complete_design(design: Design | None, arms: Mapping[str, Any]) -> Design | None:
    """Give a design; an ablation that names no mechanism gets those at work in some arm."""
    if design is None or design.method != "ablation":
        return design
    at_work = [
        name
        for name in MECHANISMS  # other records without it, among those that an arm uses
        if any(_used(arm.at({"without": name})) != _used(arm) for arm in arms.values())
    ]
    if not at_work:
        raise ConfigError("design: no mechanism is at work in any arm")
    if idle := [name for name in design.mechanisms if name not in at_work]:
        text = f"is not at work in any arm; those at work: {', '.join(at_work)}"
        raise ConfigError(at("", "design.mechanisms", idle[0], given=True) + text)
    return design.model_copy(update={"mechanisms": design.mechanisms or tuple(at_work)})


def check_paths(
    paths: Iterable[str], arms: Mapping[str, Any], key: str, market: Any = None
) -> None:
    """Check that what varies is in the arms, and changes something.

    With the `market` of all arms, an arm may not set what varies in all of them.
    """
    for path in paths:
        owner, keys = in_arm(path)
        if owner and owner not in arms:
            said = f"no such arm{suggestion(owner, arms)}"
        else:
            said = _idle(keys, {owner: arms[owner]} if owner else arms)
            if market is not None and not owner:
                said = said or _set_by_an_arm(keys, arms, market)
        if said:
            raise ConfigError(f"{key}.{path}: {said}")


def _idle(keys: list[str], arms: Mapping[str, Any]) -> str:
    """Say why something changes nothing in arms, if so; a share must be there in all of them."""
    share = keys[0] == "market" and len(keys) == 3
    if not share and all(_is_off(keys[-1], arm) for arm in arms.values()):
        return f"its mechanism {shown(OWNERS[keys[-1]])} is off, so that nothing would change"
    *place, name = keys if share else keys[:-1] or keys
    used = {arm_name: _used(arm).get(".".join(place), [name]) for arm_name, arm in arms.items()}
    lacking = [arm_name for arm_name, names in used.items() if name not in names]
    if not lacking or (len(lacking) < len(arms) and not share):
        return ""
    close = suggestion(name, sorted({n for arm_name in lacking for n in used[arm_name]}))
    where = " and ".join(map(shown, lacking))
    return f"{shown(name)} is not in use in {where}, so that nothing would change there{close}"


def _set_by_an_arm(keys: list[str], arms: Mapping[str, Any], market: Any) -> str:
    """Say which arm sets a parameter that is to vary in all of them, if one does."""
    for name, arm in arms.items() if keys[:-1] == ["market"] else ():
        value = getattr(arm.market, keys[1])
        if value != getattr(market, keys[1]) and not _is_off(keys[1], arm):
            text = f"arm '{name}' sets it to {shown(value)}, so that it cannot vary for all arms"
            return f"{text}; take it out of the arm, or let arms.{name}.market.{keys[1]} vary"
    return ""


def _is_off(parameter: str, scenario: Any) -> bool:
    return OWNERS.get(parameter) in off_without(scenario.without)


def _used(scenario: Any) -> dict[str, Any]:
    """What a scenario uses, by the keys under which it stands."""
    result = {"market": scenario.market, "instruments": scenario.instruments}
    for side, mix in (("buyer", scenario.buyer_mix), ("supplier", scenario.supplier_mix)):
        rows = getattr(scenario, f"{side}_policies")
        result[f"market.{side}_mix"] = mix
        result[f"policies.{side}s"] = {name: rows[name] for name, share in mix.items() if share}
    return result
