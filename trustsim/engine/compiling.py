"""How the rooms are compiled, and how a rule of the user's is called from compiled code.

The rooms are module-level functions compiled with Numba: without the interpreter's lock and cached
on disk by `kept_code`, for each state of all sources that are compiled. With
``NUMBA_DISABLE_JIT=1`` the same source runs as ordinary Python.

A user's rule is compiled on its own and reached through its address, which is a number in the
policy's record. The compiled walk never changes, so it stays cached, and a rule costs less than a
second.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable
from functools import cache, cached_property, update_wrapper
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaError
from numba.extending import intrinsic
from numpy.typing import NDArray

from trustsim.engine.kept_code import KeptCode

Records = NDArray[Any]
"""An array of records: a structured array."""

OWN_RULE = 255
"""Rule numbers above this one are addresses of compiled functions of the user's."""

F = TypeVar("F", bound=Callable[..., Any])

PLAIN: bool = bool(numba.config.DISABLE_JIT)
"""True when the compiler is switched off."""

PLAIN_RULES: list[Callable[..., float]] = []
"""Rules of the user's by number above `OWN_RULE`, when the compiler is switched off."""


COMPILED = ("engine/*.py", "market/*.py", "market/rooms/*.py", "schema/*.py")
"""Sources that are compiled, or that compiled code takes constants from."""


@cache
def sources_digest() -> str:
    """Give what stands for the state of the sources, of Python, NumPy and Numba."""
    root = Path(__file__).parents[1]
    versions = f"{sys.implementation.cache_tag} {numba.__version__} {np.__version__}"
    digest = hashlib.sha256(versions.encode())
    for name in COMPILED:
        for source in sorted(root.glob(name)):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


FAULTS_OF_INSTALLATION = (ImportError, OSError, NumbaError)
"""What is raised when a library is missing or broken, and never by the walk of a market."""

if logging.getLogger("numba").level == logging.NOTSET:
    # Else whoever asks the root logger for details is told of every step of the compiler.
    logging.getLogger("numba").setLevel(logging.INFO)

OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
"""No interpreter lock, IEEE division, no reference counts (rooms make no arrays)."""


class Callee:
    """A function for compiled code, which the interpreter can call as well.

    What the interpreter needs to call a function that takes a world of records costs a fifth of all
    compilation. So compiled code gets a version without it, and the other is made when it is asked
    for.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self.py_func = function
        self.targetoptions = {**OPTIONS, **options}
        self._inner = numba.njit(no_cpython_wrapper=True, **self.targetoptions)(function)
        update_wrapper(self, function)

    @property
    def _numba_type_(self) -> Any:
        """What compiled code takes it for."""
        return self._inner._numba_type_

    @cached_property
    def _outer(self) -> Any:
        return numba.njit(**self.targetoptions)(self.py_func)

    def __call__(self, *arguments: Any) -> Any:
        """Call it from the interpreter."""
        return self._outer(*arguments)


def compiled(function: F) -> F:
    """Compile a function of a room into the entries that call it."""
    return function if PLAIN else cast(F, Callee(function))


def inlined(function: F) -> F:
    """Compile a function of a room into the one place that calls it.

    A call hands over all arrays of the world and the workspace, which costs more than many a room;
    inlining the large functions of the walk saves a quarter of its time.
    """
    return function if PLAIN else cast(F, Callee(function, forceinline=True))


def spliced(function: F) -> F:
    """Put the statements of a function into the place that calls it, before anything is compiled.

    Only so can a function give several records at once. It is the dearer way to compile: types are
    found anew in every place that calls it.
    """
    if PLAIN:
        return function
    made: F = numba.njit(inline="always", **OPTIONS)(function)
    return made


def entry(function: F) -> F:
    """Compile a function that the interpreter calls, with all that it calls, and keep it on disk.

    Only entries are kept: what they call is inside them.
    """
    if PLAIN:
        return function
    made: F = numba.njit(**OPTIONS)(function)
    made._cache = KeptCode(function, sources_digest())  # type: ignore[attr-defined]
    return made


AT_ONCE = 4
"""Words that are added at once: as many as a register of most machines holds."""

if PLAIN:

    def blank(record: Any) -> None:
        """Set all fields of a record to zero."""
        for name in record.dtype.names:
            record[name] = 0

    def add(record: Any, other: Any) -> None:
        """Add another record to one, field by field; all of them hold int64."""
        for name in record.dtype.names:
            record[name] += other[name]

else:

    @intrinsic
    def blank(typing_context, record):  # type: ignore[no-untyped-def]
        """Set all fields of a record to zero."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            start = builder.bitcast(arguments[0], ir.IntType(8).as_pointer())
            size = ir.Constant(ir.IntType(64), signature.args[0].size)
            cgutils.memset(builder, start, size, 0)
            return context.get_dummy_value()

        return types.none(record), generate

    @intrinsic
    def add(typing_context, record, other):  # type: ignore[no-untyped-def]
        """Add another record to one, field by field; all of them hold int64."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            words = signature.args[0].size // 8
            for start in range(0, words, AT_ONCE):
                taken = ir.VectorType(ir.IntType(64), min(AT_ONCE, words - start)).as_pointer()
                place, more = (
                    builder.bitcast(
                        builder.gep(
                            builder.bitcast(argument, ir.IntType(8).as_pointer()),
                            [ir.Constant(ir.IntType(64), 8 * start)],
                        ),
                        taken,
                    )
                    for argument in arguments
                )
                total = builder.add(builder.load(place, align=8), builder.load(more, align=8))
                builder.store(total, place, align=8)
            return context.get_dummy_value()

        return types.none(record, other), generate


@intrinsic
def _call(typing_context, address, order, tie, policy, market):  # type: ignore[no-untyped-def]
    signature = types.float64(types.int64, order, tie, policy, market)

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        pointer = ir.IntType(8).as_pointer()
        shape = ir.FunctionType(ir.DoubleType(), [pointer] * 4)
        function = builder.inttoptr(arguments[0], shape.as_pointer())
        records = [builder.bitcast(record, pointer) for record in arguments[1:]]
        return builder.call(function, records)

    return signature, generate


if PLAIN:

    def own_rule(address: int, order: Any, tie: Any, policy: Any, market: Any) -> float:
        """Ask a rule of the user's."""
        return float(PLAIN_RULES[address - OWN_RULE - 1](order, tie, policy, market))

else:

    @compiled
    def own_rule(address: int, order: Any, tie: Any, policy: Any, market: Any) -> float:
        """Ask a rule of the user's, compiled at that address."""
        return _call(address, order, tie, policy, market)  # type: ignore[no-any-return]


@compiled
def bounded(answer: float, low: float, high: float) -> float:
    """Keep a rule's answer within bounds; what is not a number counts as the lowest."""
    if not answer > low:
        return low
    return min(answer, high)


class Row(np.record):  # type: ignore[misc]  # final in its stubs only
    """A record whose fields come before the methods of NumPy's scalars (such as ``round``)."""

    def __getattribute__(self, name: str) -> Any:
        """Give a field by its name, or else what any record has."""
        if name in (np.void.__getattribute__(self, "dtype").names or ()):
            return self[name]
        return super().__getattribute__(name)


def records(dtype: np.dtype[Any], *shape: int) -> Records:
    """Make an array of blank records.

    Compiled rooms take plain structured arrays; with the compiler off the records answer to
    attributes by themselves.
    """
    return np.zeros(shape, np.dtype((Row, dtype)) if PLAIN else dtype)
