"""A person at work in a real window: browses, corrects, counts, plays, exports.

What is done, in which order and to which cells comes from a seed.
"""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.hands import Mouse
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.shown_box import show_box
from napari_cellsets._qt.docking import raise_dock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_cellsets._napari.label_editor import LabelEditor

    Act = Iterator[None]

DOCKS = ("Samples", "Count", "Edit", "Objects", "Gallery", "Playback")
ACTS_A_SET = 40
_WAITS = 40
"""Pauses after which a person no longer waits for what was started."""
_SIMPLE = ("delete", "fill", "smooth", "grow", "shrink", "largest", "snap")


class Person:
    """Works through sets for as long as one asks for the next act.

    Attributes
    ----------
    done
        How often each act was done.

    Parameters
    ----------
    viewer
        With a window.
    places
        Sets to be opened in turn, in another order each time.
    folder
        Exports go here and are deleted again.
    seed
        Of all that is chosen.
    """

    def __init__(
        self, viewer: Viewer, places: Sequence[Path], folder: Path, seed: int = 1
    ) -> None:
        self._viewer, self._places, self._out = viewer, places, folder / "exported"
        self._random = random.Random(seed)
        self._session, self._desk = get_session(viewer), edit_desk(viewer)
        self._docks = {name: open_dock(viewer, name) for name in DOCKS}
        self._mouse = Mouse(viewer)
        self.done: dict[str, int] = {}

    def work(self) -> Iterator[None]:
        """Work without end; between two steps a person would look at the screen."""
        while True:
            for place in self._random.sample(self._places, len(self._places)):
                yield from self._do("open", self._open(place))
                for _ in range(ACTS_A_SET):
                    film = self._session.film.recording is not None
                    acts = _WITH_FILM if film else _WITH_IMAGES
                    (act,) = self._random.choices([*acts], [*acts.values()])
                    yield from self._do(act.__name__, act(self))

    def _do(self, name: str, act: Act) -> Iterator[None]:
        self.done[name] = self.done.get(name, 0) + 1
        yield from act
        yield

    def _wait(self, done: Callable[[], bool]) -> Act:
        for _ in range(_WAITS):
            if done():
                return
            yield

    # Browse

    def _open(self, place: Path) -> Act:
        before = self._session.dataset
        self._docks["Samples"].open_path(place)
        yield from self._wait(lambda: self._session.dataset is not before)

    def walk(self) -> Act:
        self._session.walk(self._random.choice((1, 1, 1, -1)))
        yield

    def browse(self) -> Act:
        gallery = self._docks["Gallery"]
        for _ in range(3):
            gallery.view.scroll_to_row(self._any(gallery.model.rowCount()))
            yield
        if gallery.model.rowCount():
            item = gallery.model.item_at(self._any(gallery.model.rowCount()))
            gallery.show_item(item, walk=True)

    def look_otherwise(self) -> Act:
        bar = self._docks["Gallery"].bar
        bar.size.setValue(self._random.choice((60, 96, 96, 200)))
        bar.listed.setChecked(self._random.random() < 0.3)
        bar.text.setText(self._random.choice("123456789"))
        yield
        bar.text.clear()
        yield

    def see_objects(self) -> Act:
        scope = self._docks["Gallery"].bar.scope
        scope.setCurrentIndex(1)
        yield
        yield
        scope.setCurrentIndex(0)

    def judge(self) -> Act:
        gallery = self._docks["Gallery"]
        for key in self._random.choices("AAARXUN", k=3):
            gallery.view.key_pressed.emit(key)
            yield
        gallery.view.key_pressed.emit(self._random.choice("FC"))
        gallery.status.reason.setText("blurred")
        gallery.status.reason.returnPressed.emit()

    def turn_pages(self) -> Act:
        for name in self._random.sample(DOCKS, 3):
            raise_dock(self._docks[name])
            yield

    def zoom(self) -> Act:
        self._viewer.scene.camera.zoom *= self._random.uniform(1.5, 4.0)
        yield
        self._viewer.reset_view()

    # Count and export

    def count(self) -> Act:
        count = self._docks["Count"]
        raise_dock(count)
        if self._session.picture is None or count.runner.busy:
            return
        count.flow.count()
        yield
        answer = self._random.choice(("replace", "keep"))
        getattr(count.flow, f"{answer}_corrections")()
        yield from self._wait(lambda: not count.runner.busy)

    def export(self) -> Act:
        count = self._docks["Count"]
        asked = {"whole_set": False, "folder": self._out, "masks": "png"}
        count.export.wanted.emit(
            {**asked, "counts": True, "objects": True, "annotations": None}
        )
        yield
        yield
        shutil.rmtree(self._out, ignore_errors=True)

    # Correct

    def merge(self) -> Act:
        editor = self._editor()
        if editor is not None and len(editor.objects) > 1:
            editor.select(self._random.sample([*editor.objects], 2))
            yield
            self._desk.perform("merge")

    def reshape(self) -> Act:
        editor = self._editor()
        if editor is not None and len(editor.objects):
            label = self._random.choice([*editor.objects])
            show_box(self._viewer, editor.layer, editor.objects.box(label))
            editor.select((label,))
            yield
            self._desk.perform(self._random.choice(_SIMPLE))

    def split(self) -> Act:
        editor = self._editor()
        if editor is None or not len(editor.objects):
            return
        label = max(editor.objects, key=editor.objects.area)
        y, x = editor.objects.box(label)[-2:]
        middle = (y.start + y.stop) / 2
        show_box(self._viewer, editor.layer, editor.objects.box(label))
        raise_dock(self._docks["Edit"])
        self._desk.perform("cut")
        yield
        ends = np.array([[middle, x.start - 3.0], [middle, x.stop + 3.0]])
        self._mouse.drag(editor.layer, np.linspace(*ends, 12))
        yield
        self._desk.tools.use(None)

    def paint(self) -> Act:
        editor = self._editor()
        if editor is None or not editor.layer.editable:
            return
        layer = editor.layer
        layer.selected_label = editor.objects.next_label()
        layer.brush_size = self._random.choice((5, 12, 30))
        layer.mode = self._random.choice(("paint", "paint", "erase"))
        yield
        height, width = layer.data.shape[-2:]
        start = np.array([self._any(height), self._any(width)], float)
        way = np.cumsum([[self._any(9) - 4, self._any(9) - 4] for _ in range(25)], 0)
        points = np.clip(start + way, 0, [height - 1, width - 1])
        self._mouse.drag(layer, points)
        yield
        layer.mode = "pan_zoom"

    def undo(self) -> Act:
        editor = self._editor()
        if editor is None:
            return
        steps = self._random.randint(1, 4)
        for _ in range(steps):
            editor.layer.undo()
            yield
        for _ in range(steps // 2):
            editor.layer.redo()
            yield

    def say_words(self) -> Act:
        objects = self._docks["Objects"]
        raise_dock(objects)
        yield
        if objects.flow.table is not None:
            labels = objects.table.objects.labels_in(0, 3)
            names = [*objects.facts.classes.values(), ""]
            objects.facts.say(tuple(labels), "class", self._random.choice(names))
            objects.facts.say(tuple(labels), "flag", self._random.choice(("odd", "")))
        yield
        objects.filter.setText("area > 100")
        yield
        objects.filter.clear()

    def find_problems(self) -> Act:
        objects = self._docks["Objects"]
        raise_dock(objects)
        objects.tabs.setCurrentWidget(objects.problems)
        yield
        yield
        for _ in range(3):
            objects.problems.step(1)
            yield
        objects.tabs.setCurrentIndex(0)

    # Play

    def play(self) -> Act:
        film = self._session.film
        raise_dock(self._docks["Playback"])
        film.playback.loop = True
        film.playback.play(self._random.choice((1, -1)))
        for _ in range(8):
            yield
        film.change(window_us=self._random.choice((1_000, 5_000, 20_000)))
        for _ in range(8):
            yield
        film.playback.pause()

    def seek(self) -> Act:
        film = self._session.film
        film.playback.jump_to(self._any(max(1, film.playback.duration_us)))
        yield

    # Inside

    def _any(self, number: int) -> int:
        return self._random.randrange(max(1, number))

    def _editor(self) -> LabelEditor | None:
        """The editor of the labels on screen: of cells, else of ground truth."""
        layer: Labels | None = self._session.cells_layer
        if self._session.cells is None:
            layer = self._session.truth_layer
            if self._session.truth is None:
                return None
            self._session.correcting_truth = True
        self._viewer.layers.selection.active = layer
        return self._desk.editor if self._desk.target is layer else None


_EVERYWHERE = {
    Person.walk: 10,
    Person.browse: 6,
    Person.look_otherwise: 2,
    Person.judge: 6,
    Person.turn_pages: 4,
    Person.zoom: 2,
}
_WITH_IMAGES = {
    **_EVERYWHERE,
    Person.see_objects: 2,
    Person.count: 1,
    Person.export: 2,
    Person.merge: 8,
    Person.reshape: 12,
    Person.split: 6,
    Person.paint: 10,
    Person.undo: 8,
    Person.say_words: 5,
    Person.find_problems: 3,
}
_WITH_FILM = {**_EVERYWHERE, Person.play: 8, Person.seek: 12}
"""How often an act is done beside the others."""
