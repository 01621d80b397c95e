"""The Objects dock: every object of a layer in a table, and what may be wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import Qt, Slot
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.clicks import clicked
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.object_keys import ObjectKeys
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.shown_box import show_box
from napari_cellsets._qt.class_adder import ClassAdder
from napari_cellsets._qt.dock_key import DockKey
from napari_cellsets._qt.docking import DockContent
from napari_cellsets._qt.edit_key_map import KeyMapView
from napari_cellsets._qt.edit_parts import LayerBox
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.marks_offer import MarksOffer
from napari_cellsets._qt.messages import MessageRow
from napari_cellsets._qt.object_columns import WORDS
from napari_cellsets._qt.object_table import ObjectTableView
from napari_cellsets._qt.objects_classes import ClassBox, ClassDelegate
from napari_cellsets._qt.objects_columns import ColumnMenu
from napari_cellsets._qt.objects_facts import ObjectFactsLink
from napari_cellsets._qt.objects_flow import ObjectsFlow
from napari_cellsets._qt.objects_problems import ProblemsPage
from napari_cellsets._qt.objects_search import ProblemSearch
from napari_cellsets._qt.saving import SaveTimers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import napari.viewer
    from qtpy.QtGui import QHideEvent, QShowEvent

WELCOME = (
    "There are no labels to list yet. Count the image, or draw cells by hand: Layers >"
    " Annotate > Draw cells by hand."
)
ABOUT_MARKS = "Points, boxes and outlines are corrected in the Edit dock:"
_KEYS_HINT = "They work while this dock has the focus. Double-click a key to change it."
_LEAST_WIDTH = 300
_FAR, _ROOM = 80.0, 10.0
"""A row that is selected moves the view, and zooms only where nothing could be seen."""


class ObjectsWidget(DockContent):
    """Lists the objects of the selected Labels layer; rows and objects go together.

    Parameters
    ----------
    viewer
        Its desk holds layer and selection, the same as those of the Edit dock.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.session = get_session(viewer)
        self.desk = edit_desk(viewer)
        if self.session.deferrer is None:
            SaveTimers(self.session, self)
        self.runner = JobRunner(self)
        self.search_runner = JobRunner(self)
        self.flow = ObjectsFlow(viewer, self.session, self.desk, self.runner, self)
        self._make_parts()
        self._make_acts()
        self._lay_out()
        self._running = True
        self._connect()
        self._on_layers_changed()

    def stop(self) -> None:
        """Hear no more of the viewer, outline nothing."""
        if not self._running:
            return
        self._running = False
        self.flow.stop()
        if self.desk.editor is not None:
            self.desk.editor.select(())
        layers = self._viewer.layers
        layers.events.inserted.disconnect(self._on_layers_changed)
        layers.events.removed.disconnect(self._on_layers_changed)
        if self._on_pressed in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_pressed)

    # Building

    def _make_parts(self) -> None:
        self.welcome = MarksOffer(self._viewer, WELCOME, ABOUT_MARKS)
        self.layer = LayerBox("Layer of the objects")
        self.layer.setToolTip("Labels that are listed; follows the selected layer")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: area < 50, eccentricity > 0.9")
        self.filter.setToolTip(
            "How a column begins, <, > or =, and a number; the number of an object; or"
            " a word of its class or comment. With commas between them all must hold."
        )
        self.filter.setAccessibleName("Filter")
        self.filter.setClearButtonEnabled(True)
        self.said = QLabel()
        self.said.setAccessibleName("How many objects")
        self.table = ObjectTableView(many=True)
        self.columns = ColumnMenu(self.table)
        self.delegate = ClassDelegate(self.table)
        self.facts = ObjectFactsLink(self.session, self.flow, self.desk, self)
        self.table.objects.set_about(self.facts.about)
        self.keys = ObjectKeys()
        self.key_map = KeyMapView(self.keys, _KEYS_HINT)
        self.problems = ProblemsPage(self.search_runner, self.keys)
        others = self.facts, self.session, self.desk, self.problems
        self.search = ProblemSearch(self.flow, *others, self.search_runner)
        self.tabs = QTabWidget()

    def _make_acts(self) -> None:
        self.class_box = ClassBox(self.keys, self)
        self.adder = ClassAdder(
            lambda name: self.facts.add_class(name, self.table.selected), self.class_box
        )
        self.message = MessageRow()
        self.show_button = QPushButton("Show")
        self.merge = QPushButton("Merge")
        self.delete = QPushButton("Delete")
        DockKey(self.keys, "show", self, self.show_button)
        DockKey(self.keys, "merge", self, self.merge)
        DockKey(self.keys, "delete", self, self.delete)
        shown = DockKey(self.keys, "keys", self)
        shown.activated.connect(partial(self.tabs.setCurrentWidget, self.key_map))
        for key, name in (("Ctrl+Z", "undo"), ("Ctrl+Shift+Z", "redo")):
            # napari hears its own only while the image has the keyboard
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._on_turn_wanted, name))

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addWidget(QLabel("Layer"))
        first.addWidget(self.layer, 1)
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 6, 0, 0)
        rows.addWidget(self.filter)
        rows.addWidget(self.table, 1)
        rows.addWidget(self.columns.left_out)
        self.tabs.addTab(page, "Table")
        self.tabs.addTab(self.problems, "Problems")
        self.tabs.addTab(self.key_map, "Keys")
        acts = QHBoxLayout()
        for button in (self.show_button, self.merge, self.delete):
            acts.addWidget(button)
        self.work = QWidget()
        column = QVBoxLayout(self.work)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(first)
        column.addWidget(self.said)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.adder)
        column.addLayout(acts)
        both = QVBoxLayout(self)
        both.setContentsMargins(6, 6, 6, 6)
        both.addWidget(self.welcome, 1)
        both.addWidget(self.work, 1)
        both.addWidget(self.message)
        self.setMinimumWidth(_LEAST_WIDTH)

    def _connect(self) -> None:
        self.layer.chosen.connect(self._on_layer_chosen)
        self.filter.textChanged.connect(self._on_filter_changed)
        self.columns.changed.connect(self._on_columns_changed)
        self.table.labels_chosen.connect(self._on_rows_chosen)
        self.problems.chosen.connect(self._on_problem_chosen)
        self.show_button.clicked.connect(self._on_show_wanted)
        self.merge.clicked.connect(partial(self._perform, "merge"))
        self.delete.clicked.connect(partial(self._perform, "delete"))
        self.message.act_wanted.connect(self._on_unlock_wanted)
        self.tabs.currentChanged.connect(self._on_page_changed)
        for news in (self.flow.measured, self.flow.touched, self.flow.finished):
            news.connect(self._on_table_changed)
        self.runner.busy_changed.connect(self._say)
        self.facts.changed.connect(self._on_facts_changed)
        self.facts.told.connect(self.message.tell)
        self.table.objects.edited.connect(self._on_cell_edited)
        self.class_box.chosen.connect(self._on_class_chosen)
        self.key_map.refused.connect(partial(self.message.tell, failed=True))
        follow(self, self.desk.told, self.message.tell)
        follow(self, self.session.annotations.shaded, self._on_facts_changed)
        follow(self, self.desk.target_changed, self._on_target_changed)
        follow(self, self.desk.selection_changed, self._on_selection_changed)
        layers = self._viewer.layers
        layers.events.inserted.connect(self._on_layers_changed)
        layers.events.removed.connect(self._on_layers_changed)
        self._viewer.mouse_drag_callbacks.append(self._on_pressed)

    def showEvent(self, event: QShowEvent) -> None:
        """Measure, now that somebody looks."""
        super().showEvent(event)
        self.flow.wake(True)
        self.facts.wake(True)
        self._on_page_changed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while another dock is in front."""
        super().hideEvent(event)
        self.flow.wake(False)
        self.facts.wake(False)
        self.search.wake(False)

    # Wishes

    @Slot(object)
    def _on_layer_chosen(self, layer: Labels) -> None:
        self._viewer.layers.selection.active = layer

    @Slot(str)
    def _on_filter_changed(self, text: str) -> None:
        self.table.filter(text)
        self._say()

    @Slot(object)
    def _on_rows_chosen(self, labels: tuple[int, ...]) -> None:
        self._select(labels)
        if len(labels) == 1:
            self._show(labels[0], far=_FAR, room=_ROOM)

    @Slot(int)
    def _on_problem_chosen(self, label: int) -> None:
        self._select((label,))
        self._show(label)

    @Slot()
    def _on_show_wanted(self) -> None:
        if self.table.selected:
            self._show(self.table.selected[0])

    def _on_turn_wanted(self, name: str) -> None:
        """Undo or redo what was done last to the layer, pixels or words."""
        if self.desk.target is not None:
            getattr(self.desk.target, name)()

    @Slot()
    def _on_unlock_wanted(self) -> None:
        if self.desk.unlock():
            self.message.tell(f"{self._locked_name()} can be corrected now.", False)

    def _locked_name(self) -> str:
        target = self.desk.target
        if target is None or target is self.session.truth_layer:
            return "The ground truth"
        return f"“{target.name}”"

    def _perform(self, name: str, *_: object) -> None:
        """Edit what is selected; where labels of the set are locked, offer the key."""
        why, target = self.desk.why_not(), self.desk.target
        if why and target is not None and not target.editable and self.desk.can_unlock:
            name = self._locked_name()
            self.message.offer(why, f"Correct {name.replace('The', 'the')}")
        else:
            self.desk.perform(name)

    @Slot(int, str, str)
    def _on_cell_edited(self, label: int, name: str, text: str) -> None:
        # a cell of a selected row stands for all of them
        chosen = self.table.selected
        self.facts.say(chosen if label in chosen else (label,), name, text)

    @Slot(str)
    def _on_class_chosen(self, name: str) -> None:
        self.facts.say(self.table.selected, "class", name)

    def _select(self, labels: tuple[int, ...]) -> None:
        if self.desk.editor is not None:
            self.desk.editor.select(labels)

    def _show(self, label: int, **how: float) -> None:
        """Bring an object into view; `how` as for `show_box`."""
        editor = self.desk.editor
        if editor is not None and label in editor.objects:
            box = editor.objects.box(label)
            plane = tuple(slice(at, at + 1) for at in editor.plane)
            show_box(self._viewer, editor.layer, (*plane, *box[-2:]), **how)

    def _on_pressed(self, viewer: Any, event: Any) -> Iterator[None]:
        """Select the object under a click that is no drag, no stroke, no tool."""
        editor, active = self.desk.editor, viewer.layers.selection.active
        mode = str(getattr(active, "mode", "pan_zoom"))
        if editor is None or self.desk.tools.tool or mode != "pan_zoom":
            return
        if not editor.layer.visible or not self.isVisible() or event.button != 1:
            return
        if not (yield from clicked(event)):
            return
        label = editor.label_at(event.position)
        if "Shift" not in event.modifiers:
            editor.select((label,))
        elif label:
            editor.toggle(label)

    # What has changed

    def _on_layers_changed(self, *_: object) -> None:
        layers = reversed(self._viewer.layers)
        known = [layer for layer in layers if isinstance(layer, Labels)]
        if self.desk.target is None and known:
            self.desk.target = known[0]
        self.layer.synchronize(known, self.desk.target)
        self._on_target_changed()

    def _on_target_changed(self) -> None:
        target = self.desk.target
        self.welcome.setVisible(target is None)
        self.work.setVisible(target is not None)
        if target is not None and target not in self.layer.layers:
            self.layer.synchronize(reversed(self._viewer.layers), target)
        if target is not None:
            self.layer.setCurrentIndex(self.layer.layers.index(target))
        self._on_selection_changed()

    def _on_selection_changed(self) -> None:
        editor = self.desk.editor
        chosen = () if editor is None else editor.selected
        # rows are chosen from the top, objects in the order of clicks
        if set(chosen) != set(self.table.selected):
            self.table.select_labels(chosen)
        for part in (self.show_button, self.delete, self.class_box):
            part.setEnabled(bool(chosen))
        self.merge.setEnabled(len(chosen) > 1)
        self._say()

    def _on_table_changed(self, *_: object) -> None:
        self.table.show_table(self.flow.table)
        self._say()

    def _on_facts_changed(self) -> None:
        facts, model = self.facts, self.table.objects
        colour_of = self.session.annotations.colour_of
        colours = {name: colour_of(name) for name in facts.classes.values()}
        self.delegate.names = tuple(colours)
        self.class_box.synchronize(colours)
        self.class_box.setVisible(bool(colours))
        self.adder.setVisible(facts.kept)
        known = (*colours, *dict.fromkeys(facts.class_words.values()))
        model.set_colours({name: colour_of(name) for name in known})
        model.set_editable(
            [n for n in WORDS if facts.kept and (n != "class" or colours)]
        )
        self.table.show_words(facts.words)
        self._on_columns_changed()

    @Slot()
    def _on_columns_changed(self) -> None:
        self.table.show_choice(self.table.objects.column_of("class"), self.delegate)

    @Slot()
    def _on_page_changed(self, *_: object) -> None:
        seen = self.isVisible() and self.tabs.currentWidget() is self.problems
        self.search.wake(seen)

    @Slot()
    def _say(self, *_: object) -> None:
        """Say how many objects there are and how many are selected."""
        objects, chosen = self.table.objects, len(self.table.selected)
        if self.flow.table is None:
            busy = self.runner.busy
            self.said.setText("Measuring…" if busy else "No objects measured")
            return
        words = [f"{objects.total:,} object" + ("s" if objects.total != 1 else "")]
        if objects.rowCount() != objects.total:
            words.append(f"{objects.rowCount():,} shown")
        if chosen:
            words.append(f"{chosen:,} selected")
        self.said.setText(", ".join(words))
