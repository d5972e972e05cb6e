"""The one translator from what Pydantic finds wrong to our sentence.

A model and what an author wrote come in; the checked model goes out, or a `ConfigError` with a line
per problem: file, key, value, what is allowed, nearest name. A validator says what is allowed by
the text of a `ValueError`; by a `Refusal`, of a key below its own or without the value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError, WrapValidator

from trustsim.errors import ConfigError, at, known, suggestion

MOVED = {"noise": "; it is one of each side: buyer_noise and supplier_noise in [market]"}
"""What became of keys that there were once."""

HIDDEN: Any = type("Hidden", (), {"__repr__": lambda self: "nothing"})()
"""Default of a key that must be given, and of a value that is not to be shown."""


class Refusal(ValueError):
    """What is wrong with a key below the one that is checked; the value is shown if given."""

    def __init__(self, text: str, *keys: str | int, value: Any = HIDDEN) -> None:
        super().__init__(text)
        self.keys, self.value = keys, value


class Words:
    """What is said of a table of fixed keys.

    `NOUN` is what a key is called, `SHAPE` what the table is, with an `EXAMPLE` if it needs one.
    """

    NOUN: ClassVar[str] = "key"
    SHAPE: ClassVar[str] = "a table"
    EXAMPLE: ClassVar[str] = ""

    @classmethod
    def unknown(cls, name: str) -> str:
        """Say of a key that there is no such."""
        fields: Any = cls.__pydantic_fields__  # type: ignore[attr-defined]
        return f"unknown {cls.NOUN}{MOVED.get(name) or suggestion(name, fields)}"


class Table(Words, BaseModel):
    """A table of fixed keys."""

    model_config = {"extra": "forbid", "frozen": True, "arbitrary_types_allowed": True}


def read(model: Any, written: Any, key: str = "", file: str = "", **context: Any) -> Any:
    """Check what an author wrote.

    Parameters
    ----------
    model : type
        What it must be: a model, or any type that Pydantic knows.
    written : object
        What stands there.
    key, file : str
        Where it stands, for messages.
    **context
        What the validators of the model need to know.

    Raises
    ------
    ConfigError
        A line per problem.
    """
    try:
        return _adapter(model).validate_python(written, context=context)
    except ValidationError as error:
        found = (_finding(problem, model) for problem in error.errors())
        lines = [at(file, _dotted(key, p), v, given=v is not HIDDEN) + text for p, v, text in found]
    raise ConfigError("\n".join(dict.fromkeys(lines)))


def part(model: Any, written: Any, *keys: str | int) -> Any:
    """Check a part of what a validator checks, which stands under keys below its own."""
    try:
        return _adapter(model).validate_python(written)
    except ValidationError as error:
        place, value, text = _finding(error.errors()[0], model)
    raise Refusal(text, *keys, *place, value=value)


def allowing(text: str, holds: Callable[[Any], bool] = lambda _: True) -> WrapValidator:
    """Say what is allowed of a value that its type refuses, or of which something does not hold.

    A scalar of NumPy's is a number.
    """

    def check(value: Any, handler: Any) -> Any:
        with suppress(ValidationError):
            if holds(value := plain(value)):
                return handler(value)
        raise ValueError(f"allowed: {text}")

    return WrapValidator(check)


def whole(low: int, high: int) -> WrapValidator:
    """Check that a value is a whole number between bounds, both allowed."""
    text = f"a whole number from {low} to {high}"
    return allowing(text, lambda value: type(value) is int and low <= value <= high)


def one_of(names: Collection[str], wanted: str) -> BeforeValidator:
    """Check that a value is one of some names; `wanted` is what is said if not."""
    return BeforeValidator(lambda name: known(name, names, wanted))


def some_of(names: Collection[str], wanted: str, unknown: str, always: str = "") -> BeforeValidator:
    """Check a list of names; out they come in the order of all, each once.

    A list in which one stands `always`, whether named or not, must name something.
    """

    def check(given: Any) -> tuple[str, ...]:
        if not isinstance(given, list | tuple | set | frozenset) or (always and not given):
            raise ValueError(wanted)
        for name in given:
            if not isinstance(name, str) or name not in names:
                raise Refusal(f"{unknown}{suggestion(name, names)}", value=name)
        return tuple(name for name in names if name in given or name == always)

    return BeforeValidator(check)


def leaves(table: Any, leaf: Callable[[Any], bool] = lambda _: False) -> Iterator[tuple[str, Any]]:
    """Yield what nested tables hold, by dotted paths; `leaf` tells tables that are values."""
    for name, value in table.items():
        if hasattr(value, "items") and not leaf(value):
            yield from ((f"{name}.{path}", inner) for path, inner in leaves(value, leaf))
        else:
            yield str(name), value


def plain(value: Any) -> Any:
    """Turn a NumPy scalar into a number of Python's; a time is none."""
    kind = getattr(getattr(value, "dtype", None), "kind", "m")
    return value.item() if getattr(value, "ndim", 1) == 0 and kind not in "mMV" else value


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _finding(problem: Any, model: Any) -> tuple[list[str | int], Any, str]:
    """Give the keys of what is wrong, the value if it is to be shown, and what is said of it."""
    cause, place, value = problem.get("ctx", {}).get("error"), [*problem["loc"]], problem["input"]
    if place[-1:] == ["[key]"]:  # the name of a table is at fault, not what stands in it
        place = place[:-2]
    if cause is not None:
        return [*place, *getattr(cause, "keys", ())], getattr(cause, "value", value), str(cause)
    if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return place, value, _type_at(model, place[:-1]).unknown(str(place[-1]))
    missing = problem["type"] == "missing"
    table = _type_at(model, place[:-1] if missing else place)
    said, example = f"must be {getattr(table, 'SHAPE', 'a table')}", getattr(table, "EXAMPLE", "")
    if missing:
        return place, HIDDEN, f"is missing{example and f', as in {example}'}"
    return place, value, f"{said}{example and f', such as {example}'}"


def _dotted(key: str, place: Iterable[str | int]) -> str:
    keys = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in place)
    return "".join((key, *keys)).removeprefix(".")


def _type_at(model: Any, place: Sequence[str | int]) -> Any:
    """Type of what stands at a place within a model."""
    for part in place:
        if get_origin(model) is dict:
            model = get_args(model)[1]
        elif part in getattr(model, "__pydantic_fields__", ()):
            model = model.__pydantic_fields__[part].annotation
        while get_origin(model) not in (None, dict):  # what is annotated, or may be left out
            model = get_args(model)[0]
    return model


Text = Annotated[str, allowing("text in quotes")]
