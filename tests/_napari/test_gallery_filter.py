"""Facts in columns say the same as going through all items one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets._napari.browsing import Marks, SampleFilter
from napari_cellsets._napari.gallery_facts import (
    COUNT,
    ERROR,
    WORK,
    Column,
    FactTable,
    marked,
    read_facts,
)
from napari_cellsets._napari.gallery_filter import (
    GalleryFilter,
    class_counts,
    filter_from,
)
from napari_cellsets.catalogue import open_dataset
from small_cells import PBC_CELLS, write_cells

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

CLASSES = ("a", "b", "c")
SPLITS = ("train", "test", "")


@pytest.fixture
def cells(tmp_path: Path) -> Dataset:
    return open_dataset(write_cells(tmp_path / "set"))


def table_of(kinds: list[tuple[int, int]]) -> FactTable:
    return FactTable(
        [f"Item {n}" for n in range(len(kinds))],
        {
            "class": Column.of([CLASSES[at] for at, _ in kinds]),
            "split": Column.of([SPLITS[at] for _, at in kinds]),
        },
        {"area": np.array([float(n % 3) for n in range(len(kinds))])},
    )


KINDS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=30)
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "class": st.lists(st.sampled_from(CLASSES), min_size=1).map(tuple),
        "split": st.lists(st.sampled_from(["train", "test", "none"]), min_size=1).map(
            tuple
        ),
    },
)


def fits(table: FactTable, item: int, wanted: GalleryFilter, but: str = "") -> bool:
    words = " ".join(
        [table.names[item], *(c.values[c.codes[item]] for c in table.columns.values())]
    ).lower()
    return all(word in words for word in wanted.text.lower().split()) and all(
        table.columns[name].values[table.columns[name].codes[item]] in values
        for name, values in wanted.chosen.items()
        if name != but
    )


@given(KINDS, CHOICES, st.sampled_from(["", "train", "ITEM 1", "b 2"]))
def test_filter_keeps_what_one_by_one_keeps(
    kinds: list[tuple[int, int]], chosen: dict[str, tuple[str, ...]], text: str
) -> None:
    table, wanted = table_of(kinds), GalleryFilter(text, chosen)
    slow = [item for item in range(len(table)) if fits(table, item, wanted)]
    assert wanted.apply(table).tolist() == slow


@given(KINDS, CHOICES)
def test_a_facet_counts_what_the_other_choices_leave(
    kinds: list[tuple[int, int]], chosen: dict[str, tuple[str, ...]]
) -> None:
    table, wanted = table_of(kinds), GalleryFilter("", chosen)
    for name, counts in wanted.facets(table).items():
        column = table.columns[name]
        for value, count in counts:
            assert count == sum(
                column.values[column.codes[item]] == value
                and fits(table, item, wanted, but=name)
                for item in range(len(table))
            )


@given(KINDS, st.integers(1, 4), st.integers(0, 9))
def test_random_choice_takes_as_many_of_each_class_as_asked(
    kinds: list[tuple[int, int]], number: int, seed: int
) -> None:
    table = table_of(kinds)
    taken = GalleryFilter(a_class=number, seed=seed).apply(table)
    assert len(set(taken.tolist())) == taken.size
    for name, shown, every in class_counts(table, taken):
        assert name in CLASSES
        assert shown == min(number, every)


def test_random_choice_is_the_same_for_the_same_seed() -> None:
    table = table_of([(n % 3, 0) for n in range(300)])
    first, again = (GalleryFilter(a_class=5, seed=3).apply(table) for _ in range(2))
    other = GalleryFilter(a_class=5, seed=4).apply(table)
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_sorting_keeps_the_order_of_equals() -> None:
    table = table_of([(2, 0), (0, 0), (2, 1), (1, 0)])
    assert GalleryFilter(sort="class").apply(table).tolist() == [1, 3, 0, 2]
    backwards = GalleryFilter(sort="class", descending=True)
    assert backwards.apply(table).tolist() == [0, 2, 3, 1]


def test_unknown_figures_come_last_either_way() -> None:
    table = FactTable(["a", "b", "c"], {}, {"area": np.array([np.nan, 1.0, 2.0])})
    assert GalleryFilter(sort="area").apply(table).tolist() == [1, 2, 0]
    down = GalleryFilter(sort="area", descending=True)
    assert down.apply(table).tolist() == [2, 1, 0]


def test_own_order_can_be_turned() -> None:
    table = table_of([(0, 0)] * 3)
    assert GalleryFilter(descending=True).apply(table).tolist() == [2, 1, 0]


def test_facts_of_a_set_are_those_of_its_samples(cells: Dataset) -> None:
    table = read_facts(cells)
    assert list(table.names) == [sample.name for sample in cells.samples]
    for item, sample in enumerate(cells.samples):
        assert table.value("class", item) == sample.facts["class"]
        assert table.value("split", item) == sample.split


def test_class_and_words_filter_as_in_the_samples_dock(cells: Dataset) -> None:
    table = read_facts(cells)
    for text, name in (("promyelo", ""), ("", "ig"), ("mo", "monocyte"), ("x7", "")):
        dock = SampleFilter(text, cell_class=name).apply(cells.samples, Marks())
        chosen = {"class": (name,)} if name else {}
        assert GalleryFilter(text, chosen).apply(table).tolist() == dock


def test_work_counts_and_errors_become_facts(cells: Dataset) -> None:
    names = [sample.name for sample in cells.samples]
    marks = Marks(frozenset([names[1]]), {names[0]: 12, names[1]: 300}, {names[0]: 10})
    table = marked(read_facts(cells), marks)
    assert [table.value(WORK, n) for n in range(3)] == [
        "counted",
        "corrected",
        "not counted",
    ]
    assert [table.value(COUNT, n) for n in (0, 1, 2)] == [
        "10 to 49",
        "200 and more",
        "not counted",
    ]
    assert table.value(ERROR, 0) == "1 or 2 off"
    worst = GalleryFilter(sort=ERROR, descending=True).apply(table)
    assert worst[0] == 0


def test_marks_of_samples_that_are_gone_are_left_out(cells: Dataset) -> None:
    table = marked(read_facts(cells), Marks(frozenset(["gone"]), {"gone": 3}))
    assert len(table) == len(PBC_CELLS)
    assert COUNT not in table.columns


def test_filter_is_kept_and_found_again() -> None:
    wanted = GalleryFilter("word", {"class": ("a", "b")}, "area", True, 5, 2)
    assert filter_from(wanted.state()) == wanted


@pytest.mark.parametrize(
    "state", [{}, {"chosen": 3}, {"chosen": {"class": "a"}, "a_class": "many"}]
)
def test_state_that_is_none_filters_nothing(state: dict[str, object]) -> None:
    assert not filter_from(state).narrows
