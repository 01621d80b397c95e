"""Listing, opening and thumbnails beside what the operating system and Pillow take."""

from __future__ import annotations

import io
import os
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.formats.codecs import read_picture
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.thumbnails import read_thumbnail

BLOOD_CELLS = 17_000
NESTED, INNER = 9_339, 15
MANY, FEW = 100_000, 1_000
SMEAR, FIELD = (363, 360), (1200, 1600)
PICTURES = 60
THUMBNAIL = 128


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return [
            *_listing(root / "cells"),
            *_opening(root),
            *_memory(root),
            *_nested(root / "nested.zip"),
            *_pictures(root / "pictures"),
        ]


def scandir_all(root: Path) -> int:
    """Bare recursive scandir: tells folders from files, keeps nothing."""
    waiting, files = [str(root)], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    files += 1
    return files


def _empty_files(folder: Path, pattern: str, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / pattern.format(number)).touch()


def _listing(root: Path) -> list[Ratio]:
    for kind in range(8):
        _empty_files(root / f"class{kind}", "BA_{}.jpg", BLOOD_CELLS // 8)
    listed, bare = best_in_turn(lambda: open_tree(root), lambda: scandir_all(root), 9)
    ordered = best_of(lambda: open_tree(root).names(), 9)
    opened = best_of(lambda: open_dataset(root))
    reference = "bare recursive os.scandir"
    return [
        Ratio(
            "list a folder of 17,000 files",
            listed * 1e3,
            "ms",
            reference,
            bare * 1e3,
            "at most 2",
        ),
        Ratio("the same in natural order", ordered * 1e3, "ms", reference, bare * 1e3),
        Ratio("open it as a data set", opened * 1e3, "ms", reference, bare * 1e3),
    ]


def _opening(root: Path) -> list[Ratio]:
    for count in (MANY, FEW):
        for kind in ("images", "masks"):
            _empty_files(root / str(count) / kind, "im_{}.png", count)
    many, few = best_in_turn(
        lambda: open_dataset(root / str(MANY)), lambda: open_dataset(root / str(FEW)), 3
    )
    return [
        Ratio(
            "open 100,000 pictures with masks, a picture",
            many / MANY * 1e6,
            "us",
            "open 1,000 pictures with masks, a picture",
            few / FEW * 1e6,
            "about 1",
        )
    ]


def _nested(archive: Path) -> list[Ratio]:
    """Archives in an archive: list them all beside reading their directories."""
    per_archive = NESTED // INNER
    with zipfile.ZipFile(archive, "w") as outer:
        for kind, ending in (("images", "jpg"), ("masks", "png")):
            for slide in (chr(ord("A") + number) for number in range(INNER)):
                packed = io.BytesIO()
                with zipfile.ZipFile(packed, "w") as inner:
                    for tile in range(per_archive):
                        name = f"{slide}/{slide}_{tile}_-270720_116640.{ending}"
                        inner.writestr(name, bytes(300))
                outer.writestr(f"set/{kind}/{slide}.zip", packed.getvalue())

    def directories() -> None:
        with zipfile.ZipFile(archive) as outer:
            for member in outer.namelist():
                with outer.open(member) as file, zipfile.ZipFile(file) as inner:
                    inner.infolist()

    listed, bare = best_in_turn(lambda: open_tree(archive), directories, 5)
    ordered = best_of(lambda: open_tree(archive).names(), 5)
    reference = "zipfile, all directories"
    return [
        Ratio(
            "list 30 archives in an archive, 18,660 files",
            listed * 1e3,
            "ms",
            reference,
            bare * 1e3,
            "at most 2",
        ),
        Ratio("the same in natural order", ordered * 1e3, "ms", reference, bare * 1e3),
    ]


def _memory(root: Path) -> list[Ratio]:
    tracemalloc.start()
    dataset = open_dataset(root / str(MANY))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return [
        Ratio(
            "memory of an opened set of 100,000, a sample",
            held / len(dataset.samples),
            "bytes",
            "limit",
            1000.0,
            "at most 1",
        )
    ]


def _pictures(root: Path) -> list[Ratio]:
    root.mkdir()
    rng = np.random.default_rng(0)
    for number in range(PICTURES):
        coarse = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize(SMEAR[::-1], Image.Resampling.BICUBIC)
        image.save(root / f"{number}.jpg", quality=92)
    noise = rng.normal(40, 9, (*FIELD, 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(noise).save(root / "field.png")
    with zipfile.ZipFile(root / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(root / "field.png", "field.png")
    return [_jpeg_thumbnails(root), _png_thumbnail(root), _png(root), _member(root)]


def _jpeg_thumbnails(root: Path) -> Ratio:
    tree = open_tree(root)
    names = [name for name in tree.names() if name.endswith(".jpg")]

    def ours() -> None:
        for name in names:
            read_thumbnail(tree, name, THUMBNAIL)

    def pillow() -> None:
        for name in names:
            with Image.open(root / name) as image:
                image.draft("RGB", (THUMBNAIL, THUMBNAIL))
                image.thumbnail((THUMBNAIL, THUMBNAIL))
                np.asarray(image)

    mine, theirs = best_in_turn(ours, pillow, 7)
    return Ratio(
        "JPEG thumbnail, 360x363",
        mine / PICTURES * 1e3,
        "ms",
        "bare Pillow draft and thumbnail",
        theirs / PICTURES * 1e3,
        "at most 1.2",
    )


def _png_thumbnail(root: Path) -> Ratio:
    tree = open_tree(root)

    def pillow() -> None:
        with Image.open(root / "field.png") as image:
            image.thumbnail((THUMBNAIL, THUMBNAIL))
            np.asarray(image)

    mine, theirs = best_in_turn(
        lambda: read_thumbnail(tree, "field.png", THUMBNAIL), pillow
    )
    return Ratio(
        "PNG thumbnail, 1600x1200",
        mine * 1e3,
        "ms",
        "bare Pillow thumbnail",
        theirs * 1e3,
        "at most 1",
    )


def _png(root: Path) -> Ratio:
    tree = open_tree(root)

    def pillow() -> None:
        with Image.open(root / "field.png") as image:
            np.asarray(image)

    mine, theirs = best_in_turn(lambda: read_picture(tree, "field.png"), pillow)
    return Ratio(
        "decode a PNG with all sums checked, 1600x1200",
        mine * 1e3,
        "ms",
        "bare Pillow",
        theirs * 1e3,
        "at most 1",
    )


def _member(root: Path) -> Ratio:
    tree = open_tree(root / "a.zip")
    content = (root / "a.zip").read_bytes()

    def library() -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.read("field.png")

    mine, theirs = best_in_turn(lambda: tree.read("field.png"), library)
    return Ratio(
        "read a member of an archive, 5 MB",
        mine * 1e3,
        "ms",
        "zipfile, archive in memory",
        theirs * 1e3,
        "at most 1.2",
    )
