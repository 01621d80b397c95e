"""Small pictures kept on disk, so that a set opens with its thumbnails at once."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.places import cache_home

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample

#: How many are written between two looks at the size of the folder.
_WRITES_BETWEEN_CHECKS = 200
_JPEG_QUALITY = 88


class ThumbnailCache:
    """Thumbnails of all data sets in one folder of limited size.

    Safe in any thread; a folder that cannot be written only costs time.

    Parameters
    ----------
    limit_mb
        The oldest files go when the folder grows beyond this.
    folder
        By default in the person's cache folder.
    """

    def __init__(self, limit_mb: float = 200.0, folder: Path | None = None) -> None:
        self._folder = folder or cache_home() / "thumbnails"
        self._limit = int(limit_mb * 2**20)
        self._writes = 0

    def get(self, dataset: Dataset, sample: Sample, size: int) -> NDArray[np.uint8]:
        """Return the thumbnail of a sample, from disk or freshly made.

        Parameters
        ----------
        dataset, sample
            Which picture.
        size
            Longer edge in px.

        Returns
        -------
        numpy.ndarray
            uint8, (y, x, 3).

        Raises
        ------
        CellsetsError
            If the picture cannot be read.
        """
        place = self._folder / f"{_key(dataset, sample, size)}.jpg"
        found = _read(place)
        if found is None:
            found = dataset.thumbnail(sample, size)
            self._write(place, found)
        return found

    def trim(self) -> None:
        """Delete the oldest thumbnails until the folder is within its limit."""
        try:
            files = [(entry.stat(), entry.path) for entry in os.scandir(self._folder)]
            total = sum(stat.st_size for stat, _ in files)
            for stat, path in sorted(files, key=_age):
                if total <= self._limit:
                    break
                os.unlink(path)
                total -= stat.st_size
        except OSError:
            return  # another window trims too, or the folder is not ours

    def _write(self, place: Path, thumbnail: NDArray[np.uint8]) -> None:
        import cv2

        bgr = np.ascontiguousarray(thumbnail[..., ::-1])
        done, coded = cv2.imencode(
            ".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        )
        if not done:
            return
        aside = place.with_suffix(f".{os.getpid()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(coded.tobytes())
            aside.replace(place)
        except OSError:
            return
        self._writes += 1
        if self._writes % _WRITES_BETWEEN_CHECKS == 0:
            self.trim()


def _key(dataset: Dataset, sample: Sample, size: int) -> str:
    """Name a thumbnail by all that it depends on."""
    length = dataset.tree.size(sample.image)
    text = f"{dataset.identity}|{sample.image}|{length}|{size}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read(place: Path) -> NDArray[np.uint8] | None:
    import cv2

    try:
        coded = np.frombuffer(place.read_bytes(), np.uint8)
    except OSError:
        return None
    if not coded.size:
        return None
    bgr = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    rgb: NDArray[np.uint8] = np.ascontiguousarray(bgr[..., ::-1])
    return rgb


def _age(file: tuple[os.stat_result, str]) -> float:
    return file[0].st_mtime
