"""What tables say of their runs, the order of their columns, and their digest, by hand."""

from __future__ import annotations

import dataclasses
import hashlib
import struct

import numpy as np
import pyarrow as pa
import pytest
from support.small_designs import Make, grid

from trustsim.experiment.plan import Plan
from trustsim.experiment.storage.chunks import (
    _path_aside,
    chunks_in,
    packed,
    remove,
    unpacked_if_sound,
)
from trustsim.experiment.storage.tables import (
    Digest,
    agreeing,
    differences,
    identified,
    identity,
    in_order,
)


@pytest.mark.parametrize(
    ("name", "given", "ordered"),
    [
        ("runs", ["balance_a", "x", "status", "point", "instrument_share_b", "run_id", "arm"],
         ["run_id", "arm", "point", "status", "x", "instrument_share_b", "balance_a"]),
        ("rounds", ["y", "policy", "round", "replicate", "run_id"],
         ["run_id", "replicate", "round", "policy", "y"]),
        ("ages", ["orders", "age_to", "age_from", "run_id"],
         ["run_id", "age_from", "age_to", "orders"]),
        ("orders", ["round", "order_id", "event", "run_id", "arm"],
         ["run_id", "arm", "event", "order_id", "round"]),
    ],
)  # fmt: skip
def test_columns_stand_in_their_order(name: str, given: list[str], ordered: list[str]) -> None:
    assert in_order(name, given) == ordered


def test_which_run_a_row_is_of(make: Make) -> None:
    designed, plain = Plan(make(grid(1.0, 2.0))), Plan(make(""))
    places = np.array([5, 0, 5])
    of = identity("runs", designed, places)
    assert list(of) == ["run_id", "arm", "point", "replicate", "market.lot_cost"]
    assert of["run_id"].to_pylist() == [designed.run(p).run_id for p in (5, 0, 5)]
    assert of["market.lot_cost"].to_pylist() == [1.0, 1.0, 1.0]
    assert of["replicate"].to_pylist() == [1, 0, 1]
    assert list(identity("rounds", designed, places)) == ["run_id", "arm", "point", "replicate"]
    assert list(identity("rounds", plain, places % 4)) == ["run_id", "arm", "replicate"]
    assert list(identity("runs", plain, places % 4)) == ["run_id", "arm", "point", "replicate"]
    table = pa.table({"point": [9, 9, 9], "value": [1.0, 2.0, 3.0], "arm": ["x", "x", "x"]})
    found = identified("rounds", table, plain, places % 4)
    assert found.column_names == ["run_id", "arm", "replicate", "value"]
    assert found["arm"].to_pylist() == ["high", "high", "high"]
    assert found["value"].to_pylist() == [1.0, 2.0, 3.0]


def test_rows_that_say_something_else_than_the_plan(make: Make) -> None:
    plan = Plan(make(grid(1.0, 2.0)))
    places = np.array([0, 2, 7])
    right = pa.table(identity("runs", plan, places))
    assert agreeing("runs", right, plan, places).tolist() == [True] * 3
    values = right["market.lot_cost"].to_pylist()
    place = right.column_names.index("market.lot_cost")
    changed = right.set_column(place, "market.lot_cost", pa.array([values[0], 9.0, None]))
    assert agreeing("runs", changed, plan, places).tolist() == [True, False, False]
    lacking = right.drop_columns(["arm"])
    assert agreeing("runs", lacking, plan, places).tolist() == [False] * 3
    words = right.set_column(place, "market.lot_cost", pa.array(["a", "b", "c"]))
    assert agreeing("runs", words, plan, places).tolist() == [False] * 3


