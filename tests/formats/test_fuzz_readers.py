"""Every container and every archive, damaged: an error of ours or the rest of it."""

from __future__ import annotations

import io
import json
import logging
import random
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from damage import HTML, OTHERS, damaged
from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked, find_form
from napari_cellsets.formats.files import FileTree, open_tree
from napari_cellsets.formats.tiff import read_pages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellsets.core.annotation import Annotation

ROUNDS = 30
SIZE = (40, 50)
NAMES = {1: "nucleus", 2: "debris"}
MOST_BYTES = 64 << 20


class Held(FileTree):
    """Files in memory."""

    def __init__(self, root: Path, files: dict[str, bytes]) -> None:
        self.root, self.problems, self.files = root, [], files

    def names(self) -> Sequence[str]:
        return list(self.files)

    def read(self, name: str) -> bytes:
        return self.files[name]

    def size(self, name: str) -> int:
        return len(self.files[name])

    def local_path(self, name: str) -> Path | None:
        return None


def annotations() -> list[Annotation]:
    """One of each kind, with holes, parts, overlap and properties."""
    ids = np.array([1, 2])
    ring = np.array([[2.0, 2.0], [2.0, 20.0], [18.0, 20.0], [18.0, 2.0]])
    hole = np.array([[5.5, 5.5], [5.5, 9.5], [9.5, 9.5], [9.5, 5.5]])
    labels = np.zeros(SIZE, np.int32)
    labels[3:9, 4:11], labels[20:30, 25:40] = 1, 2
    masks = [np.eye(8, dtype=bool), np.ones((8, 8), bool)]
    more = {"id": [7, 8], "score": [0.5, 0.25], "comment": ["a", "b"]}
    edges = np.array([[1.5, 2.5, 9.5, 12.5], [20.5, 7.5, 30.5, 11.5]])
    said = {"class_names": NAMES, "class_ids": ids, "properties": more}
    return [
        LabelImage(labels, class_names=NAMES, class_of={1: 1, 2: 2}),
        ClassMask(labels, class_names=NAMES),
        MaskStack(masks, np.array([[3, 3], [6, 6]]), SIZE, **said),
        Polygons([((ring, hole),), ((ring + 15,), (hole + 1,))], **said),
        Polygons([((ring,),), ((ring + 15,),)], **said),
        Boxes(edges, **said),
        Points(np.array([[3.0, 4.0], [13.0, 40.0]]), **said),
        ImageClass("sick"),
    ]


@pytest.fixture(scope="module", params=list(FORMS))
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str, dict[str, bytes]]:
    """Key, first file and all files of a form that holds all it can."""
    form, out = FORMS[request.param], tmp_path_factory.mktemp(request.param)
    one_alone = form.pictures or form.key in ("coco-panoptic", "voc")
    fitting = []
    for annotation in annotations():
        taken = one_alone and fitting
        if type(annotation) in form.kinds and not form.refuses(annotation):
            fitting += [] if taken else [annotation]
    if form.key == "binary-mask":
        plain = annotations()[0]
        fitting = [LabelImage(plain.labels)]
    marked = Marked("a.png", SIZE, tuple(fitting))
    files = form.write([marked], out, classes=NAMES, with_images=False)
    every = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
    return request.param, files[0].relative_to(out).as_posix(), every


def read_all(tree: FileTree, key: str, name: str) -> tuple[list[str], list[Annotation]]:
    """Open a file and read every picture of it; what is told and found."""
    said: list[str] = []
    found: list[Annotation] = []
    form = FORMS[key]
    try:
        form.sniff(name, tree.head(name, 65_536))
        find_form(tree, name)
        container = form.open(tree, name)
    except CellsetsError as error:
        return [str(error)], found
    for index in range(min(20, len(container.items))):
        for size in (None, SIZE):
            try:
                found += container.read(index, size)
            except CellsetsError as error:
                said.append(str(error))
    return said + [problem.message for problem in container.problems], found


def believable(annotation: Annotation) -> bool:
    """Whether memory is bounded, and columns and numbers are sound."""
    if isinstance(annotation, ImageClass):
        return isinstance(annotation.name, str)
    if isinstance(annotation, LabelImage | ClassMask):
        plane = getattr(annotation, "labels", getattr(annotation, "classes", None))
        return plane is not None and plane.ndim in (2, 3)
    columns = {
        MaskStack: "masks",
        Polygons: "outlines",
        Boxes: "yxyx",
        Points: "yx",
    }
    things = getattr(annotation, columns[type(annotation)])
    lengths = {len(values) for values in annotation.properties.values()}
    ids = annotation.class_ids
    lengths |= {len(ids)} if ids is not None else set()
    if isinstance(annotation, MaskStack):
        held = sum(mask.nbytes for mask in annotation.masks)
        return lengths <= {len(things)} and held < MOST_BYTES
    if isinstance(annotation, Polygons):
        rings = [ring for outline in things for part in outline for ring in part]
        sound = all(np.isfinite(ring).all() and len(ring) > 1 for ring in rings)
        return lengths <= {len(things)} and sound
    return lengths <= {len(things)} and bool(np.isfinite(things).all())


