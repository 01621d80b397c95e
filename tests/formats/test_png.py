from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.codecs import read_picture, read_plane, read_shape
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.core.image import Picture

RNG = np.random.default_rng(5)
GREY8 = RNG.integers(0, 256, (30, 40), dtype=np.uint8)
GREY16 = RNG.integers(0, 65536, (30, 40), dtype=np.uint16)
RGB8 = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
RGB16 = RNG.integers(0, 65536, (30, 40, 3), dtype=np.uint16)


def png(image: Image.Image | np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(buffer, "png", **options)
    return buffer.getvalue()


def cv_png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    total = zlib.crc32(kind + body)
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", total)


def hand_made(width: int, height: int, depth: int, colour: int, raw: bytes) -> bytes:
    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def opened(tmp_path: Path, content: bytes) -> Picture:
    (tmp_path / "a.png").write_bytes(content)
    return read_picture(open_tree(tmp_path), "a.png")


def plane(tmp_path: Path, content: bytes) -> np.ndarray:
    (tmp_path / "a.png").write_bytes(content)
    return read_plane(open_tree(tmp_path), "a.png")


@pytest.mark.parametrize("pixels", [GREY8, GREY16, RGB8])
def test_pixels_are_those_that_pillow_wrote(pixels: np.ndarray, tmp_path: Path) -> None:
    picture = opened(tmp_path, png(pixels))
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.pixels.dtype == pixels.dtype
    assert picture.axes == ("yx" if pixels.ndim == 2 else "yxc")


def test_colour_of_16_bits_keeps_them(tmp_path: Path) -> None:
    picture = opened(tmp_path, cv_png(RGB16[..., ::-1]))
    np.testing.assert_array_equal(picture.pixels, RGB16)
    assert picture.channel_names == ("red", "green", "blue")


def test_constant_alpha_is_dropped(tmp_path: Path) -> None:
    alpha = np.full((30, 40, 1), 255, np.uint8)
    picture = opened(tmp_path, png(np.concatenate([RGB8, alpha], axis=2)))
    np.testing.assert_array_equal(picture.pixels, RGB8)
    assert picture.rgb


def test_alpha_that_varies_stays_a_channel(tmp_path: Path) -> None:
    four = np.concatenate([RGB8, GREY8[..., None]], axis=2)
    picture = opened(tmp_path, png(four))
    np.testing.assert_array_equal(picture.pixels, four)
    assert picture.channel_names[-1] == "alpha"


def test_grey_with_constant_alpha_becomes_grey(tmp_path: Path) -> None:
    alpha = np.full_like(GREY8, 200)
    image = Image.merge("LA", [Image.fromarray(GREY8), Image.fromarray(alpha)])
    picture = opened(tmp_path, png(image))
    np.testing.assert_array_equal(picture.pixels, GREY8)
    assert picture.axes == "yx"


def test_palette_becomes_colour_in_pictures_and_numbers_in_masks(
    tmp_path: Path,
) -> None:
    image = Image.fromarray(GREY8 % 7).convert("P")
    image.putpalette([value for i in range(256) for value in (i, 255 - i, 9)])
    content = png(image)
    picture = opened(tmp_path, content)
    np.testing.assert_array_equal(picture.pixels[..., 1], 255 - GREY8 % 7)
    np.testing.assert_array_equal(plane(tmp_path, content), GREY8 % 7)


def test_one_bit_mask_is_read_as_0_and_1(tmp_path: Path) -> None:
    content = png(Image.fromarray(GREY8 > 99))
    np.testing.assert_array_equal(plane(tmp_path, content), GREY8 > 99)


@pytest.mark.parametrize("depth", [2, 4])
def test_small_depths_are_read_as_numbers(depth: int, tmp_path: Path) -> None:
    raw = b"\x00\x1b"  # two bits: 0 1 2 3; four bits: 1 11
    expected = [0, 1, 2, 3] if depth == 2 else [1, 11]
    content = hand_made(len(expected), 1, depth, 0, raw)
    np.testing.assert_array_equal(plane(tmp_path, content), [expected])


def test_alpha_of_masks_is_dropped(tmp_path: Path) -> None:
    four = np.concatenate([RGB8, GREY8[..., None]], axis=2)
    np.testing.assert_array_equal(plane(tmp_path, png(four)), RGB8)


def test_grey_mask_with_alpha_is_a_plane(tmp_path: Path) -> None:
    image = Image.merge("LA", [Image.fromarray(GREY8), Image.fromarray(GREY8)])
    np.testing.assert_array_equal(plane(tmp_path, png(image)), GREY8)


def test_scale_of_a_microscope_is_read(tmp_path: Path) -> None:
    picture = opened(tmp_path, png(GREY8, dpi=(50_800, 50_800)))
    assert picture.pixel_size_um == pytest.approx(0.5)


def test_print_resolution_is_no_scale(tmp_path: Path) -> None:
    assert opened(tmp_path, png(GREY8, dpi=(300, 300))).pixel_size_um is None


def test_size_is_read_from_the_head(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(RGB8))
    assert read_shape(open_tree(tmp_path), "a.png") == (30, 40)


def test_head_that_is_cut_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(RGB8)[:30])
    with pytest.raises(UnreadableFileError, match=r"a\.png.*head is cut off"):
        read_shape(open_tree(tmp_path), "a.png")


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.99])
def test_cut_file_is_told_and_not_filled_with_grey(keep: float, tmp_path: Path) -> None:
    content = png(RGB8)
    with pytest.raises(UnreadableFileError, match=r"a\.png.*damaged: it is cut off"):
        opened(tmp_path, content[: int(len(content) * keep)])


