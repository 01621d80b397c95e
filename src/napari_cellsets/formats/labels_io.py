"""Label images as files: 16-bit PNG, TIFF of 16 or 32 bits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.files import FileTree
from napari_cellsets.formats.sources import read_file, regular_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_MOST_IN_PNG = 65_535


def write_label_png(path: str | Path, labels: np.ndarray) -> Path:
    """Write labels as a 16-bit grey PNG.

    Parameters
    ----------
    path
        Where to; its folder is made.
    labels
        Integers, shape (y, x); 0 is background.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ExportError
        If a label is negative or above 65,535, if there is more than one plane,
        or if the file cannot be written.
    """
    import numpy as np

    final = Path(path)
    largest = _largest(labels, final)
    if largest > _MOST_IN_PNG:
        raise ExportError(
            f"label {largest:,} does not fit a 16-bit PNG",
            path=final,
            advice="Export as TIFF, which holds 32 bits.",
        )
    if labels.ndim != 2:
        raise ExportError(
            f"a PNG holds one plane, but the labels have the shape {labels.shape}",
            path=final,
            advice="Export as TIFF, which holds stacks.",
        )
    write_grey_png(final, labels.astype(np.uint16))
    return final


def write_label_tiff(path: str | Path, labels: np.ndarray) -> Path:
    """Write labels as TIFF, uint16 where they fit and uint32 where not.

    Parameters
    ----------
    path
        Where to; its folder is made.
    labels
        Integers, shape (y, x) or (z, y, x); 0 is background.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ExportError
        If a label is negative or the file cannot be written.
    """
    import numpy as np

    final = Path(path)
    kind = np.uint16 if _largest(labels, final) <= _MOST_IN_PNG else np.uint32
    write_grey_tiff(final, labels.astype(kind))
    return final


def write_grey_tiff(path: Path, pixels: np.ndarray) -> None:
    """Write (y, x) or (z, y, x) as grey TIFF, whole or not at all."""
    import tifffile

    with atomic_output(path) as aside:
        tifffile.imwrite(
            aside,
            pixels,
            compression="zlib",
            photometric="minisblack",
            metadata={"axes": "ZYX"[-pixels.ndim :]},
        )


def write_grey_png(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 or uint16 (y, x) as grey PNG, whole or not at all."""
    import cv2

    try:
        _, packed = cv2.imencode(".png", pixels)
    except cv2.error as error:
        raise ExportError(
            f"a picture of the shape {pixels.shape} cannot be packed as PNG", path=path
        ) from error
    with atomic_output(path) as aside:
        aside.write_bytes(packed.tobytes())


def read_label_image(path: str | Path) -> np.ndarray:
    """Read a label image of any known kind.

    Parameters
    ----------
    path
        PNG, TIFF, BMP or JPEG file.

    Returns
    -------
    ndarray
        int32, shape (y, x) or (z, y, x).

    Raises
    ------
    UnreadableFileError
        If it is no picture, or no picture of labels.
    """
    file = Path(path)
    return as_labels(read_plane(_OneFile(file), file.name), str(file))


def as_labels(plane: np.ndarray, place: str) -> np.ndarray:
    """Turn stored numbers into int32 labels, refusing what cannot be labels."""
    import numpy as np

    if plane.ndim > 2 and plane.shape[-1] == 3:
        if not (plane[..., :1] == plane).all():
            raise UnreadableFileError(
                "this picture is coloured, so its numbers are no labels",
                path=place,
                advice="Save the labels as one 16-bit channel.",
            )
        plane = plane[..., 0]
    whole = plane.dtype.kind != "f" or (
        np.isfinite(plane).all() and (np.rint(plane) == plane).all()
    )
    if not whole:
        raise UnreadableFileError(
            "this picture holds fractions, so its numbers are no labels", path=place
        )
    if plane.size and plane.min() < 0:
        raise UnreadableFileError(
            f"labels cannot be negative, but {plane.min()} is there", path=place
        )
    if plane.size and plane.max() > np.iinfo(np.int32).max:
        _, plane = np.unique(plane, return_inverse=True)
        plane = plane.reshape(plane.shape)
    return plane.astype(np.int32)


def _largest(labels: np.ndarray, place: Path) -> int:
    if labels.size and labels.min() < 0:
        raise ExportError(f"label {labels.min()} is negative", path=place)
    return int(labels.max()) if labels.size else 0


class _OneFile(FileTree):
    """A tree of one file, so that one set of readers serves both."""

    def __init__(self, file: Path) -> None:
        self.root = file.parent
        self.problems = []
        self._file = file

    def names(self) -> Sequence[str]:
        return [self._file.name]

    def read(self, name: str) -> bytes:
        return self.head(name, -1)

    def head(self, name: str, length: int) -> bytes:
        return read_file(self.root / name, length)

    def size(self, name: str) -> int:
        return regular_size(self.root / name)

    def local_path(self, name: str) -> Path | None:
        return self.root / name
