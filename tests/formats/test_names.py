from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.formats.names import (
    as_text,
    is_junk,
    is_picture_name,
    natural_order,
)


def test_numbers_are_ordered_as_people_count() -> None:
    names = ["10.png", "9.png", "b/2.png", "b/10.png", "1.png"]
    assert natural_order(names) == ["1.png", "9.png", "10.png", "b/2.png", "b/10.png"]


def test_no_names_give_no_names() -> None:
    assert natural_order([]) == []


@given(st.lists(st.text("ab01_/.", min_size=1, max_size=8), unique=True))
def test_order_keeps_every_name_once(names: list[str]) -> None:
    assert sorted(natural_order(names)) == sorted(names)


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_order_of_numbered_names_is_the_order_of_numbers(numbers: list[int]) -> None:
    names = [f"im_{number}.png" for number in numbers]
    assert natural_order(names) == [f"im_{number}.png" for number in sorted(numbers)]


@pytest.mark.parametrize(
    "name", [".DS_Store", "._a.png", "__MACOSX", "Thumbs.db", ".DS_169665.jpg"]
)
def test_leavings_of_operating_systems_are_junk(name: str) -> None:
    assert is_junk(name)


def test_picture_names_are_told_by_their_endings() -> None:
    assert is_picture_name("A.PNG")
    assert not is_picture_name("png")


@pytest.mark.skipif(sys.platform != "linux", reason="names are letters there")
@given(st.lists(st.binary(min_size=1, max_size=6), min_size=2, max_size=2, unique=True))
def test_names_of_any_bytes_become_texts_that_differ(pair: list[bytes]) -> None:
    texts = [as_text(os.fsdecode(name)) for name in pair if b"%" not in name]
    assert len(set(texts)) == len(texts)
    assert all(text.encode() for text in texts)


@given(st.text())
def test_names_in_letters_stay_as_they_are(name: str) -> None:
    assert as_text(name) == name
