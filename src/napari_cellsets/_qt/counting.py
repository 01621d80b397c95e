"""The Count dock: choose a model, count, look, compare, export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.theme import get_theme
from qtpy.QtCore import Slot
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.mark_colours import mark_colours
from napari_cellsets._napari.open_first import open_first
from napari_cellsets._napari.regions import (
    KeptRegions,
    add_regions_layer,
    find_regions_layer,
    name_new_shapes,
    read_regions,
    set_names,
)
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.auto_picker import AutoChoice, CountModelPicker
from napari_cellsets._qt.class_link import ClassLink
from napari_cellsets._qt.count_controls import (
    ChannelRow,
    CountButtons,
    SettingsView,
    rule,
)
from napari_cellsets._qt.count_flow import CountFlow
from napari_cellsets._qt.count_keeping import CountKeeper
from napari_cellsets._qt.docking import DockContent, fill_with_page
from napari_cellsets._qt.doubt_link import CellsPage, DoubtLink
from napari_cellsets._qt.engine_label import EngineLabel
from napari_cellsets._qt.engine_rest import EngineRest
from napari_cellsets._qt.export import ExportView
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.layer_links import (
    ComparisonLink,
    MapLink,
    SelectionLink,
)
from napari_cellsets._qt.messages import MessageRow, ProgressRow
from napari_cellsets._qt.object_table import ObjectTableView
from napari_cellsets._qt.offers import Offers
from napari_cellsets._qt.pages import Pages
from napari_cellsets._qt.regions_view import RegionsView
from napari_cellsets._qt.result_view import ResultView
from napari_cellsets._qt.saving import SaveTimers
from napari_cellsets._qt.set_view import SetFlow, SetView
from napari_cellsets.batch.kept_export import Export
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.model import CountModel

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Shapes

_MIN_WIDTH = 300


class CountWidget(DockContent):
    """Counts the cells of the image on screen, of regions, of the whole set.

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
        self.model = CountModel()
        self.runner = JobRunner(self)
        self._export_runner = JobRunner(self)
        if self.session.deferrer is None:
            SaveTimers(self.session, self)
        self.flow = CountFlow(viewer, self.session, self.model, self.runner, self)
        self.keeper = CountKeeper(self.session, self.model, self)
        self.set_flow = SetFlow(self.session, self.model, self.runner, self)
        self._make_parts()
        self._lay_out()
        self._links = (
            SelectionLink(viewer, self.session, self.table),
            ComparisonLink(viewer, self.session),
            MapLink(viewer, self.session),
        )
        self._doubt = DoubtLink(viewer, self.session, self.table)
        self._watched_regions: Shapes | None = None
        self._kept_regions = KeptRegions()
        self._connect_parts()
        self._connect_session()
        self.picker.choose_first()
        self._on_sample_changed()
        self._on_set_rows_changed()
        self._on_theme_changed()

    def stop(self) -> None:
        """Hear no more of viewer and session."""
        if not self._connected:
            return
        self._connected = False
        self.flow.stop()
        self.set_flow.stop()
        self.keeper.write()
        self.offers.stop()
        for link in self._links[:2]:
            link.stop()
        self.session.sample_changed.disconnect(self._on_sample_changed)
        self.session.cells_changed.disconnect(self._on_cells_changed)
        self._viewer.layers.events.inserted.disconnect(self._on_layers_changed)
        self._viewer.layers.events.removed.disconnect(self._on_layers_changed)
        self._viewer.events.theme.disconnect(self._on_theme_changed)
        self._watch_regions(None)

    # Building

    def _make_parts(self) -> None:
        self.picker = CountModelPicker()
        self._auto = AutoChoice(self.session, self.model, self.picker)
        self.engine = EngineLabel(self.picker, self.runner)
        EngineRest(self.runner, self)
        self.channels = ChannelRow(self.model)
        self.buttons = CountButtons()
        self.progress = ProgressRow(self.runner)
        self.message = MessageRow(self.progress)
        self.offers = Offers(self._viewer, self.message, self.runner, self.flow)
        self.result = ResultView()
        self.settings = SettingsView(self.model)
        self.table = ObjectTableView()
        ClassLink(self.session, self.flow, self.keeper, self.table, self.result)
        self.cells = CellsPage(self.table)
        self.regions = RegionsView()
        self.whole_set = SetView()
        self.export = ExportView()
        self.export.add_progress(ProgressRow(self._export_runner))
        self.tabs = Pages()
        for title, page in (
            ("Cells", self.cells),
            ("Regions", self.regions),
            ("Whole set", self.whole_set),
            ("Export", self.export),
        ):
            self.tabs.addTab(page, title)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(6, 6, 6, 6)
        for part in (
            self.picker,
            self.engine,
            self.channels,
            self.buttons,
            self.result,
            rule(),
            self.settings,
        ):
            column.addWidget(part)
        column.addWidget(self.tabs, 1)
        self._scroll = fill_with_page(self, page, [self.message])
        self.setMinimumWidth(_MIN_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _connect_parts(self) -> None:
        self.picker.chosen.connect(self.model.choose_model)
        self.picker.chosen.connect(self.offers.hear_choice)
        self.picker.failed.connect(self.offers.tell_refusal)
        self.buttons.image_wanted.connect(self._on_image_wanted)
        self.buttons.regions_wanted.connect(self._on_regions_wanted)
        self.buttons.set_wanted.connect(self._on_set_wanted)
        self.message.replace_wanted.connect(self.flow.replace_corrections)
        self.message.keep_wanted.connect(self.flow.keep_corrections)
        self.flow.replaced.connect(self.offers.offer_corrections)
        self.runner.busy_changed.connect(self.buttons.set_busy)
        self.flow.told.connect(self.message.tell)
        self.flow.asked.connect(self.message.ask)
        self.flow.answered.connect(self._on_flow_answered)
        self.flow.result_changed.connect(self._on_result_changed)
        self.flow.map_changed.connect(self._on_map_changed)
        self.set_flow.told.connect(self.message.tell)
        self.set_flow.rows_changed.connect(self._on_set_rows_changed)
        self.result.comparison_toggled.connect(self._on_comparison_toggled)
        self.cells.marks_toggled.connect(self._doubt.synchronize)
        self.settings.map_toggled.connect(self._on_map_changed)
        self.regions.draw_wanted.connect(self._on_draw_wanted)
        self.regions.renamed.connect(self._on_region_renamed)
        self.whole_set.sample_chosen.connect(self._on_sample_chosen)
        self.export.wanted.connect(self._on_export_wanted)
        self.tabs.currentChanged.connect(self._suggest_export)
        self.model.events.settings.connect(self.settings.show_settings)

    def _connect_session(self) -> None:
        self._connected = True
        self.session.sample_changed.connect(self._on_sample_changed)
        self.session.cells_changed.connect(self._on_cells_changed)
        self._viewer.layers.events.inserted.connect(self._on_layers_changed)
        self._viewer.layers.events.removed.connect(self._on_layers_changed)
        self._viewer.events.theme.connect(self._on_theme_changed)
        self._on_layers_changed()

    def show_export(self) -> None:
        """Bring the page in front that writes files."""
        self.tabs.setCurrentWidget(self.export)
        self._suggest_export()
        self._scroll.ensureWidgetVisible(self.export.export_button)

    # Wishes

    @Slot()
    def _on_image_wanted(self) -> None:
        if not self.offers.offer_stray():
            self.flow.count()

    @Slot()
    def _on_regions_wanted(self) -> None:
        self.tabs.setCurrentWidget(self.regions)
        self.flow.count(only_regions=True)

    @Slot()
    def _on_set_wanted(self) -> None:
        self.tabs.setCurrentWidget(self.whole_set)
        self.set_flow.count()

    @Slot()
    def _on_draw_wanted(self) -> None:
        image = self.session.image_layer
        if image is None:
            self.message.tell("Open an image first, then draw on it.", True)
            return
        layer = find_regions_layer(self._viewer)
        if layer is None:
            layer = add_regions_layer(self._viewer, image)
        self._viewer.layers.selection.active = layer
        layer.mode = "add_rectangle"

    @Slot(int, str)
    def _on_region_renamed(self, row: int, name: str) -> None:
        layer = find_regions_layer(self._viewer)
        if layer is None:
            return
        names = [region.name for region in read_regions(layer)]
        if row < len(names) == len(layer.data):
            names[row] = name
            set_names(layer, names)
            self._on_regions_changed()

    @Slot(str)
    def _on_sample_chosen(self, name: str) -> None:
        dataset = self.session.dataset
        if dataset is None:
            return
        for index, sample in enumerate(dataset.samples):
            if sample.name == name:
                (self.session.navigator or self.session.show)(index)
                return

    @Slot(object)
    def _on_export_wanted(self, asked: dict[str, Any]) -> None:
        sample, dataset = self.session.sample, self.session.dataset
        if sample is None or dataset is None:
            self.export.tell("⚠ There is nothing to export yet.", written=False)
            return
        self.session.save()
        samples = dataset.samples if asked.pop("whole_set") else [sample]
        self.export.tell("Exporting…", written=False)
        try:
            work = Export(dataset, self.session.project, samples, **asked)
        except CellsetsError as error:
            self._on_export_failed(error)
            return
        self._export_runner.start(
            work,
            title="Exporting",
            done=self._on_exported,
            failed=self._on_export_failed,
            cancelled=self._on_export_cancelled,
        )

    def _on_exported(self, said: str) -> None:
        folder = self.export.folder.text().strip()
        self.export.annotations.tell_written()
        self.export.tell(f"Written to {folder}: {said}.", written=True)

    def _on_export_cancelled(self) -> None:
        self.export.tell("Exporting was cancelled.", written=False)

    def _on_export_failed(self, error: Exception) -> None:
        self.export.tell_failed(error)

    # What has changed

    @Slot()
    def _on_flow_answered(self) -> None:
        if self.message.asking:
            self.message.tell("", False)

    def _on_sample_changed(self, *_: object) -> None:
        if self.runner.busy and not self.set_flow.running:
            self.runner.cancel()
        picture = self.session.picture
        self._auto.look()
        self.channels.synchronize(picture)
        self.settings.synchronize(picture)
        self._links[0].unmark()
        self._links[0].follow(self.session.cells_layer)
        dataset, sample = self.session.dataset, self.session.sample
        if dataset is not None and sample is not None:
            self._kept_regions.turn_to(
                find_regions_layer(self._viewer), (dataset.identity, sample.name)
            )

    def _on_cells_changed(self) -> None:
        self._links[0].follow(self.session.cells_layer)

    @Slot()
    def _on_result_changed(self) -> None:
        found = self.flow.result
        self.result.show_colours(mark_colours(self._viewer))
        self.result.synchronize(
            found,
            corrections=self.flow.corrections,
            has_truth=self.session.truth is not None,
            only_regions=self.flow.only_regions,
        )
        if not self.flow.only_regions:
            self.keeper.hear(found, corrected=self.flow.corrections > 0)
        self.cells.show_table(None if found is None else found.table)
        self._doubt.synchronize(self.cells.marks.isChecked())
        self._links[1].synchronize(found, self.result.comparison_wanted)
        self.result.ask_for(open_first(self._viewer))
        self._show_regions()
        self._suggest_export()

    @Slot()
    def _suggest_export(self, *_: object) -> None:
        session = self.session
        self.export.suggest(
            "" if session.dataset is None else session.dataset.identity,
            counted=session.cells is not None or bool(self.set_flow.rows),
            annotated=session.truth is not None or bool(session.annotations.entries),
            kinds=session.annotations.kinds,
        )

    @Slot(bool)
    def _on_comparison_toggled(self, wanted: bool) -> None:
        self._links[1].synchronize(self.flow.result, wanted)

    @Slot()
    def _on_map_changed(self, *_: object) -> None:
        wanted = self.settings.map.isChecked()
        self._links[2].synchronize(self.flow.probability, wanted)

    @Slot()
    def _on_set_rows_changed(self) -> None:
        dataset = self.session.dataset
        total = 0 if dataset is None else len(dataset.samples)
        self.whole_set.synchronize(self.set_flow.rows, total)

    def _on_layers_changed(self, *_: object) -> None:
        self._watch_regions(find_regions_layer(self._viewer))
        self._links[0].follow(self.session.cells_layer)
        self.offers.look_again()
        self.result.ask_for(open_first(self._viewer))

    def _watch_regions(self, layer: Shapes | None) -> None:
        old = self._watched_regions
        if layer is old:
            return
        if old is not None:
            old.events.data.disconnect(self._on_regions_changed)
        self._watched_regions = layer
        if layer is not None:
            layer.events.data.connect(self._on_regions_changed)

    def _on_regions_changed(self, *_: object) -> None:
        if self._watched_regions is not None:
            name_new_shapes(self._watched_regions)
        self._show_regions()
        self.offers.look_again()
        self.flow.recount_regions()

    def _show_regions(self) -> None:
        found = self.flow.result
        names = [region.name for region in read_regions(self._watched_regions)]
        self.regions.synchronize(names, {} if found is None else found.region_counts)

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        self.whole_set.plots.set_colours(
            QColor(theme.background.as_hex()), QColor(theme.text.as_hex())
        )
