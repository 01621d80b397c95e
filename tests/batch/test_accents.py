"""Names with accents: of each there are two forms, and copies of a set change them."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np
import pytest

from batch_models import squares, write_picture
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.store import Project

if TYPE_CHECKING:
    from pathlib import Path

FORMS = ("NFC", "NFD")
NAME = "Zähler é"

apart = pytest.mark.skipif(
    sys.platform != "linux", reason="the two forms are one name on other disks"
)


def write_copy(folder: Path, form: str, *more: str) -> Dataset:
    """Write the same set with all names in one form."""
    root = folder / form / normalize(form, "Präparate")
    for number, name in enumerate(("a", NAME, *more)):
        write_picture(root / f"{normalize(form, name)}.png", squares(number + 1))
    return open_dataset(root)


def test_work_is_found_on_a_copy_with_names_of_the_other_form(tmp_path: Path) -> None:
    one, other = (write_copy(tmp_path, form) for form in FORMS)
    assert one.identity == other.identity
    assert [s.name for s in one.samples] == [s.name for s in other.samples]
    (sample,) = (one for one in other.samples if one.name == NAME)
    assert other.read_picture(sample).pixels.any()
    found = other.find(other.path / sample.image)
    assert found is not None
    assert other.samples[found].name == NAME
    with Project.open(tmp_path / "p.sqlite") as project:
        project.save_labels(one.identity, NAME, "cells", squares(2), {})
        stored = project.load_labels(other.identity, sample.name, "cells")
    assert stored is not None
    assert np.array_equal(stored.labels, squares(2))


@apart
def test_two_files_that_differ_in_form_only_stay_two_samples(tmp_path: Path) -> None:
    dataset = write_copy(tmp_path, "NFC")
    other = dataset.path / f"{normalize('NFD', NAME)}.png"
    write_picture(other, squares(7))
    names = [sample.name for sample in open_dataset(dataset.path).samples]
    assert len(set(names)) == 3


def test_work_stored_under_the_other_form_is_found_after_an_update(
    tmp_path: Path,
) -> None:
    place = tmp_path / "p.sqlite"
    dataset = write_copy(tmp_path, "NFD")
    before = (normalize("NFD", dataset.identity), normalize("NFD", NAME))
    assert before[0] != dataset.identity
    with Project.open(place) as project:
        project.save_labels(*before, "cells", squares(2), {})
        project.set_verdict(*before, "accepted")
        project.save_labels(before[0], before[1], "truth", squares(3), {})
        project.save_labels(before[0], NAME, "truth", squares(1), {})
    with sqlite3.connect(place) as raw:
        raw.execute("update cellsets_about set value = '6' where name = 'version'")
    raw.close()
    with Project.open(place) as project:
        cells = project.load_labels(dataset.identity, NAME, "cells")
        truth = project.load_labels(dataset.identity, NAME, "truth")
        verdicts = project.verdicts(dataset.identity)
    assert cells is not None
    assert np.array_equal(cells.labels, squares(2))
    assert truth is not None
    assert np.array_equal(truth.labels, squares(1))  # nothing takes its place
    assert set(verdicts) == {NAME}
