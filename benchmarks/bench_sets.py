"""Published sets at full size: recognised, indexed, first picture, nested archives."""

from __future__ import annotations

import io
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.bench_catalogue import scandir_all
from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.formats.names import natural_order

if TYPE_CHECKING:
    from napari_cellsets.catalogue import Dataset

PBC = {
    "basophil": {"BA": 1218},
    "eosinophil": {"EO": 3117},
    "erythroblast": {"ERB": 1551},
    "ig": {"MY": 1137, "MMY": 1015, "PMY": 592, "IG": 151},
    "lymphocyte": {"LY": 1214},
    "monocyte": {"MO": 1420},
    "neutrophil": {"SNE": 1646, "BNE": 1633, "NEUTROPHIL": 50},
    "platelet": {"PLATELET": 2348},
}
LARGEST_NUMBER = 1_000_000
BONE_MARROW = ("ABE", "BAS", "BLA", "EBO", "EOS", "LYT", "MON", "NGS", "PLM", "PMO")
BONE_MARROW_CELLS, BLOCK = 171_000, 1_000
CCAGT_TILES, SLIDES = 9_339, "ABCDEFGHIJKLMNO"


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return [
            *_blood(root / "PBC_dataset_normal_DIB"),
            *_marrow(root),
            *_nested(root),
        ]


def _jpeg(size: tuple[int, int]) -> bytes:
    held = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(held, "jpeg", quality=85)
    return held.getvalue()


def _blood(root: Path) -> list[Ratio]:
    """PBC: 17,092 pictures in 8 folders, the first of each one a real picture.

    Numbers are random and have 2 to 6 digits, as those published.
    """
    content = _jpeg((363, 360))
    random = np.random.default_rng(0)
    for name, prefixes in PBC.items():
        (root / name).mkdir(parents=True)
        for prefix, count in prefixes.items():
            span = np.arange(10, LARGEST_NUMBER)
            for number in random.choice(span, count, replace=False):
                (root / name / f"{prefix}_{number}.jpg").touch()
        first = natural_order(file.name for file in (root / name).iterdir())[0]
        (root / name / first).write_bytes(content)
    opened, bare = best_in_turn(
        lambda: open_dataset(root), lambda: scandir_all(root), repeats=15
    )
    assert open_dataset(root).recipe.key == "pbc_acevedo"
    first = best_of(lambda: _first_picture(open_dataset(root))) - opened
    made, bare_again = best_in_turn(
        lambda: list(open_dataset(root).samples), lambda: scandir_all(root), repeats=3
    )
    return [
        Ratio(
            "recognise and index PBC, 17,092 files in 8 folders",
            opened * 1e3,
            "ms",
            "bare recursive os.scandir",
            bare * 1e3,
            "at most 2",
        ),
        Ratio(
            "the same with each sample made",
            made * 1e3,
            "ms",
            "bare recursive os.scandir",
            bare_again * 1e3,
        ),
        Ratio(
            "first picture after the index",
            first,
            "s",
            "limit",
            0.5,
            "at most 1",
        ),
        _memory("memory of PBC, a sample", root),
    ]


def _first_picture(dataset: Dataset) -> None:
    sample = dataset.samples[0]
    dataset.read_picture(sample)
    dataset.read_annotations(sample)


def _memory(name: str, path: Path) -> Ratio:
    tracemalloc.start()
    dataset = open_dataset(path)
    samples = list(dataset.samples)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = held / len(samples)
    return Ratio(name, each, "bytes", "limit", 1000.0, "at most 1")


def _marrow(root: Path) -> list[Ratio]:
    """Bone marrow: 171,000 pictures in blocks of 1,000 below 10 folders."""
    top = root / "BM_cytomorphology_data"
    each = BONE_MARROW_CELLS // len(BONE_MARROW)
    for name in BONE_MARROW:
        for block in range(0, each, BLOCK):
            folder = top / name / f"{block + 1:04d}-{block + BLOCK:04d}"
            folder.mkdir(parents=True)
            for number in range(block, min(block + BLOCK, each)):
                (folder / f"{name}_{number + 1:05d}.jpg").touch()
    opened, bare = best_in_turn(
        lambda: open_dataset(top), lambda: scandir_all(top), repeats=2
    )
    assert len(open_dataset(top).samples) == each * len(BONE_MARROW)
    name = "recognise and index bone marrow, 171,000 files in 180 folders"
    return [
        Ratio(name, opened, "s", "limit", 5.0, "at most 1"),
        Ratio("the same", opened, "s", "bare recursive os.scandir", bare),
        _memory("memory of bone marrow, a sample", top),
    ]


def _nested(root: Path) -> list[Ratio]:
    """CCAgT as downloaded: an archive of archives, one a slide."""
    outer = root / "wg4bpm33hj-2.zip"
    content = _jpeg((40, 60))
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_STORED) as archive:
        for at, slide in enumerate(SLIDES):
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_STORED) as tiles:
                for number in range(at, CCAGT_TILES, len(SLIDES)):
                    tiles.writestr(f"{slide}/{slide}_{number}_-1_2.jpg", content)
            archive.writestr(f"images/{slide}.zip", inner.getvalue())
    listed, bare = best_in_turn(
        lambda: open_dataset(outer), lambda: _central(outer), repeats=9
    )
    start = time.perf_counter()
    dataset = open_dataset(outer)
    _first_picture(dataset)
    first = time.perf_counter() - start
    assert len(dataset.samples) == CCAGT_TILES
    return [
        Ratio(
            "recognise and index CCAgT, 9,339 images in 15 archives in an archive",
            listed * 1e3,
            "ms",
            "zipfile reading all central directories",
            bare * 1e3,
            "at most 2",
        ),
        Ratio("the same with its first picture", first, "s", "limit", 0.5, "at most 1"),
        _memory("memory of CCAgT, a sample", outer),
    ]


def _central(outer: Path) -> int:
    """Members of all archives in an archive, by their central directories."""
    found = 0
    with zipfile.ZipFile(outer) as archive:
        for name in archive.namelist():
            with archive.open(name) as inner, zipfile.ZipFile(inner) as tiles:
                found += len(tiles.namelist())
    return found
