"""Words given to objects are undone in order with edits of their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.object_acts import FactAct
from napari_cellsets._napari.session import get_session
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining
from napari_cellsets.store.object_words import act_title
from small_sets import SHAPE, write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets._napari.session import Session
    from napari_cellsets.store import FactChange, Project

Known = dict[int, tuple[int | None, str, str]]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["paint", "merge", "delete", "class", "flag", "comment"]
            + 3 * ["undo", "redo"]
        ),
        st.integers(0, SHAPE[0] - 1),
        st.integers(0, SHAPE[1] - 1),
        st.integers(0, 4),
    ),
    max_size=16,
)


class Desk:
    """A session with cells on screen, and how a person acts on them."""

    def __init__(self, viewer: ViewerModel, path: Path) -> None:
        self.viewer = viewer
        self.session: Session = get_session(viewer)
        self.session.open(path)
        cells = np.zeros(SHAPE, np.int32)
        cells[2:8, 2:8], cells[2:8, 10:16], cells[12:18, 4:14] = 1, 2, 3
        self.session.set_cells(cells, {"source": "predicted"})
        layer = self.session.cells_layer
        assert layer is not None
        self.layer = layer
        self.editor: LabelEditor = edit_desk(viewer).editor_of(layer)

    def begin(self) -> None:
        """Forget what could be undone."""
        self.layer.editable = False
        self.layer.editable = True

    @property
    def project(self) -> Project:
        return self.session.project

    def say(self, label: int, name: str, text: str) -> None:
        place = self.session.place_of(self.layer, stored=True)
        assert place is not None
        change: FactChange = {"class_id": len(text)}
        if name != "class":
            change = {"flag": text} if name == "flag" else {"comment": text}
        act = FactAct(place, {label: change})
        act.write(self.project, done=True)
        self.editor.note(
            act_title(name, text, [label]),
            None,
            lambda done: act.write(self.project, done=done),
        )

    def known(self) -> Known:
        """What the store says of the objects that are there."""
        place = self.session.place_of(self.layer)
        assert place is not None
        facts = self.project.object_facts(*place)
        there = [int(n) for n in np.unique(self.layer.data) if n > 0]
        said = {label: facts.of(label) for label in there}
        return {n: (one.class_id, one.flag, one.comment) for n, one in said.items()}

    def state(self) -> tuple[bytes, Known]:
        return self.layer.data.tobytes(), self.known()

    def do(self, act: tuple[str, int, int, int]) -> bool:
        """Do one act; return whether there was anything to do."""
        name, y, x, number = act
        there = sorted(self.editor.objects)
        if name == "paint":
            before = self.layer.data.copy()
            self.layer.paint((y, x), number)
            return not np.array_equal(before, self.layer.data)
        if not there:
            return False
        if name in ("merge", "delete"):
            labels = there[:2] if name == "merge" else [there[number % len(there)]]
            try:
                self.editor.do(lambda objects: getattr(joining, name)(objects, labels))
            except EditError:
                return False
            return True
        self.say(there[number % len(there)], name, "abcdefgh"[: x % 8])
        return True


@pytest.fixture
def desk(viewer: ViewerModel, tmp_path: Path) -> Desk:
    return Desk(viewer, write_set(tmp_path / "set"))


@given(ACTS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_undo_takes_back_the_last_act_whatever_it_was(
    desk: Desk, acts: list[tuple[str, int, int, int]]
) -> None:
    desk.begin()
    done, undone = [desk.state()], []
    for act in acts:
        if act[0] == "undo":
            desk.layer.undo()
            if len(done) > 1:
                undone.append(done.pop())
        elif act[0] == "redo":
            desk.layer.redo()
            if undone:
                done.append(undone.pop())
        elif desk.do(act):
            done.append(desk.state())
            undone.clear()
        assert desk.state() == done[-1]


def test_a_word_stands_in_the_history_and_is_undone_there(desk: Desk) -> None:
    desk.say(1, "flag", "blurred")
    desk.layer.paint((15, 18), 4)
    assert [act.title for act in desk.editor.acts] == [
        "flag “blurred” of object 1",
        "paint object 4",
    ]
    desk.layer.undo()
    desk.layer.undo()
    assert [act.done for act in desk.editor.acts] == [False, False]
    assert desk.known()[1] == (None, "", "")
    desk.layer.redo()
    assert [act.done for act in desk.editor.acts] == [True, False]
    assert desk.known()[1] == (None, "blurred", "")


def test_words_are_undone_on_locked_labels_too(desk: Desk) -> None:
    layer = desk.session.truth_layer
    assert layer is not None
    assert not layer.editable
    desk.layer, desk.editor = (
        layer,
        edit_desk(desk.viewer).editor_of(layer),
    )
    before = layer.data.copy()
    desk.say(1, "comment", "dark")
    layer.undo()
    assert desk.known()[1] == (None, "", "")
    layer.redo()
    assert desk.known()[1] == (None, "", "dark")
    assert np.array_equal(layer.data, before)


def test_nothing_is_measured_or_saved_again_for_a_word(desk: Desk) -> None:
    boxes: list[object] = []
    desk.editor.changed.connect(boxes.append)
    place = desk.session.place_of(desk.layer, stored=True)
    assert place is not None
    before = desk.project.load_labels(*place)
    desk.say(1, "flag", "blurred")
    desk.layer.undo()
    after = desk.project.load_labels(*place)
    assert before is not None
    assert after is not None
    assert (boxes, after.revision) == ([], before.revision)


def test_undo_leaves_alone_what_somebody_else_has_said_since(desk: Desk) -> None:
    desk.say(1, "flag", "blurred")
    place = desk.session.place_of(desk.layer)
    assert place is not None
    desk.project.set_object_facts(*place, [1], {"flag": "of another window"})
    desk.layer.undo()
    assert desk.known()[1] == (None, "of another window", "")


def test_every_object_gets_back_its_own_word(desk: Desk) -> None:
    desk.say(1, "flag", "one")
    place = desk.session.place_of(desk.layer)
    assert place is not None
    said: FactChange = {"flag": "all"}
    act = FactAct(place, dict.fromkeys((1, 2, 3), said))
    act.write(desk.project, done=True)
    act.write(desk.project, done=False)
    assert [desk.known()[n][1] for n in (1, 2, 3)] == ["one", "", ""]


def test_an_act_that_was_never_written_undoes_nothing(desk: Desk) -> None:
    place = desk.session.place_of(desk.layer, stored=True)
    assert place is not None
    FactAct(place, {1: {"flag": "blurred"}}).write(desk.project, done=False)
    assert desk.known()[1] == (None, "", "")


def test_without_a_stack_of_napari_a_word_is_not_noted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(desk.layer), "_append_to_undo_history", None)
    assert not desk.editor.note("flag", None, lambda done: None)
    assert desk.editor.acts == []


@pytest.mark.parametrize(
    ("text", "labels", "title"),
    [
        ("dead", [7], "class “dead” of object 7"),
        ("", [1, 2], "no class of 2 objects"),
        ("a" * 40, [7], f"class “{'a' * 24}…” of object 7"),
    ],
)
def test_titles_say_what_was_given_to_whom(
    text: str, labels: list[int], title: str
) -> None:
    assert act_title("class", text, labels) == title
