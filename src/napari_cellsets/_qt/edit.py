"""The Edit dock: objects of a Labels layer merged, split, reshaped, added, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels
from napari.utils.theme import get_theme
from qtpy.QtCore import QTimer, Slot
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_cellsets._napari.edit_acts import COMMANDS
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.edit_keys import EditKeys
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.count_controls import rule
from napari_cellsets._qt.docking import DockContent, fill_with_page, raise_dock
from napari_cellsets._qt.edit_history import HistoryView
from napari_cellsets._qt.edit_key_map import KeyMapView
from napari_cellsets._qt.edit_parts import (
    ActGrid,
    AllPart,
    LayerRow,
    OptionsPart,
    Pages,
    ToolRow,
)
from napari_cellsets._qt.edit_stack import ClassRow, StackRow
from napari_cellsets._qt.history_flow import HistoryFlow
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.marks_offer import MarksOffer
from napari_cellsets._qt.marks_page import MarksPage, MarksStart
from napari_cellsets._qt.messages import MessageRow
from napari_cellsets._qt.saving import SaveTimers

if TYPE_CHECKING:
    import napari.viewer

WELCOME = (
    "There are no labels to edit. Count the image, or draw cells by hand: Layers >"
    " Annotate > Draw cells by hand."
)
ABOUT_MARKS = "What is marked in this image can be corrected too:"
_WIDTH_LEAST = 300
_FLASH_MS = 900
_KEYS_HINT = (
    "Keys work while the layer of labels is selected. With a tool in hand, Enter"
    " accepts, Escape puts it away, Space held moves the image. Double-click a key to"
    " change it."
)


class EditWidget(DockContent):
    """Corrects the labels of the selected layer.

    Parameters
    ----------
    viewer
        Its desk holds tool, layer and options; this widget holds nothing but views.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        # layers are compared: all of them bare, none in napari's proxy
        self._viewer = getattr(viewer, "__wrapped__", viewer)
        self.session = get_session(viewer)
        self.desk = edit_desk(viewer)
        self.keys = EditKeys()
        if self.session.deferrer is None:
            SaveTimers(self.session, self)
        self._flash = QTimer(self, singleShot=True, interval=_FLASH_MS)
        self._flash.timeout.connect(self.desk.tools.redraw)
        # labels come and go in several steps: what is told is true after the last
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._say_whether_locked)
        self._heard: Labels | None = None
        self._make_parts()
        self._lay_out()
        self._running = True
        self._connect()
        self._on_theme_changed()
        self._on_layers_changed()

    def stop(self) -> None:
        """Hear no more of the viewer, put the tool away, let the keys go."""
        if not self._running:
            return
        self._running = False
        self.keys.release()
        self._flash.stop()
        self._hear(None)
        self.past.leave()
        self.stack.stop()
        self.classes.stop()
        self.desk.stop()
        self.marks.stop()
        layers = self._viewer.layers
        layers.events.inserted.disconnect(self._on_layers_changed)
        layers.events.removed.disconnect(self._on_layers_changed)
        self._viewer.events.theme.disconnect(self._on_theme_changed)
        self._viewer.dims.events.ndisplay.disconnect(self._on_target_changed)
        self._viewer.dims.events.order.disconnect(self._on_looks_changed)

    # Building

    def _make_parts(self) -> None:
        self.welcome = MarksOffer(self._viewer, WELCOME, ABOUT_MARKS)
        self.layer = LayerRow()
        self.tools = ToolRow()
        self.message = MessageRow()
        self.acts = ActGrid()
        self.stack = StackRow(self.desk)
        self.classes = ClassRow(self.desk)
        self.options = OptionsPart()
        self.options.synchronize(self.desk.options)
        self.all = AllPart(self.desk.options)
        self.history = HistoryView()
        self.past = HistoryFlow(self.desk, self.session, self.history, self)
        self.key_map = KeyMapView(self.keys, _KEYS_HINT)
        self.saved = QLabel()
        self.saved.setWordWrap(True)
        self.saved.setAccessibleName("Whether edits are saved")
        self.saved.setContentsMargins(6, 0, 6, 4)
        self.marks = MarksPage(self._viewer)
        self.start = MarksStart(self._viewer)
        self.tabs = Pages()
        for title, page in (
            ("History", self.history),
            ("All objects", self.all),
            ("Keys", self.key_map),
        ):
            self.tabs.addTab(page, title)

    def _lay_out(self) -> None:
        self.work = QWidget()
        column = QVBoxLayout(self.work)
        column.setContentsMargins(0, 0, 0, 0)
        above = (self.layer, self.stack, self.classes, self.tools)
        for part in (*above, rule(), self.acts):
            column.addWidget(part)
        column.addWidget(self.options)
        column.addWidget(self.tabs, 1)
        page = QWidget()
        both = QVBoxLayout(page)
        both.setContentsMargins(6, 6, 6, 6)
        both.addWidget(self.welcome, 1)
        both.addWidget(self.work, 1)
        both.addWidget(self.marks, 1)
        fill_with_page(self, page, [self.message])
        # always in sight, however low the window
        self.layout().addWidget(self.start)
        self.layout().addWidget(self.saved)
        self.setMinimumWidth(_WIDTH_LEAST)

    def _connect(self) -> None:
        desk = self.desk
        self.layer.chosen.connect(self._on_layer_chosen)
        self.layer.unlock_wanted.connect(self._on_unlock_wanted)
        self.layer.copy_wanted.connect(self._on_copy_wanted)
        self.layer.stack_toggled.connect(self._on_stack_toggled)
        for part in (self.tools, self.acts, self.all, self.stack):
            part.wanted.connect(self._on_wanted)
        for form in (self.options, self.all):
            form.edited.connect(self._on_option_edited)
        self.acts.label.valueChanged.connect(self._on_label_edited)
        self.classes.chosen.connect(self.acts.label.setValue)
        self.options.source_chosen.connect(self._on_source_chosen)
        self.key_map.refused.connect(self._on_key_refused)
        self.message.act_wanted.connect(self._on_accepted)
        self.marks.shown.connect(self._on_target_changed)
        self.marks.told.connect(self.message.tell)
        follow(self, desk.told, self._on_told)
        follow(self, desk.target_changed, self._on_target_changed)
        follow(self, desk.selection_changed, self._on_selection_changed)
        follow(self, desk.tools.changed, self._on_tool_changed)
        follow(self, desk.flashed, self._on_flashed)
        follow(self, desk.options.events.tolerance, self._on_tolerance_changed)
        follow(self, self.session.status_changed, self._on_status_changed)
        # layers of a new set are followed only when all of them are there
        follow(self, self.session.sample_changed, self._on_status_changed)
        follow(self, self.keys.changed, self._on_keys_changed)
        layers = self._viewer.layers
        layers.events.inserted.connect(self._on_layers_changed)
        layers.events.removed.connect(self._on_layers_changed)
        self._viewer.events.theme.connect(self._on_theme_changed)
        self._viewer.dims.events.ndisplay.connect(self._on_target_changed)
        self._viewer.dims.events.order.connect(self._on_looks_changed)

    # Wishes

    @Slot(str)
    def _on_wanted(self, name: str) -> None:
        self._act(name)

    def _on_key(self, name: str) -> None:
        """Do what a key asks for; that of the tool in hand does not put it away."""
        if name != self.desk.tools.tool:
            self._act(name)

    def _act(self, name: str) -> None:
        """Do what a button or a key asks for."""
        if name == "keys":
            raise_dock(self)
            self.tabs.setCurrentWidget(self.key_map)
            return
        if name == "then":
            self.past.toggle()
            return
        if name == "class":
            self.classes.step()
            return
        self.desk.perform(name)
        self.tools.show_tool(self.desk.tools.tool)

    @Slot(object)
    def _on_layer_chosen(self, layer: Labels) -> None:
        self._viewer.layers.selection.active = layer

    @Slot()
    def _on_unlock_wanted(self) -> None:
        self.desk.unlock()

    @Slot()
    def _on_copy_wanted(self) -> None:
        self.desk.copy_layer()

    @Slot(bool)
    def _on_stack_toggled(self, whole: bool) -> None:
        if self.desk.editor is not None:
            self.desk.editor.whole_stack = whole
            self._on_selection_changed()

    @Slot(str, object)
    def _on_option_edited(self, name: str, value: object) -> None:
        setattr(self.desk.options, name, value)

    @Slot(int)
    def _on_label_edited(self, label: int) -> None:
        self.desk.options.label = label

    @Slot(object)
    def _on_source_chosen(self, layer: Labels) -> None:
        self.desk.source = layer
        layer.visible = True

    @Slot(str)
    def _on_key_refused(self, why: str) -> None:
        self.message.tell(why, True)

    @Slot()
    def _on_accepted(self) -> None:
        self.desk.tools.accept()

    # What has changed

    def _on_told(self, text: str, failed: bool) -> None:
        if self.desk.tools.pending and not failed:
            self.message.offer(text, "Take it")
        else:
            self.message.tell(text, failed)

    def _on_layers_changed(self, *_: object) -> None:
        layers = reversed(self._viewer.layers)
        known = [layer for layer in layers if isinstance(layer, Labels)]
        if self.desk.target is None and known:
            self.desk.target = known[0]
        self.layer.box.synchronize(known, self.desk.target)
        self._on_target_changed()

    def _on_target_changed(self, *_: object) -> None:
        desk, target = self.desk, self.desk.target
        marks = self.marks.layer is not None
        self.marks.setVisible(marks)
        self.welcome.setVisible(not marks and target is None)
        self.work.setVisible(not marks and target is not None)
        self.saved.setVisible(marks or target is not None)
        if not self._running:
            return
        self.keys.bind(target, self._on_key)
        if target is None or marks:
            self._on_status_changed()
            return
        box = self.layer.box
        if target not in box.layers:
            box.synchronize(reversed(self._viewer.layers), target)
        box.setCurrentIndex(box.layers.index(target))
        others = [layer for layer in box.layers if layer is not target]
        if desk.source not in others:
            desk.source = others[0] if others else None
        self.options.source.synchronize(others, desk.source)
        self._hear(target)
        self._say_whether_locked()
        stacked = desk.editor is not None and desk.editor.stacked
        self.layer.stack.setVisible(target.ndim > 2 and not stacked)
        self._on_selection_changed()
        self._on_status_changed()

    def _hear(self, layer: Labels | None) -> None:
        """Hear whether a layer can be edited."""
        if layer is self._heard:
            return
        before, self._heard = self._heard, layer
        for name in ("visible", "editable", "data"):
            if before is not None:
                before.events[name].disconnect(self._on_looks_changed)
            if layer is not None:
                layer.events[name].connect(self._on_looks_changed)

    def _on_looks_changed(self, event: object = None) -> None:
        self._look.start()

    @Slot()
    def _say_whether_locked(self) -> None:
        desk, target = self.desk, self.desk.target
        if target is not None:
            locked = desk.can_unlock
            copy = not target.editable and not locked
            self.layer.say(desk.why_not(), unlock=locked, copy=copy)

    def _on_selection_changed(self) -> None:
        editor = self.desk.editor
        if editor is not None:
            stack = editor.layer.ndim == 3 and not editor.stacked
            self.acts.show_selected(len(editor.selected), stack=stack)

    def _on_tool_changed(self, tool: str) -> None:
        self.tools.show_tool(tool)
        self.options.show_tool(tool)

    def _on_flashed(self) -> None:
        self._flash.start()

    def _on_tolerance_changed(self, *_: object) -> None:
        self.options.alike.synchronize(self.desk.options)

    def _on_status_changed(self, *_: object) -> None:
        target = self.desk.target
        ours = target is not None and self.session.place_of(target) is not None
        if ours or self.marks.layer is not None:
            self.saved.setText(self.session.status)
        else:
            self.saved.setText(
                "This layer is your own: save it with File > Save Selected Layer."
            )

    def _on_keys_changed(self) -> None:
        """Say on every button which key does the same."""
        parts = (self.tools, self.acts, self.all, self.stack)
        buttons = {name: one for part in parts for name, one in part.buttons.items()}
        for name, button in buttons.items():
            button.setToolTip(self.keys.tip(name))
            button.setAccessibleName(COMMANDS[name].word)

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        self.tools.set_colours(
            QColor(theme.text.as_hex()), QColor(theme.current.as_hex())
        )
        self._on_keys_changed()
