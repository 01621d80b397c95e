"""Masks of published data sets, corrected in their layers and written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.edit_acts import EditOptions, perform
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import ClassMask, MaskStack

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_cellsets._napari.session import Session

SEGMENTED = (
    "isbi2014_third_party_resaves/Dev/Results_Metrics/"
    "Segmentations_45_Training_Results.mat"
)


def cells(items: list[np.ndarray]) -> np.ndarray:
    found = np.empty((len(items), 1), object)
    for number, item in enumerate(items):
        found[number, 0] = item
    return found


@pytest.fixture
def isbi(real_samples: Path, tmp_path: Path) -> Path:
    """What others found in two fields of ISBI 2014, arranged as the set is."""
    from scipy.io import loadmat, savemat

    found = loadmat(real_samples / SEGMENTED)["master_cell"]
    masks = [
        [np.asarray(mask, np.uint8) for mask in found[at, 0].ravel()] for at in (17, 37)
    ]
    fields = [np.full((512, 512), 200, np.uint8) for _ in masks]
    folder = tmp_path / "isbi"
    folder.mkdir()
    savemat(folder / "isbi_train.mat", {"ISBI_Train": cells(fields)})
    truth = cells([cells(one) for one in masks])
    nuclei = cells([np.zeros((512, 512), np.uint8) for _ in masks])
    savemat(
        folder / "isbi_train_GT.mat",
        {"train_Cytoplasm": truth, "train_Nuclei": nuclei},
    )
    return folder


def unlocked(session: Session, viewer: ViewerModel, name: str) -> Labels:
    layer: Labels = viewer.layers[name]
    viewer.layers.selection.active = layer
    assert edit_desk(viewer).unlock()
    return layer


def masks_of(layer: Labels) -> dict[int, np.ndarray]:
    labels = planes_of(layer)
    numbers = np.unique(labels[labels > 0]).tolist()
    return {label: (labels == label).any(axis=0) for label in numbers}


def test_real_cells_that_overlap_are_corrected_one_by_one(
    isbi: Path, session: Session, viewer: ViewerModel
) -> None:
    session.open(isbi)
    session.show(1)
    layer = unlocked(session, viewer, "cytoplasm")
    editor = edit_desk(viewer).editor
    assert editor is not None
    before = masks_of(layer)
    for number, label in enumerate(sorted(before)):
        for name in ("grow", "smooth", "shrink"):
            editor.select([label])
            perform(name, editor, EditOptions(by_px=3), lambda: np.zeros((512, 512)))
        after = masks_of(layer)
        untouched = sorted(before)[number + 1 :]
        assert all(np.array_equal(after[one], before[one]) for one in untouched)
    for _ in range(3 * len(before)):
        layer.undo()
    assert all(np.array_equal(masks_of(layer)[one], before[one]) for one in before)


def test_real_cells_that_overlap_come_back_and_go_out_corrected(
    isbi: Path, session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    session.open(isbi)
    layer = unlocked(session, viewer, "cytoplasm")
    editor = edit_desk(viewer).editor
    assert editor is not None
    editor.select([1])
    perform("grow", editor, EditOptions(by_px=5), lambda: np.zeros((512, 512)))
    wanted = masks_of(layer)
    session.show(1)
    session.show(0)
    assert all(np.array_equal(masks_of(layer)[one], wanted[one]) for one in wanted)
    dataset, sample = session.dataset, session.sample
    assert dataset is not None
    assert sample is not None
    convert_dataset(
        dataset,
        "coco",
        tmp_path / "coco",
        samples=[sample],
        with_images=True,
        annotation="cytoplasm",
        annotations_of=lambda one: corrected_annotations(dataset, session.project, one),
    )
    again = open_dataset(tmp_path / "coco")
    (stack,) = (
        one
        for one in again.read_annotations(again.samples[0])
        if isinstance(one, MaskStack)
    )
    found = {mask.sum() for mask in stack.masks}
    assert found == {mask.sum() for mask in wanted.values()}


def test_a_real_mask_of_classes_is_corrected(
    real_samples: Path, session: Session, viewer: ViewerModel
) -> None:
    session.open(real_samples / "ccagt")
    layer = unlocked(session, viewer, "class mask")
    y, x = (int(axis[0]) for axis in np.nonzero(layer.data == 1))
    layer.fill((y, x), 2)
    assert layer.data[y, x] == 2
    dataset, sample = session.dataset, session.sample
    assert dataset is not None
    assert sample is not None
    found = corrected_annotations(dataset, session.project, sample)
    (mask,) = (one for one in found if isinstance(one, ClassMask))
    np.testing.assert_array_equal(mask.classes, layer.data)
