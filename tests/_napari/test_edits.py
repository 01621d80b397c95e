from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari import __version__ as napari_version
from napari.layers import Labels

from napari_cellsets._napari import edits
from napari_cellsets._napari.edits import EditWatch, Tracked, save_changes
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Project
from small_sets import NAMES, SHAPE, labels_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellsets._napari.session import Session


def stored(session: Session, layer: str = "cells") -> np.ndarray:
    kept = session.project.load_labels(
        session.dataset.identity, session.sample.name, layer
    )
    return kept.labels


def stroke(layer: Labels) -> None:
    """What dragging the mouse does: several steps, one act."""
    with layer.block_history():
        for column in range(20, 30):
            layer.paint((40, column), 7)


ACTS: dict[str, Callable[[Labels], None]] = {
    "paint": lambda layer: layer.paint((20, 20), 7),
    "stroke": stroke,
    "fill": lambda layer: layer.fill((5, 6), 9),
    "erase": lambda layer: layer.fill((5, 6), 0),
    "polygon": lambda layer: layer.paint_polygon([(2, 2), (2, 9), (9, 9)], 5),
    "merge": lambda layer: layer.data_setitem(np.nonzero(layer.data == 2), 1),
    "new data": lambda layer: setattr(layer, "data", labels_of(3)),
}


@pytest.mark.parametrize("act", ACTS)
def test_act_is_on_disk_at_once(opened: Session, act: str) -> None:
    opened.set_cells(labels_of(0), {})
    ACTS[act](opened.cells_layer)
    np.testing.assert_array_equal(stored(opened), opened.cells_layer.data)
    assert not np.array_equal(stored(opened), labels_of(0))


@pytest.mark.parametrize("act", ["paint", "stroke", "fill", "merge"])
def test_undo_and_redo_are_on_disk_at_once(opened: Session, act: str) -> None:
    opened.set_cells(labels_of(0), {})
    ACTS[act](opened.cells_layer)
    done = opened.cells_layer.data.copy()
    opened.cells_layer.undo()
    np.testing.assert_array_equal(stored(opened), labels_of(0))
    opened.cells_layer.redo()
    np.testing.assert_array_equal(stored(opened), done)


@pytest.mark.parametrize("act", ["paint", "stroke", "fill", "merge"])
def test_each_act_is_told_once(opened: Session, act: str) -> None:
    opened.set_cells(labels_of(0), {})
    told = []
    opened.cells_changed.connect(lambda: told.append(1))
    ACTS[act](opened.cells_layer)
    assert len(told) == 1


def test_direct_write_is_caught_before_next(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    opened.cells_layer.data[30, 3] = 4
    opened.step(1)
    opened.step(-1)
    assert opened.cells[30, 3] == 4


def test_nothing_can_be_undone_into_the_next_image(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    opened.step(1)
    opened.set_cells(labels_of(1), {})
    opened.step(-1)
    opened.cells_layer.paint((20, 20), 7)
    opened.step(1)
    opened.cells_layer.undo()
    np.testing.assert_array_equal(opened.cells, labels_of(1))


def test_tool_in_hand_survives_next(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    opened.cells_layer.mode = "paint"
    opened.step(1)
    assert opened.cells_layer.mode == "paint"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["paint", "fill", "undo", "redo", "item", "next"]),
            st.integers(0, SHAPE[0] - 1),
            st.integers(0, SHAPE[1] - 1),
            st.integers(0, 70_000),
        ),
        max_size=12,
    ),
    large=st.booleans(),
)
def test_store_equals_the_layer_after_any_acts(
    opened: Session,
    monkeypatch: pytest.MonkeyPatch,
    acts: list[tuple[str, int, int, int]],
    large: bool,
) -> None:
    # large layers are compared by the boxes of the acts
    monkeypatch.setattr(edits, "_WHOLE_PX", 0 if large else 10**6)
    opened.show(0)
    opened.set_cells(labels_of(0), {})
    layer = opened.cells_layer
    for act, y, x, label in acts:
        match act:
            case "paint":
                layer.paint((y, x), label)
            case "fill":
                layer.fill((y, x), label)
            case "undo":
                layer.undo()
            case "redo":
                layer.redo()
            case "item":
                layer.data_setitem((np.array([y]), np.array([x])), label)
            case "next":
                opened.step(1)
                opened.step(-1)
        np.testing.assert_array_equal(stored(opened), layer.data)


