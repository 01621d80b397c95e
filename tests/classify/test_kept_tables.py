"""Tables of classes as bytes, and the objects that they still hold for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cellsets.classify.crops import stamps_of
from napari_cellsets.classify.kept import KeptTable, pack, still_there, unpack
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.core.errors import CellsetsError

LABELS = arrays(np.int32, (6, 7), elements=st.integers(0, 4))


def table_of(
    names: list[str], *, distance: bool = False, limit: float | None = None
) -> ClassTable:
    rng = np.random.default_rng(len(names))
    shares = rng.random((len(names), 2)).astype(np.float32)
    far = rng.random(len(names)).astype(np.float32) if distance else None
    return ClassTable(tuple(names), ("a", "ł ☃"), ("A", "B"), shares, far, limit)


@given(
    st.lists(st.text(min_size=1).filter(lambda t: "\0" not in t), max_size=5),
    st.booleans(),
    st.sampled_from([None, 0.5]),
)
def test_a_table_comes_back(names: list[str], distance: bool, limit: float) -> None:
    table = table_of(names, distance=distance, limit=limit)
    found = unpack(pack(KeptTable(table))).table
    assert found.names == table.names
    assert (found.classes, found.titles) == (table.classes, table.titles)
    assert np.array_equal(found.probabilities, table.probabilities)
    assert (found.limit, found.unknown) == (table.limit, table.unknown)
    assert (found.distance is None) == (not distance)
    if distance:
        assert np.array_equal(found.distance, table.distance)


SPARSE = arrays(np.int32, (6, 7), elements=st.sampled_from([0, 3, 2**31 - 1]))


@given(st.one_of(LABELS, SPARSE))
def test_stamps_are_area_and_sums_of_places(labels: np.ndarray) -> None:
    numbers, stamps = stamps_of(labels)
    assert numbers.tolist() == sorted(set(labels.ravel().tolist()) - {0})
    for number, stamp in zip(numbers, stamps, strict=True):
        y, x = np.nonzero(labels == number)
        assert stamp.tolist() == [y.size, y.sum(), x.sum()]


@given(LABELS, LABELS)
def test_answers_hold_for_objects_that_look_the_same(
    before: np.ndarray, now: np.ndarray
) -> None:
    numbers, stamps = stamps_of(before)
    kept = KeptTable(table_of([str(n) for n in numbers]), stamps)
    later = dict(zip(*(part.tolist() for part in stamps_of(now)), strict=True))
    slow = [
        row
        for row, number in enumerate(numbers.tolist())
        if later.get(number) == stamps[row].tolist()
    ]
    assert still_there(unpack(pack(kept)), now).tolist() == slow


def test_stamps_of_tall_images_are_sums_over_all_rows() -> None:
    labels = np.zeros((200, 5), np.uint16)
    labels[60:150, 1:3] = 7
    numbers, stamps = stamps_of(labels)
    y, x = np.nonzero(labels)
    assert (numbers.tolist(), stamps.tolist()) == ([7], [[y.size, y.sum(), x.sum()]])


def test_answers_about_pictures_hold_whatever_is_drawn() -> None:
    kept = KeptTable(table_of(["a.png", "b.png"]))
    assert still_there(kept, np.zeros((2, 2), np.int32)).tolist() == [0, 1]


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_damaged_bytes_are_said_to_be(cut: int) -> None:
    packed = pack(KeptTable(table_of(["a"])))
    with pytest.raises(CellsetsError, match="damaged in the project store"):
        unpack(packed[:cut])
