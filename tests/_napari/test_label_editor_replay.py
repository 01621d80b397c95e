"""Any order of edits is a replay; index and journal follow all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from made_labels import boxes_of, known_boxes, squares
from napari_cellsets._napari import edits, label_editor
from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining, shaping, splitting
from napari_cellsets.store import Project
from small_sets import SHAPE, labels_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from napari.layers import Labels

    from napari_cellsets._napari.session import Session
    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import ObjectIndex


MAKERS: dict[str, Callable[[ObjectIndex, list[int], int], Edit]] = {
    "merge": lambda objects, labels, _: joining.merge(objects, labels),
    "delete": lambda objects, labels, _: joining.delete(objects, labels[:1]),
    "grow": lambda objects, labels, _: shaping.grow(objects, labels[:1], 1),
    "smooth": lambda objects, labels, _: shaping.smooth(objects, labels[:2], 1),
    "renumber": lambda objects, _labels, _: joining.renumber(objects),
    "cut": lambda objects, _labels, at: splitting.split_along(
        objects, np.array([[at, 0.0], [at, 49.0]])
    ),
}


ACTS = st.lists(
    st.tuples(
        st.sampled_from([*MAKERS, "paint", "fill", "stroke", "undo", "redo", "redraw"]),
        st.integers(0, SHAPE[0] - 1),
        st.integers(0, 49),
        st.integers(0, 9),
    ),
    max_size=14,
)


class Replay:
    """What a plain array with a list of states would be."""

    def __init__(self, labels: np.ndarray) -> None:
        self.labels = labels.copy()
        self.done: list[np.ndarray] = []
        self.undone: list[np.ndarray] = []

    def become(self, labels: np.ndarray) -> None:
        if not np.array_equal(labels, self.labels):
            self.done.append(self.labels)
            self.undone.clear()
            self.labels = labels.copy()

    def undo(self) -> None:
        if self.done:
            self.undone.append(self.labels)
            self.labels = self.done.pop()

    def redo(self) -> None:
        if self.undone:
            self.done.append(self.labels)
            self.labels = self.undone.pop()


def stroke(layer: Labels, y: int, x: int, label: int) -> None:
    """Several dabs, one act, as a dragged brush is."""
    with layer.block_history():
        for step in range(3):
            layer.paint((y, min(x + 2 * step, layer.data.shape[1] - 1)), label)


def act_on(editor: LabelEditor, replay: Replay, act: tuple[str, int, int, int]) -> None:
    """Do one act with the layer, and the same with a plain array."""
    name, y, x, label = act
    layer = editor.layer
    if name in MAKERS:
        made: list[Edit] = []

        def make(objects: ObjectIndex) -> Edit:
            labels = sorted(objects)[:3]
            if not labels:
                raise EditError("nothing is left")
            made.append(MAKERS[name](objects, labels, y))
            return made[-1]

        try:
            editor.do(make)
        except EditError:
            return
        after = replay.labels.copy()
        after[made[-1].coordinates] = made[-1].after
        replay.become(after)
    elif name in ("undo", "redo"):
        getattr(layer, name)()
        getattr(replay, name)()
    elif name == "redraw":
        layer.refresh()
    else:
        if name == "stroke":
            stroke(layer, y, x, label)
        else:
            getattr(layer, name)((y, x), label)
        replay.become(layer.data)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
@example(  # what is done again covers all that the act before wrote
    acts=[("merge", 0, 0, 0), ("delete", 0, 0, 0), ("undo", 0, 0, 0), ("redo", 0, 0, 0)]
)
def test_any_order_of_acts_is_a_replay_and_the_index_stays_exact(
    monkeypatch: pytest.MonkeyPatch, acts: list[tuple[str, int, int, int]]
) -> None:
    # large layers are never looked through as a whole
    monkeypatch.setattr(label_editor, "_SMALL_PX", 0)
    viewer = ViewerModel()
    editor = LabelEditor(viewer, viewer.add_labels(squares()))
    replay = Replay(editor.layer.data)
    for act in acts:
        act_on(editor, replay, act)
        assert np.array_equal(editor.layer.data, replay.labels)
        assert known_boxes(editor.objects) == boxes_of(replay.labels)
        assert sum(act.done for act in editor.acts) == len(replay.done)
        assert sum(not act.done for act in editor.acts) == len(replay.undone)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, large=st.booleans())
def test_journal_equals_the_layer_after_any_acts(
    opened: Session,
    monkeypatch: pytest.MonkeyPatch,
    acts: list[tuple[str, int, int, int]],
    large: bool,
) -> None:
    for room, name in ((edits, "_WHOLE_PX"), (label_editor, "_SMALL_PX")):
        monkeypatch.setattr(room, name, 0 if large else 10**6)
    opened.show(0)
    opened.set_cells(labels_of(0), {})
    viewer = ViewerModel()
    editor = LabelEditor(viewer, opened.cells_layer)
    replay = Replay(editor.layer.data)
    for act in acts:
        act_on(editor, replay, act)
        kept = opened.project.load_labels(
            opened.dataset.identity, opened.sample.name, "cells"
        )
        assert np.array_equal(kept.labels, replay.labels)
        assert known_boxes(editor.objects) == boxes_of(replay.labels)


def test_the_journal_says_what_was_done_and_with_what(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, str]] = []
    record = Project.record

    def listen(self: Project, *where: Any, **more: Any) -> int:
        said.append(where[-1])
        return record(self, *where, **more)

    monkeypatch.setattr(Project, "record", listen)
    opened.set_cells(labels_of(0), {})
    editor = LabelEditor(ViewerModel(), opened.cells_layer)
    label = next(iter(editor.objects))
    editor.do(lambda objects: joining.delete(objects, [label]))
    opened.cells_layer.paint((20, 20), 7)
    assert said[0]["act"] == "delete object"
    assert said[0]["tool"] == label_editor.TOOL
    assert said[1]["act"] == "paint object 7"
    assert said[1]["tool"].startswith("napari ")
