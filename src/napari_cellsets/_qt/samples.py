"""The Samples dock: what set this is, its samples, and the way through them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, QTimer, Slot
from qtpy.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from napari_cellsets._napari.browsing import Marks, read_marks
from napari_cellsets._napari.docks import open_docks_soon
from napari_cellsets._napari.first_layer import prepare_first_layer
from napari_cellsets._napari.preferences import preference
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.shown_box import fit_view
from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets._qt.describing import DescribeOffer
from napari_cellsets._qt.docking import DockContent, fill_with_page, raise_dock
from napari_cellsets._qt.history_offer import MovedOffer
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.legend import Legend
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.messages import MessageRow
from napari_cellsets._qt.opening import OpenButton, dropped_paths, open_together
from napari_cellsets._qt.others_flow import OthersFlow
from napari_cellsets._qt.readings import ReadingRow
from napari_cellsets._qt.sample_list import SampleListModel, Thumbnails
from napari_cellsets._qt.samples_filter import FilterRow
from napari_cellsets._qt.samples_keys import SampleKeys
from napari_cellsets._qt.samples_parts import (
    CellLine,
    Folded,
    SampleView,
    SetHeader,
    StepRow,
)
from napari_cellsets._qt.saving import SaveTimers
from napari_cellsets._qt.switching import Switcher
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.freed_memory import give_back
from napari_cellsets.counting import count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import napari.viewer
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.recording import Recording

WELCOME = (
    "Drop a folder, a zip archive or an image of a data set here, or open one "
    "with the button above.\n\nNothing at hand? File > Open Sample > Cell sets "
    "shows simulated neurons."
)
_MARKS_DELAY_MS = 400
_WIDTH_LEAST, _WIDTH = 260, 340
_PROBLEMS_SHOWN = 200


class SamplesWidget(DockContent):
    """Everything about the open data set and the way from sample to sample.

    Parameters
    ----------
    viewer
        Its session holds the data set; this widget holds nothing but views.
    """

    def __init__(
        self, viewer: napari.viewer.Viewer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = get_session(viewer)
        self._marks = Marks()
        self._seen_counts: dict[str, int] = {}
        self._player_wanted = self._narrowed = False
        self._runner = JobRunner(self)
        self._timers = SaveTimers(self._session, self)
        self._switcher = Switcher(self._session, self)
        self.others = OthersFlow(self._session, self)
        cache = ThumbnailCache(preference("storage.thumbnail_cache_mb", 200))
        self._model = SampleListModel(Thumbnails(cache, self), self)
        self._marks_timer = QTimer(self, singleShot=True, interval=_MARKS_DELAY_MS)
        self._marks_timer.timeout.connect(self._on_marks_timer_timeout)
        self._build()
        self._connect()
        self.setAcceptDrops(True)
        QTimer.singleShot(0, prepare_first_layer)
        self._on_dataset_changed(self._session.dataset)

    # Opening

    def open_path(
        self, path: Path, row: str | None = None, beside: Sequence[Path] = ()
    ) -> None:
        """Open a data set beside the window and show its first sample.

        Parameters
        ----------
        path, row
            As for `open_dataset`.
        beside
            What was dropped together with `path`.
        """
        session = self._session

        def work(_token: CancelToken, progress: Progress) -> tuple[LoadedSample, str]:
            progress(0.1, f"Looking at {path.name}")
            give_back()
            dataset, index, note = open_together([path, *beside], row)
            progress(0.8, f"Reading {dataset.samples[index].name}")
            return session.loader(index, dataset)(), note

        self.describe.withdraw()
        self._say(f"Opening {path.name} …")
        raise_dock(self)
        self._runner.start(
            work,
            title=f"Open {path.name}",
            done=self._on_opened,
            failed=partial(self._on_open_failed, path),
            cancelled=partial(self._say, "Opening was cancelled."),
        )

    def _on_opened(self, opened: tuple[LoadedSample, str]) -> None:
        loaded, note = opened
        self._say("")
        self._session.display(loaded)
        self._say(note or self.message.text.text())

    def _on_open_failed(self, path: Path, error: Exception) -> None:
        self._say(str(error))
        self.describe.offer_after(path, error)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders; what they are is found out on dropping."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped; no reader to choose."""
        if paths := dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            self.open_path(paths[0], beside=paths[1:])

    # Building

    def _build(self) -> None:
        self.open_button = OpenButton(self._session, self)
        self.message = MessageRow(parent=self)
        self.reading = ReadingRow(self)
        self.describe = DescribeOffer(self)
        self.moved = MovedOffer(self._session, self)
        self.welcome = QLabel(WELCOME, self)
        self.welcome.setWordWrap(True)
        self.welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.header = SetHeader(self)
        self.filters = FilterRow(self)
        self.view = SampleView(self._model, self)
        self.problems = Folded("Problems", self)
        self.cell = CellLine(self._session, self)
        self.legend = Legend(self._session.annotations, self)
        self.steps = StepRow(self)
        self.key_map = SampleKeys(self._session.walk_keys, self.steps, self.view, self)
        self.correct_truth = QCheckBox("Correct the ground truth", self)
        self.correct_truth.setToolTip(
            "Paint on the ground truth layer. Your corrections are kept beside the "
            "data set; its files are never changed."
        )
        self.status = QLabel(self)
        self.status.setWordWrap(True)
        self.status.setAccessibleName("Whether corrections are saved")
        self._of_a_set = (
            self.header,
            self.filters,
            self.view,
            self.problems,
            self.cell,
            self.steps,
            self.correct_truth,
            self.status,
        )
        self._lay_out()

    def _lay_out(self) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        asked = (self.reading, self.describe, self.moved)
        for widget in (self.open_button, *asked, self.welcome):
            layout.addWidget(widget, stretch=1 if widget is self.welcome else 0)
        for widget in self._of_a_set[:-3]:
            layout.addWidget(widget, stretch=1 if widget is self.view else 0)
            if widget is self.view:
                layout.addWidget(self.key_map, stretch=1)
            if widget is self.cell:
                layout.addWidget(self.legend)
        fill_with_page(self, page, (*self._of_a_set[-3:], self.message))
        self.setMinimumWidth(_WIDTH_LEAST)

    def sizeHint(self) -> QSize:
        """Leave the window to the image."""
        return QSize(_WIDTH, QWidget.sizeHint(self).height())

    def _connect(self) -> None:
        session = self._session
        follow(self, session.dataset_changed, self._on_dataset_changed)
        follow(self, session.sample_changed, self._on_sample_changed)
        follow(self, session.cells_changed, self._on_cells_changed)
        follow(self, session.truth_changed, self._on_cells_changed)
        follow(self, session.annotations.desk.acted, self._on_cells_changed)
        follow(self, session.classes_changed, self._on_cells_changed)
        follow(self, session.status_changed, self._on_status_changed)
        follow(self, session.film.recording_changed, self._on_recording_changed)
        self.open_button.at_once.told.connect(self._say)
        self.open_button.chosen.connect(self.open_path)
        self.open_button.describe_chosen.connect(self.describe.show_dialog)
        self.describe.chosen.connect(self.open_path)
        self.reading.chosen.connect(self._on_reading_chosen)
        self.filters.changed.connect(self._apply_filters)
        self.key_map.refused.connect(self._say)
        self.view.row_chosen.connect(self._on_row_chosen)
        self.steps.stepped.connect(session.walk)
        self.steps.dock_asked.connect(self._open_dock)
        self.steps.export_asked.connect(self._on_export_asked)
        self.correct_truth.toggled.connect(self._on_correct_truth_toggled)
        self._switcher.told.connect(self._say)
        self.others.told.connect(self._on_others_told)
        self.moved.told.connect(self._on_others_told)

    # Following the session

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self.welcome.setVisible(dataset is None)
        self.steps.keys.setChecked(False)
        for widget in self._of_a_set:
            widget.setVisible(dataset is not None)
        self._marks = Marks()
        self._seen_counts = {}
        self._model.set_dataset(dataset)
        if dataset is None:
            return
        self._say("")
        self.describe.offer_for(dataset)
        self.header.show_dataset(dataset)
        self.filters.show_dataset(dataset)
        plays = dataset.holds_events(dataset.samples[self._session.index])
        self.steps.show_kind(dataset.kind, plays=plays)
        self.correct_truth.setVisible(dataset.kind == "fields" and not plays)
        self.status.setVisible(not plays)
        self._on_status_changed(self._session.status)
        self._on_sample_changed(self._session.index)
        self._marks_timer.start(0)
        self._player_wanted = plays
        self._on_recording_changed(self._session.film.recording)
        # once the window has made room for this dock
        QTimer.singleShot(0, partial(fit_view, self._viewer))

    def _on_recording_changed(self, recording: Recording | None) -> None:
        """Open the Playback dock with the first recording of a set."""
        if recording is not None and self._player_wanted:
            self._player_wanted = False
            open_docks_soon(self._viewer, ["Playback"])

    def _on_sample_changed(self, index: int) -> None:
        self._reveal(index)
        self._show_problems()
        has_truth = self._session.truth is not None
        self.correct_truth.setEnabled(has_truth or self._session.correcting_truth)
        self.correct_truth.blockSignals(True)
        self.correct_truth.setChecked(self._session.correcting_truth)
        self.correct_truth.blockSignals(False)

    def _on_cells_changed(self) -> None:
        self.correct_truth.setEnabled(
            self._session.truth is not None or self._session.correcting_truth
        )
        self._marks_timer.start()

    @Slot(str)
    def _on_others_told(self, words: str) -> None:
        self._say(words)
        self._marks_timer.start()

    def _on_status_changed(self, text: str) -> None:
        self.status.setText(text)

    @Slot()
    def _on_marks_timer_timeout(self) -> None:
        """Ask the store what is counted and corrected."""
        dataset = self._session.dataset
        if dataset is None:
            return
        try:
            self._marks = read_marks(dataset, self._session.project)
        except CellsetsError as error:
            self.status.setText(str(error))
            return
        self._count_what_is_seen()
        self._model.set_marks(self._marks)
        self._apply_filters()

    def _count_what_is_seen(self) -> None:
        """Prefer the cells on screen, corrected as they are, to what was counted."""
        cells, sample = self._session.cells, self._session.sample
        if cells is not None and sample is not None:
            self._seen_counts[sample.name] = count(cells)
        counts = {**self._marks.counts, **self._seen_counts}
        self._marks = replace(self._marks, counts=counts)

    # Following the person

    def _on_row_chosen(self, row: int) -> None:
        index = self._model.sample_index(row)
        if index != self._session.heading:
            self._session.go_to(index)

    def _apply_filters(self) -> None:
        dataset = self._session.dataset
        if dataset is None:
            return
        wanted = self.filters.wanted()
        order = wanted.apply(dataset.samples, self._marks)
        if wanted.narrows or self._narrowed:  # else the order is another dock's
            self._session.order = order if wanted.narrows else None
        self._narrowed = wanted.narrows
        self._model.set_order(order)
        self._reveal(self._session.index)

    def _on_correct_truth_toggled(self, allowed: bool) -> None:
        self._session.correcting_truth = allowed
        if allowed and self._session.truth_layer is not None:
            self._viewer.layers.selection.active = self._session.truth_layer

    @Slot(str)
    def _on_reading_chosen(self, reading: str) -> None:
        """Open the events of the sample anew; the set remembers how to read them."""
        dataset, sample = self._session.dataset, self._session.sample
        if dataset is None or sample is None:
            return
        index = self._session.index
        self._runner.start(
            lambda _token, _progress: dataset.event_source(sample, reading=reading),
            title=f"Open {sample.name}",
            done=lambda _source: self._session.go_to(index),
            failed=lambda error: self._say(str(error)),
        )

    def _on_export_asked(self) -> None:
        dock = self._open_dock("Count")
        if dock is not None:
            dock.show_export()

    def _open_dock(self, name: str) -> Any:
        from napari_cellsets._napari.docks import open_dock

        dock = open_dock(self._viewer, name)
        if dock is not None:
            raise_dock(dock)
        return dock

    # Inside

    def _reveal(self, index: int) -> None:
        dataset = self._session.dataset
        if dataset is None:
            return
        row = self._model.row_of(index)
        self.view.show_row(row)
        self.steps.show_position(
            row, self._model.rowCount(), index, len(dataset.samples)
        )

    def _show_problems(self) -> None:
        dataset = self._session.dataset
        if dataset is None:
            return
        here = [str(error) for error in self._session.problems]
        lines = list(
            dict.fromkeys(here + [problem.message for problem in dataset.problems])
        )
        self.problems.setVisible(bool(lines))
        more = len(lines) - _PROBLEMS_SHOWN
        shown = lines[:_PROBLEMS_SHOWN] + ([f"… and {more} more"] if more > 0 else [])
        self.problems.show_text(f"Problems ({len(lines)})", "\n".join(shown))
        self._say(here[0] if here else "")
        self.reading.ask_about(self._session.problems)

    def _say(self, text: str) -> None:
        self.message.tell(text, False)
