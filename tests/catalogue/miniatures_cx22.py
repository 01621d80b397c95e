"""Cx22 in miniature: MATLAB 7.3 files as published, transposed, with opaque names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZE = 512
PAIR_NAMES = ("00001", "00000", "00001")
PAIR_XY = ((94, 100), (0, 0), (1913, 1369))
PAIR_WH = ((232, 168), (125, 214), (258, 195))
MULTI_NAMES = ("00477",)
MULTI_XY = ((300, 200),)
MULTI_WH = ((800, 600),)


def ellipse(y: float, x: float, high: float, wide: float) -> np.ndarray:
    """Mask of 512 x 512 pixels, rows first, as it looks on the screen."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return ((rows - y) / high) ** 2 + ((columns - x) / wide) ** 2 <= 1


def pair_cells() -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
    """Cytoplasms and nuclei of three images; nucleus j is not that of cytoplasm j."""
    return [
        (
            [ellipse(80, 60, 60, 50), ellipse(90, 130, 50, 70)],
            [ellipse(92, 150, 12, 15), ellipse(78, 40, 10, 12)],
        ),
        (
            [ellipse(60, 60, 55, 45), ellipse(150, 70, 60, 50)],
            [ellipse(60, 60, 9, 9), ellipse(160, 70, 14, 10)],
        ),
        (  # at the border, where cytoplasms are cut; these two do not touch
            [ellipse(0, 0, 50, 50), ellipse(150, 60, 40, 50)],
            [ellipse(150, 80, 8, 8), ellipse(10, 12, 8, 8)],
        ),
    ]


def multi_cells() -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
    """One image of four cells, all in one clump."""
    cytoplasms = [ellipse(100 + 70 * n, 120 + 60 * n, 70, 60) for n in range(4)]
    nuclei = [ellipse(100 + 70 * n, 120 + 60 * n, 15, 12) for n in (2, 0, 3, 1)]
    return [(cytoplasms, nuclei)]


def box_of(mask: np.ndarray) -> list[int]:
    """First row and column, and the ones after the last."""
    rows, columns = np.nonzero(mask)
    return [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]


