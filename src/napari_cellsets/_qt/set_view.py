"""The whole set: run over it, figures, plots."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal, Slot
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_cellsets._napari.preferences import memory_budget
from napari_cellsets._qt.class_counts import ClassCountsView
from napari_cellsets._qt.evaluation import SetPlots
from napari_cellsets.batch.aside import stored_work
from napari_cellsets.batch.whole_set import (
    SetPlan,
    SetRow,
    SetRun,
    rows_of,
    summary_of_rows,
)
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.classes import add_classes
from napari_cellsets.inference.metadata import model_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.counting.model import CountModel
    from napari_cellsets.counting.summary import SetSummary

_NOTHING = "Count whole set counts every image, and shows here how well that went."


class SetFlow(QObject):
    """Runs over the set of a session and keeps its rows.

    Parameters
    ----------
    session, model, runner
        What is open, what was chosen, and where to run.
    parent
        The dock.
    """

    rows_changed = Signal()
    """`rows` are other ones."""
    told = Signal(str, bool)
    """A sentence for the dock, and whether it is about something that failed."""

    def __init__(
        self, session: Session, model: CountModel, runner: JobRunner, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._runner = runner
        self._run: SetRun | None = None
        self.rows: list[SetRow] = []
        session.dataset_changed.connect(self._on_dataset_changed)
        session.sample_changed.connect(self._on_sample_changed)
        self._on_dataset_changed()

    @property
    def running(self) -> bool:
        """Whether a run over the set is going on."""
        return self._run is not None and bool(self._runner.busy)

    def count(self) -> None:
        """Count every image of the set; corrected ones as they were corrected."""
        try:
            run = SetRun(self._plan())
        except CellsetsError as error:
            self.told.emit(str(error), True)
            return
        if self._session.sample is not None:
            run.hold(self._session.sample.name)
        self._session.save()
        self._run = run
        self.told.emit("", False)
        self._runner.start(
            run,
            title=f"Counting {run.plan.dataset.recipe.title}",
            done=partial(self._on_ended, ""),
            failed=partial(self._on_failed, run),
            cancelled=partial(self._on_ended, "Cancelled. ", run),
        )

    def stop(self) -> None:
        """Hear no more of the session."""
        self._session.dataset_changed.disconnect(self._on_dataset_changed)
        self._session.sample_changed.disconnect(self._on_sample_changed)

    def _plan(self) -> SetPlan:
        dataset, info = self._session.dataset, self._model.model
        if dataset is None:
            raise CellsetsError(
                "There is no data set to count",
                advice="Open one in the Samples dock first.",
            )
        if info is None:
            raise CellsetsError("No model is chosen", advice="Choose a model above.")
        return SetPlan(
            dataset,
            self._session.project,
            info,
            model_hash(info.path),
            self._model.settings,
            self._model.channel,
            memory_budget(),
        )

    def _on_failed(self, run: SetRun, error: Exception) -> None:
        self._on_ended("", run)
        self.told.emit(str(error), True)

    def _on_ended(self, opening: str, run: SetRun) -> None:
        self._run = None
        try:
            self._hand_over(run)
        except CellsetsError as error:
            run.problems.append(str(error))
        self._read_rows()
        total = len(run.plan.dataset.samples)
        said = f"{opening}{len(run.rows)} of {total} images counted."
        if run.problems:
            said += f" {len(run.problems)} could not be: {run.problems[0]}"
        if run.changed:
            said += f" {len(run.changed)} changed on disk: {run.changed[0]}"
        self.told.emit(said, bool(run.problems or run.changed))

    def _hand_over(self, run: SetRun) -> None:
        """Keep the labels of samples that were on screen, unless corrected since."""
        dataset, project = run.plan.dataset, run.plan.project
        self._session.save()
        shown = self._session.sample
        for name, (labels, said) in run.waiting.items():
            if stored_work(project, dataset.identity, name)[1]:
                continue
            if shown is not None and name == shown.name:
                self._session.set_cells(labels, said)
            else:
                project.save_labels(dataset.identity, name, "cells", labels, said)

    def _on_sample_changed(self, *_: object) -> None:
        run, sample = self._run, self._session.sample
        if run is None or sample is None:
            return
        if run.hold(sample.name):
            # written while it was being loaded: show what the store has now
            self._session.reload()

    def _on_dataset_changed(self, *_: object) -> None:
        if self._run is not None:
            self._runner.cancel()
        self._read_rows()

    def _read_rows(self) -> None:
        dataset = self._session.dataset
        self.rows = []
        if dataset is not None:
            try:
                counts = self._session.project.counts(dataset.identity)
                self.rows = rows_of(counts, dataset.samples)
            except CellsetsError as error:
                self.told.emit(str(error), True)
        self.rows_changed.emit()


class SetView(QWidget):
    """Figures and plots of a counted set."""

    sample_chosen = Signal(str)
    """The person clicked the dot of this sample."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = QLabel(_NOTHING)
        self._figures.setWordWrap(True)
        self._figures.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.plots = SetPlots()
        self.plots.sample_chosen.connect(self.sample_chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._figures)
        self.classes = ClassCountsView(self)
        layout.addWidget(self.classes)
        layout.addWidget(self.plots)
        layout.addStretch(1)
        self.synchronize([], 0)

    @property
    def text(self) -> str:
        """The figures as shown."""
        return str(self._figures.text())

    @Slot()
    def synchronize(self, rows: Sequence[SetRow], total: int) -> None:
        """Show the rows of a set with so many images."""
        summary = summary_of_rows(rows)
        self._figures.setText(_sentences(rows, total, summary) if rows else _NOTHING)
        self._figures.setToolTip(_EXPLAINED if summary is not None else "")
        self.classes.show_counts(add_classes(row.classes for row in rows))
        self.plots.setVisible(summary is not None)
        if summary is not None:
            self.plots.show_rows(rows)


_EXPLAINED = (
    "F1: pairs one to one over all images, by centres within 40 px, and by overlap"
    " above one half.\n"
    "MAE, MedAE: mean and median of the absolute error of the count.\n"
    "MPE: mean of (counted - true) / true, over images with true cells.\n"
    "Bias and limits: mean difference, and 1.96 standard deviations around it."
)


def _sentences(rows: Sequence[SetRow], total: int, found: SetSummary | None) -> str:
    cells = sum(row.figures.count for row in rows)
    lines = [f"{len(rows)} of {total} images, {cells} cells"]
    corrected = sum(row.corrected for row in rows)
    if corrected:
        lines[0] += f" ({corrected} counted as corrected by hand)"
    if found is None:
        lines.append("None of them has ground truth to compare with.")
        return "\n".join(lines)
    lines.append(
        f"F1 {_said(found.f1)} by centres, {_said(found.f1_by_iou)} by overlap"
    )
    relative = "–" if found.mpe is None else f"{100 * found.mpe:+.1f} %"
    lines.append(f"MAE {found.mae:.2f}, MedAE {found.medae:.1f}, MPE {relative}")
    limits = f"bias {found.bias:+.2f}"
    if found.limit_low is not None and found.limit_high is not None:
        limits += f", limits {found.limit_low:+.1f} to {found.limit_high:+.1f}"
    lines.append(limits)
    return "\n".join(lines)


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
