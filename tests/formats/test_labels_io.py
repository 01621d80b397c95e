from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats import labels_io
from napari_cellsets.formats.labels_io import (
    read_label_image,
    write_grey_png,
    write_label_png,
    write_label_tiff,
)

if TYPE_CHECKING:
    from pathlib import Path

LABELS = np.arange(600, dtype=np.int32).reshape(20, 30) * 100


def test_png_is_16_bit_for_other_readers(tmp_path: Path) -> None:
    file = write_label_png(tmp_path / "new" / "a.png", LABELS)
    with Image.open(file) as image:
        assert image.mode == "I;16"
        np.testing.assert_array_equal(np.asarray(image), LABELS)


@pytest.mark.parametrize(("largest", "kind"), [(65_535, "uint16"), (65_536, "uint32")])
def test_tiff_is_as_deep_as_needed_for_other_readers(
    largest: int, kind: str, tmp_path: Path
) -> None:
    labels = LABELS.copy()
    labels[0, 0] = largest
    pixels = tifffile.imread(write_label_tiff(tmp_path / "a.tif", labels))
    assert pixels.dtype == kind
    np.testing.assert_array_equal(pixels, labels)


def test_stack_goes_into_one_tiff(tmp_path: Path) -> None:
    stack = LABELS.reshape(3, 10, 20)
    file = write_label_tiff(tmp_path / "a.tif", stack)
    np.testing.assert_array_equal(read_label_image(file), stack)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_what_is_written_is_read_back_as_int32(name: str, tmp_path: Path) -> None:
    write = write_label_png if name == "a.png" else write_label_tiff
    labels = read_label_image(write(tmp_path / name, LABELS))
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, LABELS)


def test_too_many_objects_for_png_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"label 70,000 does not fit.*TIFF"):
        write_label_png(tmp_path / "a.png", LABELS + 70_000 - LABELS.max())
    assert list(tmp_path.iterdir()) == []


def test_stack_in_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"a PNG holds one plane"):
        write_label_png(tmp_path / "a.png", LABELS.reshape(3, 10, 20))


@pytest.mark.parametrize("write", [write_label_png, write_label_tiff])
def test_negative_labels_are_refused(write: object, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="label -1 is negative"):
        write(tmp_path / "a.png", LABELS - 1)


def test_pixels_that_cannot_be_packed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be packed as PNG"):
        write_grey_png(tmp_path / "a.png", np.zeros((0, 3), np.uint8))


def test_full_disk_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="No space left"):
        write_label_png(tmp_path / "a.png", LABELS)
    assert list(tmp_path.iterdir()) == []


def test_equal_channels_are_one(tmp_path: Path) -> None:
    grey = (LABELS % 250).astype(np.uint8)
    Image.fromarray(np.stack([grey] * 3, axis=2)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_label_image(tmp_path / "a.png"), grey)


def test_coloured_picture_is_no_label_image(tmp_path: Path) -> None:
    Image.new("RGB", (5, 5), (1, 2, 3)).save(tmp_path / "a.png")
    with pytest.raises(UnreadableFileError, match="this picture is coloured"):
        read_label_image(tmp_path / "a.png")


def test_whole_numbers_stored_as_floats_are_labels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", LABELS.astype(np.float32))
    np.testing.assert_array_equal(read_label_image(tmp_path / "a.tif"), LABELS)


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_fractions_are_no_labels(value: float, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((5, 5), value, np.float32))
    with pytest.raises(UnreadableFileError, match="holds fractions"):
        read_label_image(tmp_path / "a.tif")


def test_negative_numbers_are_no_labels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", LABELS.astype(np.int32) - 5)
    with pytest.raises(UnreadableFileError, match=r"negative, but -5"):
        read_label_image(tmp_path / "a.tif")


def test_numbers_beyond_int32_are_counted_anew(tmp_path: Path) -> None:
    big = np.array([[0, 4_000_000_000], [7, 7]], np.uint32)
    tifffile.imwrite(tmp_path / "a.tif", big)
    np.testing.assert_array_equal(
        read_label_image(tmp_path / "a.tif"), [[0, 2], [1, 1]]
    )


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="may have been moved"):
        read_label_image(tmp_path / "a.png")


def test_one_file_is_a_tree_of_itself(tmp_path: Path) -> None:
    tree = labels_io._OneFile(write_label_png(tmp_path / "a.png", LABELS))
    assert list(tree.names()) == ["a.png"]
    assert tree.read("a.png") == (tmp_path / "a.png").read_bytes()
