from __future__ import annotations

import shutil
import threading
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.catalogue import dataset_info, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import (
    CancelledError,
    CellsetsError,
    ExportError,
    UnreadableFileError,
)
from tiny_sets import plain_rows, write_tiny_set

if TYPE_CHECKING:
    from pathlib import Path

RECIPES = {recipe.key: recipe for recipe in plain_rows()}


def made(tmp_path: Path, key: str = "image_and_mask_folders") -> Path:
    write_tiny_set(RECIPES[key], tmp_path / "set", optional=False)
    return tmp_path / "set"


def test_mask_of_another_size_is_a_problem_and_the_picture_opens(
    tmp_path: Path,
) -> None:
    root = made(tmp_path)
    Image.new("L", (5, 5), 255).save(root / "masks" / "b2.png")
    dataset = open_dataset(root)
    first, second = dataset.samples
    with pytest.raises(UnreadableFileError, match=r"5 x 5 pixels, but its picture"):
        dataset.read_truth(first)
    assert dataset.read_picture(first).plane_shape == (24, 32)
    assert dataset.read_truth(second) is not None
    assert [problem.name for problem in dataset.problems] == [first.name]


def test_mask_with_other_planes_than_its_stack_is_a_problem(tmp_path: Path) -> None:
    for kind, planes in (("images", 6), ("masks", 5)):
        (tmp_path / "set" / kind).mkdir(parents=True)
        stack = np.ones((planes, 12, 16), np.uint8)
        tifffile.imwrite(tmp_path / "set" / kind / "a.tif", stack)
    dataset = open_dataset(tmp_path / "set")
    with pytest.raises(UnreadableFileError, match=r"16 x 12 x 5 .* is 16 x 12 x 6"):
        dataset.read_truth(dataset.samples[0])


def test_mask_of_one_plane_fits_a_stack(tmp_path: Path) -> None:
    for kind, shape in (("images", (6, 12, 16)), ("masks", (12, 16))):
        (tmp_path / "set" / kind).mkdir(parents=True)
        stack = np.ones(shape, np.uint8)
        tifffile.imwrite(tmp_path / "set" / kind / "a.tif", stack)
    dataset = open_dataset(tmp_path / "set")
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    assert truth.labels.shape == (12, 16)


def test_broken_picture_is_a_problem_once(tmp_path: Path) -> None:
    root = made(tmp_path)
    (root / "images" / "b2.png").write_bytes(b"cut")
    dataset = open_dataset(root)
    assert dataset.problems == []
    for read in (dataset.read_picture, dataset.thumbnail, dataset.read_picture):
        with pytest.raises(UnreadableFileError, match=r"b2\.png"):
            read(dataset.samples[0])
    assert len(dataset.problems) == 1
    assert dataset.read_truth(dataset.samples[0]) is not None


def test_picture_without_mask_in_a_published_set_is_a_problem(tmp_path: Path) -> None:
    root = made(tmp_path, "fluorescent_neuronal_cells_v1")
    (root / "all_masks" / "masks" / "b2.png").unlink()
    dataset = open_dataset(root)
    assert [problem.name for problem in dataset.problems] == ["b2"]
    assert "has no mask" in dataset.problems[0].message


def test_mask_without_picture_is_a_problem(tmp_path: Path) -> None:
    root = made(tmp_path)
    shutil.copy(root / "masks" / "b2.png", root / "masks" / "c.png")
    dataset = open_dataset(root)
    assert "there is no picture for this truth" in dataset.problems[0].message
    assert len(dataset.samples) == 2


def test_masks_of_a_missing_picture_are_one_problem(tmp_path: Path) -> None:
    root = made(tmp_path, "dsb2018")
    (root / "b2" / "images" / "b2.png").unlink()
    (problem,) = open_dataset(root).problems
    assert problem.name == "b2/masks"


def test_many_threads_gather_problems_together(tmp_path: Path) -> None:
    root = made(tmp_path)
    for file in (root / "images").iterdir():
        file.write_bytes(b"cut")
    dataset = open_dataset(root)

    def read_all() -> None:
        for sample in list(dataset.samples) * 20:
            with pytest.raises(CellsetsError):
                dataset.read_picture(sample)

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dataset.problems) == 2


