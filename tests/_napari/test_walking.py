from __future__ import annotations

import pytest

from napari_cellsets._napari.walking import neighbour


@pytest.mark.parametrize(
    ("order", "index", "by", "expected"),
    [
        (range(5), 2, 1, 3),
        (range(5), 2, -1, 1),
        (range(5), 4, 1, None),
        (range(5), 0, -1, None),
        ([1, 4, 6], 4, 1, 6),
        ([1, 4, 6], 4, -1, 1),
        # a sample that the filter hides: the nearest that it shows
        ([1, 4, 6], 5, 1, 6),
        ([1, 4, 6], 5, -1, 4),
        ([1, 4, 6], 0, 1, 1),
        ([1, 4, 6], 0, -1, None),
        ([1, 4, 6], 9, 1, None),
        ([1, 4, 6], 9, -1, 6),
        ([], 0, 1, None),
        # sorted otherwise than the files
        ([6, 1, 4], 1, 1, 4),
        ([6, 1, 4], 1, -1, 6),
        ([6, 1, 4], 4, 1, None),
        ([6, 1, 4], 5, 1, 6),
        ([6, 1, 4], 5, -1, 4),
    ],
)
def test_neighbour_is_the_nearest_in_order(order, index, by, expected) -> None:
    assert neighbour(order, index, by) == expected
