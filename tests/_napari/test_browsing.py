from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_cellsets._napari.browsing import (
    Marks,
    SampleFilter,
    describe,
    details,
    read_marks,
)
from napari_cellsets.core.sample import Sample
from napari_cellsets.store import Mark, MarkKey, StoredMark
from small_sets import NAMES, labels_of

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session

SAMPLES = (
    Sample("red/0", "red/0.png", ("m0",), "train", {"animal": "Mouse 7"}),
    Sample("red/1", "red/1.png", ("m1",), "test", {"animal": "Rat 2"}),
    Sample("green/0", "green/0.png", (), "test", {"animal": "Mouse 7"}),
)
CELLS = (
    Sample(
        "train/ig/PMY_1",
        "train/ig/PMY_1.jpg",
        (),
        "train",
        {
            "class": "ig",
            "class title": "immature granulocyte",
            "subclass": "promyelocyte",
            "split by folder": "test",
        },
    ),
    Sample(
        "MYO/MYO_1",
        "MYO/MYO_1.tiff",
        facts={"class": "MYO", "class title": "myeloblast"},
    ),
    Sample("a/1", "a/1.png", facts={"class": "a", "subclass": "A"}),
)
MARKS = Marks(frozenset({"red/1"}), {"red/0": 12, "red/1": 1})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (SampleFilter(), [0, 1, 2]),
        (SampleFilter("RED"), [0, 1]),
        (SampleFilter("mouse 7"), [0, 2]),
        (SampleFilter("mouse red"), [0]),
        (SampleFilter(split="test"), [1, 2]),
        (SampleFilter("red", "test"), [1]),
        (SampleFilter(progress="corrected"), [1]),
        (SampleFilter(progress="counted"), [0, 1]),
        (SampleFilter(progress="open"), [2]),
        (SampleFilter(progress="truth"), [0, 1]),
        (SampleFilter("blue"), []),
    ],
)
def test_filter_lists_what_fits(wanted: SampleFilter, expected: list[int]) -> None:
    assert wanted.apply(SAMPLES, MARKS) == expected


def test_only_an_empty_filter_does_not_narrow() -> None:
    assert not SampleFilter("  ").narrows
    assert SampleFilter("a").narrows


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (SAMPLES[0], "train · 12 cells"),
        (SAMPLES[1], "test · 1 cell · corrected"),
        (SAMPLES[2], "test · no ground truth"),
    ],
)
def test_second_line_says_split_truth_and_work(sample: Sample, expected: str) -> None:
    assert describe(sample, MARKS) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (CELLS[0], "ig, promyelocyte · train"),
        (CELLS[1], "MYO, myeloblast"),
        (CELLS[2], "a"),
    ],
)
def test_second_line_of_a_cell_says_its_class(cell: Sample, expected: str) -> None:
    assert describe(cell, MARKS, "cells") == expected
    assert expected in details(cell, MARKS, "cells")


def test_cells_are_found_by_class_and_by_what_it_means() -> None:
    assert SampleFilter(cell_class="MYO").apply(CELLS, MARKS) == [1]
    assert SampleFilter(cell_class="MYO").narrows
    assert SampleFilter("myeloblast").apply(CELLS, MARKS) == [1]


def test_one_of_several_splits_lists_its_samples() -> None:
    assert SampleFilter(split="test").apply(CELLS, MARKS) == []
    assert SampleFilter(split="test", split_by="folder").apply(CELLS, MARKS) == [0]


def test_tooltip_tells_files_and_facts() -> None:
    text = details(SAMPLES[0], MARKS)
    assert "Image: red/0.png" in text
    assert "animal: Mouse 7" in text


def test_tooltip_of_many_files_stays_short() -> None:
    many = Sample("a", "a.png", tuple(f"m{n}" for n in range(90)))
    assert "and 87 more files" in details(many, Marks())


def test_samples_with_corrected_marks_are_marked_so(opened: Session) -> None:
    assert opened.dataset is not None
    point = {MarkKey("b1", "points", 1): Mark("points", [1.0, 2.0])}
    opened.project.record_marks(opened.dataset.identity, point, {})
    assert read_marks(opened.dataset, opened.project).corrected == {"b1"}


def test_cells_counted_as_corrected_are_marked_so(opened: Session) -> None:
    row = {"count": 4, "corrected": True}
    opened.project.save_count(opened.dataset.identity, "a2", "m", "{}", row)
    assert read_marks(opened.dataset, opened.project).corrected == {"a2"}


def test_marks_come_from_the_store(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    opened.cells_layer.paint((20, 20), 7)
    opened.project.save_count(opened.dataset.identity, "a2", "m", "{}", {"count": 4})
    assert read_marks(opened.dataset, opened.project) == Marks(
        frozenset({NAMES[0]}), {"a2": 4}
    )


def test_class_that_was_given_is_told_and_filtered_by() -> None:
    given = Mark(class_name="monocyte")
    said = StoredMark(given, "act", {}, "A", 0.0, 1)
    cell = Sample("c/1", "c/1.png", facts={"class": "ig", "subclass": "myelocyte"})
    same = Sample("c/2", "c/2.png", facts={"class": "monocyte"})
    marks = Marks(classes={"c/1": said, "c/2": said})
    assert describe(cell, marks, "cells") == "monocyte · relabelled"
    assert describe(same, marks, "cells") == "monocyte"
    assert "relabelled monocyte (published: ig) by A" in details(cell, marks, "cells")
    both = (cell, same)
    assert SampleFilter(cell_class="monocyte").apply(both, marks) == [0, 1]
    assert SampleFilter(progress="corrected").apply(both, marks) == [0]
