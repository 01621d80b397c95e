"""ISBI 2014 (MATLAB files of both versions, mixed) and 2015 (volumes, mask files)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mat_files import write_mat5, write_mat73

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 512
EDF = 1024


def picture(number: int) -> np.ndarray:
    """Grey values 57 to 248 that are not the same when mirrored."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return (57 + (x * 150 + y * 40) // SIZE + number).astype(np.uint8)


def cytoplasm(number: int) -> list[np.ndarray]:
    """Two ellipses that overlap and one apart, wider than high."""
    return [
        _ellipse(150 + number, 200, 60, 120),
        _ellipse(170, 300, 70, 110),
        _ellipse(400, 130, 30, 90),
    ][: 2 + number % 2]


def nuclei(number: int) -> np.ndarray:
    """One mask of all nuclei of a picture."""
    return _ellipse(150 + number, 190, 10, 20) | _ellipse(175, 330, 12, 18)


def _ellipse(row: int, column: int, high: int, wide: int) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return ((y - row) / high) ** 2 + ((x - column) / wide) ** 2 <= 1


def _truth(numbers: range, half: str, *, logical: bool) -> dict[str, object]:
    def kind(mask: np.ndarray) -> np.ndarray:
        return mask if logical else mask.astype(np.uint8)

    return {
        f"{half}_Cytoplasm": [[kind(m) for m in cytoplasm(i)] for i in numbers],
        f"{half}_Nuclei": [kind(nuclei(i)) for i in numbers],
        "CellNum": np.array([[len(cytoplasm(i))] for i in numbers], np.float64),
    }


def write_challenge(root: Path, count: int = 3, tests: int = 2) -> Path:
    """Train45Test90 as downloaded: four files of version 5, at the top."""
    root.mkdir(parents=True, exist_ok=True)
    train, test = range(count), range(100, 100 + tests)
    truth = _truth(train, "train", logical=False)
    truth.pop("CellNum")
    write_mat5(root / "isbi_train.mat", ISBI_Train=[picture(i) for i in train])
    write_mat5(root / "isbi_train_GT.mat", **truth)
    write_mat5(root / "isbi_test90.mat", ISBI_Test90=[picture(i) for i in test])
    write_mat5(root / "isbi_test90_GT.mat", **_truth(test, "test", logical=True))
    return root


def write_dataset(root: Path, count: int = 2, tests: int = 3) -> Path:
    """Dataset as downloaded: EDF pictures, drawn ones in files of both versions."""
    top = root / "Dataset"
    synthetic = top / "Synthetic"
    train, test = range(count), range(100, 100 + tests)
    write_mat73(synthetic / "trainset.mat", trainset=[picture(i) for i in train])
    write_mat5(synthetic / "trainset_GT.mat", **_truth(train, "train", logical=False))
    write_mat73(synthetic / "testset.mat", testset=[picture(i) for i in test])
    write_mat73(synthetic / "testset_GT.mat", **_truth(test, "test", logical=True))
    (top / "EDF").mkdir()
    for number in range(2):
        pixels = np.full((EDF, EDF), 200 + number, np.uint8)
        Image.fromarray(pixels).save(top / "EDF" / f"EDF{number:03d}.png")
    return top


ROUNDS = {
    "Training_R1_01Dec2014/Training": (4, 11),
    "Training_R2_Jan2015": (7,),
    "Testing_R1_01Dec2014/Testing": (0,),
    "Testing_R2_Jan2015": (18,),
}


def write_volumes(root: Path, planes: int = 4) -> Path:
    """ISBI 2015: stacks, one file a cytoplasm; of the test set elsewhere."""
    for folder, frames in ROUNDS.items():
        for frame in frames:
            name = f"frame{frame:03d}"
            stack = root / folder / f"{name}_stack"
            stack.mkdir(parents=True)
            for plane in range(planes):
                pixels = np.full((SIZE, SIZE), 10 * plane + frame, np.uint8)
                Image.fromarray(pixels).save(stack / f"fov{plane:03d}.png")
            place = "GT_Testing" if "Testing" in folder else folder
            masks = root / place / f"seg_{name}_png"
            masks.mkdir(parents=True)
            for cell, mask in enumerate(cytoplasm(frame), start=1):
                pixels = np.where(mask, 255, 0).astype(np.uint8)
                Image.fromarray(pixels).save(masks / f"cell{cell:03d}.png")
    return root
