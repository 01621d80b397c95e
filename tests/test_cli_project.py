"""``napari-cellsets project``, called as a program calls it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares, write_picture
from napari_cellsets import cli
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one picture of one's own."""
    folder = tmp_path / "mine"
    folder.mkdir()
    write_picture(folder / "a.png", squares(2))
    return folder


@pytest.fixture
def store(tmp_path: Path, home: Path) -> Path:
    """A store with cells and two edits of the picture."""
    place = tmp_path / "p.sqlite"
    where = (open_dataset(home).identity, "a", "cells")
    labels = np.zeros((40, 60), np.int32)
    with Project.open(place, author="ada") as project:
        project.save_labels(*where, labels, {"model": "nuclei"})
        for number in (1, 2):
            after = labels.copy()
            after[4 * number : 4 * number + 3, 5:9] = number
            delta = LabelDelta.between(labels, after)
            project.record(*where, delta, {"act": f"paint object {number}"})
            labels = after
    return place


@pytest.fixture
def run(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    def call(*arguments: object) -> tuple[int, str]:
        code = cli.main(["project", *map(str, arguments), "--store", str(store)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def test_sets_with_work_are_listed(
    run: Callable[..., tuple[int, str]], store: Path, home: Path
) -> None:
    identity = open_dataset(home).identity
    code, said = run("info")
    assert code == 0
    assert said.splitlines() == [str(store), f"  {identity}: work on 1 sample"]
    row = {"dataset": identity, "samples": 1}
    assert json.loads(run("info", "--json")[1])["datasets"] == [row]


def test_history_tells_who_did_what(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    code, said = run("history", home, "a")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert code == 0
    assert [line.split(" ")[0] for line in lines] == ["1", "2", "3"]
    assert lines[0].endswith("- cells counted by nuclei")
    assert lines[2].endswith("ada paint object 2")
    assert len(run("history", home, "a", "--last", 1)[1].splitlines()) == 1


def test_history_as_json_has_places(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    first, edit, _ = json.loads(run("history", home, "a", "--json")[1])
    assert (first["box"], edit["box"]) == (None, [[4, 7], [5, 9]])
    assert (edit["author"], edit["provenance"]) == ("ada", {"act": "paint object 1"})


def test_history_tells_what_was_said_of_objects(
    run: Callable[..., tuple[int, str]], store: Path, home: Path
) -> None:
    where = (open_dataset(home).identity, "a", "cells")
    with Project.open(store, author="ada") as project:
        project.set_object_facts(*where, [1, 2], {"flag": "blurred"})
    assert (
        run("history", home, "a")[1]
        .splitlines()[-1]
        .endswith("ada  flag “blurred” of 2 objects")
    )
    act = json.loads(run("history", home, "a", "--json")[1])[-1]
    assert act["objects"] == {"1": {"flag": "blurred"}, "2": {"flag": "blurred"}}
    assert act["revision"] == 3


@pytest.fixture
def marked(store: Path, home: Path) -> datetime:
    """A dot, then after this time its deletion and a class of the picture."""
    identity, dot = open_dataset(home).identity, MarkKey("a", "dots", 7)
    with Project.open(store, author="bob") as project:
        said = {"act": "Add point"}
        project.record_marks(identity, {dot: Mark("points", [3.0, 4.0])}, said)
        between = datetime.fromtimestamp(time.time(), UTC)
        time.sleep(0.01)  # clocks of some systems step by as much
        gone = Mark("points", None, "", gone=True)
        project.record_marks(identity, {dot: gone}, {"act": "Delete point"})
        whole = {MarkKey("a"): Mark(class_name="sick")}
        project.record_marks(identity, whole, {"tool": "Gallery"})
    return between


def test_history_tells_what_was_done_to_marks(
    run: Callable[..., tuple[int, str]], home: Path, marked: datetime
) -> None:
    lines = [
        " ".join(line.split()) for line in run("history", home, "a")[1].split("\n")
    ]
    assert [line.partition(" bob ")[2] for line in lines[3:6]] == [
        "Add point (dots)",
        "Delete point (dots)",
        "class of the picture: sick",
    ]
    assert len(run("history", home, "a", "--last", 2)[1].splitlines()) == 2
    assert "bob" not in run("history", home, "a", "--layer", "cells")[1]
    of_dots = run("history", home, "a", "--layer", "dots")[1].splitlines()
    assert len(of_dots) == 2
    act = json.loads(run("history", home, "a", "--json")[1])[3]
    assert (act["author"], act["revision"]) == ("bob", None)
    assert act["marks"][0]["place"] == [3.0, 4.0]
    assert act["time"] <= marked.isoformat()


def test_marks_of_a_time_are_brought_back(
    run: Callable[..., tuple[int, str]], home: Path, store: Path, marked: datetime
) -> None:
    back = ("restore", home, "a", "--to", marked.isoformat(), "--layer")
    said = "a is as it was then: 1 mark changed\n"
    assert run(*back, "dots") == (0, said)
    assert run(*back, "class of the picture") == (0, said)
    assert "nothing was changed" in run(*back, "dots")[1]
    with Project.open(store) as project:
        now = project.marks(open_dataset(home).identity, "a")
    assert now[MarkKey("a", "dots", 7)].mark.place == [3.0, 4.0]
    assert now[MarkKey("a")].mark.gone
    last = run("history", home, "a", "--layer", "dots")[1].splitlines()[-1]
    assert "restore what was on" in last


def test_marks_without_corrections_or_time_are_refused(
    run: Callable[..., tuple[int, str]], home: Path, marked: datetime
) -> None:
    code, said = run("restore", home, "a", "--layer", "boxes", "--to", "2026-01-01")
    assert code == 1
    assert "nothing of boxes of 'a' was corrected" in said
    code, said = run("restore", home, "a", "--layer", "dots", "--to", 2)
    assert code == 1
    assert "have no revisions" in said


def test_labels_are_brought_back(
    run: Callable[..., tuple[int, str]], store: Path, home: Path
) -> None:
    assert run("restore", home, "a", "--to", 2) == (
        0,
        "a is as it was then: revision 4\n",
    )
    where = (open_dataset(home).identity, "a", "cells")
    with Project.open(store) as project:
        stored = project.load_labels(*where)
    assert np.unique(stored.labels).tolist() == [0, 1]
    assert "nothing was changed" in run("restore", home, "a", "--to", 4)[1]


def test_labels_of_a_time_are_brought_back(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    code, said = run("restore", home, "a", "--to", "2001-01-01T12:00")
    assert code == 1
    assert "no labels of 'a' were stored at that time" in said


@pytest.mark.parametrize("words", ["yesterday", "0", "2026-13-01"])
def test_a_time_that_is_none_is_refused(
    run: Callable[..., tuple[int, str]],
    home: Path,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("restore", home, "a", "--to", words)
    assert "expected" in capsys.readouterr().err


def test_an_unknown_image_is_told_with_one_that_is_known(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    code, said = run("history", home, "b")
    assert code == 1
    assert "there is no image 'b'" in said
    assert "The first is 'a'." in said


def test_a_further_annotation_has_its_own_history(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    assert run("history", home, "a", "--layer", "nuclei") == (0, "")


def test_work_of_a_renamed_folder_is_taken_over(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    renamed = home.rename(home.parent / "renamed")
    assert "same pictures under another folder name" in run("moved", renamed)[1]
    assert run("history", renamed, "a") == (0, "")
    assert "it belongs to" in run("moved", renamed, "--take")[1]
    assert "paint object 2" in run("history", renamed, "a")[1]
    assert "nothing is stored that could belong here" in run("moved", renamed)[1]


def test_work_on_other_pictures_is_not_taken_over(
    run: Callable[..., tuple[int, str]], home: Path
) -> None:
    write_picture(home / "a.png", squares(3))
    code, said = run("moved", home, "--take")
    assert code == 1
    assert "outlines may not fit" in said
    assert "nothing was moved" in said


def test_the_store_is_copied_and_made_compact(
    run: Callable[..., tuple[int, str]], store: Path, home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert run("copy", copy) == (0, f"copied to {copy}\n")
    with Project.open(copy) as project:
        assert project.datasets() == {open_dataset(home).identity: 1}
    assert run("compact") == (0, f"{store} is compact\n")
    assert "a file is there already" in run("copy", copy)[1]
