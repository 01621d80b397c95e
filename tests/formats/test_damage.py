"""Damaged bytes give an error of ours or a picture, never anything else."""

from __future__ import annotations

import io
import logging
import random
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.catalogue import can_open, open_dataset
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_picture, read_plane, read_shape
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.thumbnails import read_thumbnail

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(8)
GREY16 = RNG.integers(0, 65536, (30, 40), dtype=np.uint16)
RGB8 = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
STACK = RNG.integers(0, 256, (4, 20, 30), dtype=np.uint8)
ROUNDS = 60


def by_pillow(pixels: np.ndarray, kind: str, mode: str = "", **options: str) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def by_tifffile(pixels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


WHOLE = {
    "png grey": by_pillow(GREY16, "png"),
    "png colour": by_pillow(RGB8, "png"),
    "png palette": by_pillow(RGB8, "png", "P"),
    "jpeg": by_pillow(RGB8, "jpeg"),
    "bmp": by_pillow(RGB8, "bmp"),
    "bmp palette": by_pillow(RGB8, "bmp", "P"),
    "tiff": by_tifffile(GREY16),
    "tiff deflate": by_tifffile(GREY16, compression="zlib"),
    "tiff tiled": by_tifffile(np.zeros((64, 64), np.uint8), tile=(16, 16)),
    "tiff lzw": by_pillow(RGB8, "tiff", compression="tiff_lzw"),
    "tiff palette": by_pillow(RGB8, "tiff", "P", compression="tiff_lzw"),
    "tiff fax": by_pillow(RGB8, "tiff", "1", compression="group4"),
    "tiff imagej": by_tifffile(STACK, imagej=True, metadata={"unit": "um"}),
    "tiff ome": by_tifffile(STACK, ome=True, metadata={"axes": "CYX"}),
    "bigtiff": by_tifffile(GREY16, bigtiff=True),
}


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Cut the content, or flip a few bits, mostly near an end."""
    if dice.random() < 0.4:
        return content[: dice.randrange(len(content))]
    flipped = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 8))):
        reach = min(len(content), dice.choice((64, 300, 10**9)))
        place = dice.randrange(reach)
        if dice.random() < 0.3:
            place = -1 - place
        flipped[place] ^= 1 << dice.randrange(8)
    return bytes(flipped)


@pytest.fixture(autouse=True)
def silent_tifffile(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "tifffile")


@pytest.mark.parametrize("kind", WHOLE)
def test_damaged_picture_gives_an_error_or_a_picture(kind: str, tmp_path: Path) -> None:
    dice = random.Random(kind)
    file = tmp_path / "a.png"
    file.touch()
    tree = open_tree(tmp_path)
    outcomes, messages = set(), set()
    for _ in range(ROUNDS):
        file.write_bytes(damaged(WHOLE[kind], dice))
        for read in (read_picture, read_plane, read_shape, read_thumbnail):
            try:
                read(tree, file.name)
                outcomes.add("read")
            except CellsetsError as error:
                messages.add(str(error))
                outcomes.add("refused")
    assert "refused" in outcomes
    assert all(file.name in message for message in messages)


@pytest.mark.parametrize("kind", ["png grey", "png colour", "png palette"])
def test_png_is_read_right_or_not_at_all(kind: str, tmp_path: Path) -> None:
    dice = random.Random(kind)
    file = tmp_path / "a.png"
    file.write_bytes(WHOLE[kind])
    tree = open_tree(tmp_path)
    right = read_plane(tree, file.name)
    for _ in range(ROUNDS):
        file.write_bytes(damaged(WHOLE[kind], dice))
        try:
            found = read_plane(tree, file.name)
        except CellsetsError:
            continue
        np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize("method", [0, 8, 12, 14])
@pytest.mark.parametrize("nested", [False, True])
def test_damaged_archive_gives_an_error_or_the_rest(
    method: int, nested: bool, tmp_path: Path
) -> None:
    dice = random.Random(method)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for number in range(3):
            archive.writestr(f"images/{number}.png", WHOLE["png colour"])
            archive.writestr(f"masks/{number}.png", WHOLE["png grey"])
    whole = buffer.getvalue()
    if nested:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip", whole)
        whole = buffer.getvalue()
    file = tmp_path / "a.zip"
    messages = []
    for _ in range(ROUNDS // 2):
        file.write_bytes(damaged(whole, dice))
        can_open(file)
        try:
            dataset = open_dataset(file)
        except CellsetsError as error:
            messages.append(str(error))
            continue
        for sample in dataset.samples:
            for read in (dataset.read_picture, dataset.read_truth):
                try:
                    read(sample)
                except CellsetsError:
                    assert dataset.problems
    assert all("a.zip" in message for message in messages)