def test_failure_to_save_is_told_and_blocks_nothing(
    opened: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened.set_cells(labels_of(0), {})
    told = []
    opened.status_changed.connect(told.append)
    break_store(monkeypatch)
    opened.cells_layer.paint((20, 20), 7)
    assert told == ["Not saved: the disk is full."]
    assert opened.unsaved
    assert opened.step(1)
    assert opened.unsaved


def test_failed_save_is_tried_again(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.set_cells(labels_of(0), {})
    with monkeypatch.context() as broken:
        break_store(broken)
        opened.cells_layer.paint((20, 20), 7)
        opened.step(1)
    assert opened.save()
    assert not opened.unsaved
    opened.step(-1)
    assert opened.cells[20, 20] == 7


def test_unsaved_correction_is_shown_again_when_the_image_comes_back(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.set_cells(labels_of(0), {})
    with monkeypatch.context() as broken:
        break_store(broken)
        opened.cells_layer.paint((20, 20), 7)
        opened.step(1)
        opened.step(-1)
        assert opened.cells_layer.data[20, 20] == 7
    assert opened.save()
    assert stored(opened)[20, 20] == 7


def test_change_of_size_is_told_and_not_saved(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    opened.cells_layer.data = np.ones((5, 5), np.int32)
    assert "now have the size" in opened.status
    np.testing.assert_array_equal(stored(opened), labels_of(0))


def test_journal_names_every_act_and_its_undoing(opened: Session) -> None:
    opened.set_cells(labels_of(0), {"model": "nuclei"})
    layer = opened.cells_layer
    layer.paint((20, 20), 7)
    layer.undo()
    layer.redo()
    with edits.saying(layer, {"tool": "Edit", "act": "merge 2 objects"}):
        ACTS["merge"](layer)
    layer.undo()
    layer.data[0, 0] = 9
    opened.save()
    changes = opened.project.label_history(*opened.place_of(layer))
    assert [change.title for change in changes] == [
        "cells counted by nuclei",
        "paint object 7",
        "undo: paint object 7",
        "paint object 7",
        "merge 2 objects",
        "undo: merge 2 objects",
        f"napari {napari_version}",
    ]


def test_change_of_size_is_refused_by_name(tmp_path: Path) -> None:
    tracked = Tracked("set", "s", "cells", np.zeros((4, 4), np.int32), base={})
    with pytest.raises(StoreError, match=r"size \(5, 5\), the image \(4, 4\)"):
        save_changes(Project.open, tracked, np.zeros((5, 5), np.int32), {})


def test_store_that_cannot_be_opened_still_lets_look(
    session: Session, set_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "no-folder"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("CELLSETS_DATA_HOME", str(blocked))
    session.open(set_path)
    assert session.picture is not None
    assert session.truth is not None
    assert session.problems


def test_two_windows_do_not_overwrite_each_other(
    opened: Session, set_path: Path
) -> None:
    from napari.components import ViewerModel

    from napari_cellsets._napari.session import get_session

    opened.set_cells(labels_of(0), {})
    viewer = ViewerModel()
    other = get_session(viewer)
    other.open(set_path)
    opened.cells_layer.paint((20, 20), 7)
    other.cells_layer.paint((40, 40), 8)
    assert other.unsaved
    assert "another program changed" in other.status
    assert stored(opened)[40, 40] == 0


def test_watch_looks_into_acts_of_unknown_kind_everywhere() -> None:
    layer = Labels(np.zeros((6, 6), np.int32))
    told = []
    watch = EditWatch(layer, Project.open, lambda: told.append(1), lambda _: None)
    watch.tracked = Tracked("set", "s", "cells", np.zeros((6, 6), np.int32), base={})
    layer.data[3, 3] = 1
    layer.events.paint(value=[object()])
    assert told == [1]


def test_kill_after_a_stroke_loses_nothing(set_path: Path, tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        import numpy as np
        from napari.components import ViewerModel
        from napari_cellsets._napari.session import get_session

        viewer = ViewerModel()
        session = get_session(viewer)
        session.open(sys.argv[1])
        session.set_cells(np.zeros((48, 64), np.int32), {})
        session.cells_layer.paint((20, 20), 7)
        session.cells_layer.paint((40, 40), 8)
        session.cells_layer.undo()
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(set_path)], check=False)
    assert done.returncode == -9
    from napari_cellsets import open_dataset

    dataset = open_dataset(set_path)
    with Project.open() as project:
        kept = project.load_labels(dataset.identity, NAMES[0], "cells")
    assert kept.labels[20, 20] == 7
    assert kept.labels[40, 40] == 0


def break_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise StoreError("the disk is full") from sqlite3.OperationalError()

    monkeypatch.setattr(Project, "record", refuse)
    monkeypatch.setattr(Project, "save_labels", refuse)
