from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt

from annotated_sets import write_annotated_set
from napari_cellsets._napari import label_corrections
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.describe import DescribeDialog
from napari_cellsets._qt.export_annotations import (
    ContainerExport,
    ContainerRow,
    LossesForeseenError,
    losses_in,
    names_in,
)
from napari_cellsets._qt.legend import Legend
from napari_cellsets.batch.kept_export import Export
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer, tmp_path: Path) -> Session:
    """The annotated set, open at its first picture."""
    session = get_session(viewer)
    session.open(write_annotated_set(tmp_path / "annotated"))
    return session


def export(session: Session, folder: Path, **more: object) -> Export:
    annotations = ContainerExport(**more)
    samples = session.dataset.samples
    return Export(
        session.dataset, session.project, samples, folder, None, False, False,
        annotations,
    )  # fmt: skip


def run(work: Export) -> str:
    return work(CancelToken(), lambda fraction, text: None)


def test_legend_lists_classes_and_hides_them(
    session: Session, qtbot: QtBot, viewer: Viewer
) -> None:
    legend = Legend(session.annotations)
    qtbot.addWidget(legend)
    model = legend.model
    first = model.index(0, 0)
    assert model.data(first) == "nucleus"
    assert model.data(model.index(0, 1)) == "1"
    unchecked = Qt.CheckState.Unchecked.value
    assert model.setData(first, unchecked, Qt.ItemDataRole.CheckStateRole)
    assert viewer.layers["boxes"].edge_color[0, 3] == 0
    assert not legend.all.isHidden()
    legend.all.click()
    assert viewer.layers["boxes"].edge_color[0, 3] == 1
    legend.none.click()
    assert not any(entry.shown for entry in session.annotations.entries)


def test_large_labels_are_counted_beside_the_window(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_corrections, "_MOST_PX", 10)
    legend = Legend(session.annotations)
    qtbot.addWidget(legend)
    (layer,) = (one for one in session.annotations.layers if one.name == "masks")
    session.annotations.corrections.set_locked(layer, False)
    before = session.annotations.entries
    layer.data_setitem(np.nonzero(layer.data == 1), 0)
    assert session.annotations.entries == before
    qtbot.waitUntil(lambda: session.annotations.entries != before, timeout=10_000)
    details = [entry.details for entry in session.annotations.entries]
    assert any("masks: 2" in one for one in details)


def test_legend_takes_no_room_without_annotations(
    session: Session, qtbot: QtBot
) -> None:
    legend = Legend(session.annotations)
    qtbot.addWidget(legend)
    session.show(1)
    assert legend.isHidden()
    session.show(0)
    assert not legend.isHidden()


def test_losses_are_told_before_anything_is_written(
    session: Session, tmp_path: Path
) -> None:
    with pytest.raises(LossesForeseenError, match="images looked at") as caught:
        run(export(session, tmp_path / "out", form="voc"))
    assert losses_in(caught.value)
    assert not (tmp_path / "out").exists()


def test_allowed_losses_are_written(session: Session, tmp_path: Path) -> None:
    said = run(export(session, tmp_path / "out", form="voc", lossy=True))
    all_of_them = "outlines, boxes, class mask and masks together"
    assert said == f"Pascal VOC of 3 images ({all_of_them})"
    assert len(list((tmp_path / "out").rglob("*.xml"))) == 3
    assert len(list((tmp_path / "out/SegmentationClass").rglob("*.png"))) == 2


def test_what_cannot_be_written_is_told(session: Session, tmp_path: Path) -> None:
    (tmp_path / "annotated/pictures/c.png").write_bytes(b"broken")
    said = run(export(session, tmp_path / "out", form="coco", with_images=True))
    assert said.startswith("COCO JSON of 2 images (outlines, boxes,")
    assert "; 1 left out" in said
    assert "c.png" in said


