"""The Cloud page of the Playback dock: a range as points in space and time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_cellsets._napari.cloud_layer import CloudView, range_of
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.log_field import LogField
from napari_cellsets._qt.messages import ProgressRow
from napari_cellsets.playback.cloud import event_cloud
from napari_cellsets.playback.words import count_words, read_count, time_words

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.cloud import Cloud
    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.recording import Recording

_FEWEST, _MOST, _USUAL = 1_000, 2_000_000, 100_000
_ABOUT = (
    "The events of the range A to B (or of the whole recording) as points: time runs"
    " into depth. Turn it with the mouse."
)
_SHOW, _BACK = "Show the cloud", "Back to the film"


class CloudPage(QWidget):
    """Draws events fairly, so many as one wants to see.

    Parameters
    ----------
    film
        Whose recording it is.
    viewer
        Where the points are shown.
    """

    refused = Signal(str)

    def __init__(
        self, film: Film, viewer: ViewerModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._film = film
        self.cloud = CloudView(viewer, film)
        self.runner = JobRunner(self)
        about = QLabel(_ABOUT)
        self.told = QLabel()
        for label in (about, self.told):
            label.setWordWrap(True)
            label.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
            )
        self.most = LogField(
            "At most so many points",
            "More than a few hundred thousand turn slowly without a graphics card",
            count_words,
            read_count,
            _FEWEST,
            _MOST,
        )
        self.most.set_value(_USUAL)
        self.button = QPushButton(_SHOW)
        self.progress = ProgressRow(self.runner)
        column = QVBoxLayout(self)
        for part in (about, self.most, self.button, self.progress, self.told):
            column.addWidget(part)
        column.addStretch(1)
        self.button.clicked.connect(self._on_clicked)
        self.most.refused.connect(self.refused)
        follow(self, self.cloud.changed, self._on_changed)
        follow(self, film.recording_changed, self._on_recording_changed)

    def stop(self) -> None:
        """End what runs and show the film again."""
        self.runner.stop()
        self.cloud.stop()

    @Slot()
    def _on_clicked(self) -> None:
        recording = self._film.recording
        if self.cloud.layer is not None:
            self.cloud.leave()
        elif recording is not None:
            self.told.clear()
            most = round(self.most.value)
            self.runner.start(
                partial(
                    _drawn, recording, *range_of(self._film), self._film.filters, most
                ),
                title="Draw events",
                done=self._on_drawn,
                failed=self._on_failed,
            )

    def _on_drawn(self, cloud: Cloud) -> None:
        if not len(cloud.events):
            self.told.setText("There are no events in this range.")
            return
        self.cloud.show(cloud)
        span = time_words(cloud.stop_us - cloud.start_us)
        drawn = count_words(len(cloud.events))
        self.told.setText(
            f"All {drawn} of {span}."
            if cloud.share == 1
            else f"{drawn} of {cloud.total:,} in {span}, each as likely as any other."
        )

    def _on_failed(self, error: Exception) -> None:
        self.refused.emit(str(error))

    def _on_changed(self, shown: bool) -> None:
        self.button.setText(_BACK if shown else _SHOW)

    def _on_recording_changed(self, *_: object) -> None:
        self.runner.stop()
        self.cloud.leave()
        self.told.clear()


def _drawn(
    recording: Recording,
    start_us: int,
    stop_us: int,
    chain: FilterChain | None,
    most: int,
    token: CancelToken,
    progress: Progress,
) -> Cloud:
    return event_cloud(
        recording,
        start_us,
        stop_us,
        chain=chain,
        most=most,
        token=token,
        progress=progress,
    )