def test_the_digest_byte_by_byte() -> None:
    digest = Digest()
    digest.add("b", pa.table({"y": pa.array([1, -2], pa.int32()), "x": [0.5, None]}))
    digest.add("b", pa.table({"y": pa.array([3], pa.int32()), "x": [1.0]}))
    digest.add("a", pa.table({"t": ["é", None, "ab"]}))

    def hashed(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    text = struct.pack("<q", 2) + "é".encode() + b"\xff" * 8 + struct.pack("<q", 2) + b"ab"
    numbers = np.array([0.5, np.nan, 1.0], "<f8").tobytes()
    whole = (
        f"a\n3\nt\n{hashed(text)}\n"
        f"b\n3\nx\n{hashed(numbers)}\ny\n{hashed(struct.pack('<qqq', 1, -2, 3))}\n"
    )
    assert digest.hexdigest() == hashed(whole.encode())
    assert Digest().hexdigest() == hashed(b"")


def test_differences_are_told_by_column() -> None:
    one = pa.table({"a": [1.0, 2.0], "b": ["x", "y"], "n": [1, 2]})
    assert differences(one, one) == []
    other = pa.table({"a": [1.0, 2.5], "b": ["x", "z"], "n": [1, 2]})
    assert differences(one, other) == ["a", "b"]
    assert differences(one, one.slice(1)) == ["2 rows stored, 1 computed"]
    more = one.append_column("c", pa.array([np.nan, np.nan]))
    assert differences(one, more) == []
    nothing = one.append_column("c", pa.array([None, None], pa.string()))
    assert differences(nothing, one) == []
    assert differences(one, one.append_column("c", pa.array([np.nan, 1.0]))) == ["c"]
    assert differences(one, one.append_column("c", pa.array([0, 0]))) == ["c"]


def test_chunks_hold_tables_by_name_and_are_ours_by_name(tmp_path) -> None:  # type: ignore[no-untyped-def]
    tables = {"runs": pa.table({"a": [1, 2]}), "rounds": pa.table({"b": ["x"]})}
    content = packed(tables)
    assert content[:32] == hashlib.sha256(content[32:]).digest()
    folder = tmp_path / "chunks"
    folder.mkdir()
    ours, half = folder / f"{'0a' * 8}.arrow", folder / f".{'0a' * 8}.arrow.new"
    ours.write_bytes(content)
    half.write_bytes(b"")
    (folder / "notes.arrow").write_bytes(b"")
    found = unpacked_if_sound(ours)
    assert found is not None
    assert {name: table.to_pydict() for name, table in found.items()} == {
        "runs": {"a": [1, 2]}, "rounds": {"b": ["x"]},
    }  # fmt: skip
    assert chunks_in(tmp_path) == [ours]
    for broken in (content[:-1], content[:31] + b"x" + content[32:], b"", content[:20]):
        ours.write_bytes(broken)
        assert unpacked_if_sound(ours) is None
    remove(tmp_path, [ours])
    assert [path.name for path in folder.iterdir()] == ["notes.arrow"]
    (folder / "notes.arrow").unlink()
    remove(tmp_path, [])
    assert not folder.exists()
    assert chunks_in(tmp_path) == []


def test_names_of_what_was_set_aside_are_numbered(tmp_path) -> None:  # type: ignore[no-untyped-def]
    names = []
    for _ in range(3):
        path = _path_aside(tmp_path, "x.arrow")
        path.write_bytes(b"")
        names.append(path.name)
    assert names == ["damaged-x.arrow", "damaged-2-x.arrow", "damaged-3-x.arrow"]


def test_points_of_a_plan_that_grew_are_numbered_anew(make: Make) -> None:
    small = Plan(make(grid(1.0, 3.0)))
    wide = Plan(dataclasses.replace(make(grid(1.0, 2.0, 3.0)), replications=2))
    there = pa.table(identity("runs", small, np.array([2, 3])))  # point 1: a lot costs 3
    places = np.array([wide.place_of(each) for each in there["run_id"].to_pylist()])
    found = identified("runs", there, wide, places)
    assert found["point"].to_pylist() == [2, 2]
    assert found["market.lot_cost"].to_pylist() == [3.0, 3.0]
