"""From the person's wish to labels on screen: starts jobs, takes their answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.preferences import memory_budget
from napari_cellsets._napari.regions import find_regions_layer, read_regions
from napari_cellsets._qt.count_work import Look, Work, known_trust, settings_of
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.batch.aside import copy_facts, put_aside, stored_work
from napari_cellsets.batch.whole_set import BY_HAND
from napari_cellsets.core.errors import CellsetsError, StoreError
from napari_cellsets.counting.job import CountRequest, CountResult
from napari_cellsets.counting.live import Counted, LiveRequest
from napari_cellsets.counting.model import CountModel, MapKey, MapShelf
from napari_cellsets.counting.regions import centroids_inside
from napari_cellsets.inference.metadata import model_hash

if TYPE_CHECKING:
    import numpy as np
    from napari.components import ViewerModel
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.core.image import Picture
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.confidence import Trust
    from napari_cellsets.counting.settings import CountSettings
    from napari_cellsets.store import Project, StoredLabels

#: A slider at rest this long recounts.
_SETTLE_MS = 40
#: Hand corrections are measured after this long without another.
_MEASURE_MS = 120


class CountFlow(QObject):
    """Counts what one session shows, and keeps the count true to the labels.

    Parameters
    ----------
    viewer, session, model
        What is on screen, and what the person chose.
    runner
        For work that the person waits for, with progress and cancel.
    parent
        The dock.
    """

    result_changed = Signal()
    """`result` and `corrections` are other ones."""
    told = Signal(str, bool)
    """A sentence for the dock, and whether it is about something that failed."""
    lacking = Signal(str, bool)
    """What is missing, as of `why_not`, and whether regions were to be counted."""
    asked = Signal(str)
    """A recount waits for `replace_corrections` or `keep_corrections`."""
    answered = Signal()
    """The question is no longer open."""
    replaced = Signal()
    """Corrections gave way to a count; `bring_corrections_back` undoes it."""
    map_changed = Signal()
    """`probability` is another one."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        model: CountModel,
        runner: JobRunner,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = session
        self._model = model
        self._runner = runner
        self._quiet = JobRunner(parent, mirrored=False)
        self._looker = JobRunner(parent, mirrored=False)
        self._maps = MapShelf()
        self._own = False
        self._waiting: Work | None = None
        self._asked_store = False
        self._counted_with: CountSettings | None = None
        self._aside: tuple[str, np.ndarray] | None = None
        self._trust: Trust | None = None
        self.only_regions = False
        self.result: CountResult | None = None
        self.corrections = 0
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._on_settings_settled)
        self._measure = QTimer(self, singleShot=True, interval=_MEASURE_MS)
        self._measure.timeout.connect(self._look)
        session.sample_changed.connect(self._on_sample_changed)
        session.cells_changed.connect(self._on_cells_changed)
        session.truth_changed.connect(self._on_truth_changed)
        model.events.settings.connect(self._on_settings_changed)
        self._on_sample_changed()

    @property
    def probability(self) -> np.ndarray | None:
        """The kept map of what is on screen, None where it was not computed."""
        try:
            return self._maps.get(self._key())
        except CellsetsError:
            return None

    def count(self, *, only_regions: bool = False) -> None:
        """Count the image on screen, or only inside its drawn regions."""
        missing = self.why_not(only_regions=only_regions)
        if missing:
            self.lacking.emit(missing, only_regions)
            return
        try:
            work = self._plan(only_regions)
            self._ask_store()
        except CellsetsError as error:
            self.told.emit(str(error), True)
            return
        if self.corrections:
            self._ask(work)
        else:
            self._start(work)

    def why_not(self, *, only_regions: bool) -> str:
        """Return what is missing to `count`; empty for nothing."""
        try:
            self._plan(only_regions)
        except CellsetsError as error:
            return str(error)
        return ""

    @Slot()
    def replace_corrections(self) -> None:
        """Recount as asked; the corrected labels stay in the store beside."""
        work, self._waiting = self._waiting, None
        self.answered.emit()
        if work is None:
            return
        try:
            self._put_corrections_aside()
        except CellsetsError as error:
            self.told.emit(str(error), True)
            return
        self.corrections = 0
        self._start(work)

    @Slot()
    def keep_corrections(self) -> None:
        """Leave the labels as the person corrected them, and their settings."""
        self._waiting = None
        self.answered.emit()
        if self._counted_with is not None:
            self._own = True
            self._model.settings = self._counted_with
            self._own = False

    def bring_corrections_back(self) -> None:
        """Show the corrected cells again that the last recount replaced."""
        aside, self._aside = self._aside, None
        if aside is not None:
            name, cells = aside
            self._session.set_cells(cells, {"source": BY_HAND})
            # before anybody asks the store whether these are corrected
            self._session.save()
            sample, dataset, _ = self._on_screen()
            copy_facts(self._session.project, dataset, name, sample.name)

    def recount_regions(self) -> None:
        """Count in the regions as they are drawn now."""
        if self.result is None:
            return
        regions = read_regions(find_regions_layer(self._viewer))
        inside = centroids_inside(dict(self.result.table.columns), regions)
        counts = {name: int(rows.sum()) for name, rows in inside.items()}
        self._take(replace(self.result, region_counts=counts))

    def hear_words(self) -> None:
        """Know that somebody gave objects a class, a flag or a comment."""
        if self.result is not None:
            self._asked_store = False
            self._measure.start()

    def stop(self) -> None:
        """Forget whatever is going on and hear no more of the session."""
        for timer in (self._settle, self._measure):
            timer.stop()
        self._quiet.stop()
        self._looker.stop()
        self._session.sample_changed.disconnect(self._on_sample_changed)
        self._session.cells_changed.disconnect(self._on_cells_changed)
        self._session.truth_changed.disconnect(self._on_truth_changed)
        self._model.events.settings.disconnect(self._on_settings_changed)

    # Plans

    def _on_screen(self) -> tuple[Sample, str, Picture]:
        session = self._session
        if session.sample is None or session.picture is None or not session.dataset:
            raise CellsetsError(
                "There is no image to count in",
                advice="Open an image or a data set in the Samples dock first.",
            )
        return session.sample, session.dataset.identity, session.picture

    def _plane(self) -> int | None:
        picture = self._session.picture
        if picture is None or "z" not in picture.axes or self._model.planes == "all":
            return None
        layer = self._session.image_layer
        axis = list(layer.axis_labels).index("z") if layer is not None else 0
        offset = self._viewer.dims.ndim - (layer.ndim if layer is not None else 3)
        return int(self._viewer.dims.current_step[axis + offset])

    def _key(self) -> MapKey:
        sample, dataset, _ = self._on_screen()
        info = self._model.model
        if info is None:
            raise CellsetsError(
                "No model is chosen",
                advice="Choose a model above, and answer what is asked about it.",
            )
        answers = info.model_dump_json(exclude={"metrics", "training_data"})
        mark = f"{model_hash(info.path)} {answers}"
        return MapKey(dataset, sample.name, mark, self._model.channel, self._plane())

    def _request(self) -> LiveRequest:
        session = self._session
        _, _, picture = self._on_screen()
        layer = find_regions_layer(self._viewer)
        count = CountRequest(
            picture,
            self._model.model,
            self._model.settings,
            self._model.channel,
            regions=tuple(read_regions(layer)),
            only_regions=self.only_regions,
            memory_budget=memory_budget(),
        )
        return LiveRequest(count, self._plane(), session.cells, session.truth)

    def _plan(self, only_regions: bool) -> Work:
        key = self._key()
        request = self._request()
        if only_regions and not request.count.regions:
            raise CellsetsError(
                "No region is drawn yet",
                advice="Press Draw a region, then draw around the cells.",
            )
        request = replace(
            request, count=replace(request.count, only_regions=only_regions)
        )
        known = self._maps.get(key)
        return Work(key, request, not only_regions, known)

    # Running

    def _start(self, work: Work) -> None:
        self.told.emit("", False)
        self.only_regions = work.request.count.only_regions
        self._looker.stop()
        runner = self._quiet if work.probability is not None else self._runner
        runner.start(
            work,
            title=f"Counting {work.key.sample}",
            done=partial(self._on_counted, work),
            failed=self._on_failed,
            cancelled=partial(self.told.emit, "Cancelled. Nothing was changed.", False),
        )

    def _on_counted(self, work: Work, counted: Counted) -> None:
        if work.keep_map:
            self._maps.put(work.key, counted.probability)
            self.map_changed.emit()
        try:
            self._show(counted.result.labels, work.provenance(counted.result))
        except CellsetsError as error:
            self.told.emit(str(error), True)
            return
        self._measure.stop()
        self._looker.stop()
        self.corrections, self._asked_store = 0, True
        self._trust = counted.result.trust
        self._counted_with = work.request.count.settings
        self._take(counted.result)
        if self._aside is not None:
            self.replaced.emit()

    def _show(self, labels: np.ndarray, provenance: dict[str, Any]) -> None:
        self._own = True
        try:
            self._session.set_cells(labels, provenance)
        finally:
            self._own = False

    def _take(self, result: CountResult | None) -> None:
        self.result = result
        self.result_changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self.told.emit(str(error), True)

    # Corrections

    def _ask(self, work: Work) -> None:
        self._waiting = work
        number = self.corrections
        acts = f"{number} correction{'s' if number > 1 else ''}"
        self.asked.emit(f"Recounting replaces {acts} made by hand.")

    def _put_corrections_aside(self) -> None:
        """Keep the corrected labels in the store under a name of their own."""
        sample, dataset, _ = self._on_screen()
        cells = self._session.cells
        if cells is None:
            return
        project = self._session.project
        self._aside = put_aside(project, dataset, sample.name, cells), cells.copy()

    # What others change

    def _on_sample_changed(self, *_: object) -> None:
        self._settle.stop()
        self._waiting = None
        self.answered.emit()
        self.told.emit("", False)
        self.only_regions = False
        self.corrections, self._asked_store = 0, False
        self._counted_with = self._aside = self._trust = None
        picture = self._session.picture
        if picture is not None:
            self._model.fit_channel(picture)
        self._take(None)
        self._look()
        self.map_changed.emit()

    def _on_cells_changed(self) -> None:
        if not self._own:
            self._asked_store = False
            self._measure.start()

    def _on_truth_changed(self) -> None:
        self._measure.start()

    def _on_settings_changed(self) -> None:
        if not self._own and self.probability is not None:
            self._settle.start()

    def _on_settings_settled(self) -> None:
        if self._session.cells is not None and self.probability is not None:
            self.count(only_regions=self.only_regions)

    def _look(self) -> None:
        """Measure what is on screen, whoever made it."""
        cells = self._session.cells
        if cells is None:
            self._looker.stop()
            self._take(None)
            return
        sample, dataset, _ = self._on_screen()
        project = None if self._asked_store else self._store()
        self._looker.start(
            Look(cells.copy(), self._request(), sample.name, dataset, project),
            title="Measuring",
            done=self._on_looked,
            failed=self._on_failed,
        )

    def _on_looked(self, found: tuple[CountResult, StoredLabels | None, int]) -> None:
        result, stored, acts = found
        if stored is not None:
            self._hear_store(stored, acts)
        trust = known_trust(self._trust, stored, corrected=self.corrections > 0)
        self._trust = trust or self._trust
        self._take(result.trusted(trust))

    def _store(self) -> Project | None:
        try:
            return self._session.project
        except StoreError:
            return None  # the session has told it

    def _ask_store(self) -> None:
        """Know of corrections before anything is replaced."""
        project = self._store()
        if self._asked_store or project is None or self._session.cells is None:
            return
        sample, dataset, _ = self._on_screen()
        self._hear_store(*stored_work(project, dataset, sample.name))

    def _hear_store(self, stored: StoredLabels | None, acts: int) -> None:
        self._asked_store = True
        if stored is not None and self._counted_with is None:
            self._counted_with = settings_of(stored)
        self.corrections = acts
