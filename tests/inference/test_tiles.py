from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.inference.tiles import Grid, padded_shape, plan_tiles

examples = settings(deadline=None, max_examples=60)
sides = st.integers(1, 700)
multiples = st.sampled_from([1, 2, 8, 16, 32])


@examples
@given(
    shape=st.tuples(sides, sides),
    halo=st.integers(0, 100),
    multiple=multiples,
    fixed=st.tuples(
        st.one_of(st.none(), st.integers(16, 300)),
        st.one_of(st.none(), st.integers(16, 300)),
    ),
    max_pixels=st.integers(1, 500_000),
)
def test_cores_part_the_frame_and_lie_inside_their_tiles(
    shape, halo, multiple, fixed, max_pixels
):
    grid = Grid(halo, multiple, fixed)
    frame = padded_shape(shape, grid)
    seen = np.zeros(frame, np.uint8)
    for tile in plan_tiles(shape, grid, max_pixels):
        for span, length in zip((tile.rows, tile.cols), frame, strict=True):
            assert 0 <= span.start <= span.core_start
            assert span.core_start < span.core_stop <= span.stop <= length
        seen[
            tile.rows.core_start : tile.rows.core_stop,
            tile.cols.core_start : tile.cols.core_stop,
        ] += 1
    assert (seen == 1).all()


@examples
@given(
    shape=st.tuples(sides, sides),
    halo=st.integers(0, 100),
    multiple=multiples,
    max_pixels=st.integers(1, 500_000),
)
def test_free_tiles_keep_the_halo_and_the_pooling_grid(
    shape, halo, multiple, max_pixels
):
    grid = Grid(halo, multiple)
    for tile in plan_tiles(shape, grid, max_pixels):
        frame = padded_shape(shape, grid)
        for span, length in zip((tile.rows, tile.cols), frame, strict=True):
            assert span.start % multiple == 0
            assert span.length % multiple == 0
            assert span.start == 0 or span.core_start - span.start >= halo
            assert span.stop == length or span.stop - span.core_stop >= halo


@examples
@given(
    shape=st.tuples(sides, sides),
    size=st.tuples(st.integers(16, 300), st.integers(16, 300)),
    halo=st.integers(0, 100),
    multiple=multiples,
)
def test_tiles_of_a_fixed_graph_have_its_size_and_keep_a_halo(
    shape, size, halo, multiple
):
    grid = Grid(halo, multiple, size)
    frame = padded_shape(shape, grid)
    for tile in plan_tiles(shape, grid, 1):
        spans = (tile.rows, tile.cols)
        for span, side, length in zip(spans, size, frame, strict=True):
            least = min(halo, side // 4)
            assert span.length == side
            assert span.start == 0 or span.core_start - span.start >= least
            assert span.stop == length or span.stop - span.core_stop >= least


@examples
@given(
    shape=st.tuples(st.integers(50, 700), st.integers(50, 700)),
    corners=st.tuples(*[st.integers(0, 49)] * 2, *[st.integers(50, 700)] * 2),
    fixed=st.sampled_from([(None, None), (64, 96)]),
    max_pixels=st.integers(1, 500_000),
)
def test_a_window_is_covered_once_and_little_else(shape, corners, fixed, max_pixels):
    top, left = corners[:2]
    bottom, right = min(corners[2], shape[0]), min(corners[3], shape[1])
    grid = Grid(24, 8, fixed)
    seen = np.zeros(padded_shape(shape, grid), np.uint8)
    for tile in plan_tiles(shape, grid, max_pixels, ((top, bottom), (left, right))):
        rows, cols = tile.rows, tile.cols
        assert rows.start <= rows.core_start < rows.core_stop <= rows.stop
        assert cols.start <= cols.core_start < cols.core_stop <= cols.stop
        seen[rows.core_start : rows.core_stop, cols.core_start : cols.core_stop] += 1
    assert (seen[top:bottom, left:right] == 1).all()
    assert seen.max() == 1
    assert seen.sum() <= (bottom - top + 16) * (right - left + 16)


def test_a_frame_that_fits_is_run_whole():
    assert len(plan_tiles((1200, 1600), Grid(), 1200 * 1600)) == 1


def test_half_the_memory_gives_strips():
    tiles = plan_tiles((1200, 1600), Grid(), 1_200_000)
    assert {tile.rows.length for tile in tiles} == {1200}
    assert len(tiles) == 2


def test_little_memory_gives_tiles_that_fit():
    tiles = plan_tiles((5000, 5000), Grid(), 600_000)
    assert max(tile.pixels for tile in tiles) <= 600_000
    assert len({tile.rows.start for tile in tiles}) > 1
    assert len({tile.cols.start for tile in tiles}) > 1


@pytest.mark.parametrize("max_pixels", [250_000, 600_000, 1_500_000])
def test_no_other_cut_into_equal_parts_needs_fewer_tiles(max_pixels):
    grid = Grid(96, 8)
    found = len(plan_tiles((2000, 3000), grid, max_pixels))

    def longest(length: int, count: int) -> int:
        cuts = [8 * (length // 8 * i // count) for i in range(count + 1)]
        ends = itertools.pairwise(cuts)
        return max(min(b + 96, length) - max(0, a - 96) for a, b in ends)

    fitting = [
        r * c
        for r in range(1, 20)
        for c in range(1, 30)
        if longest(2000, r) * longest(3000, c) <= max_pixels
    ]
    assert found == min(fitting)
