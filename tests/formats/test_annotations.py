from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.annotations import (
    AnnotationForm,
    components,
    is_mask,
    read_labels,
    write_labels,
)
from napari_cellsets.formats.files import open_tree
from tiny_sets import canonical, three_objects

MASK = AnnotationForm("components")
INSTANCES = AnnotationForm("instances", background=65535)
EITHER = AnnotationForm("either")
OBJECTS = AnnotationForm("object-files")
LABELS = three_objects(3)


def read(form: AnnotationForm, folder: Path, *names: str, **more: object) -> np.ndarray:
    return read_labels(form, open_tree(folder), names, **more)


@pytest.mark.parametrize(
    "plane",
    [
        np.where(LABELS > 0, 255, 0).astype(np.uint8),
        np.where(LABELS > 0, 65535, 0).astype(np.uint16),
        np.where(LABELS > 0, 1, 0).astype(np.uint8),
    ],
)
def test_mask_of_any_depth_becomes_instances(plane: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(plane).save(tmp_path / "a.png")
    np.testing.assert_array_equal(
        canonical(read(MASK, tmp_path, "a.png")), canonical(LABELS)
    )


def test_soft_edges_belong_to_the_object(tmp_path: Path) -> None:
    plane = np.zeros((10, 10), np.uint8)
    plane[2:8, 2:8], plane[3:7, 3:7] = 40, 255
    Image.fromarray(plane).save(tmp_path / "a.png")
    assert (read(MASK, tmp_path, "a.png") == 1).sum() == 36


def test_mask_of_which_most_is_soft_edge_is_no_label_image() -> None:
    y, x = np.mgrid[:40, :40]
    distance = np.hypot(y - 20, x - 20)
    plane = np.clip(300 - 17 * distance, 0, 255).astype(np.uint8)
    assert np.count_nonzero(plane == 255) * 2 < np.count_nonzero(plane)
    assert is_mask(plane)


def test_label_255_among_others_makes_no_mask() -> None:
    plane = np.zeros((16, 32), np.uint8)
    plane[2:6, 2:6], plane[2:6, 6:10], plane[2:6, 10:14] = 1, 2, 255
    assert not is_mask(plane)


def test_labels_on_a_background_of_65535_are_no_mask(tmp_path: Path) -> None:
    plane = np.full((16, 32), 65535, np.uint16)
    plane[2:6, 2:6], plane[8:12, 2:6] = 1, 2
    Image.fromarray(plane).save(tmp_path / "a.png")
    form = AnnotationForm("either", background=65535)
    assert np.unique(read(form, tmp_path, "a.png")).tolist() == [0, 1, 2]


@pytest.mark.parametrize("form", [MASK, EITHER])
def test_faint_values_that_jpeg_scatters_are_no_objects(
    form: AnnotationForm, tmp_path: Path
) -> None:
    plane = np.where(np.kron(LABELS, np.ones((3, 3), int)) > 0, 255, 0).astype(np.uint8)
    Image.fromarray(plane).save(tmp_path / "a.jpg", quality=60)
    assert read(form, tmp_path, "a.jpg").max() == 3


def test_pixels_over_a_corner_are_one_object() -> None:
    assert components(np.eye(4, dtype=np.uint8)).max() == 1


def test_coloured_mask_counts_where_any_channel_does() -> None:
    plane = np.zeros((6, 6, 3), np.uint8)
    plane[0, 0, 0] = plane[4, 4, 2] = 9
    assert components(plane).max() == 2


def test_objects_of_a_stack_go_through_its_planes() -> None:
    stack = np.zeros((3, 6, 6), np.uint8)
    stack[:, 1, 1] = stack[0, 4, 4] = 1
    assert components(stack).max() == 2


def test_second_background_becomes_0(tmp_path: Path) -> None:
    plane = np.where(LABELS == 0, 65535, LABELS).astype(np.uint16)
    Image.fromarray(plane).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(INSTANCES, tmp_path, "a.png"), LABELS)


def test_last_of_65535_objects_is_no_background(tmp_path: Path) -> None:
    plane = np.zeros((300, 300), np.uint16)
    plane.ravel()[:65535] = np.arange(1, 65536)
    Image.fromarray(plane).save(tmp_path / "a.png")
    assert np.unique(read(INSTANCES, tmp_path, "a.png")).size == 65536


def test_numbers_of_instances_are_kept(tmp_path: Path) -> None:
    write_labels(INSTANCES, LABELS * 1000, tmp_path / "a.png")
    np.testing.assert_array_equal(read(INSTANCES, tmp_path, "a.png"), LABELS * 1000)


@pytest.mark.parametrize(
    ("plane", "mask"),
    [
        (np.array([[0, 255], [255, 0]], np.uint8), True),
        (np.array([[0, 7], [7, 0]], np.uint8), True),
        (np.array([[0, 40], [255, 255]], np.uint8), True),
        (np.array([[40, 40], [30, 30], [255, 0]], np.uint8), False),
        (np.array([[0, 1], [2, 0]], np.uint16), False),
        (np.array([[False, True]]), True),
        (np.zeros((2, 2), np.uint8), True),
    ],
)
def test_mask_is_told_from_labels(plane: np.ndarray, mask: bool) -> None:
    assert is_mask(plane) is mask


