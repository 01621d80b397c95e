from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.codecs import read_picture, read_plane, read_shape
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.core.image import Picture

RNG = np.random.default_rng(6)
GREY16 = RNG.integers(0, 65536, (30, 40), dtype=np.uint16)
RGB8 = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
STACK = RNG.integers(0, 256, (5, 30, 40), dtype=np.uint8)


def opened(tmp_path: Path, pixels: np.ndarray, **options: object) -> Picture:
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    return read_picture(open_tree(tmp_path), "a.tif")


@pytest.mark.parametrize(
    ("pixels", "axes"), [(GREY16, "yx"), (RGB8, "yxc"), (STACK, "zyx")]
)
def test_pixels_are_those_that_tifffile_wrote(
    pixels: np.ndarray, axes: str, tmp_path: Path
) -> None:
    picture = opened(tmp_path, pixels)
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert (picture.axes, picture.pixels.dtype) == (axes, pixels.dtype)


def test_tiff_under_a_png_name_is_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY16)
    (tmp_path / "a.tif").rename(tmp_path / "a.png")
    picture = read_picture(open_tree(tmp_path), "a.png")
    np.testing.assert_array_equal(picture.pixels, GREY16)


def test_channels_come_last_and_time_counts_as_depth(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (2, 3, 4, 30, 40), dtype=np.uint8)
    picture = opened(tmp_path, pixels, ome=True, metadata={"axes": "TZCYX"})
    assert picture.axes == "zyxc"
    expected = pixels.reshape(6, 4, 30, 40).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(picture.pixels, expected)


def test_channels_of_a_header_keep_their_names_and_scale(tmp_path: Path) -> None:
    metadata = {
        "axes": "CYX",
        "PhysicalSizeX": 300.0,
        "PhysicalSizeXUnit": "nm",
        "Channel": {"Name": ["DAPI", "GFP"]},
    }
    picture = opened(tmp_path, STACK[:2], ome=True, metadata=metadata)
    assert picture.channel_names == ("DAPI", "GFP")
    assert picture.pixel_size_um == pytest.approx(0.3)


def test_channels_without_names_are_not_called_colours(tmp_path: Path) -> None:
    picture = opened(tmp_path, STACK[:3], ome=True, metadata={"axes": "CYX"})
    assert picture.channel_names == ()


def test_scale_of_imagej_is_read(tmp_path: Path) -> None:
    picture = opened(
        tmp_path,
        GREY16,
        imagej=True,
        resolution=(4, 4),
        metadata={"unit": "um"},
    )
    assert picture.pixel_size_um == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("resolution", "unit", "scale"),
    [
        ((20_000, 20_000), "CENTIMETER", 0.5),
        ((50_800, 50_800), "INCH", 0.5),
        ((300, 300), "INCH", None),
        ((20_000, 10_000), "CENTIMETER", None),
        ((20_000, 20_000), "NONE", None),
    ],
)
def test_scale_of_tags_is_read_where_it_is_one(
    resolution: tuple[int, int], unit: str, scale: float | None, tmp_path: Path
) -> None:
    picture = opened(tmp_path, GREY16, resolution=resolution, resolutionunit=unit)
    assert picture.pixel_size_um == (scale and pytest.approx(scale))


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (GREY16 > 999, np.where(GREY16 > 999, 255, 0).astype(np.uint8)),
        (GREY16.astype(np.float64) / 3, (GREY16.astype(np.float64) / 3).astype("f4")),
        (GREY16.astype(np.int32) - 9, (GREY16.astype("f4") - 9)),
        (GREY16.astype(">u2"), GREY16),
    ],
)
def test_other_numbers_become_known_ones(
    pixels: np.ndarray, expected: np.ndarray, tmp_path: Path
) -> None:
    picture = opened(
        tmp_path, pixels, byteorder=pixels.dtype.byteorder.strip("|=") or None
    )
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.pixels.dtype == expected.dtype


@pytest.mark.parametrize("packing", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_packings_of_microscopes_are_read(packing: str, tmp_path: Path) -> None:
    Image.fromarray(RGB8).save(tmp_path / "a.tif", compression=packing)
    picture = read_picture(open_tree(tmp_path), "a.tif")
    np.testing.assert_array_equal(picture.pixels, RGB8)


def test_stack_packed_by_lzw_is_read(tmp_path: Path) -> None:
    pages = [Image.fromarray(page) for page in STACK]
    pages[0].save(
        tmp_path / "a.tif",
        save_all=True,
        append_images=pages[1:],
        compression="tiff_lzw",
    )
    picture = read_picture(open_tree(tmp_path), "a.tif")
    np.testing.assert_array_equal(picture.pixels, STACK)


def test_palette_becomes_colour_in_pictures_and_numbers_in_masks(
    tmp_path: Path,
) -> None:
    colours = np.zeros((3, 256), np.uint16)
    colours[1] = np.arange(256) * 256
    picture = opened(tmp_path, STACK[0], photometric="palette", colormap=colours)
    np.testing.assert_array_equal(picture.pixels[..., 1], STACK[0])
    tree = open_tree(tmp_path)
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), STACK[0])


@pytest.mark.parametrize("packing", ["tiff_lzw", None])
def test_packing_changes_neither_palettes_nor_their_numbers(
    packing: str | None, tmp_path: Path
) -> None:
    image = Image.fromarray(STACK[0] % 5).convert("P")
    image.putpalette([number * 7 % 256 for number in range(768)])
    image.save(tmp_path / "a.tif", compression=packing)
    tree = open_tree(tmp_path)
    colours = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(read_picture(tree, "a.tif").pixels, colours)
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), STACK[0] % 5)


