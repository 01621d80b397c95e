"""COCO JSON: every form of it, its dialects and its damage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import marked as small
import numpy as np
import pytest
from marked import CLASSES, SIZE

from napari_cellsets.core.annotation import Boxes, MaskStack, Points, Polygons
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers import gather
from napari_cellsets.formats.containers.base import FORMS, Marked, find_form
from napari_cellsets.formats.containers.outlines import mask_of_outline
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

# pycocotools still speaks to numpy 1
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
SQUARE = [1, 1, 4, 1, 4, 3, 1, 3]


def opened(folder: Path, content: Any) -> Container:
    (folder / "a.json").write_text(
        content if isinstance(content, str) else json.dumps(content)
    )
    return FORMS["coco"].open(open_tree(folder), "a.json")


def file_of(*annotations: Any, **more: Any) -> dict[str, Any]:
    rows = [
        {"id": at, "image_id": 7, "category_id": 1, **row}
        for at, row in enumerate(annotations)
    ]
    images = [{"id": 7, "file_name": "a.png", "height": 10, "width": 12}]
    categories = [{"id": 1, "name": "cell"}]
    return {"images": images, "annotations": rows, "categories": categories, **more}


def test_polygons_are_moved_by_half_a_pixel(tmp_path) -> None:
    (found,) = opened(tmp_path, file_of({"segmentation": [SQUARE]})).read(0)
    assert isinstance(found, Polygons)
    ring = found.outlines[0][0][0]
    assert ring.tolist() == [[0.5, 0.5], [0.5, 3.5], [2.5, 3.5], [2.5, 0.5]]
    assert found.class_ids.tolist() == [1]
    assert found.class_names == {1: "cell"}


def test_lists_of_one_object_are_its_parts(tmp_path) -> None:
    other = [6, 6, 8, 6, 8, 8, 6, 8]
    (found,) = opened(tmp_path, file_of({"segmentation": [SQUARE, other]})).read(0)
    assert [len(outline) for outline in found.outlines] == [2]


def test_the_first_pixel_is_a_box_from_minus_a_half_to_a_half(tmp_path) -> None:
    (found,) = opened(tmp_path, file_of({"bbox": [0, 0, 1, 1]})).read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[-0.5, -0.5, 0.5, 0.5]]


@pytest.mark.parametrize("empty", [[], None, ""])
def test_an_empty_segmentation_leaves_the_box(empty, tmp_path) -> None:
    row = {"segmentation": empty, "bbox": [1, 2, 3, 4]}
    (found,) = opened(tmp_path, file_of(row)).read(0)
    assert found.yxyx.tolist() == [[1.5, 0.5, 5.5, 3.5]]


def test_run_lengths_go_down_the_columns(tmp_path) -> None:
    row = {"segmentation": {"counts": [11, 3, 106], "size": [10, 12]}, "iscrowd": 1}
    (found,) = opened(tmp_path, file_of(row)).read(0)
    assert isinstance(found, MaskStack)
    assert found.corners.tolist() == [[1, 1]]
    assert found.masks[0].tolist() == [[True], [True], [True]]
    assert found.properties["crowd"] == [True]


def test_kinds_come_apart_and_keep_their_ids(tmp_path) -> None:
    runs = {"counts": [0, 5, 115], "size": [10, 12]}
    rows = [{"segmentation": [SQUARE]}, {"segmentation": runs}, {"bbox": [1, 1, 2, 2]}]
    found = opened(tmp_path, file_of(*rows)).read(0)
    assert [type(a) for a in found] == [Polygons, MaskStack, Boxes]
    assert [a.properties["id"] for a in found] == [[0], [1], [2]]


def test_keypoints_become_named_points(tmp_path) -> None:
    row = {"keypoints": [3, 4, 2, 0, 0, 0, 5, 6, 1], "bbox": [1, 1, 6, 7]}
    content = file_of(row)
    content["categories"][0]["keypoints"] = ["head", "mid", "tail"]
    boxes, points = opened(tmp_path, content).read(0)
    assert isinstance(boxes, Boxes)
    assert isinstance(points, Points)
    assert points.yx.tolist() == [[3.5, 2.5], [5.5, 4.5]]
    assert points.properties["keypoint"] == ["head", "tail"]
    assert points.properties["hidden"] == [None, True]


def test_class_zero_is_a_class(tmp_path) -> None:
    content = file_of({"bbox": [0, 0, 1, 1], "category_id": 0})
    content["categories"] = [{"id": 0, "name": "_background_"}]
    (found,) = opened(tmp_path, content).read(0)
    assert found.class_ids.tolist() == [0]


@pytest.mark.parametrize(
    ("image", "image_id"),
    [("00005.bmp", "00005.bmp"), (5, "5"), ("5", 5), (5, "a.bmp"), (5, "a")],
)
def test_ids_may_be_texts_names_or_stems(image, image_id, tmp_path) -> None:
    content = file_of({"bbox": [0, 0, 1, 1], "image_id": image_id})
    content["images"] = [{"id": image, "file_name": "gone/a.bmp"}]
    container = opened(tmp_path, content)
    assert len(container.read(0)) == 1
    assert container.items[0].size is None
    assert list(container.problems) == []


def test_file_names_keep_what_they_say(tmp_path) -> None:
    content = file_of()
    content["images"] = [
        {"id": 1, "file_name": "C_13509_-270720_116640"},
        {"id": 2, "file_name": "train\\b.png"},
        {"id": 3},
    ]
    names = [item.name for item in opened(tmp_path, content).items]
    assert names == ["C_13509_-270720_116640", "train/b.png", ""]


def test_a_list_of_results_has_scores_and_its_pictures_are_ids(tmp_path) -> None:
    rows = [
        {"image_id": 42, "category_id": 18, "bbox": [1, 2, 3, 4], "score": 0.5},
        {"image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.25},
        {"image_id": 42, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1},
    ]
    container = opened(tmp_path, rows)
    assert [item.name for item in container.items] == ["42", "9"]
    (found,) = container.read(0)
    assert found.properties["score"] == [0.5, 1]
    assert container.classes == {1: "1", 18: "18"}


def odd_file() -> dict[str, Any]:
    """As Fluorescent Neuronal Cells v2 writes it: an entry a picture, nested lists."""
    return {
        "info": {"description": "red"},
        "licenses": [],
        "images": [{"id": "12", "file_name": "12.png", "width": 12, "height": 10}],
        "annotations": [
            {
                "image_id": "12",
                "segmentation_type": "polygon",
                "segmentation": [
                    [[1, 1], [3, 1], [3, 3], [1, 3]],
                    [[5, 5], [6, 5]],
                    [[7, 7], [9, 7], [9, 9]],
                ],
                "bbox": [[1, 1, 3, 3], [5, 5, 2, 1], [7, 7, 3, 3]],
                "area": [9, 2, 6],
                "dots": [[2, 2], [8, 7]],
                "count": 3,
                "iscrowd": 0,
            }
        ],
    }


def test_one_entry_a_picture_gives_all_its_objects_where_they_are(tmp_path) -> None:
    container = opened(tmp_path, odd_file())
    polygons, points = container.read(0)
    assert len(polygons.outlines) == 2
    assert polygons.outlines[0][0][0].tolist() == [[1, 1], [1, 3], [3, 3], [3, 1]]
    assert points.yx.tolist() == [[2, 2], [7, 8]]
    assert polygons.class_ids is None
    (problem,) = container.problems
    assert "segmentation[1]: 2 points enclose nothing" in problem.message


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"segmentation": [[1, 1, 4, 1]]}, "2 points enclose nothing"),
        ({"segmentation": [[1, 1, 4, 1, 3]]}, "no pairs"),
        ({"segmentation": [[1, 1, 4, 1, "x", 2]]}, "no numbers"),
        ({"segmentation": [[1, 1, 4, 1, 1e300, 2]]}, "not finite or far outside"),
        ({"segmentation": "runs"}, "neither polygons nor run lengths"),
        ({"segmentation": {"counts": [0, 500], "size": [10, 12]}}, "leave the picture"),
        ({"segmentation": {"counts": [0, 5]}}, "do not say for what size"),
        ({"segmentation": {"counts": [0, 5], "size": [5, 5]}}, "picture of 5 x 5"),
        ({"segmentation": {"counts": [0, 5], "size": [0, 1e12]}}, "for what size"),
        ({"bbox": [1, 2, 3]}, "not four numbers"),
        ({"bbox": [1, 2, -3, 4]}, "negative size"),
        ({"bbox": [1, 2, None, 4]}, "a number of its box is NoneType"),
        ({"bbox": [1, 2, True, 4]}, "a number of its box is True"),
        ({}, "neither segmentation nor box nor keypoints"),
        ({"keypoints": [1, 2]}, "no triples"),
        ({"bbox": [0, 0, 1, 1], "category_id": 99}, "99' is not among"),
        ({"bbox": [0, 0, 1, 1], "category_id": [1]}, "is not among"),
        ({"bbox": [0, 0, 1, 1], "image_id": 8}, "there is no picture '8'"),
    ],
)
def test_a_broken_object_is_told_and_the_rest_stays(row, why, tmp_path) -> None:
    container = opened(tmp_path, file_of(row, {"bbox": [0, 0, 2, 2]}))
    found = container.read(0)
    assert [len(a.yxyx) for a in found if isinstance(a, Boxes)] == [1]
    (problem,) = container.problems
    assert why in problem.message
    assert "annotations[0]" in problem.message
    assert "a.json" in problem.message


def test_attributes_are_properties_whatever_they_are_called(tmp_path) -> None:
    told = {"angle": 30.0, "class_id": 5, "outline": "sharp", "hidden": False}
    row = {"bbox": [0, 0, 2, 2], "attributes": told}
    (boxes,) = opened(tmp_path, file_of(row)).read(0)
    assert boxes.angles is None
    assert {key: boxes.properties[key][0] for key in told} == told


def test_crowds_are_told_where_there_are_some(tmp_path) -> None:
    rows = [{"bbox": [0, 0, 2, 2], "iscrowd": flag} for flag in (0, 1)]
    (some,) = opened(tmp_path, file_of(*rows)).read(0)
    (none,) = opened(tmp_path, file_of(rows[0])).read(0)
    assert some.properties["crowd"] == [False, True]
    assert "crowd" not in none.properties


def test_numbers_that_json_does_not_know_are_told(tmp_path) -> None:
    text = json.dumps(file_of({"segmentation": [SQUARE]})).replace("[1, 1,", "[NaN, 1,")
    container = opened(tmp_path, text)
    assert container.read(0) == ()
    assert "not finite" in container.problems[0].message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no whole JSON"),
        ('{"images": [', "no whole JSON"),
        ("<html>gone</html>", "no whole JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("3", "no list of annotations"),
        ('{"images": []}', "no list of annotations"),
        ('{"images": {}, "annotations": []}', "no list of images"),
    ],
)
def test_a_damaged_file_is_refused_as_a_whole(content, why, tmp_path) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        opened(tmp_path, content)


def test_broken_tables_are_told(tmp_path) -> None:
    content = file_of({"bbox": [0, 0, 1, 1]})
    content["images"] += [3, {"file_name": "x"}, {"id": 7}, {"id": [1]}]
    content["categories"] += [{"name": "x"}, "y", {"id": 1.5}]
    content["annotations"] += [None, 5]
    container = opened(tmp_path, content)
    assert len(container.read(0)[0].yxyx) == 1
    said = " ".join(problem.message for problem in container.problems)
    for place in ("images[1]", "images[2]", "images[3]", "images[4]"):
        assert place in said
    for place in ("categories[1]", "categories[2]", "categories[3]", "annotations[1]"):
        assert place in said


def test_problems_end_somewhere(tmp_path) -> None:
    rows = [{"bbox": [at]} for at in range(500)]
    container = opened(tmp_path, file_of(*rows))
    container.read(0)
    assert len(container.problems) == 201
    assert "more problems" in container.problems[-1].message


def test_masks_beyond_all_memory_are_left_out(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(gather, "MASKS_BYTES", 10)
    runs = {"counts": [0, 8, 112], "size": [10, 12]}
    rows = [{"segmentation": runs}, {"segmentation": runs}]
    container = opened(tmp_path, file_of(*rows))
    assert len(container.read(0)[0].masks) == 1
    assert "too much memory" in container.problems[0].message


def test_pycocotools_sees_the_same_masks(tmp_path) -> None:
    from pycocotools.coco import COCO

    marked = Marked(
        "a.png", SIZE, (small.mask_stack(), small.polygons(), small.boxes())
    )
    (file,) = FORMS["coco"].write(
        [marked], tmp_path, classes=CLASSES, with_images=False
    )
    theirs = COCO(str(file))
    polygons, stack, boxes = FORMS["coco"].open(open_tree(tmp_path), file.name).read(0)
    rows = theirs.loadAnns(theirs.getAnnIds(imgIds=[1]))
    for row, mask, corner in zip(rows, stack.masks, stack.corners, strict=False):
        full = np.zeros(SIZE, bool)
        rows_, columns = (
            slice(c, c + n) for c, n in zip(corner, mask.shape, strict=True)
        )
        full[rows_, columns] = mask
        np.testing.assert_array_equal(theirs.annToMask(row).astype(bool), full)
        assert row["area"] == mask.sum()
    edges = [row["bbox"] for row in rows[5:]]
    expected = boxes.yxyx[:, [1, 0, 3, 2]] + 0.5
    expected[:, 2:] -= expected[:, :2]
    np.testing.assert_allclose(edges, expected)
    inner = mask_of_outline(polygons.outlines[0], SIZE)
    theirs_inner = theirs.annToMask(rows[3]).astype(bool)
    # pycocotools rounds slanted edges its own way: at most the rim differs
    assert (inner ^ theirs_inner).sum() <= 12


def test_traced_polygons_are_the_same_mask_to_pycocotools(tmp_path) -> None:
    from pycocotools import mask as oracle

    from napari_cellsets.formats.containers.outlines import polygons_of_mask

    rng = np.random.default_rng(3)
    for _ in range(20):
        mask = np.pad(rng.random((5, 6)) > 0.4, 1)
        flat = [
            (part[0][:, ::-1] + 0.5).ravel().tolist()
            for part in polygons_of_mask(mask)
            if len(part) == 1
        ]
        if flat and all(len(part) == 1 for part in polygons_of_mask(mask)):
            theirs = oracle.decode(oracle.merge(oracle.frPyObjects(flat, *mask.shape)))
            np.testing.assert_array_equal(theirs.astype(bool), mask)


def test_properties_travel_in_attributes(tmp_path) -> None:
    boxes = small.boxes()
    more = {"id": [9, 4, 9], "score": [0.5, 1.0, 0.25], "label": [3, 2, 1]}
    (found,) = small.back(
        "coco",
        tmp_path,
        Boxes(boxes.yxyx, "", CLASSES, boxes.class_ids, properties=more),
    )
    assert found.properties["id"] == [9, 4, 1]
    assert found.properties["score"] == [0.5, 1.0, 0.25]
    assert found.properties["label"] == [3, 2, 1]


def test_an_unnamed_class_is_written_as_object(tmp_path) -> None:
    (found,) = small.back("coco", tmp_path, Points(np.array([[1.0, 2.0]])))
    assert [found.class_names[key] for key in found.class_ids.tolist()] == ["object"]


def test_the_ccagt_file_opens_with_all_its_objects(real_samples) -> None:
    tree = open_tree(real_samples / "ccagt" / "wg4bpm33hj-2")
    form = find_form(tree, "CCAgT_COCO_OD.json")
    assert form is FORMS["coco"]
    container = form.open(tree, "CCAgT_COCO_OD.json")
    found = [container.read(at) for at in range(len(container.items))]
    assert sum(len(a.outlines) for some in found for a in some) == 231
    assert container.items[0].name == "C_13509_-270720_116640"
    assert container.classes[1] == "Nucleus"
    assert list(container.problems) == []


def test_real_files_agree_with_pycocotools(real_samples) -> None:
    from pycocotools.coco import COCO

    base = real_samples / "annotation_containers" / "datumaro_assets" / "tests"
    folder = base / "assets" / "coco_dataset" / "coco_instances" / "annotations"
    theirs = COCO(str(folder / "instances_val.json"))
    container = FORMS["coco"].open(open_tree(folder), "instances_val.json")
    polygons, stack = container.read(0)
    first, second = theirs.loadAnns([1, 2])
    mask = mask_of_outline(polygons.outlines[0], (10, 5))
    np.testing.assert_array_equal(theirs.annToMask(first).astype(bool), mask)
    assert theirs.annToMask(second).sum() == stack.masks[0].sum() == 20
    assert stack.properties["crowd"] == [True]
    assert polygons.properties["y"] == ["hello"]


def test_the_real_results_give_all_their_boxes(real_samples) -> None:
    folder = real_samples / "annotation_containers" / "cocoapi" / "results"
    name = "instances_val2014_fakebbox100_results.json"
    tree = open_tree(folder)
    assert find_form(tree, name) is FORMS["coco"]
    container = FORMS["coco"].open(tree, name)
    found = [container.read(at) for at in range(len(container.items))]
    assert sum(len(a.yxyx) for some in found for a in some) == 734