def clumps_of(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """One mask for each connected group of masks."""
    import cv2

    union = np.any(masks, axis=0).astype(np.uint8)
    count, labels = cv2.connectedComponents(union, connectivity=8)
    return [labels == number for number in range(1, count)]


def opened(file: Path) -> h5py.File:
    """A new MATLAB 7.3 file: HDF5 behind 512 bytes of text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return h5py.File(file, "w", userblock_size=512)


def headed(file: Path) -> None:
    """Write the text before the HDF5 part, as MATLAB does."""
    text = (
        "MATLAB 7.3 MAT-file, Platform: PCWIN64,"
        " Created on: Sun May 15 16:19:45 2022 HDF5 schema 1.00 ."
    )
    head = text.encode().ljust(116) + bytes(8) + b"\x00\x02IM"
    with file.open("r+b") as target:
        target.write(head)


def write_numbers(file: Path, key: str, rows: Sequence[Sequence[float]]) -> None:
    """Write a table of doubles, columns first."""
    with opened(file) as target:
        data = target.create_dataset(key, data=np.asarray(rows, np.float64).T)
        data.attrs["MATLAB_class"] = np.bytes_("double")
    headed(file)


def write_names(file: Path, names: Sequence[str]) -> None:
    """Write an opaque string array: the text lies in a vector of uint64."""
    text = "".join(names).encode("utf-16-le")
    words = np.frombuffer(text + bytes(-len(text) % 8), np.uint64)
    head = [1, 2, len(names), 1, *(len(name) for name in names)]
    vector = np.concatenate([np.asarray(head, np.uint64), words])
    with opened(file) as target:
        refs = target.create_group("#refs#")
        empty = refs.create_dataset("a", data=np.zeros(2, np.uint64))
        empty.attrs["MATLAB_class"] = np.bytes_("canonical empty")
        empty.attrs["MATLAB_empty"] = np.uint8(1)
        meta = refs.create_dataset("b", data=np.arange(184, dtype=np.uint8)[None])
        meta.attrs["MATLAB_class"] = np.bytes_("uint8")
        held = refs.create_dataset("c", data=vector[:, None], compression="gzip")
        held.attrs["MATLAB_class"] = np.bytes_("uint64")
        wrapper = target.create_group("#subsystem#").create_dataset(
            "MCOS", data=[[meta.ref, empty.ref, held.ref]], dtype=h5py.ref_dtype
        )
        wrapper.attrs["MATLAB_class"] = np.bytes_("FileWrapper__")
        wrapper.attrs["MATLAB_object_decode"] = np.int32(3)
        stub = np.asarray([[0xDD000000, 2, 1, 1, 1, 1]], np.uint32)
        shown = target.create_dataset("ImageDataNames", data=stub)
        shown.attrs["MATLAB_class"] = np.bytes_("string")
        shown.attrs["MATLAB_object_decode"] = np.int32(3)
    headed(file)


def write_masks(file: Path, key: str, images: Sequence[Sequence[np.ndarray]]) -> None:
    """Write a cell of cells of logical masks, each transposed."""
    with opened(file) as target:
        refs = target.create_group("#refs#")
        outer = []
        for number, masks in enumerate(images):
            inner = []
            for place, mask in enumerate(masks):
                data = mask.T.astype(np.uint8)
                name = f"m{number}_{place}"
                held = refs.create_dataset(name, data=data, compression="gzip")
                held.attrs["MATLAB_class"] = np.bytes_("logical")
                held.attrs["MATLAB_int_decode"] = np.int32(1)
                inner.append(held.ref)
            cell = refs.create_dataset(f"c{number}", data=[inner], dtype=h5py.ref_dtype)
            cell.attrs["MATLAB_class"] = np.bytes_("cell")
            outer.append(cell.ref)
        top = target.create_dataset(key, data=[outer], dtype=h5py.ref_dtype)
        top.attrs["MATLAB_class"] = np.bytes_("cell")
    headed(file)


def write_boxes(file: Path, key: str, images: Sequence[Sequence[np.ndarray]]) -> None:
    """Write a cell of int64 tables of boxes, each transposed: (4, n)."""
    with opened(file) as target:
        refs = target.create_group("#refs#")
        outer = []
        for number, masks in enumerate(images):
            data = np.asarray([box_of(mask) for mask in masks], np.int64).T
            held = refs.create_dataset(f"b{number}", data=data)
            held.attrs["MATLAB_class"] = np.bytes_("int64")
            outer.append(held.ref)
        top = target.create_dataset(key, data=[outer], dtype=h5py.ref_dtype)
        top.attrs["MATLAB_class"] = np.bytes_("cell")
    headed(file)


def overlap_ratios(masks: Sequence[np.ndarray]) -> list[float]:
    """Smallest and largest share of a cytoplasm that others cover."""
    shares = []
    for place, mask in enumerate(masks):
        others = np.any([m for n, m in enumerate(masks) if n != place], axis=0)
        shares.append(float((mask & others).sum() / mask.sum()))
    return [min(shares), max(shares)]


def write_part(
    root: Path,
    cells: Sequence[tuple[list[np.ndarray], list[np.ndarray]]],
    names: Sequence[str],
    xy: Sequence[tuple[int, int]],
    wh: Sequence[tuple[int, int]],
) -> Path:
    """Write one of the three parts, such as ``Cx22-Pair``; there are no images."""
    for part, which in (("cyto", 0), ("nuc", 1)):
        masks = [image[which] for image in cells]
        folder = root / part
        write_masks(folder / f"{part}_ins.mat", f"{part}_ins", masks)
        clumps = [clumps_of(image) for image in masks]
        write_masks(folder / f"{part}_clumps.mat", f"{part}_clumps", clumps)
        write_boxes(folder / f"{part}_ins_bbox.mat", f"{part}_ins_bbox", masks)
    numbers = [[len(image[0])] for image in cells]
    write_numbers(root / "CellNum.mat", "CellNum", numbers)
    ratios = [overlap_ratios(image[0]) for image in cells]
    write_numbers(root / "OverlapRatio.mat", "OverlapRatio", ratios)
    generator = root / "generator"
    write_names(generator / "ImageDataNames.mat", names)
    write_numbers(generator / "ROIs_x_y.mat", "ROIs_x_y", xy)
    write_numbers(generator / "ROIs_W_H.mat", "ROIs_W_H", wh)
    (generator / "ImageDataGenerator.m").write_text("% makes ImageDataSet.mat\n")
    return root


def write_pair(root: Path) -> Path:
    """Write ``Cx22-Pair``: two cells an image, no image scaled."""
    return write_part(root / "Cx22-Pair", pair_cells(), PAIR_NAMES, PAIR_XY, PAIR_WH)


def write_multi(root: Path, part: str = "Cx22-Multi-Test") -> Path:
    """Write ``Cx22-Multi-Test``: many cells an image, scaled to 512 pixels."""
    return write_part(root / part, multi_cells(), MULTI_NAMES, MULTI_XY, MULTI_WH)


def source_picture(name: str) -> np.ndarray:
    """Picture of CCEDD, of which Cx22 images are cut."""
    rng = np.random.default_rng(int(name))
    coarse = rng.integers(0, 250, (48, 64, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((32, 32, 1), np.uint8))


def write_sources(folder: Path) -> Path:
    """Write pictures of CCEDD, 2048 x 1536, as ``<folder>/<name>.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in {*PAIR_NAMES, *MULTI_NAMES}:
        Image.fromarray(source_picture(name)).save(folder / f"{name}.png")
    return folder