@pytest.mark.parametrize("block", range(2))
def test_damaged_container_is_told_by_its_name(
    block: int,
    written: tuple[str, str, dict[str, bytes]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "tifffile")
    key, first, files = written
    for number in range(block * ROUNDS, (block + 1) * ROUNDS):
        victim = random.Random(number).choice([first, first, *files])
        content = damaged(victim, files[victim], (key, number))
        tree = Held(tmp_path, {**files, victim: content})
        said, found = read_all(tree, key, first)
        assert all(str(tmp_path) in text for text in said), (number, said)
        assert all(len(text) < 2_000 for text in said), number
        assert all(map(believable, found)), number


@pytest.mark.parametrize("content", OTHERS, ids=range(len(OTHERS)))
def test_another_file_under_the_name_is_told(
    content: bytes, written: tuple[str, str, dict[str, bytes]], tmp_path: Path
) -> None:
    key, first, files = written
    tree = Held(tmp_path, {**files, first: content})
    said, found = read_all(tree, key, first)
    assert all(str(tmp_path) in text for text in said)
    assert all(map(believable, found))


def test_absurd_sizes_in_coco_are_refused_without_memory(tmp_path: Path) -> None:
    runs = {"size": [2**20, 2**20], "counts": [0, 2**40]}
    big = {"size": [2**31, 2**31], "counts": "0" * 30}
    content = {
        "images": [{"id": 1, "file_name": "a", "height": 2**40, "width": 2**40}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 1, "segmentation": said}
            for n, said in enumerate((runs, big, {**runs, "counts": [2**63] * 3}))
        ],
    }
    tree = Held(tmp_path, {"a.json": json.dumps(content).encode()})
    said, found = read_all(tree, "coco", "a.json")
    assert said
    assert all(map(believable, found))


@pytest.mark.parametrize(
    "ring", [[1, 2, 3, 4], [1, 2, 3], [float("nan")] * 8, ["a"] * 6]
)
def test_bad_polygon_is_told_and_its_neighbour_stays(
    ring: list[object], tmp_path: Path
) -> None:
    good = [1.0, 1.0, 9.0, 1.0, 9.0, 9.0]
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 40, "width": 50}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": c, "segmentation": [said]}
            for n, (said, c) in enumerate([(ring, 1), (good, 1), (good, 99)])
        ],
    }
    tree = Held(tmp_path, {"a.json": json.dumps(content).encode()})
    said, found = read_all(tree, "coco", "a.json")
    assert any("annotations[0]" in text for text in said)
    outlines = [len(a.outlines) for a in found if isinstance(a, Polygons)]
    assert outlines
    assert min(outlines) >= 1


def tarred(mode: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for number in range(4):
            member = tarfile.TarInfo(f"set/images/{number}.png")
            member.size = len(HTML)
            archive.addfile(member, io.BytesIO(HTML))
    return held.getvalue()


def zipped(content: bytes, name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return held.getvalue()


ARCHIVES = {
    "a.tar": tarred("w"),
    "a.tar.gz": tarred("w:gz"),
    "b.zip": zipped(tarred("w"), "a.tar"),
    "c.zip": zipped(zipped(HTML, "1.png"), "inner.zip"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_damaged_archive_lists_and_reads_or_is_refused(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    refusals = []
    for number in range(3 * ROUNDS):
        file.write_bytes(damaged("a.bin", ARCHIVES[name], (name, number)))
        try:
            tree = open_tree(file)
            for member in tree.names():
                assert len(tree.read(member)) <= 1 << 20
        except CellsetsError as error:
            refusals.append(str(error))
    assert refusals
    assert all(name in text for text in refusals)


def test_archives_in_archives_end_at_a_depth(tmp_path: Path) -> None:
    content = zipped(HTML, "1.png")
    for _ in range(30):
        content = zipped(content, "again.zip")
    file = tmp_path / "deep.zip"
    file.write_bytes(content)
    tree = open_tree(file)
    assert not any(name.endswith(".png") for name in tree.names())
    assert tree.problems


def test_pages_of_a_tiff_in_a_circle_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, np.ones((2, 8, 8), np.uint8), photometric="minisblack")
    with tifffile.TiffFile(file) as tiff:
        first, last = (page.offset for page in tiff.pages)
    content = bytearray(file.read_bytes())
    (tags,) = struct.unpack_from("<H", content, last)
    struct.pack_into("<I", content, last + 2 + 12 * tags, first)
    with pytest.raises(UnreadableFileError, match="lead back to an earlier one"):
        list(read_pages(bytes(content), len(content), "a.tif"))
