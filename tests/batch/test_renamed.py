"""Pictures that were renamed in a set of one's own keep their work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares, write_picture
from napari_cellsets import cli
from napari_cellsets.batch.drawn_on import drawn_on
from napari_cellsets.batch.renamed import renamed_work
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, StoreError
from napari_cellsets.store import Mark, MarkKey, PredictionKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write_picture(tmp_path / f"mine/p{number}.png", squares(number))
    return tmp_path / "mine"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite") as project:
        yield project


def work_on(project: Project, folder: Path, *names: str) -> None:
    """Label, judge and mark pictures, and keep a count and answers."""
    dataset = open_dataset(folder)
    known = {sample.name: sample for sample in dataset.samples}
    for name in names:
        said = drawn_on(dataset.read_picture(known[name]), {"source": "drawn by hand"})
        place = (dataset.identity, name, "cells")
        project.save_labels(*place, squares(int(name[1])), said)
        project.set_object_facts(*place, [1], {"comment": name})
        project.set_verdict(*place[:2], "accepted")
        point = {MarkKey(name, "points", 1): Mark("points", [1, 2])}
        project.record_marks(dataset.identity, point, said)
        project.save_count(*place[:2], "m", "{}", {"count": 3})
        key = PredictionKey(dataset.identity, "m", name, "cells")
        project.save_prediction(key, b"said", {})


def found(project: Project, folder: Path) -> tuple[Dataset, dict[str, str], list[str]]:
    dataset = open_dataset(folder)
    work = renamed_work(project, dataset, CancelToken())
    if work is None:
        return dataset, {}, []
    return dataset, dict(work.names), list(work.lost)


def test_a_renamed_picture_is_found_by_its_pixels_with_all_its_work(
    project: Project, folder: Path
) -> None:
    work_on(project, folder, "p1", "p2")
    (folder / "p2.png").rename(folder / "zebra.png")
    dataset, names, lost = found(project, folder)
    assert (names, lost) == ({"p2": "zebra"}, [])
    project.rename_sample(dataset.identity, "p2", "zebra")
    place = (dataset.identity, "zebra", "cells")
    stored = project.load_labels(*place)
    assert stored is not None
    assert np.array_equal(stored.labels, squares(2))
    assert project.object_facts(*place).differing[1].comment == "p2"
    assert set(project.verdicts(dataset.identity)) == {"p1", "zebra"}
    assert {key.sample for key in project.marks(dataset.identity)} == {"p1", "zebra"}
    assert {row["sample"] for row in project.counts(dataset.identity)} == {
        "p1",
        "zebra",
    }
    key = PredictionKey(dataset.identity, "m", "zebra", "cells")
    assert [one.answers for one in project.predictions(key)] == [b"said"]
    assert found(project, folder)[1:] == ({}, [])


def test_a_picture_that_was_deleted_or_changed_is_said(
    project: Project, folder: Path
) -> None:
    work_on(project, folder, "p1", "p2")
    (folder / "p1.png").unlink()
    write_picture(folder / "p9.png", squares(9))
    dataset, names, lost = found(project, folder)
    assert (names, lost) == ({}, ["p1"])
    work = renamed_work(project, dataset, CancelToken())
    assert work is not None
    assert work.said == "Work is stored on pictures that are gone: p1"


def test_two_pictures_that_changed_names_are_told_apart(
    project: Project, folder: Path
) -> None:
    work_on(project, folder, "p1", "p2", "p3")
    for name in ("p1", "p2", "p3"):
        (folder / f"{name}.png").rename(folder / f"z_{name}.png")
    _, names, lost = found(project, folder)
    assert names == {name: f"z_{name}" for name in ("p1", "p2", "p3")}
    assert lost == []


def test_copies_of_one_picture_are_not_guessed(project: Project, folder: Path) -> None:
    write_picture(folder / "p2.png", squares(1))
    work_on(project, folder, "p1", "p2")
    (folder / "p2.png").unlink()
    (folder / "p1.png").rename(folder / "q.png")
    assert found(project, folder)[1:] == ({}, ["p1", "p2"])


def test_looking_can_be_cancelled(project: Project, folder: Path) -> None:
    work_on(project, folder, "p1")
    (folder / "p1.png").rename(folder / "q.png")
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        renamed_work(project, open_dataset(folder), token)


def test_work_is_not_moved_onto_other_work(project: Project, folder: Path) -> None:
    work_on(project, folder, "p1", "p2")
    identity = open_dataset(folder).identity
    with pytest.raises(StoreError, match="'p2' has work of its own"):
        project.rename_sample(identity, "p1", "p2")
    with pytest.raises(StoreError, match="nothing is stored of 'p7'"):
        project.rename_sample(identity, "p7", "p8")


def test_the_command_tells_and_takes(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work_on(project, folder, "p1", "p3")
    (folder / "p1.png").rename(folder / "q.png")
    (folder / "p3.png").unlink()
    command = ["project", "moved", str(folder), "--store", project.place]
    said = (
        "Work is stored under other names: p1 is called q now."
        " Work is stored on pictures that are gone: p3.\n"
    )
    assert cli.main(command) == 0
    assert capsys.readouterr().out == said
    assert cli.main([*command, "--take"]) == 0
    assert capsys.readouterr().out.endswith("on 1 picture belongs to them now\n")
    assert project.samples_with_work(open_dataset(folder).identity) == {"q", "p3"}
