"""Small pictures kept on disk, so that a set opens with its thumbnails at once."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.places import cache_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample

#: What is left of the limit when the folder was trimmed, so that it lasts a while.
_TRIMMED_TO = 0.9
#: Bytes written between two looks at the folder, which other windows fill too.
_BYTES_BETWEEN_LOOKS = 16 * 2**20
_JPEG_QUALITY = 88
_JPEG_END = b"\xff\xd9"


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
        self._lock = threading.Lock()
        self._unseen: int | None = None

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
        place = f"{self._folder}{os.sep}{_key(dataset, sample, size)}.jpg"
        found = _read(place)
        if found is None:
            found = dataset.thumbnail(sample, size)
            self._write(place, found)
        return found

    def maker(self, dataset: Dataset, size: int) -> Callable[[int], NDArray[np.uint8]]:
        """Return a function for any thread from index of a sample to its thumbnail.

        Parameters
        ----------
        dataset, size
            As for `get`.
        """

        def make(index: int) -> NDArray[np.uint8]:
            return self.get(dataset, dataset.samples[index], size)

        return make

    def trim(self) -> None:
        """Delete the oldest thumbnails where the folder is beyond its limit."""
        try:
            files = [(entry.stat(), entry.path) for entry in os.scandir(self._folder)]
            total = sum(stat.st_size for stat, _ in files)
            if total <= self._limit:
                return
            for stat, path in sorted(files, key=_age):
                if total <= self._limit * _TRIMMED_TO:
                    break
                os.unlink(path)
                total -= stat.st_size
        except OSError:
            return  # another window trims too, or the folder is not ours

    def _write(self, place: str, thumbnail: NDArray[np.uint8]) -> None:
        import cv2

        bgr = cv2.cvtColor(thumbnail, cv2.COLOR_RGB2BGR)
        done, coded = cv2.imencode(
            ".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        )
        if not done:
            return
        try:
            if self._unseen is None:
                self._folder.mkdir(parents=True, exist_ok=True)
            # In place: one that is cut off is known by its end, see `_read`.
            with open(place, "wb", buffering=0) as file:
                file.write(coded.tobytes())
        except OSError:
            return
        with self._lock:
            self._unseen = (self._unseen or 0) + len(coded)
            full = self._unseen > min(_BYTES_BETWEEN_LOOKS, self._limit)
            if full:
                self._unseen = 0
        if full:
            self.trim()


def _key(dataset: Dataset, sample: Sample, size: int) -> str:
    """Name a thumbnail by all that it depends on."""
    length = dataset.tree.size(sample.image)
    text = f"{dataset.identity}|{sample.image}|{length}|{size}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _read(place: str) -> NDArray[np.uint8] | None:
    import cv2

    try:
        with open(place, "rb", buffering=0) as file:
            coded = file.read()
    except OSError:
        return None
    if not coded.endswith(_JPEG_END):
        return None  # another window is writing it, or was stopped while it did
    bgr = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _age(file: tuple[os.stat_result, str]) -> float:
    return file[0].st_mtime
