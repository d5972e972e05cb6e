"""What a design varies in the arms of an experiment.

An experiment and the paths of what varies come in. Values by the paths that they have in one arm go
out, and the mechanisms that are at work; what would change nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trustsim.config.design import Design, ablation
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, off_without


def of_arm(arm: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that concern an arm, by the paths that they have in its scenario."""
    return {
        ".".join(keys): value
        for path, value in values.items()
        for owner, keys in [_in_arm(path)]
        if owner in ("", arm)
    }


def complete_design(design: Design | None, arms: Mapping[str, Any]) -> Design | None:
    """Give a design; an ablation that names no mechanism gets those at work in some arm."""
    if design is None or design.method != "ablation":
        return design
    at_work = [name for name in MECHANISMS if any(_is_at_work(name, a) for a in arms.values())]
    if not at_work:
        raise ConfigError("design: no mechanism is at work in any arm")
    for name in design.mechanisms:
        if name not in at_work:
            raise ConfigError(
                at("", "design.mechanisms", name, given=True)
                + f"is not at work in any arm; those at work: {', '.join(at_work)}"
            )
    return design if design.dimensions else ablation(at_work)


def check_design(design: Design, arms: Mapping[str, Any], market: Any) -> None:
    """Check that what a design varies is in the arms, and changes something."""
    for path in design.paths:
        where = at("", f"design.parameters.{path}")
        owner, keys = _in_arm(path)
        if owner and owner not in arms:
            raise ConfigError(f"{where}no such arm{suggestion(owner, arms)}")
        concerned = {owner: arms[owner]} if owner else dict(arms)
        for said in _problems(keys, concerned, None if owner else market):
            raise ConfigError(where + said)


def _in_arm(path: str) -> tuple[str, list[str]]:
    """Arm that a path belongs to, or nothing, and the keys that it has in the arm's scenario."""
    keys = path.split(".")
    if keys[0] != "arms":
        return "", keys
    return keys[1], keys[2:] if keys[2] == "market" else ["market", *keys[2:]]


def _problems(keys: list[str], arms: Mapping[str, Any], market: Any) -> Iterator[str]:
    """Say why something cannot vary; `market` is that of all arms, or None if one arm varies."""
    match keys:
        case ["market", ("buyer_mix" | "supplier_mix") as mix, name]:
            for arm_name, arm in arms.items():
                there = getattr(arm, mix)
                if name not in there:
                    said = f"the {mix} of arm '{arm_name}' has no such policy"
                    yield f"{said}{suggestion(name, there)}"
            return
        case ["market", name] if market is not None:
            for arm_name, arm in arms.items():
                value = getattr(arm.market, name)
                if value == getattr(market, name):
                    continue
                if OWNERS.get(name) not in off_without(arm.without):
                    yield (
                        f"arm '{arm_name}' sets it to {shown(value)}, so that it cannot "
                        "vary for all arms; take it out of the arm, or let "
                        f"arms.{arm_name}.market.{name} vary"
                    )
        case ["policies", side, name, _]:
            mixes = [getattr(arm, f"{side.removesuffix('s')}_mix") for arm in arms.values()]
            used = {policy for shares in mixes for policy, share in shares.items() if share}
            if name not in used:
                said = f"no arm has {side} of this policy, so that nothing would change"
                yield f"{said}{suggestion(name, sorted(used))}"
        case ["instruments", name, _]:
            there = dict.fromkeys(i for arm in arms.values() for i in arm.instruments)
            if name not in there:
                yield f"the market has no such instrument{suggestion(name, there)}"
    mechanism = OWNERS.get(keys[-1])
    if mechanism and all(mechanism in off_without(arm.without) for arm in arms.values()):
        yield f"its mechanism {shown(mechanism)} is off, so that nothing would change"


def _is_at_work(mechanism: str, scenario: Any) -> bool:
    """Whether a scenario has other records without a mechanism, among those that it uses."""
    return _used(scenario.at({"without": mechanism})) != _used(scenario)


def _used(scenario: Any) -> list[Any]:
    return [
        scenario.market,
        scenario.instruments,
        [scenario.buyer_policies[name] for name in scenario.buyer_mix],
        [scenario.supplier_policies[name] for name in scenario.supplier_mix],
    ]
