from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import jpeg_bmp
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.thumbnails import read_thumbnail

if TYPE_CHECKING:
    from pathlib import Path

RAMP = np.linspace(0, 255, 600 * 800).reshape(600, 800)


def thumbnail(file: Path, size: int = 100) -> np.ndarray:
    return read_thumbnail(open_tree(file.parent), file.name, size)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp"])
def test_longer_edge_has_the_size_asked_for(name: str, tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.uint8)).convert("RGB").save(tmp_path / name)
    small = thumbnail(tmp_path / name)
    assert small.shape == (75, 100, 3)
    assert small.dtype == np.uint8
    np.testing.assert_allclose(small[:, 50, 0], RAMP[4::8, 400], atol=6)


@pytest.mark.parametrize(
    "pixels",
    [
        (RAMP * 4).astype(np.uint16),
        (RAMP / 1000).astype(np.float32),
        (RAMP / 10).astype(np.uint8),
        np.where(RAMP > 250, np.nan, RAMP).astype(np.float32),
    ],
)
def test_dim_and_deep_pictures_are_stretched(
    pixels: np.ndarray, tmp_path: Path
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    small = thumbnail(tmp_path / "a.tif")
    assert small.max() > 240
    assert small.min() < 10


def test_bright_picture_stays_as_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (50, 40), (10, 130, 200)).save(tmp_path / "a.png")
    small = thumbnail(tmp_path / "a.png")
    assert small.shape == (40, 50, 3)
    assert tuple(small[0, 0]) == (10, 130, 200)


def test_stack_shows_its_middle(tmp_path: Path) -> None:
    stack = np.zeros((5, 60, 80), np.uint8)
    stack[2] = 200
    tifffile.imwrite(tmp_path / "a.tif", stack)
    assert (thumbnail(tmp_path / "a.tif") == 200).all()


@pytest.mark.parametrize("channels", [2, 5])
def test_any_number_of_channels_is_shown(channels: int, tmp_path: Path) -> None:
    pixels = np.full((channels, 60, 80), 200, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, ome=True, metadata={"axes": "CYX"})
    assert thumbnail(tmp_path / "a.tif", 40).shape == (30, 40, 3)


def test_picture_of_nothing_is_black(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((9, 9), np.nan, np.float32))
    assert not thumbnail(tmp_path / "a.tif").any()


def test_cut_jpeg_is_told(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableFileError, match="damaged or cut off"):
        thumbnail(tmp_path / "a.jpg")


def coded(mode: str, size: tuple[int, int] = (360, 363), **options: object) -> bytes:
    image = Image.fromarray(RAMP.astype(np.uint8)).convert(mode).resize(size)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("RGB", {"progressive": True}),
        ("RGB", {"exif": TURNED}),
        ("L", {}),
        ("CMYK", {}),
    ],
)
def test_jpeg_is_the_same_by_both_decoders(
    mode: str, options: dict[str, object]
) -> None:
    content = coded(mode, **options)
    fast = jpeg_bmp.decode_small(content, 144, "a.jpg")
    # what follows the end of the picture leaves it to Pillow
    slow = jpeg_bmp.decode_small(content + b"more", 144, "a.jpg")
    assert fast.shape == (182, 180, 3)
    np.testing.assert_allclose(fast, slow, atol=2)


@pytest.mark.parametrize("ending", [b"", b"more"])
def test_long_picture_is_reduced_by_its_longer_edge(ending: bytes) -> None:
    content = coded("RGB", (640, 200)) + ending
    assert jpeg_bmp.decode_small(content, 144, "a.jpg").shape == (50, 160, 3)


def test_jpeg_that_declares_more_than_its_bytes_hold_is_refused() -> None:
    content = bytearray(coded("RGB"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = b"\xff\xdc\xff\xdc"
    with pytest.raises(UnreadableFileError, match="declares"):
        jpeg_bmp.decode_small(bytes(content), 144, "a.jpg")


def test_jpeg_whose_header_is_no_header_is_told() -> None:
    content = bytearray(coded("RGB"))
    content[2:4] = b"\0\0"
    with pytest.raises(UnreadableFileError, match="damaged or cut off"):
        jpeg_bmp.decode_small(bytes(content), 144, "a.jpg")