def test_either_reads_masks_and_labels(tmp_path: Path) -> None:
    write_labels(MASK, LABELS, tmp_path / "mask.png")
    write_labels(INSTANCES, LABELS, tmp_path / "labels.png")
    for name in ("mask.png", "labels.png"):
        found = read(EITHER, tmp_path, name)
        np.testing.assert_array_equal(canonical(found), canonical(LABELS))


@pytest.mark.parametrize(("depth", "full"), [(8, 255), (16, 65535)])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_mask_is_written_in_its_own_depth(
    name: str, depth: int, full: int, tmp_path: Path
) -> None:
    form = AnnotationForm("components", depth=depth)
    (file,) = write_labels(form, LABELS, tmp_path / name)
    if name == "a.png":
        pixels = np.asarray(Image.open(file))
        assert pixels.dtype == (np.uint8 if depth == 8 else np.uint16)
    else:
        pixels = tifffile.imread(file)
        assert pixels.dtype == (np.uint8 if depth == 8 else np.uint16)
    np.testing.assert_array_equal(pixels, np.where(LABELS > 0, full, 0))


def test_touching_objects_are_counted_again_as_many(tmp_path: Path) -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[2:10, 2:10], labels[10:18, 2:10], labels[10:18, 10:18] = 1, 2, 3
    write_labels(MASK, labels, tmp_path / "a.png")
    assert read(MASK, tmp_path, "a.png").max() == 3


def test_stack_in_a_mask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="a mask holds one plane"):
        write_labels(MASK, LABELS[None], tmp_path / "a.png")


def test_objects_are_written_a_file_each(tmp_path: Path) -> None:
    files = write_labels(OBJECTS, LABELS, tmp_path / "id" / "masks")
    assert len(files) == 3
    for file in files:
        pixels = np.asarray(Image.open(file))
        assert set(np.unique(pixels)) == {0, 255}
        assert len(file.stem) == 64
    names = [f"masks/{file.name}" for file in files]
    found = read(OBJECTS, tmp_path / "id", *names)
    np.testing.assert_array_equal(canonical(found), canonical(LABELS))


def test_objects_are_numbered_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, label in (("b.png", 1), ("a.png", 2)):
        Image.fromarray(np.uint8(LABELS == label) * 255).save(tmp_path / name)
    found = read(OBJECTS, tmp_path, "b.png", "a.png")
    assert (found[LABELS == 2] == 1).all()
    assert (found[LABELS == 1] == 2).all()


def test_objects_of_an_earlier_export_do_not_stay(tmp_path: Path) -> None:
    write_labels(OBJECTS, LABELS, tmp_path / "masks")
    write_labels(OBJECTS, np.roll(LABELS, 2), tmp_path / "masks")
    assert len(list((tmp_path / "masks").iterdir())) == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "masks"]


def test_export_of_objects_into_nothing_writable_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ExportError, match="could not be written"):
        write_labels(OBJECTS, LABELS, tmp_path / "file" / "masks")


def test_failed_export_of_objects_keeps_the_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write_labels(OBJECTS, LABELS, tmp_path / "masks")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(ExportError, match="No space left"):
        write_labels(OBJECTS, LABELS * 0 + 1, tmp_path / "masks")
    monkeypatch.undo()
    assert sorted((tmp_path / "masks").iterdir()) == sorted(before)
    assert list(tmp_path.iterdir()) == [tmp_path / "masks"]


def test_mask_of_another_size_is_told(tmp_path: Path) -> None:
    for form in (MASK, INSTANCES):
        (file,) = write_labels(form, LABELS, tmp_path / "a.png")
        with pytest.raises(
            UnreadableFileError,
            match=r"mask is 32 x 24 pixels, but its picture is 10 x 20",
        ):
            read(form, tmp_path, file.name, shape=(20, 10))


def test_object_of_another_size_is_told(tmp_path: Path) -> None:
    files = write_labels(OBJECTS, LABELS, tmp_path / "masks")
    Image.new("L", (5, 5), 255).save(files[0])
    with pytest.raises(UnreadableFileError, match="mask is 5 x 5 pixels"):
        read(OBJECTS, tmp_path / "masks", *[f.name for f in files], shape=(24, 32))


def test_sample_without_object_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no file of an object"):
        read(OBJECTS, tmp_path)


def test_overlapping_objects_leave_the_pixel_to_the_first(tmp_path: Path) -> None:
    both = np.zeros((4, 6), np.uint8)
    both[:, :4] = 255
    Image.fromarray(both).save(tmp_path / "a.png")
    Image.fromarray(both[:, ::-1].copy()).save(tmp_path / "b.png")
    found = read(OBJECTS, tmp_path, "a.png", "b.png")
    assert [(found == n).sum() for n in (1, 2)] == [16, 8]
