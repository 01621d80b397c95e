from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.counting import numbers as module
from napari_cellsets.counting.numbers import Numbers, numbered

values = st.lists(st.integers(0, 40), max_size=30)


@settings(deadline=None)
@given(values, st.sampled_from([0, 10, 1000]))
def test_numbered_is_what_unique_finds(some: list[int], dense: int) -> None:
    given_values = np.array(some, np.uint16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DENSE", dense)
        found, index = numbered(given_values)
    wanted, places = np.unique(given_values, return_inverse=True)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(index, places)
    assert found.dtype == np.int64


@settings(deadline=None)
@given(values, values, st.sampled_from([0, 10, 1000]))
def test_places_are_those_in_the_list(
    listed: list[int], asked: list[int], dense: int
) -> None:
    known = sorted(set(listed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DENSE", dense)
        found = Numbers(np.array(known, np.int64)).index(np.array(asked, np.int64))
    assert found.tolist() == [known.index(n) if n in known else -1 for n in asked]
