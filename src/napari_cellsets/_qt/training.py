"""The Train dock: a model of one's own, from the set on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Slot
from qtpy.QtGui import QColor, QShowEvent
from qtpy.QtWidgets import (
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.docks import open_dock, shown_dock
from napari_cellsets._napari.remembered import remember_model
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.docking import DockContent, fill_with_page, raise_dock
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.messages import MessageRow
from napari_cellsets._qt.training_curves import CurvesView
from napari_cellsets._qt.training_examples import ExamplesView
from napari_cellsets._qt.training_flow import TrainFlow
from napari_cellsets._qt.training_form import TrainForm
from napari_cellsets._qt.training_parts import (
    OutcomeView,
    TrainButtons,
    TrainProgress,
)
from napari_cellsets.counting.model import channel_choices
from napari_cellsets.training.api import missing_packages
from napari_cellsets.training.model import TrainModel
from napari_cellsets.training.words import left_words, plan_words

if TYPE_CHECKING:
    from pathlib import Path

    import napari.viewer
    from psygnal import SignalInstance

    from napari_cellsets.training.request import TrainingResult

_MIN_WIDTH = 300
_MISSING = (
    "Training needs {names}, not installed here. Install it with\n"
    "pip install 'napari-cellsets[train]'\nand start napari again."
)
_FIRST = (
    "There is nothing to learn from yet: open a data set with ground truth in the"
    " Samples dock, or correct the cells of some of its pictures."
)
#: Dock that uses a model of this kind, and under which role it remembers it.
_USERS = {"segmenter": ("Count", "model"), "classifier": ("Classify", "classifier")}


class TrainWidget(DockContent):
    """Trains a segmenter or a classifier on the set on screen.

    Parameters
    ----------
    viewer
        The viewer whose session is shown.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._connected = False
        self._viewer = viewer
        self.session = get_session(viewer)
        self.model = TrainModel()
        self.runner = JobRunner(self)
        self.flow = TrainFlow(self.session, self.model, self.runner, self)
        self.missing = missing_packages()
        self._make_parts()
        self._lay_out()
        self._connect_parts()
        self._connect_session()
        self.flow.look()
        self._on_sample_changed()
        self._show_state()
        self._on_seen()
        self._on_theme_changed()

    def showEvent(self, event: QShowEvent) -> None:
        """See what was corrected, and which models there are, meanwhile."""
        super().showEvent(event)
        if self._connected and self.model.phase == "idle":
            self.flow.look()
            self.form.synchronize()

    def stop(self) -> None:
        """End what runs; hear no more of viewer and session."""
        if not self._connected:
            return
        self._connected = False
        self.flow.stop()
        self.session.sample_changed.disconnect(self._on_sample_changed)
        self._viewer.events.theme.disconnect(self._on_theme_changed)
        for change in self._state_changes():
            change.disconnect(self._show_state)
        self.model.events.seen.disconnect(self._on_seen)

    # Building

    def _make_parts(self) -> None:
        self.form = TrainForm(self.model)
        self.plan = QLabel()
        self.plan.setWordWrap(True)
        self.plan.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.plan.setAccessibleName("What is trained")
        self.buttons = TrainButtons()
        self.progress = TrainProgress(self.runner)
        self.message = MessageRow()
        self.outcome = OutcomeView()
        self.curves = CurvesView()
        self.examples = ExamplesView()
        self.absent = QLabel(_MISSING.format(names=" and ".join(self.missing)))
        self.absent.setWordWrap(True)
        self.absent.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.absent.setVisible(bool(self.missing))

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(6, 6, 6, 6)
        for part in (
            self.absent,
            self.form,
            self.plan,
            self.buttons,
            self.progress,
            self.outcome,
            self.curves,
            self.examples,
        ):
            column.addWidget(part)
        column.addStretch(1)
        self.scroll = fill_with_page(self, page, [self.message])
        self.setMinimumWidth(_MIN_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _connect_parts(self) -> None:
        self.buttons.start_wanted.connect(self.flow.start)
        self.buttons.stop_wanted.connect(self.flow.halt)
        self.flow.told.connect(self.message.tell)
        self.flow.trained.connect(self._on_trained)
        self.flow.ticked.connect(self._on_ticked)
        self.outcome.use_wanted.connect(self._on_use_wanted)

    def _connect_session(self) -> None:
        self._connected = True
        self.session.sample_changed.connect(self._on_sample_changed)
        self._viewer.events.theme.connect(self._on_theme_changed)
        for change in self._state_changes():
            change.connect(self._show_state)
        self.model.events.seen.connect(self._on_seen)

    def _state_changes(self) -> tuple[SignalInstance, ...]:
        events = self.model.events
        return events.material, events.labels, events.phase, events.result

    # What has changed

    def _show_state(self, *_: object) -> None:
        model = self.model
        idle = model.phase == "idle"
        self.form.setVisible(idle)
        self.form.setEnabled(not self.missing)
        self.form.synchronize()
        learning = not idle or model.possible
        self.plan.setVisible(not (idle and model.possible))
        self.plan.setText(plan_words(model) if learning else _FIRST)
        self.buttons.synchronize(
            possible=model.possible and not self.missing, phase=model.phase
        )
        self.outcome.show_result(model.result)

    def _on_seen(self, *_: object) -> None:
        seen = self.model.seen
        self.curves.setVisible(any(point.loss is not None for point in seen.points))
        self.curves.show_points(seen.points)
        self.examples.show_examples(seen.examples)

    @Slot()
    def _on_ticked(self) -> None:
        words = ""
        if self.model.phase == "running":
            minutes = self.model.minutes
            words = left_words(self.model.seen.last, minutes, self.flow.since_heard)
        self.progress.show_left(words)

    def _on_sample_changed(self, *_: object) -> None:
        picture = self.session.picture
        self.form.set_channels([] if picture is None else channel_choices(picture))

    @Slot(object)
    def _on_trained(self, _result: TrainingResult) -> None:
        self.scroll.verticalScrollBar().setValue(0)
        for name, _ in _USERS.values():
            dock = shown_dock(self._viewer, name)
            if dock is not None:
                dock.picker.list_own()

    @Slot(object)
    def _on_use_wanted(self, path: Path) -> None:
        material = self.model.running or self.model.material
        name, role = _USERS[material.kind]
        dock = open_dock(self._viewer, name)
        if dock is None:
            return
        dock.picker.choose(path)
        remember_model(path, role)
        raise_dock(dock)

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        self.curves.set_colours(
            QColor(theme.background.as_hex()), QColor(theme.text.as_hex())
        )
