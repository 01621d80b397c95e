from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.codecs import read_picture, read_plane, read_shape
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(7)
RGB8 = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)


def written(tmp_path: Path, image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", ["jpeg", "bmp"])
def test_pixels_are_those_that_pillow_reads(
    kind: str, mode: str, tmp_path: Path
) -> None:
    image = Image.fromarray(RGB8).convert(mode)
    content = written(tmp_path, image, kind)
    tree = open_tree(tmp_path)
    expected = np.asarray(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(read_picture(tree, "a.jpg").pixels, expected)
    assert read_shape(tree, "a.jpg") == (30, 40)


def test_palette_of_a_bmp_mask_stays_numbers(tmp_path: Path) -> None:
    image = Image.fromarray(RGB8[..., 0] % 5).convert("P")
    image.putpalette(list(range(255, -1, -1)) * 3)
    written(tmp_path, image, "bmp")
    plane = read_plane(open_tree(tmp_path), "a.jpg")
    np.testing.assert_array_equal(plane, RGB8[..., 0] % 5)


def test_colours_of_print_become_rgb(tmp_path: Path) -> None:
    written(tmp_path, Image.fromarray(RGB8).convert("CMYK"), "jpeg")
    assert read_picture(open_tree(tmp_path), "a.jpg").pixels.shape == (30, 40, 3)


@pytest.mark.parametrize("kind", ["jpeg", "bmp"])
@pytest.mark.parametrize("keep", [0.05, 0.5, 0.9])
def test_cut_file_is_told_and_not_filled_with_grey(
    kind: str, keep: float, tmp_path: Path
) -> None:
    content = written(tmp_path, Image.fromarray(RGB8), kind)
    (tmp_path / "a.jpg").write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnreadableFileError, match=r"a\.jpg.*damaged or cut off"):
        read_picture(open_tree(tmp_path), "a.jpg")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>404", "a web page"),
        (b"\x00\x00\x00\x01Bud1 finder", "a macOS Finder file"),
        (b"<annotation/>", "an XML text"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (b"\x01\x02\x03", "something unknown"),
    ],
)
def test_file_that_is_no_picture_is_told_what_it_is(
    content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=f"no picture but {said}"):
        read_picture(open_tree(tmp_path), "a.jpg")


def test_giant_declared_size_is_refused_before_decoding(tmp_path: Path) -> None:
    content = bytearray(written(tmp_path, Image.fromarray(RGB8), "jpeg"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="are the most for JPEG"):
        read_picture(open_tree(tmp_path), "a.jpg")