def test_head_with_a_wrong_sum_is_told(tmp_path: Path) -> None:
    content = bytearray(png(RGB8))
    content[18] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="head has a wrong check sum"):
        read_shape(open_tree(tmp_path), "a.png")


def test_changed_pixel_bytes_are_told(tmp_path: Path) -> None:
    content = bytearray(png(RGB8))
    content[len(content) // 2] ^= 1
    with pytest.raises(UnreadableFileError, match="wrong check sum"):
        opened(tmp_path, bytes(content))


def test_unknown_colour_type_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="colour type 5 is unknown"):
        opened(tmp_path, hand_made(4, 4, 8, 5, bytes(100)))


@pytest.mark.parametrize("colour", [0, 3])
def test_too_few_pixels_are_told(colour: int, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be decoded"):
        plane(tmp_path, hand_made(40, 40, 8, colour, bytes(40)))


def test_picture_without_pixels_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="declares no pixels"):
        opened(tmp_path, hand_made(0, 4, 8, 0, b""))


@pytest.mark.parametrize("read", [read_picture, read_plane, read_shape])
def test_giant_declared_size_is_refused_before_decoding(
    read: object, tmp_path: Path
) -> None:
    content = hand_made(60_000, 60_000, 8, 2, bytes(100))
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="2 GiB decoded are the most for PNG"):
        read(open_tree(tmp_path), "a.png")


def test_size_that_its_bytes_cannot_hold_is_refused(tmp_path: Path) -> None:
    content = hand_made(20_000, 20_000, 8, 0, bytes(100))
    with pytest.raises(UnreadableFileError, match=r"400,000,000 pixels in a file of"):
        opened(tmp_path, content)


def test_large_empty_mask_is_no_bomb(tmp_path: Path) -> None:
    plane_of_nothing = cv_png(np.zeros((10_000, 10_000), np.uint8))
    assert plane(tmp_path, plane_of_nothing).shape == (10_000, 10_000)


def test_picture_that_inflates_a_thousandfold_is_refused(tmp_path: Path) -> None:
    content = hand_made(30_000, 30_000, 8, 0, bytes(30_000 * 1000))
    assert len(content) * 400 < 30_000**2
    with pytest.raises(UnreadableFileError, match="made to exhaust memory"):
        opened(tmp_path, content)


def test_file_that_is_itself_a_giant_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DECODED_BYTES", 100)
    with pytest.raises(UnreadableFileError, match="are the most for PNG"):
        opened(tmp_path, png(RGB8))
