"""Operators such as ``+=`` in a rule of the user's, and what they may change.

To a number ``+=`` gives a new one; an array it changes in place, which may be anybody's. A local
name is sure to hold nobody else's array if all that is ever assigned to it is made anew: constants,
results of arithmetic and comparisons, and fields of the records that a rule is given.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType
from typing import NamedTuple

STORES = ("STORE_FAST", "STORE_DEREF")
PUSHES = ("LOAD_FAST", "LOAD_CONST", "LOAD_DEREF", "LOAD_SMALL_INT", "LOAD_FAST_CHECK")
ARITHMETIC = ("COMPARE_OP", "CONTAINS_OP", "IS_OP", "UNARY_NEGATIVE", "UNARY_NOT", "UNARY_INVERT")
NOTHING = ("NOP", "EXTENDED_ARG", "CACHE", "NOT_TAKEN")
JUMPS = ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
ENDS = (*JUMPS, "RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE")


class Step(NamedTuple):
    """An instruction of Python; one that does two things is two of them."""

    does: str
    of: object
    operator: str
    offset: int
    line: int


def changed_in_place(code: CodeType, takes_records: bool) -> Iterator[tuple[str, int]]:
    """Give why a function may not use an operator such as ``+=``, with the line of each.

    Parameters
    ----------
    code : code
        Instructions of the function; functions inside it are looked at by themselves.
    takes_records : bool
        Whether its arguments are records, whose fields are numbers.
    """
    steps = list(_steps(code))
    outside = {*_arguments(code), *code.co_freevars}
    for place, step in enumerate(steps):
        name = next((s for s in steps[place + 1 :] if s.does not in NOTHING), step)
        if not _is_in_place(step) or name.does not in STORES:
            continue
        if name.of in outside or not _is_made_anew(code, steps, name.of, takes_records):
            operator = step.operator
            yield (
                f"writes to {name.of} with {operator}, and what {name.of} holds may be an array of "
                f"somebody else's; write {name.of} = {name.of} {operator[:-1]} ...",
                step.line,
            )


def lines_in_place(code: CodeType) -> list[int]:
    """Give the lines of a function that have an operator such as ``+=``."""
    return [step.line for step in _steps(code) if _is_in_place(step)]


def _is_in_place(step: Step) -> bool:
    return step.does == "BINARY_OP" and step.operator.endswith("=")


def _is_made_anew(code: CodeType, steps: list[Step], name: object, takes_records: bool) -> bool:
    """Whether all that is assigned to a local name is new, and something is."""
    if any(_is_stored(name, inner) for inner in code.co_consts if isinstance(inner, CodeType)):
        return False
    stored = _stored(code)
    records = [each for each in _arguments(code) if takes_records and each not in stored]
    first = False
    for place, step in enumerate(steps):
        if not step.does.startswith("STORE_") or step.of != name:
            continue
        for at in _makers(steps, place, 0, set()):
            if at is None or not _is_new(steps, at, records):
                return False
            first = first or not _is_in_place(steps[at])
    return first


def _is_new(steps: list[Step], at: int, records: list[str]) -> bool:
    """Whether an instruction makes a value that no other name stands for, or a number."""
    step = steps[at]
    if step.does == "LOAD_ATTR":
        before = next(s for s in steps[at - 1 :: -1] if s.does not in NOTHING)
        return before.does.startswith("LOAD_FAST") and before.of in records
    if step.does == "BINARY_OP":
        return step.operator != "[]"
    return step.does in (*ARITHMETIC, "LOAD_CONST", "LOAD_SMALL_INT")


def _makers(
    steps: list[Step], place: int, depth: int, seen: set[tuple[int, int]]
) -> Iterator[int | None]:
    """Give the instructions that may have made a value that lies so deep on the stack at a place.

    None stands for what cannot be followed.
    """
    if (place, depth) in seen:
        return
    seen.add((place, depth))
    offset = steps[place].offset
    first = place == 0 or steps[place - 1].offset != offset
    jumps = [at for at, s in enumerate(steps) if "JUMP" in s.does and s.of == offset and first]
    follows = place > 0 and steps[place - 1].does not in ENDS
    if not jumps and not follows:
        yield None
    for at in [*jumps, *([place - 1] if follows else [])]:
        deeper = _depth_before(steps[at], depth, at in jumps)
        if deeper is None:
            yield at if depth == 0 and "JUMP" not in steps[at].does else None
        else:
            yield from _makers(steps, at, deeper, seen)


def _depth_before(step: Step, depth: int, jumped: bool) -> int | None:
    """Give how deep a value lay before an instruction; None if it made it or is not known."""
    does, of = step.does, step.of
    before: int | None = None
    if does in NOTHING or does in JUMPS or (does.endswith("_OR_POP") and jumped):
        before = depth
    elif does in (*STORES, "POP_TOP") or does.endswith("_OR_POP") or does.startswith("POP_JUMP"):
        before = depth + 1
    elif does == "COPY" and of == 1:
        before = max(depth - 1, 0)
    elif does == "SWAP" and isinstance(of, int):
        before = {0: of - 1, of - 1: 0}.get(depth, depth)
    elif does == "UNPACK_SEQUENCE" and isinstance(of, int):
        before = 0 if depth < of else depth - of + 1
    elif does in PUSHES and depth > 0:
        before = depth - 1
    elif does == "BINARY_OP" and depth > 0:
        before = depth + 1
    return before


def _arguments(code: CodeType) -> tuple[str, ...]:
    more = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + more]


def _stored(code: CodeType) -> set[object]:
    """Give the names that a function or one inside it assigns to."""
    names = {step.of for step in _steps(code) if step.does.startswith(("STORE_", "DELETE_"))}
    return names.union(*(_stored(each) for each in code.co_consts if isinstance(each, CodeType)))


def _is_stored(name: object, inner: CodeType) -> bool:
    return name in inner.co_freevars and name in _stored(inner)


def _steps(code: CodeType) -> Iterator[Step]:
    for each in dis.get_instructions(code):
        line = (each.positions.lineno if each.positions else None) or 0
        named = each.argval if isinstance(each.argval, tuple) else ()
        if "_FAST" in each.opname and len(named) == 2:
            second = each.opname.rindex("STORE" if each.opname.endswith("STORE_FAST") else "LOAD")
            for does, of in zip(
                (each.opname[: second - 1], each.opname[second:]), named, strict=True
            ):
                yield Step(does.removesuffix("_BORROW"), of, "", each.offset, line)
        else:
            does = each.opname.removesuffix("_BORROW")
            yield Step(does, each.argval, each.argrepr, each.offset, line)