def test_two_masks_are_told_with_what_can_be_chosen(
    session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    with pytest.raises(LossesForeseenError, match="cannot share the mask") as caught:
        run(export(session, tmp_path / "out", form="mask-stack"))
    row = ContainerRow()
    qtbot.addWidget(row)
    row.wanted.setChecked(True)
    row.form.setCurrentIndex(row.form.findData("mask-stack"))
    assert row.alone.isHidden()
    row.tell_losses(losses_in(caught.value), names_in(caught.value))
    assert not row.alone.isHidden()
    assert row.asked().annotation == ""
    names = [row.alone.itemText(at) for at in range(row.alone.count())]
    assert names[:2] == ["every object once", "all annotations"]
    assert {"only class mask", "only masks"} <= set(names)
    row.alone.setCurrentIndex(row.alone.findData("masks"))
    row.tell_losses("Something else.", names_in(caught.value))
    assert row.asked().annotation == "masks"
    row.tell_losses("")
    assert row.asked().annotation == ""


def test_after_an_export_the_row_offers_what_there_is(
    session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    row = ContainerRow()
    qtbot.addWidget(row)
    row.tell_written()
    assert row.alone.isHidden()
    row.wanted.setChecked(True)
    asked = row.asked()
    assert asked is not None
    asked.names.extend(("outlines", "class mask"))
    row.tell_written()
    assert not row.alone.isHidden()
    row.alone.setCurrentIndex(row.alone.findText("only class mask"))
    assert row.asked().annotation == "class mask"


def test_one_annotation_is_written_alone(session: Session, tmp_path: Path) -> None:
    said = run(
        export(session, tmp_path / "out", form="class-mask", annotation="class mask")
    )
    assert said == "class masks (palette PNG) of 3 images"
    plane = np.array(Image.open(tmp_path / "out/class_masks/pictures/a.png"))
    assert set(np.unique(plane)) == {0, 1, 2}


def test_cells_of_the_store_are_exported(session: Session, tmp_path: Path) -> None:
    labels = np.zeros((40, 50), np.int32)
    labels[3:9, 4:12] = 1
    session.set_cells(labels, {})
    session.save()
    said = run(export(session, tmp_path / "out", form="coco", cells=True))
    assert "1 image" in said
    (file,) = (tmp_path / "out").rglob("*.json")
    assert len(json.loads(file.read_text())["annotations"]) == 1


def test_no_cells_are_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing was counted yet"):
        run(export(session, tmp_path / "out", form="coco", cells=True))


def test_row_forgets_allowed_losses_with_another_form(qtbot: QtBot) -> None:
    row = ContainerRow()
    qtbot.addWidget(row)
    assert row.asked() is None
    row.wanted.setChecked(True)
    row.tell_losses("Overlap is lost.")
    row.lossy.setChecked(True)
    assert row.asked().lossy
    row.form.setCurrentIndex(2)
    assert not row.asked().lossy
    assert row.lossy.isHidden()


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Folders that no row knows."""
    for folder, tail, top in (("fotos", "_rgb", 255), ("drawn", "_areas", 2)):
        (tmp_path / "odd" / folder).mkdir(parents=True)
        for number in range(3):
            rng = np.random.default_rng(number)
            pixels = rng.integers(0, top, (20, 30), dtype=np.uint8)
            name = f"odd/{folder}/cell{number}{tail}.png"
            Image.fromarray(pixels).save(tmp_path / name)
    return tmp_path / "odd"


@pytest.fixture
def dialog(odd: Path, qtbot: QtBot) -> DescribeDialog:
    """The dialog, having looked."""
    dialog = DescribeDialog(odd)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.pairs.topLevelItemCount() > 0, timeout=20_000)
    return dialog


def test_dialog_shows_what_pairs(dialog: DescribeDialog) -> None:
    assert "6 pictures" in dialog.there.toPlainText()
    assert dialog.truth.text() == "drawn/{stem}_areas.{ext}"
    assert dialog.pairs.topLevelItemCount() == 3
    assert dialog.save_button.isEnabled()


def test_template_is_previewed_as_it_is_typed(
    dialog: DescribeDialog, qtbot: QtBot
) -> None:
    dialog.images.setText("nowhere/{stem}.png")
    dialog.images.textEdited.emit("")
    qtbot.waitUntil(lambda: "No picture" in dialog.summary.text(), timeout=20_000)
    assert not dialog.save_button.isEnabled()


def test_saving_asks_to_open_with_the_new_row(
    dialog: DescribeDialog, qtbot: QtBot, odd: Path
) -> None:
    with qtbot.waitSignal(dialog.chosen) as told:
        dialog.save_button.click()
    assert told.args == [odd, "odd"]
