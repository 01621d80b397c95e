"""Pictures to train on: simulated fields, DSB 2018 fluorescence, FNC pairs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy import ndimage

from napari_cellsets.training.duplicates import fingerprint, same_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Share of the DSB pictures that the shipped models never saw.
DSB_HELD_OUT = 0.1
#: Correlation of two thumbnails above which pictures count as near duplicates.
NEAR_DUPLICATE = 0.9
THUMBNAIL = 16


@dataclass(frozen=True)
class Pair:
    """A picture and its labels, loaded when asked for.

    Attributes
    ----------
    name : str
        What the pair is called in logs and reports.
    image, labels : pathlib.Path
        Files: ``.npy`` or anything Pillow reads.
    kind : {"simulated", "dsb", "fnc"}
        Decides augmentation and whether labels are a mask still to be labelled.
    diameter : float
        Typical object diameter in px, 0 when unknown.
    """

    name: str
    image: Path
    labels: Path
    kind: str
    diameter: float = 0.0

    def load(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Return the picture (y, x, 3) uint8 and its labels (y, x) int32."""
        return _load(self.image, self.labels, self.kind)


@lru_cache(maxsize=1200)
def _load(
    image_path: Path, labels_path: Path, kind: str
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    image = _read(image_path)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    labels = _read(labels_path)
    if labels.ndim == 3:
        labels = labels[..., 0]
    if labels.shape != image.shape[:2]:
        raise ValueError(
            f"{labels_path.name!r} is {labels.shape}, its picture {image.shape[:2]}"
        )
    if kind == "fnc":
        labels, _ = ndimage.label(labels > 0)
    return image[..., :3].astype(np.uint8), labels.astype(np.int32)


def _read(path: Path) -> NDArray[Any]:
    if path.suffix == ".npy":
        array: NDArray[Any] = np.load(path)
        return array
    with Image.open(path) as picture:
        return np.asarray(picture)


def simulated_pairs(folder: Path) -> list[Pair]:
    """Pairs that ``prepare`` wrote."""
    return [
        Pair(
            path.name.split(".")[0],
            path,
            path.with_name(path.name.replace(".image.", ".labels.")),
            "simulated",
        )
        for path in sorted(folder.glob("*.image.npy"))
    ]


def dsb_pairs(folder: Path) -> list[Pair]:
    """Pairs of ``images/ID.png`` (grey) and ``labels/ID.png`` (instances)."""
    pairs = []
    for path in sorted((folder / "images").glob("*.png")):
        pair = Pair(path.stem, path, folder / "labels" / path.name, "dsb")
        sizes = np.bincount(pair.load()[1].ravel())[1:]
        sizes = sizes[sizes > 0]
        if len(sizes):
            diameter = float(np.sqrt(np.median(sizes) * 4 / np.pi))
            pairs.append(replace(pair, diameter=diameter))
    return pairs


def fnc_pairs(shared: Path) -> list[Pair]:
    """Return the published FNC pairs under ``shared``: yellow (v1) and red (v2)."""
    one = shared / "samples" / "fluorescent_neuronal_cells_v1"
    two = shared / "samples" / "fluorescent_neuronal_cells_v2" / "red" / "trainval"
    folders = [
        ("yellow", one / "all_images" / "images", one / "all_masks" / "masks"),
        ("red", two / "images", two / "ground_truths" / "masks"),
    ]
    return [
        Pair(f"{colour}/{path.stem}", path, masks / path.name, "fnc")
        for colour, images, masks in folders
        for path in sorted(images.glob("*.png"))
        if (masks / path.name).exists()
    ]


def split_by_name(pairs: Sequence[Pair], share: float) -> tuple[list[Pair], list[Pair]]:
    """Hold out about ``share`` of the pairs by a hash of their names.

    Near duplicates of a held-out picture are held out with it, so that the
    validation never sees a picture it was trained on.
    """
    thumbnails = {pair.name: _thumbnail(pair.load()[0]) for pair in pairs}
    shapes = {pair.name: pair.load()[0].shape for pair in pairs}
    held = {pair.name for pair in pairs if _fraction(pair.name) < share}
    alike = {
        pair.name
        for pair in pairs
        if pair.name not in held
        and any(
            shapes[pair.name] == shapes[name]
            and float(thumbnails[pair.name] @ thumbnails[name]) > NEAR_DUPLICATE
            for name in held
        )
    }
    return _part(pairs, held | alike, inside=False), _part(pairs, held, inside=True)


def folds_of(pairs: Sequence[Pair], folds: int) -> dict[str, int]:
    """Fold of every pair, by a hash of its name; near duplicates share one."""
    prints = [fingerprint(pair.load()[0]) for pair in pairs]
    head = list(range(len(pairs)))
    for one, other in same_picture(prints):
        first, second = sorted((head[one], head[other]))
        head = [first if at == second else at for at in head]
    return {
        pair.name: int(_fraction(pairs[at].name) * folds)
        for pair, at in zip(pairs, head, strict=True)
    }


def _part(pairs: Iterable[Pair], names: set[str], *, inside: bool) -> list[Pair]:
    return [pair for pair in pairs if (pair.name in names) is inside]


def _fraction(name: str) -> float:
    """Map a name to 0..1, the same on every machine and in every run."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Unit vector of a picture seen from far, for comparing pictures."""
    grey = image.max(axis=2).astype(np.float64)
    small = np.array(Image.fromarray(grey).resize((THUMBNAIL, THUMBNAIL)))
    vector = (small - small.mean()).ravel().astype(np.float64)
    norm = np.linalg.norm(vector)
    return np.asarray(vector / max(norm, 1e-12), np.float64)