@pytest.mark.parametrize("key", RECIPES)
def test_identity_stays_when_the_set_is_moved_wrapped_or_packed(
    key: str, tmp_path: Path
) -> None:
    root = made(tmp_path, key)
    identity = open_dataset(root).identity
    moved = tmp_path / "elsewhere" / "set"
    shutil.copytree(root, moved)
    assert open_dataset(moved).identity == identity
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for file in (f for f in root.rglob("*") if f.is_file()):
            archive.write(file, file.relative_to(root).as_posix())
    assert open_dataset(tmp_path / "set.zip").identity == identity
    if "**" not in RECIPES[key].images.split("/")[0]:
        assert open_dataset(tmp_path / "elsewhere").identity == identity


def test_identity_stays_when_pictures_are_added(tmp_path: Path) -> None:
    root = made(tmp_path)
    identity = open_dataset(root).identity
    for kind in ("images", "masks"):
        shutil.copy(root / kind / "b2.png", root / kind / "b3.png")
    assert open_dataset(root).identity == identity


def test_sets_of_one_name_and_other_pictures_are_not_the_same(tmp_path: Path) -> None:
    root = made(tmp_path)
    identity = open_dataset(root).identity
    Image.new("L", (32, 24), 3).save(root / "images" / "b2.png")
    assert open_dataset(root).identity != identity


def test_identity_of_a_set_whose_first_picture_is_gone_is_a_text(
    tmp_path: Path,
) -> None:
    root = made(tmp_path)
    dataset = open_dataset(root)
    (root / "images" / "b2.png").unlink()
    assert dataset.identity.startswith("image_and_mask_folders:set:")


def test_sample_is_found_by_path_by_file_and_by_name(tmp_path: Path) -> None:
    root = made(tmp_path)
    dataset = open_dataset(root)
    second = dataset.samples[1]
    for way in (second.name, second.image, second.annotations[0], root / second.image):
        assert dataset.find(way) == 1
    assert dataset.find(tmp_path / "other.png") is None
    assert dataset.find("other") is None


def test_scale_of_the_row_is_that_of_its_pictures(tmp_path: Path) -> None:
    rows = tmp_path / "data-home" / "rows"
    rows.mkdir(parents=True)
    (rows / "mine.toml").write_text(
        'key = "mine"\ntitle = "Mine"\nimages = "fields/{stem}.png"\n'
        "pixel_size_um = 0.5\n"
    )
    (tmp_path / "set" / "fields").mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "set" / "fields" / "a.png")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.read_picture(dataset.samples[0]).pixel_size_um == 0.5


def test_truth_names_its_file_and_its_class(tmp_path: Path) -> None:
    dataset = open_dataset(made(tmp_path, "fluorescent_neuronal_cells_v1"))
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    assert truth.source == dataset.samples[0].annotations[0]
    assert truth.class_names == {1: "stained neuron"}
    assert truth.labels.dtype == np.int32


def test_export_into_the_set_itself_is_refused(tmp_path: Path) -> None:
    root = made(tmp_path)
    dataset = open_dataset(root / "images")
    before = {file: file.read_bytes() for file in root.rglob("*.png")}
    with pytest.raises(ExportError, match="the data set itself, which is never"):
        dataset.write_labels(dataset.samples[0], np.ones((24, 32), np.int32), root)
    assert {file: file.read_bytes() for file in root.rglob("*.png")} == before


def test_export_of_a_plain_picture_is_a_label_image(tmp_path: Path) -> None:
    dataset = open_dataset(made(tmp_path, "plain_images"))
    labels = np.full((24, 32), 300, np.int32)
    (file,) = dataset.write_labels(dataset.samples[0], labels, tmp_path / "out")
    assert file == tmp_path / "out" / "b2_labels.png"
    with Image.open(file) as image:
        np.testing.assert_array_equal(np.asarray(image), labels)


