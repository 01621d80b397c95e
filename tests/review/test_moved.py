from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import StoreError
from napari_cellsets.review import earlier_work
from napari_cellsets.store import LabelDelta, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project() -> Iterator[Project]:
    with Project.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of one's own."""
    home = tmp_path / "mine"
    home.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 30), np.uint8)
        Image.fromarray(pixels).save(home / f"cells_{number}.png")
    return home


def work(project: Project, folder: Path) -> str:
    """Save labels of the first sample; return the identity of the set."""
    dataset = open_dataset(folder)
    name = dataset.samples[0].name
    labels = np.ones((20, 30), np.int32)
    project.save_labels(dataset.identity, name, "cells", labels, {})
    return dataset.identity


def test_a_renamed_folder_is_found_again_with_all_its_work(
    project: Project, folder: Path
) -> None:
    old = work(project, folder)
    project.set_verdict(old, "another", "accepted")
    renamed = open_dataset(folder.rename(folder.parent / "renamed"))
    (found,) = earlier_work(project, renamed.identity)
    assert (found.identity, found.samples, found.same_pictures) == (old, 2, True)
    assert "same pictures under another folder name" in found.said
    project.move_work(found.identity, renamed.identity)
    name = renamed.samples[0].name
    stored = project.load_labels(renamed.identity, name, "cells")
    assert stored is not None
    delta = LabelDelta.between(stored.labels, stored.labels + 1)
    assert delta is not None
    assert project.record(renamed.identity, name, "cells", delta, {}) == 2
    assert list(project.verdicts(renamed.identity)) == ["another"]
    assert earlier_work(project, renamed.identity) == []


def test_a_moved_folder_is_known_at_once(project: Project, folder: Path) -> None:
    old = work(project, folder)
    (folder.parent / "elsewhere").mkdir()
    moved = open_dataset(folder.rename(folder.parent / "elsewhere" / "mine"))
    assert moved.identity == old


def test_pictures_that_changed_on_disk_are_said(project: Project, folder: Path) -> None:
    old = work(project, folder)
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(folder / "cells_0.png")
    changed = open_dataset(folder)
    (found,) = earlier_work(project, changed.identity)
    assert (found.identity, found.same_pictures) == (old, False)
    assert "1 sample is stored" in found.said
    assert "outlines may not fit" in found.said


def test_a_set_with_work_of_its_own_is_offered_nothing(
    project: Project, folder: Path
) -> None:
    old = work(project, folder)
    renamed = folder.rename(folder.parent / "renamed")
    new = work(project, renamed)
    assert earlier_work(project, new) == []
    with pytest.raises(StoreError, match=r"1 samples of .* have work of their own"):
        project.move_work(old, new)


def test_other_sets_are_not_offered(project: Project, folder: Path) -> None:
    for other in ("fluocells", "cells:29x29", "own:mine:0123"):
        project.set_verdict(other, "a", "accepted")
    renamed = folder.rename(folder.parent / "renamed")
    assert earlier_work(project, open_dataset(renamed).identity) == []


def test_work_that_is_not_there_cannot_be_moved(project: Project) -> None:
    with pytest.raises(StoreError, match="nothing is stored of 'x'"):
        project.move_work("x", "y")


def test_an_empty_entry_of_the_new_name_is_put_aside(project: Project) -> None:
    project.set_verdict("old", "a", "accepted")
    project.save_count("new", "a", "m", "{}", {"count": 1})
    project.move_work("old", "new")
    assert list(project.verdicts("new")) == ["a"]
    assert project.counts("new") == []


def test_a_set_opened_by_a_link_is_the_same_set(project: Project, folder: Path) -> None:
    dataset = open_dataset(folder)
    link = folder.with_name("a link")
    link.symlink_to(folder, target_is_directory=True)
    assert open_dataset(link).identity == dataset.identity
    assert earlier_work(project, open_dataset(link).identity) == []
