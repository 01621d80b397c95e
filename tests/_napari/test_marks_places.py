from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from napari_cellsets._napari.drawn import one_path, ring_sizes
from napari_cellsets._napari.marks_places import (
    Form,
    box_around,
    fitting,
    form_of,
    moved_whole,
    outline_of,
    place_of,
    rings_after,
)

SQUARE = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0]])
HOLE = np.array([[2.0, 2.0], [3.0, 2.0], [3.0, 4.0]])
FAR = SQUARE + 20
NUMBERS = st.floats(-1e3, 1e3, allow_nan=False)


def corners_of_place(place: list[float]) -> np.ndarray:
    return form_of("boxes", place).vertices


def in_three_rings() -> Form:
    outline = ((SQUARE, HOLE), (FAR,))
    return Form(one_path(outline), "polygon", ring_sizes(outline))


def test_a_point_is_a_row_and_a_column() -> None:
    assert place_of("points", Form(np.array([[1.5, 2.0]]))) == [1.5, 2.0]


@given(NUMBERS, NUMBERS, st.floats(0.5, 99), st.floats(0.5, 99), st.floats(-89, 89))
def test_turned_boxes_come_back(
    top: float, left: float, high: float, wide: float, angle: float
) -> None:
    place = [top, left, top + high, left + wide, angle]
    corners = corners_of_place(place)
    again = place_of("boxes", Form(corners, "rectangle"))
    assert np.allclose(corners_of_place(again), corners, atol=1e-6)
    assert np.allclose(again, place, atol=1e-3)


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("way", [1, -1])
def test_a_box_may_be_drawn_from_any_corner(first: int, way: int) -> None:
    corners = np.roll(SQUARE[::way] * [1, 2], first, axis=0)
    assert place_of("boxes", Form(corners, "rectangle")) == [0, 0, 9, 18, 0]


@given(st.integers(0, 3), st.sampled_from([1, -1]), st.floats(-80, 80))
def test_a_turned_box_may_begin_at_any_corner(
    first: int, way: int, turn: float
) -> None:
    assume(abs(turn) > 1)
    corners = corners_of_place([0, 0, 5, 30, turn])
    begun = np.roll(corners[::way], first, axis=0)
    again = corners_of_place(place_of("boxes", Form(begun, "rectangle")))
    found, wanted = (sorted(np.round(one, 6).tolist()) for one in (again, corners))
    assert np.allclose(found, wanted, atol=1e-5)


def test_what_is_drawn_among_boxes_becomes_the_box_around_it() -> None:
    drawn = fitting("boxes", Form(np.array([[0.0, 4], [8, 0], [3, 9]]), "polygon"))
    assert drawn is not None
    assert drawn.shape == "rectangle"
    assert place_of("boxes", drawn) == [0, 0, 8, 9, 0]


def test_a_box_without_size_is_none() -> None:
    assert fitting("boxes", Form(np.zeros((4, 2)), "rectangle")) is None


def test_what_is_drawn_among_outlines_becomes_a_polygon() -> None:
    box = fitting("polygons", Form(SQUARE, "rectangle"))
    path = fitting("polygons", Form(SQUARE, "path"))
    round_ = fitting("polygons", Form(SQUARE, "ellipse"))
    assert [found is not None and found.shape for found in (box, path, round_)] == [
        "polygon"
    ] * 3
    assert round_ is not None
    far = np.linalg.norm(round_.vertices - 4.5, axis=1)
    assert np.allclose(far, 4.5)


def test_a_line_of_two_points_is_no_outline() -> None:
    assert fitting("polygons", Form(SQUARE[:2], "line")) is None


def test_a_line_stays_a_line() -> None:
    line = Form(SQUARE, "path")
    moved = fitting("polygons", Form(SQUARE + 1, "path"), line)
    assert moved is not None
    assert moved.shape == "path"
    new = fitting("polygons", line, lines=True)
    assert new is not None
    assert new.shape == "path"


def test_a_polygon_that_is_drawn_as_a_line_gives_back_a_polygon() -> None:
    closed = Form(np.concatenate([SQUARE, SQUARE[:1]]), "path")
    assert place_of("polygons", closed) == [[SQUARE.tolist()]]
    dragged = closed.vertices.copy()
    dragged[0] = [-1, -1]
    after = fitting("polygons", Form(dragged, "path"), closed)
    assert after is not None
    assert after.shape == "polygon"
    assert after.vertices.tolist() == [[-1, -1], *SQUARE[1:].tolist()]


def test_rings_come_back_from_one_path() -> None:
    parts = outline_of(in_three_rings())
    assert [[len(ring) for ring in part] for part in parts] == [[4, 3], [4]]
    assert np.array_equal(parts[0][1], HOLE)
    assert np.array_equal(parts[1][0], FAR)


@pytest.mark.parametrize("at", [1, 2, 6, 7, 10, 11])
def test_a_vertex_that_is_added_belongs_to_its_ring(at: int) -> None:
    before = in_three_rings()
    path = np.insert(before.vertices, at, [[0.5, 0.5]], axis=0)
    rings = rings_after(before, path)
    assert rings is not None
    assert sum(map(sum, rings)) == 12
    after = outline_of(Form(path, "polygon", rings))
    untouched = [ring for part in outline_of(before) for ring in part]
    same = sum(
        any(np.array_equal(ring, old) for old in untouched)
        for part in after
        for ring in part
    )
    assert same == 2


def test_a_ring_of_three_keeps_its_vertices() -> None:
    before = in_three_rings()
    assert rings_after(before, np.delete(before.vertices, 6, axis=0)) is None


def test_more_than_one_vertex_at_once_is_not_guessed() -> None:
    before = in_three_rings()
    assert rings_after(before, before.vertices[:-2]) is None


def test_moving_is_told_from_reshaping() -> None:
    one = Form(SQUARE, "polygon")
    assert moved_whole(one, Form(SQUARE - 2, "polygon"))
    assert not moved_whole(one, Form(SQUARE * 2, "polygon"))
    assert not moved_whole(one, Form(SQUARE[:3], "polygon"))


def test_places_lie_in_a_layer_where_they_are() -> None:
    place = [[SQUARE.tolist(), HOLE.tolist()]]
    assert form_of("points", [1.0, 2.0]).vertices.tolist() == [[1, 2]]
    assert len(form_of("polygons", place).vertices) == 7


def test_the_box_around_covers_all_pixels() -> None:
    box = box_around([Form(np.array([[1.2, 3.0]])), Form(np.array([[4.0, 2.5]]))])
    assert box == (slice(1, 5), slice(2, 4))
