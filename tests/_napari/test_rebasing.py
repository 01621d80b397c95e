"""Two windows change the same labels: both are kept, or the second one is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_cellsets._napari.edits import Tracked, save_changes
from napari_cellsets._napari.rebasing import rebased
from napari_cellsets._napari.session import get_session
from napari_cellsets.core.errors import ChangedMeanwhileError, StoreError
from napari_cellsets.store import Project
from small_sets import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets._napari.session import Session

images = arrays(np.int32, (3, 4), elements=st.integers(0, 4))


@given(before=images, mine=images, theirs=images)
def test_both_changes_stand_or_nothing_of_mine(
    before: np.ndarray, mine: np.ndarray, theirs: np.ndarray
) -> None:
    labels, clash = rebased(before, mine, theirs)
    here = mine != before
    if clash:
        np.testing.assert_array_equal(labels, theirs)
        return
    np.testing.assert_array_equal(labels[~here], theirs[~here])
    for label in np.unique(mine[here]).tolist():
        given_now = np.unique(labels[here & (mine == label)])
        assert len(given_now) == 1
        fresh = label not in before
        assert fresh or given_now[0] == label
        if fresh:
            assert not (theirs[~here] == given_now[0]).any()


@pytest.mark.parametrize(
    ("mine", "theirs", "clash"),
    [
        ([1, 0, 0, 0], [0, 1, 0, 0], [1]),
        ([1, 1, 0, 3], [1, 1, 0, 4], [0]),
        ([1, 1, 3, 0], [1, 1, 0, 3], []),
        ([0, 0, 0, 0], [1, 1, 0, 5], []),
    ],
)
def test_an_object_that_both_changed_is_told(
    mine: list[int], theirs: list[int], clash: list[int]
) -> None:
    before, mine, theirs = (
        np.array([one], np.int32) for one in ([1, 1, 0, 0], mine, theirs)
    )
    assert rebased(before, mine, theirs)[1] == clash


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What napari told the person."""
    heard: list[str] = []

    def hear(notification: object) -> None:
        heard.append(str(notification))

    notification_manager.notification_ready.connect(hear)
    yield heard
    notification_manager.notification_ready.disconnect(hear)


@pytest.fixture
def second() -> ViewerModel:
    """The model of a second window."""
    return ViewerModel()


@pytest.fixture
def other(opened: Session, set_path: Path, second: ViewerModel) -> Session:
    """A second window on the same cells."""
    opened.set_cells(labels_of(0), {})
    session = get_session(second)
    session.open(set_path)
    return session


def stored(session: Session) -> np.ndarray:
    place = session.place_of(session.cells_layer)
    return session.project.load_labels(*place).labels


def test_different_objects_of_two_windows_are_both_kept(
    opened: Session, other: Session, said: list[str]
) -> None:
    opened.cells_layer.paint((20, 20), 7)
    other.cells_layer.paint((40, 40), 7)
    assert not said
    assert other.save()
    assert not other.unsaved
    data = np.asarray(other.cells_layer.data)
    np.testing.assert_array_equal(stored(opened), data)
    assert data[20, 20] == 7
    assert data[40, 40] not in (0, 7)
    assert "with both changes" in said[-1]
    place = opened.place_of(opened.cells_layer)
    changes, _ = opened.project.history(*place)
    assert [one.title for one in changes[-2:]] == ["paint object 7"] * 2
    other.cells_layer.undo()
    assert other.cells_layer.data[20, 20] == 7


def test_what_both_changed_is_shown_as_the_first_one_left_it(
    opened: Session, other: Session, said: list[str]
) -> None:
    opened.cells_layer.fill((5, 6), 0)
    other.cells_layer.fill((5, 6), 9)
    assert other.save()
    assert other.cells_layer.data[5, 6] == 0
    assert stored(opened)[5, 6] == 0
    assert "somebody else changed object" in said[-1]
    other.cells_layer.paint((40, 40), 8)
    assert not other.unsaved
    assert stored(opened)[40, 40] == 8


def test_what_left_the_screen_unsaved_is_kept_with_the_changes_of_others(
    opened: Session, other: Session, said: list[str]
) -> None:
    opened.cells_layer.paint((20, 20), 7)
    other.cells_layer.paint((40, 40), 8)
    other.step(1)
    other.step(-1)
    data = np.asarray(other.cells_layer.data)
    assert (data[20, 20], data[40, 40]) == (7, 8)
    np.testing.assert_array_equal(stored(opened), data)
    assert not other.unsaved


def test_nothing_is_called_saved_that_still_waits(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise StoreError("the disk is full")

    opened.set_cells(labels_of(0), {})
    with monkeypatch.context() as patched:
        patched.setattr(Project, "record", refuse)
        opened.cells_layer.paint((40, 40), 8)
        opened.step(1)
        opened.step(-1)
        assert opened.cells_layer.data[40, 40] == 8
        assert opened.unsaved
    assert opened.save()
    assert stored(opened)[40, 40] == 8


def test_labels_made_anew_are_not_laid_over_those_of_somebody_else(
    opened: Session,
) -> None:
    opened.set_cells(labels_of(0), {})
    place = opened.place_of(opened.cells_layer)
    made = Tracked(*place, labels_of(1), base={"source": "predicted"})
    with pytest.raises(StoreError, match="another program changed") as told:
        save_changes(lambda: opened.project, made, labels_of(1), {})
    assert not isinstance(told.value, ChangedMeanwhileError)
    first_edit = Tracked(*place, labels_of(1), base={}, lazy=True)
    with pytest.raises(ChangedMeanwhileError, match="another program changed"):
        save_changes(lambda: opened.project, first_edit, labels_of(2), {})
