"""A dictionary that cannot be changed, so that what has an id keeps it."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

FROZEN = "it is frozen; make a changed copy, as with Scenario.replace(...)"

Key = TypeVar("Key")
Item = TypeVar("Item")


class FrozenDict(dict[Key, Item]):
    """A dictionary that cannot be changed; `dict(frozen)` gives one that can."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(FROZEN)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)