@pytest.mark.parametrize(("depth", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_export_keeps_the_depth_of_the_mask_that_is_there(
    depth: int, kind: type, tmp_path: Path
) -> None:
    root = made(tmp_path, "fluorescent_neuronal_cells_v1")
    mask = root / "all_masks" / "masks" / "b2.png"
    full = np.iinfo(kind).max
    pixels = np.zeros((24, 32), kind)
    pixels[3:6, 3:6] = full
    Image.fromarray(pixels).save(mask)
    dataset = open_dataset(root)
    place = dataset.find("b2")
    assert place is not None
    sample = dataset.samples[place]
    (file,) = dataset.write_labels(sample, np.int32(pixels > 0), tmp_path / "out")
    with Image.open(file) as image:
        assert np.asarray(image).dtype == kind
        assert np.asarray(image).max() == full


def test_export_over_a_broken_mask_follows_the_row(tmp_path: Path) -> None:
    root = made(tmp_path, "fluorescent_neuronal_cells_v1")
    (root / "all_masks" / "masks" / "b2.png").write_bytes(b"cut")
    dataset = open_dataset(root)
    place = dataset.find("b2")
    assert place is not None
    labels = np.pad(np.ones((4, 4), np.int32), 10)
    (file,) = dataset.write_labels(dataset.samples[place], labels, tmp_path / "out")
    with Image.open(file) as image:
        assert image.mode == "I;16"


def test_export_from_an_archive_lies_in_folders(tmp_path: Path) -> None:
    root = made(tmp_path)
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for file in (f for f in root.rglob("*") if f.is_file()):
            archive.write(file, file.relative_to(root).as_posix())
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as outer:
        outer.write(tmp_path / "in.zip", "in.zip")
    dataset = open_dataset(tmp_path / "a.zip")
    labels = np.pad(np.ones((4, 4), np.int32), ((10, 10), (14, 14)))
    (file,) = dataset.write_labels(dataset.samples[0], labels, tmp_path / "out")
    assert file == tmp_path / "out" / "in" / "masks" / "b2.png"


def test_completeness_says_when_all_is_there_or_more(tmp_path: Path) -> None:
    root = made(tmp_path, "simulated_neurons")
    folder = root / "simulated_neurons" / "images"
    source = next(folder.iterdir())
    texts = []
    for number in range(5):
        shutil.copy(source, folder / f"extra{number}.png")
        texts.append(open_dataset(root).completeness.text)
    assert texts[1:3] == [
        "4 of 4 images, complete",
        "5 of 4 images, more than published",
    ]


def test_set_without_published_counts_is_complete(tmp_path: Path) -> None:
    completeness = open_dataset(made(tmp_path)).completeness
    assert completeness.text == "2 images"
    assert completeness.complete


def test_info_counts_objects_and_names_problems(tmp_path: Path) -> None:
    root = made(tmp_path)
    (root / "masks" / "b2.png").write_bytes(b"cut")
    heard: list[tuple[float, str]] = []
    info = dataset_info(
        open_dataset(root), progress=lambda done, text: heard.append((done, text))
    )
    assert info["classes"] == {"object": 3}
    assert (info["samples"], info["annotated"], info["complete"]) == (2, 2, True)
    assert len(info["problems"]) == 1
    assert heard == [(0.0, "b2"), (0.5, "b10"), (1.0, "")]


def test_info_of_plain_pictures_has_no_classes(tmp_path: Path) -> None:
    assert dataset_info(open_dataset(made(tmp_path, "plain_images")))["classes"] == {}


def test_info_stops_when_asked_to(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        dataset_info(open_dataset(made(tmp_path)), token)


@pytest.mark.parametrize(
    "content",
    [b"<html>not found</html>", b"", None],
    ids=["web page", "empty", "cut off"],
)
def test_info_names_pictures_that_cannot_be_read(
    content: bytes | None, tmp_path: Path
) -> None:
    file = made(tmp_path) / "images" / "b2.png"
    file.write_bytes(file.read_bytes()[:-30] if content is None else content)
    (message,) = dataset_info(open_dataset(tmp_path / "set"))["problems"]
    assert message.startswith(str(file))


def test_two_sets_named_as_cellpose_does_are_not_taken_for_one(tmp_path: Path) -> None:
    one = open_dataset(made(tmp_path / "one", "cellpose"))
    other = made(tmp_path / "other", "cellpose").rename(tmp_path / "other" / "mine")
    assert one.identity != open_dataset(other).identity
