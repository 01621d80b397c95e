"""Says which engine runs the model, and why it is not another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QLabel, QWidget

from napari_cellsets._napari.preferences import use_preferred_engine
from napari_cellsets.inference.sessions import engine_of

if TYPE_CHECKING:
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets._qt.model_picker import ModelPicker


class EngineLabel(QLabel):
    """One line below the model: ``Runs with OpenVINO``.

    The choice in the preferences is taken over whenever a job begins.

    Parameters
    ----------
    picker
        Where the model is chosen.
    runner
        Runs it; afterwards the engine that was really used is known.
    """

    def __init__(
        self, picker: ModelPicker, runner: JobRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._picker = picker
        self.setWordWrap(True)
        self.setAccessibleName("Engine")
        self.setToolTip(
            "What runs the model. Choose another one in"
            " Preferences > Plugins > napari-cellsets > Engine"
        )
        picker.chosen.connect(self.refresh)
        runner.busy_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Say what runs the chosen model now."""
        missing = use_preferred_engine()
        info = self._picker.info
        if info is None:
            self.setText("")
        else:
            used = engine_of(info.path)
            why = used.note or missing
            self.setText(f"Runs with {used.title}" + (f" ({why})" if why else ""))
        self.setVisible(info is not None)
