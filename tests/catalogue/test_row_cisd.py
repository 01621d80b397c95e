"""CISD: runs over rows, planes beside the EDF, one JSON for all pictures."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from miniatures_cisd import (
    CATEGORIES,
    NAMES,
    PLANES,
    SIZES,
    document,
    masks_of,
    plane,
    runs,
    write_cisd,
)

from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.annotation import MaskStack, Polygons
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.reading import BadObject
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.words.cisd import mask_of_runs, open_cisd

MASKS = arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9))


def full(stack: MaskStack, number: int) -> np.ndarray:
    whole = np.zeros(stack.shape, bool)
    (top, left), mask = stack.corners[number], stack.masks[number]
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return whole


def opened(tmp_path: Path, content: Any) -> Any:
    (tmp_path / "CISD.json").write_text(json.dumps(content))
    return open_cisd(open_tree(tmp_path), "CISD.json")


# Runs


@given(MASKS)
def test_runs_give_the_mask_back(mask: np.ndarray) -> None:
    if not mask.any():
        return
    found, (top, left) = mask_of_runs(runs(mask), list(mask.shape))
    whole = np.zeros(mask.shape, bool)
    whole[top : top + found.shape[0], left : left + found.shape[1]] = found
    np.testing.assert_array_equal(whole, mask)
    assert found.any(axis=1)[[0, -1]].all()
    assert found.any(axis=0)[[0, -1]].all()


def test_runs_of_columns_would_be_another_mask() -> None:
    mask = np.zeros((4, 6), bool)
    mask[1, 1:4] = True
    found, corner = mask_of_runs([7, 3, 14], [4, 6])
    assert corner == (1, 1)
    assert found.shape == (1, 3)
    by_columns = np.repeat([False, True, False], [7, 3, 14]).reshape(6, 4).T
    assert not np.array_equal(by_columns, mask)


@pytest.mark.parametrize(
    ("counts", "size", "said"),
    [
        ([7, 3, 15], [4, 6], "runs cover 25 of 24 pixels"),
        ([7, 3], [4, 6], "runs cover 10 of 24 pixels"),
        ([], [4, 6], "its runs are no numbers"),
        ([24], [4, 6], "its mask is empty"),
        ([-1, 25], [4, 6], "its runs are no numbers"),
        ([2**63 - 1, 2**63 - 1, 26], [4, 6], "its runs cover"),
        (["7", "17"], [4, 6], "its runs are no numbers"),
        ([[1], [2, 3]], [4, 6], "its runs are no numbers"),
        ("PPYo0", [4, 6], "its runs are no numbers"),
        ([7, 17], [4, 0], "size of its mask is none"),
        ([7, 17], [10**6, 10**6], "size of its mask is none"),
        ([7, 17], None, "size of its mask is none"),
        ([7, 17], [6, 4], "its mask is 4 x 6 pixels, but the picture is 6 x 4"),
    ],
)
def test_broken_runs_are_refused(counts: object, size: object, said: str) -> None:
    with pytest.raises(BadObject, match=said):
        mask_of_runs(counts, size, (4, 6))


# The file


def test_all_objects_are_read_with_their_classes(tmp_path: Path) -> None:
    container = opened(tmp_path, document())
    assert [item.name for item in container.items] == list(NAMES)
    assert [item.size for item in container.items] == list(SIZES)
    assert list(container.classes.values()) == CATEGORIES
    for number in range(len(NAMES)):
        (stack,) = container.read(number)
        expected = masks_of(number)
        names = [stack.class_names[class_id] for class_id in stack.class_ids]
        assert names == [name for name, _ in expected]
        for place, (_, mask) in enumerate(expected):
            np.testing.assert_array_equal(full(stack, place), mask)
    assert container.problems == []


def test_one_broken_object_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    content = document()
    data = content["assets"][0]["annotations"][0]["data"]
    data[1]["mask"]["counts"][0] += 1
    data.append({"category_name": "UFO", "mask": {}})
    data.append({"category_name": "UROTHELIAL"})
    container = opened(tmp_path, content)
    (stack,) = container.read(0)
    assert len(stack.masks) == 2
    told = [problem.message for problem in container.problems]
    assert len(told) == 3
    assert f"{NAMES[0]}, object 2: its runs cover 2,241 of 2,240 pixels" in told[0]
    assert "object 4: its class is 'UFO'" in told[1]
    assert "object 5: there is no mask" in told[2]


def test_variant_with_outlines_is_read(tmp_path: Path) -> None:
    content = document()
    content["assets"][2]["annotations"][0]["data"] = [
        {
            "category_name": "UROTHELIAL",
            "mask": {"coord_w": [2, 9, 9], "coord_h": [3, 3, 8], "size": [30, 30]},
        },
        {"category_name": "UROTHELIAL", "mask": {"coord_w": [2], "coord_h": [3, 3]}},
        {"category_name": "UROTHELIAL", "mask": {"coord_w": 2, "coord_h": None}},
    ]
    container = opened(tmp_path, content)
    (found,) = container.read(2)
    assert isinstance(found, Polygons)
    ((ring,),) = found.outlines[0]
    np.testing.assert_array_equal(ring, [[3, 2], [3, 9], [8, 9]])
    assert "more of one coordinate" in container.problems[0].message
    assert "its outline is none" in container.problems[1].message


def test_several_people_are_told_apart(tmp_path: Path) -> None:
    content = document()
    first = content["assets"][0]["annotations"][0]
    content["assets"][0]["annotations"].append({**first, "annotator": "expert 2"})
    (stack,) = opened(tmp_path, content).read(0)
    assert stack.properties["annotator"] == ["expert 1"] * 3 + ["expert 2"] * 3


@pytest.mark.parametrize("content", [[], {"assets": 1}, {"images": []}, "x", 3])
def test_other_json_is_refused(content: Any, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="info, assets, categories"):
        opened(tmp_path, content)


@given(st.binary(max_size=20), st.integers(0, 3000))
def test_damaged_file_is_refused_or_read(damage: bytes, at: int) -> None:
    import tempfile

    text = json.dumps(document()).encode()
    broken = text[:at] + damage + text[at + len(damage) :]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "CISD.json").write_bytes(broken)
        try:
            container = open_cisd(open_tree(folder), "CISD.json")
        except UnreadableFileError:
            return
        for number in range(len(container.items)):
            container.read(number)


# The row


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(folder.rglob("*.*")):
            target.write(file, file.relative_to(folder.parent).as_posix())
    return archive


def stacks(dataset: Dataset) -> dict[str, MaskStack]:
    found = {}
    for sample in dataset.samples:
        (found[sample.name],) = dataset.read_annotations(sample)
    return found


@pytest.mark.parametrize(
    "part",
    [
        "",
        "CISD",
        "CISD/edf",
        "CISD/center_slice",
        f"CISD/edf/{NAMES[0]}",
        f"CISD/center_slice/{NAMES[0]}",
        "CISD/stack/0241_BB_01471/img_007.png",
        "CISD/CISD.json",
        "a.zip",
    ],
)
def test_set_opens_from_any_part(part: str, tmp_path: Path) -> None:
    write_cisd(tmp_path / "set")
    zipped(tmp_path / "set" / "CISD", tmp_path / "a.zip")
    place = tmp_path / part if part == "a.zip" else tmp_path / "set" / part
    dataset = open_dataset(place)
    assert dataset.recipe.key == "cisd"
    assert {sample.name: sample.split for sample in dataset.samples} == {
        "0102_AC_00003": "train",
        "0241_BB_00007": "test",
        "0241_BB_01471": "train",
    }
    found = stacks(dataset)
    for number, name in enumerate(NAMES):
        stack = found[name.removesuffix(".jpg")]
        names = [stack.class_names[class_id] for class_id in stack.class_ids]
        assert names == [label for label, _ in masks_of(number)]
        for place_of, (_, mask) in enumerate(masks_of(number)):
            np.testing.assert_array_equal(full(stack, place_of), mask)
    assert dataset.problems == []


def test_folder_of_one_stack_is_its_one_sample(tmp_path: Path) -> None:
    dataset = open_dataset(write_cisd(tmp_path) / "stack" / "0241_BB_01471")
    assert [sample.name for sample in dataset.samples] == ["0241_BB_01471"]
    assert "stack" in dataset.beside(dataset.samples[0])


def test_stack_and_plane_in_focus_lie_beside(tmp_path: Path) -> None:
    dataset = open_dataset(write_cisd(tmp_path))
    for sample in dataset.samples:
        number = NAMES.index(f"{sample.name}.jpg")
        assert dataset.beside(sample) == ("plane in focus", "stack")
        stack = dataset.read_beside(sample, "stack")
        assert stack.axes == "zyxc"
        assert stack.pixels.shape == (PLANES, *SIZES[number], 3)
        for at in range(PLANES):
            np.testing.assert_array_equal(stack.pixels[at], plane(number, at))
        focus = dataset.read_beside(sample, "plane in focus")
        assert focus.pixels.shape == (*SIZES[number], 3)


@pytest.mark.parametrize("inner", ["{}.tif", "z_{:02d}.png", "0241_plane{:d}.tiff"])
def test_planes_of_any_names_come_in_their_order(inner: str, tmp_path: Path) -> None:
    dataset = open_dataset(write_cisd(tmp_path, inner))
    stack = dataset.read_beside(dataset.samples[0], "stack")
    number = NAMES.index(f"{dataset.samples[0].name}.jpg")
    expected = np.stack([plane(number, at) for at in range(PLANES)])
    np.testing.assert_array_equal(stack.pixels, expected)


def test_slide_and_stain_are_facts(tmp_path: Path) -> None:
    dataset = open_dataset(write_cisd(tmp_path))
    facts = dataset.samples[0].facts
    assert (facts["slide"], facts["stain"]) == ("0102", "AC")
    assert dataset.split_kinds == ()
    assert dataset.splits == {"test": 1, "train": 2}
    assert dataset.completeness.text == "3 of 3,911 images"


def test_broken_object_is_told_by_the_set(tmp_path: Path) -> None:
    folder = write_cisd(tmp_path)
    content = document()
    content["assets"][0]["annotations"][0]["data"][0]["mask"]["size"] = [1, 2]
    (folder / "CISD.json").write_text(json.dumps(content))
    dataset = open_dataset(folder)
    stack = stacks(dataset)["0241_BB_01471"]
    assert len(stack.masks) == 2
    (problem,) = dataset.problems
    assert "object 1" in problem.message
    assert "CISD.json" in problem.message


def test_broken_file_leaves_the_pictures(tmp_path: Path) -> None:
    folder = write_cisd(tmp_path)
    (folder / "CISD.json").write_text("<html>404</html>")
    dataset = open_dataset(folder)
    assert dataset.recipe.key == "cisd"
    assert dataset.read_annotations(dataset.samples[0]) == ()
    assert dataset.read_picture(dataset.samples[0]).rgb
    assert any("no whole JSON file" in p.message for p in dataset.problems)