@pytest.mark.parametrize("packing", ["tiff_lzw", None])
def test_packing_changes_no_white_that_is_zero(
    packing: str | None, tmp_path: Path
) -> None:
    image = Image.fromarray(STACK[0])
    image.save(tmp_path / "a.tif", compression=packing, tiffinfo={262: 0})
    tree = open_tree(tmp_path)
    with Image.open(tmp_path / "a.tif") as again:
        seen = np.asarray(again)
    np.testing.assert_array_equal(read_picture(tree, "a.tif").pixels, seen)
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), 255 - seen)


@pytest.mark.parametrize("packing", ["group4", "tiff_lzw", None])
def test_packing_changes_no_bits(packing: str | None, tmp_path: Path) -> None:
    bits = STACK[0] > 99
    Image.fromarray(bits).save(tmp_path / "a.tif", compression=packing)
    tree = open_tree(tmp_path)
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), bits)
    pixels = read_picture(tree, "a.tif").pixels
    np.testing.assert_array_equal(pixels, np.uint8(bits) * 255)


def test_grey_with_alpha_packed_by_lzw_is_read(tmp_path: Path) -> None:
    image = Image.fromarray(STACK[0]).convert("LA")
    image.save(tmp_path / "a.tif", compression="tiff_lzw")
    tree = open_tree(tmp_path)
    np.testing.assert_array_equal(read_picture(tree, "a.tif").pixels, STACK[0])
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), STACK[0])


def test_palette_of_another_size_is_told(tmp_path: Path) -> None:
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", STACK[0], photometric="palette", colormap=colours
    )
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        offset = tiff.pages.first.tags["ColorMap"].offset
    content[offset + 4 : offset + 8] = (300).to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="palette does not fit"):
        read_picture(open_tree(tmp_path), "a.tif")


def test_white_is_zero_is_turned_in_pictures_only(tmp_path: Path) -> None:
    picture = opened(tmp_path, STACK[0], photometric="miniswhite")
    np.testing.assert_array_equal(picture.pixels, 255 - STACK[0])
    tree = open_tree(tmp_path)
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), STACK[0])


def test_declared_constant_alpha_is_dropped(tmp_path: Path) -> None:
    four = np.concatenate([RGB8, np.full((30, 40, 1), 255, np.uint8)], axis=2)
    picture = opened(tmp_path, four, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(picture.pixels, RGB8)
    tree = open_tree(tmp_path)
    np.testing.assert_array_equal(read_plane(tree, "a.tif"), RGB8)


def test_empty_fourth_channel_of_a_microscope_stays(tmp_path: Path) -> None:
    four = np.concatenate([STACK[:3], np.zeros((1, 30, 40), np.uint8)])
    picture = opened(tmp_path, four, ome=True, metadata={"axes": "CYX"})
    assert picture.channel_count == 4


def test_size_is_read_without_decoding(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK)
    assert read_shape(open_tree(tmp_path), "a.tif") == (5, 30, 40)


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="of the type complex64"):
        opened(tmp_path, GREY16.astype(np.complex64))


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.95])
def test_cut_file_is_told(keep: float, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, GREY16)
    content = buffer.getvalue()
    (tmp_path / "a.tif").write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnreadableFileError, match=r"a\.tif.*cannot be decoded"):
        read_picture(open_tree(tmp_path), "a.tif")


def test_entities_in_a_header_are_refused(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "a">]><OME>&a;</OME>'
    with pytest.raises(UnreadableFileError, match="declares XML entities"):
        opened(tmp_path, GREY16, description=text)


def test_giant_declared_size_is_refused_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TIFF_PIXELS", 1000)
    tifffile.imwrite(tmp_path / "a.tif", GREY16)
    tree = open_tree(tmp_path)
    with pytest.raises(UnreadableFileError, match=r"1,000 pixels are the most"):
        read_picture(tree, "a.tif")
    with pytest.raises(UnreadableFileError, match=r"1,000 pixels are the most"):
        read_shape(tree, "a.tif")


def test_size_that_its_bytes_cannot_hold_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY16)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        for name in ("ImageWidth", "ImageLength"):
            offset = tiff.pages.first.tags[name].valueoffset
            content[offset : offset + 2] = (60_000).to_bytes(2, "little")
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"3,600,000,000 pixels in a file"):
        read_picture(open_tree(tmp_path), "a.tif")


def test_unknown_packing_is_told(tmp_path: Path) -> None:
    good, content = cv2.imencode(".tif", GREY16, [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert good
    raw = bytearray(content.tobytes())
    with tifffile.TiffFile(io.BytesIO(bytes(raw))) as tiff:
        offset = tiff.pages.first.tags["Compression"].valueoffset
    raw[offset : offset + 2] = (34712).to_bytes(2, "little")
    (tmp_path / "a.tif").write_bytes(raw)
    with pytest.raises(UnreadableFileError, match="cannot be decoded"):
        read_picture(open_tree(tmp_path), "a.tif")


@pytest.mark.parametrize("axes", ["XY", "ZX"])
def test_axes_not_understood_are_told(axes: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"axes .* are not understood"):
        opened(tmp_path, GREY16, metadata={"axes": axes})
