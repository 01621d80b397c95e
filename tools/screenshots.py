"""Take the pictures of README and docs from the real program.

`python tools/screenshots.py FOLDER [WIDTHxHEIGHT [PART]]` under a display, real or
virtual. PART `classify` takes those of the Classify dock, of drawn cells; `sets` those
of annotations and of a folder that is described; `events` that of a recording;
`gallery` that of the gallery; `edit`, `history`, `moved` and `objects` those of cells
that are corrected, `marks` that of boxes, `masks` that of cells that overlap.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from overlapping import write_overlapping_cells
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QScrollArea, QWidget
from window import (
    PLUGIN,
    count_on_screen,
    open_sample_set,
    open_viewer,
    photograph,
    settle,
    wait_until,
)

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.regions import add_regions_layer
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.describe import DescribeDialog
from napari_cellsets._qt.docking import raise_dock
from napari_cellsets._qt.object_widths import LeftOutNote
from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.simulated import write_simulated_cells, write_simulated_set
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.editing.splitting import split_along
from napari_cellsets.store import LabelDelta, Project, journal

if TYPE_CHECKING:
    import napari

SIZE = "1280x720"
#: With this seed the crowded field is held out.
TRAINING_STEPS, TRAINING_SEED = 40, 2
CELLS_OF_A_CLASS = 12
#: When several cells are in view.
MOMENT_US = 480_000


def main() -> None:
    """Take every picture."""
    folder = Path(sys.argv[1])
    width, height = map(int, (sys.argv[2] if len(sys.argv) > 2 else SIZE).split("x"))
    for home in ("CELLSETS_DATA_HOME", "CELLSETS_CACHE_HOME"):
        os.environ.setdefault(home, tempfile.mkdtemp())
    parts = {
        "classify": take_classes,
        "sets": take_sets,
        "events": take_recording,
        "edit": take_edit,
        "gallery": take_gallery,
        "objects": take_objects,
        "history": take_history,
        "moved": take_moved,
        "marks": take_marks,
        "masks": take_masks,
    }
    part = parts[sys.argv[3]] if len(sys.argv) > 3 else take
    part(folder, width, height)


def take(folder: Path, width: int, height: int) -> None:
    """Walk through the main job and photograph each step."""
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    open_sample_set(viewer)
    photograph(viewer, folder / "samples.png")
    dock = count_on_screen(viewer)
    photograph(viewer, folder / "count.png")

    regions = add_regions_layer(viewer, session.image_layer)
    regions.add_rectangles(np.array([[100, 80], [620, 760]]))
    oval = [[600, 850], [600, 1500], [1100, 1500], [1100, 850]]
    regions.add_ellipses(np.array(oval))
    dock.tabs.setCurrentWidget(dock.regions)
    settle(1)
    scroll_down(dock)
    photograph(viewer, folder / "regions.png")

    viewer.layers.remove(regions)
    viewer.layers.selection.active = session.cells_layer
    dock.tabs.setCurrentWidget(dock.whole_set)
    dock.set_flow.count()
    wait_until(lambda: len(dock.set_flow.rows) == 4, "counting the whole set")
    wait_until(lambda: not dock.runner.busy, "counting the whole set")
    settle(1)
    scroll_down(dock)
    photograph(viewer, folder / "whole_set.png")
    dock.tabs.setCurrentWidget(dock.export)
    open_dock(viewer, "Count")
    settle(1)
    scroll_down(dock)
    photograph(viewer, folder / "export.png")
    take_training(viewer, folder)
    session.save()
    viewer.close()


def scroll_down(dock: QWidget) -> None:
    """Show the lower end of a dock that is longer than the window."""
    for page in dock.findChildren(QScrollArea):
        page.verticalScrollBar().setValue(page.verticalScrollBar().maximum())


def take_training(viewer: napari.Viewer, folder: Path) -> None:
    """Train for a few steps on what is open, and photograph what came of it."""
    dock = open_dock(viewer, "Train")
    dock.model.steps, dock.model.seed = TRAINING_STEPS, TRAINING_SEED
    dock.buttons.start.click()
    wait_until(lambda: dock.model.phase == "idle", "training", patience_s=3600)
    raise_dock(dock)
    photograph(viewer, folder / "train.png")


def take_classes(folder: Path, width: int, height: int) -> None:
    """Name drawn blood cells with the shipped classifier; photograph that."""
    place = Path(tempfile.mkdtemp()) / "drawn_blood_cells"
    write_simulated_cells(place, CELLS_OF_A_CLASS)
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    open_dock(viewer, "Samples").open_path(place)
    wait_until(lambda: session.picture is not None, "opening the set")
    dock = open_dock(viewer, "Classify")
    settle(1)
    dock.flow.classify_set()
    wait_until(lambda: not dock.runner.busy, "classifying the set")
    dock.cells.setCurrentIndex(dock.cells.model().index(0, 0))
    settle(2)
    photograph(viewer, folder / "classify.png")
    dock.tabs.setCurrentWidget(dock.confusion)
    settle(0.3)
    scroll_down(dock)
    photograph(viewer, folder / "classify_confusion.png")
    viewer.close()


def take_recording(folder: Path, width: int, height: int) -> None:
    """Show the simulated recording at a moment, with the Playback dock."""
    viewer = open_viewer(width, height)
    film = get_session(viewer).film
    viewer.open_sample(PLUGIN, "simulated_channel")
    wait_until(lambda: film.playback.duration_us > 2 * MOMENT_US, "indexing")
    film.change(window_us=5_000)
    film.playback.jump_to(MOMENT_US)
    viewer.reset_view()
    settle(3)  # the docks come one after the other
    raise_dock(open_dock(viewer, "Playback"))
    settle(1)
    photograph(viewer, folder / "playback.png")
    viewer.close()


def take_sets(folder: Path, width: int, height: int) -> None:
    """Show points with their legend, then describe a folder."""
    home = Path(tempfile.mkdtemp())
    write_simulated_set(home / "simulated", 4)
    dots, own = home / "fields_with_points", home / "plate_7"
    simulated = open_dataset(home / "simulated")
    convert_dataset(simulated, "points-csv", dots, with_images=True, lossy=True)
    for folder_of, kind in (("exports", "rfp"), ("by_hand", "cells")):
        (own / folder_of).mkdir(parents=True)
        for number, sample in enumerate(simulated.samples, start=1):
            name = sample.image if kind == "rfp" else sample.annotations[0]
            copy = own / folder_of / f"well_B{number}_{kind}.png"
            copy.write_bytes(simulated.tree.read(name))
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    dock = open_dock(viewer, "Samples")
    dock.open_path(dots)
    wait_until(lambda: session.picture is not None, "opening the set")
    settle(2)
    photograph(viewer, folder / "annotations.png")
    dialog = DescribeDialog(own, dock)
    dialog.show()
    wait_until(lambda: dialog.found is not None, "looking at the folder")
    settle(1)
    dialog.grab().save(str(folder / "describe.png"))
    dialog.close()
    viewer.close()


def take_gallery(folder: Path, width: int, height: int) -> None:
    """Review drawn blood cells in the gallery: facts, verdicts by key."""
    place = Path(tempfile.mkdtemp()) / "drawn_blood_cells"
    write_simulated_cells(place, 4 * CELLS_OF_A_CLASS)
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    gallery = open_dock(viewer, "Gallery")
    session.open(place)
    wait_until(lambda: gallery.verdicts.review is not None, "reading facts")
    gallery.bar.facets.setChecked(True)
    gallery.window().resizeDocks(
        [gallery.parentWidget()], [height // 2], Qt.Orientation.Vertical
    )
    for key in "A3RA5":
        gallery.view.key_pressed.emit(key)
    settle(2)
    photograph(viewer, folder / "gallery.png")
    viewer.close()


def take_edit(folder: Path, width: int, height: int) -> None:
    """Correct a simulated field: smooth two cells, split the largest."""
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    open_sample_set(viewer)
    session.correcting_truth = True
    viewer.layers.selection.active = session.truth_layer
    desk = open_dock(viewer, "Edit").desk
    editor = desk.editor
    by_size = sorted(editor.objects, key=editor.objects.area)
    editor.select(by_size[:2])
    desk.perform("smooth")
    desk.perform("cut")
    y, x = editor.objects.box(by_size[-1])
    middle = (y.start + y.stop) / 2
    line = np.array([[middle, x.start - 6.0], [middle, x.stop + 6.0]])
    editor.do(lambda objects: split_along(objects, line), select=True)
    desk.reveal()
    settle(1.5)
    photograph(viewer, folder / "edit.png")
    session.save()
    viewer.close()


def take_masks(folder: Path, width: int, height: int) -> None:
    """Correct cells that overlap: one grows over its neighbours."""
    home = Path(tempfile.mkdtemp()) / "overlapping_cells"
    write_overlapping_cells(home)
    viewer = open_viewer(width, height)
    get_session(viewer).open(home)
    dock = open_dock(viewer, "Edit")
    viewer.layers.selection.active = viewer.layers["masks"]
    dock.layer.unlock.click()
    desk = dock.desk
    largest = max(desk.editor.objects, key=desk.editor.objects.area)
    desk.editor.select([largest])
    for name in ("smooth", "grow", "apart"):
        desk.perform(name)
    viewer.reset_view()
    settle(1.5)
    photograph(viewer, folder / "masks.png")
    get_session(viewer).save()
    viewer.close()


def take_marks(folder: Path, width: int, height: int) -> None:
    """Correct boxes of a simulated field: two get a class, one goes, one comes."""
    home = Path(tempfile.mkdtemp())
    write_simulated_set(home / "simulated", 2)
    boxed = home / "fields_with_boxes"
    simulated = open_dataset(home / "simulated")
    convert_dataset(simulated, "coco", boxed, with_images=True, lossy=True)
    (file,) = boxed.glob("*.json")
    said = json.loads(file.read_text(encoding="utf-8"))
    said["categories"] = [{"id": 1, "name": "neuron"}, {"id": 2, "name": "debris"}]
    for one in said["annotations"]:
        del one["segmentation"]
    file.write_text(json.dumps(said), encoding="utf-8")
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    session.open(boxed)
    dock = open_dock(viewer, "Edit")
    layer, _ = session.annotations.marks["boxes"]
    viewer.layers.selection.active = layer
    dock.marks.correct.click()
    layer.selected_data = {3, 7}
    dock.marks.classes.chosen.emit("debris")
    layer.remove([5])
    corners = layer.data[1] + np.array([0, 40])
    layer.add([corners], shape_type="rectangle")
    layer.mode = "select"
    layer.selected_data = {3}
    settle(1.5)
    photograph(viewer, folder / "marks.png")
    session.save()
    viewer.close()


def take_history(folder: Path, width: int, height: int) -> None:
    """Show cells as they were two days ago, with what three people did since."""
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    open_sample_set(viewer)
    where = (session.dataset.identity, session.sample.name, "cells")
    labels = session.truth.labels.copy()
    by_size = np.argsort(np.bincount(labels.ravel()))[::-1].tolist()
    now, title = journal.now, "delete object"
    for number, (author, days) in enumerate((("ada", 2), ("ada", 2), ("bob", 1))):
        journal.now = lambda days=days: now() - days * 86_400
        with Project.open(session.project.place, author=author) as project:
            if not number:
                project.save_labels(*where, labels, {"model": "nuclei"})
            project.load_labels(*where)
            after = np.where(labels == by_size[number + 2], 0, labels)
            delta = LabelDelta.between(labels, after)
            project.record(*where, delta, {"act": title})
            labels = after
    journal.now = now
    session.reload()
    viewer.layers.selection.active = session.cells_layer
    dock = open_dock(viewer, "Edit")
    dock.desk.editor.select(by_size[6:8])
    dock.desk.perform("smooth")
    dock.desk.editor.select(())
    dock.past.ask()
    wait_until(lambda: len(dock.history.model.rows) > 5, "reading the history")
    dock.history.table.selectRow(len(dock.history.model.rows) - 3)
    dock.past.toggle()
    wait_until(lambda: dock.past.earlier_labels.then is not None, "looking back")
    settle(1)
    photograph(viewer, folder / "history.png")
    dock.past.leave()
    viewer.close()


def take_moved(folder: Path, width: int, height: int) -> None:
    """Open a folder that was renamed after somebody had worked on it."""
    viewer = open_viewer(width, height)
    session, home = get_session(viewer), Path(tempfile.mkdtemp())
    write_simulated_set(home / "simulated", 4, 1, layout="plain")
    pictures = (home / "simulated" / "images").rename(home / "neurons")
    dataset = open_dataset(pictures)
    shape = dataset.read_picture(dataset.samples[0]).plane_shape
    where = (dataset.identity, dataset.samples[0].name, "cells")
    session.project.save_labels(*where, np.zeros(shape, np.int32), {"source": "drawn"})
    dock = open_dock(viewer, "Samples")
    dock.open_path(pictures.rename(home / "neurons of March"))
    wait_until(lambda: not dock.moved.isHidden(), "looking for earlier work")
    settle(1)
    photograph(viewer, folder / "moved.png")
    viewer.close()


def take_objects(folder: Path, width: int, height: int) -> None:
    """Show the table of cells, some of them with a word, and what may be wrong."""
    viewer = open_viewer(width, height)
    open_sample_set(viewer)
    count_on_screen(viewer)
    dock = open_dock(viewer, "Objects")
    raise_dock(dock)
    session, model = get_session(viewer), dock.table.objects
    viewer.layers.selection.active = session.cells_layer
    wait_until(lambda: model.column_of("comment") is not None, "measuring")
    for number, name in enumerate(("neuron", "artefact")):
        session.dataset.class_table.id_for(name)
        chosen = tuple(model.labels_in(3 * number, 3 * number + 2))
        dock.facts.say(chosen, "class", name)
    dock.facts.say((model.label_at(1),), "flag", "touches another")
    dock.facts.say((model.label_at(5),), "comment", "dust?")
    wait_until(lambda: bool(dock.facts.words["comment"]), "writing")
    dock.table.selectRow(1)
    settle(1)
    dock.findChild(LeftOutNote).wider.click()
    settle(1)
    viewer.reset_view()
    photograph(viewer, folder / "objects.png")
    dock.tabs.setCurrentWidget(dock.problems)
    wait_until(lambda: dock.problems.found is not None, "looking for problems")
    dock.problems.step(1)
    settle(1)
    photograph(viewer, folder / "problems.png")
    session.save()
    viewer.close()


if __name__ == "__main__":
    main()
