"""COCO panoptic: ids in colours, however they are packed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import marked as small
import numpy as np
import pytest
from PIL import Image

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container


def opened(form: str, folder: Path, name: str) -> Container:
    return FORMS[form].open(open_tree(folder), name)


def panoptic(folder: Path, weights: tuple[int, int, int]) -> Container:
    labels = small.label_image().labels * 300
    pixels = np.stack([labels // weight % 256 for weight in weights], axis=-1)
    (folder / "panoptic").mkdir()
    Image.fromarray(pixels.astype(np.uint8)).save(folder / "panoptic" / "a.png")
    text = (
        '{"annotations": [{"image_id": "a", "file_name": "a.png", "segments_info": ['
        '{"id": 300, "category_id": 1}, {"id": 600, "category_id": 1},'
        '{"id": 900, "category_id": 1}, {"id": 5, "category_id": 1},'
        '{"id": 1200, "category_id": 8}, {"id": -1}]}],'
        '"categories": [{"id": 1, "name": "cell", "color": [1, 2, 3]}]}'
    )
    (folder / "panoptic.json").write_text(text)
    return opened("coco-panoptic", folder, "panoptic.json")


@pytest.mark.parametrize("weights", [(1, 256, 65536), (1, 65536, 256), (65536, 256, 1)])
def test_the_ids_tell_how_they_are_packed(weights, tmp_path) -> None:
    container = panoptic(tmp_path, weights)
    (found,) = container.read(0)
    expected = small.label_image().labels * 300
    expected[expected == 1200] = 0
    np.testing.assert_array_equal(found.labels, expected)
    assert found.class_colours == {1: (1, 2, 3)}
    said = " ".join(problem.message for problem in container.problems)
    assert "the segment 1200 is not in the JSON" in said
    assert "the segment 5 has no pixel" in said
    assert "segments_info[4]" in said
    assert "segments_info[5]" in said


def test_a_panoptic_file_is_known_to_the_coco_reader(tmp_path) -> None:
    panoptic(tmp_path, (1, 256, 65536))
    assert opened("coco", tmp_path, "panoptic.json").key == "coco-panoptic"


def test_the_packing_may_be_named(tmp_path) -> None:
    from napari_cellsets.formats.containers.coco.panoptic_read import open_panoptic
    from napari_cellsets.formats.containers.reading import load_json

    panoptic(tmp_path, (1, 65536, 256))
    tree = open_tree(tmp_path)
    data = load_json(tree, "panoptic.json")
    (found,) = open_panoptic(data, tree, "panoptic.json", "coco").read(0)
    assert found.labels.max() == 0
    (found,) = open_panoptic(data, tree, "panoptic.json", "ccagt").read(0)
    assert found.labels.max() == 900


def test_a_missing_or_flat_picture_of_segments_is_refused(tmp_path) -> None:
    container = panoptic(tmp_path, (1, 256, 65536))
    file = tmp_path / "panoptic" / "a.png"
    Image.fromarray(np.zeros((4, 4, 4), np.uint8) + 7).save(file)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(file)
    assert container.read(0)[0].labels.max() == 0
    import cv2

    cv2.imwrite(str(file), np.arange(48, dtype=np.uint16).reshape(4, 4, 3))
    with pytest.raises(UnreadableFileError, match="three channels of 8 bits"):
        container.read(0)
    file.unlink()
    container = opened("coco-panoptic", tmp_path, "panoptic.json")
    with pytest.raises(UnreadableFileError, match=r"'a.png' is missing.*'panoptic'"):
        container.read(0)


def test_other_json_is_no_panoptic_file(tmp_path) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(UnreadableFileError, match="no panoptic file"):
        opened("coco-panoptic", tmp_path, "a.json")
