"""Sequences made when looked at read as lists do."""

from __future__ import annotations

import pytest

from napari_cellsets.formats.lazy import Lazy


class Squares(Lazy[int]):
    """The first squares."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def _at(self, place: int) -> int:
        return place * place


def test_items_are_made_at_their_places() -> None:
    squares = Squares(5)
    assert squares[3] == 9
    assert squares[-1] == 16
    assert squares[1:4] == [1, 4, 9]
    assert squares[::-2] == [16, 4, 0]
    assert list(squares) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("place", [5, -6])
def test_places_outside_are_refused(place: int) -> None:
    with pytest.raises(IndexError, match=str(place)):
        Squares(5)[place]


def test_equal_items_make_equal_sequences() -> None:
    assert Squares(3) == [0, 1, 4]
    assert Squares(3) == (0, 1, 4)
    assert Squares(3) != [0, 1]
    assert Squares(3) != [0, 1, 5]
    assert Squares(3) != "014"


def test_it_shows_its_length_and_first_item() -> None:
    assert repr(Squares(3)) == "<Squares of 3: 0, ...>"
    assert repr(Squares(0)) == "<Squares of 0: >"
