"""Small pictures kept on disk, so that a set opens with its thumbnails at once."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets._napari.kept_blobs import BlobFile
from napari_cellsets.core.places import cache_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample

_FILE = "thumbnails.sqlite"
_JPEG_QUALITY = 88


class ThumbnailCache:
    """Thumbnails of all data sets, and of objects in them, in one file.

    Safe in any thread; a folder that cannot be written only costs time.

    Parameters
    ----------
    limit_mb
        The oldest go when there is more.
    folder
        By default in the person's cache folder.
    """

    def __init__(self, limit_mb: float = 200.0, folder: Path | None = None) -> None:
        place = (folder or cache_home() / "thumbnails") / _FILE
        self._file = BlobFile(place, int(limit_mb * 2**20))

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
        depends_on = f"{picture_key(dataset, sample)}|{size}"
        return self.picture(depends_on, lambda: dataset.thumbnail(sample, size))

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

    def picture(
        self, depends_on: str, make: Callable[[], NDArray[np.uint8]]
    ) -> NDArray[np.uint8]:
        """Return a small picture, from disk or freshly made.

        Parameters
        ----------
        depends_on
            All that it depends on, in words.
        make
            Makes it, uint8 (y, x, 3); what it raises is passed on.
        """
        key = _digest(depends_on)
        coded = self._file.get(key)
        found = None if coded is None else _decoded(coded)
        if found is None:
            found = make()
            self._file.put(key, _coded(found))
        return found

    def text(self, depends_on: str, make: Callable[[], str]) -> str:
        """Return a text, from disk or freshly made; as for `picture`."""
        key = _digest(depends_on)
        kept = self._file.get(key)
        if kept is None:
            found = make()
            self._file.put(key, found.encode())
            return found
        return kept.decode()


def picture_key(dataset: Dataset, sample: Sample) -> str:
    """Say which picture of which set it is, and how long its file."""
    return f"{dataset.identity}|{sample.image}|{dataset.tree.size(sample.image)}"


def _digest(depends_on: str) -> bytes:
    return hashlib.blake2b(os.fsencode(depends_on), digest_size=16).digest()


def _coded(picture: NDArray[np.uint8]) -> bytes:
    import cv2

    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return bytes(coded)


def _decoded(coded: bytes) -> NDArray[np.uint8] | None:
    import cv2

    bgr = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
