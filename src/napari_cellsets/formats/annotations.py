"""How objects are written down: four words, each read and written.

================ =========================================================
``components``    binary mask; each 8-connected component of > 0 is an object
                  (in a JPEG from the middle on, as its packing scatters)
``instances``     label image: 0 is background, each number an object
``either``        a label image or a mask, told apart by its numbers
``object-files``  one mask file an object
================ =========================================================
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.gaps import separated
from napari_cellsets.formats.labels_io import (
    as_labels,
    write_grey_png,
    write_grey_tiff,
    write_label_png,
    write_label_tiff,
)
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from napari_cellsets.formats.files import FileTree

WORDS = ("components", "instances", "either", "object-files")
_MOST_FILES = 100_000
_MIDDLE = 127


@dataclass(frozen=True, slots=True)
class AnnotationForm:
    """A word and what it needs to know.

    Parameters
    ----------
    word
        One of `WORDS`.
    depth
        Bits of a binary mask: 8 (0, 255) or 16 (0, 65535).
    background
        For label images: a number that means background wherever it occurs
        together with free numbers below it (Cellpose: 65535).
    """

    word: str
    depth: int = 8
    background: int | None = None


def read_labels(
    form: AnnotationForm,
    tree: FileTree,
    names: Sequence[str],
    shape: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Read the truth of one picture.

    Parameters
    ----------
    form
        How the objects are written down.
    tree, names
        The files; one, but for ``object-files``.
    shape
        (y, x) or (z, y, x) of the picture, where the files must fit it. A mask
        of one plane fits a stack.

    Returns
    -------
    ndarray
        int32, shape (y, x) or (z, y, x); 0 is background.

    Raises
    ------
    UnreadableFileError
        If a file is damaged, has another size than the picture, or holds no
        numbers of the kind.
    """
    if form.word == "object-files":
        return _read_object_files(tree, names, shape)
    place = tree.place(names[0])
    plane = read_mask(tree, names[0])
    check_size(plane, shape, place)
    if form.word == "components":
        return components(plane)
    if form.word == "either" and is_mask(plane):
        return components(plane)
    return _without_background(as_labels(plane, place), form.background)


def read_mask(tree: FileTree, name: str) -> np.ndarray:
    """Read a mask; that of a JPEG, which scatters faint values, from the middle on."""
    import numpy as np

    plane = read_plane(tree, name)
    head = tree.head(name, HEAD_BYTES)
    if picture_kind(head, tree.place(name)) != "jpeg":
        return plane
    return np.where(_strongest(plane) > _MIDDLE, np.uint8(255), np.uint8(0))


def write_labels(
    form: AnnotationForm, labels: np.ndarray, path: str | Path
) -> list[Path]:
    """Write labels of one picture as the word says; each file whole or not at all.

    Parameters
    ----------
    form
        How the objects are written down. ``either`` writes a label image.
    labels
        Integers, shape (y, x); 0 is background.
    path
        File to write; for ``object-files`` the folder of the objects, which is
        replaced. A name that does not end in ``.tif`` or ``.tiff`` gets PNG.

    Returns
    -------
    list of Path
        All files written.

    Raises
    ------
    ExportError
        If the labels cannot be said in this form, or cannot be written.
    """
    final = Path(path)
    tiff = final.suffix.lower() in (".tif", ".tiff")
    if form.word == "object-files":
        return _write_object_files(labels, final)
    if form.word == "components":
        mask = _as_mask(labels, form.depth, final)
        (write_grey_tiff if tiff else write_grey_png)(final, mask)
        return [final]
    return [(write_label_tiff if tiff else write_label_png)(final, labels)]


def _as_mask(labels: np.ndarray, depth: int, final: Path) -> np.ndarray:
    """Binary mask of labels, 0 and the largest number of the depth."""
    import numpy as np

    if labels.ndim != 2:
        raise ExportError(
            f"a mask holds one plane, but the labels have the shape {labels.shape}",
            path=final,
            advice="Export as TIFF labels.",
        )
    full = np.uint16(65535) if depth == 16 else np.uint8(255)
    return np.where(separated(labels, final), full, full.dtype.type(0))


def components(plane: np.ndarray) -> np.ndarray:
    """8-connected components (26 in a stack) of all that is above 0, as int32."""
    import cv2
    import numpy as np

    above = np.asarray(_strongest(plane) > 0)
    if above.ndim == 3:
        from scipy import ndimage

        labels, _ = ndimage.label(above, np.ones((3, 3, 3)), np.int32)
        return np.asarray(labels)
    _, labels = cv2.connectedComponents(
        np.ascontiguousarray(above).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    return np.asarray(labels)


def is_mask(plane: np.ndarray) -> bool:
    """Whether numbers look like a mask (perhaps with soft edges), not like labels.

    They do when there is only one number above 0, or when the largest number
    is that of the type (255, 65535) and the others are soft edges, which change
    from pixel to pixel, or cover less than it. Even areas of small numbers from 1
    beside 65535 are labels on a background of that number.
    """
    import numpy as np

    plane = _strongest(plane)
    above = plane > 0
    if plane.dtype == bool or not above.any():
        return True
    largest = plane.max()
    others = above & (plane < largest)
    if not others.any():
        return True
    if largest not in (255, 65535):
        return False
    number = np.count_nonzero(others)
    even = np.count_nonzero(others[..., 1:] & (plane[..., 1:] == plane[..., :-1]))
    if even * 2 < number:
        return True
    background = largest == 65535 and plane[others].min() == 1
    return bool(not background and number * 2 < np.count_nonzero(above))


def _strongest(plane: np.ndarray) -> np.ndarray:
    """Return the largest of the channels of each pixel; grey stays as it is."""
    import numpy as np

    colour = plane.ndim > 2 and plane.shape[-1] in (3, 4)
    return np.asarray(plane.max(axis=-1)) if colour else plane


def _without_background(labels: np.ndarray, background: int | None) -> np.ndarray:
    """Turn a second background number to 0, unless it is an object in sequence."""
    import numpy as np

    if background is None:
        return labels
    there = labels == background
    if not there.any():
        return labels
    rest = labels[~there]
    if rest.size and rest.max() >= background - 1:
        return labels
    return np.where(there, np.int32(0), labels)


def check_size(plane: np.ndarray, shape: tuple[int, ...] | None, place: str) -> None:
    """Refuse a mask that has another size than its picture.

    Parameters
    ----------
    plane
        The mask.
    shape
        (y, x) or (z, y, x) of the picture; None where it is not known.
    place
        How to call the mask in messages.

    Raises
    ------
    UnreadableFileError
        If it does not fit.
    """
    if shape is None:
        return
    colour = plane.ndim > 2 and plane.shape[-1] == 3 and plane.shape[:2] == shape[-2:]
    found = plane.shape[:2] if colour else plane.shape
    if found != shape[-len(found) :]:
        raise UnreadableFileError(
            f"this mask is {_in_words(found)} pixels, "
            f"but its picture is {_in_words(shape)}",
            path=place,
            advice="The picture opens without truth; replace the mask.",
        )


def _in_words(shape: tuple[int, ...]) -> str:
    """Width first, as people say it: ``1600 x 1200``, ``1600 x 1200 x 5``."""
    return " x ".join(str(length) for length in (*shape[:-3:-1], *shape[:-2]))


def _read_object_files(
    tree: FileTree, names: Sequence[str], shape: tuple[int, ...] | None
) -> np.ndarray:
    import numpy as np

    labels: np.ndarray | None = None
    for number, name in enumerate(sorted(names)[:_MOST_FILES], start=1):
        plane = read_mask(tree, name)
        if plane.ndim > 2:
            plane = plane.max(axis=-1)
        if labels is None:
            labels = np.zeros((shape or plane.shape)[-2:], np.int32)
        check_size(plane, labels.shape, tree.place(name))
        # a nucleus is small: touch its pixels, not the whole picture
        inside = np.flatnonzero(plane != 0)
        free = labels.ravel()[inside] == 0
        labels.ravel()[inside[free]] = number
    if labels is None:
        raise UnreadableFileError("there is no file of an object", path=tree.root)
    return labels


def _write_object_files(labels: np.ndarray, folder: Path) -> list[Path]:
    """Write all objects aside, then swap the folder in."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _not_writable(folder, error) from error
    try:
        written = [_write_object(aside, mask) for mask in _object_masks(labels)]
        old = aside.with_name(f"{aside.name}-old")
        if folder.exists():
            folder.replace(old)
        aside.chmod(0o755)
        aside.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise _not_writable(folder, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return [folder / name for name in written]


def _object_masks(labels: np.ndarray) -> Iterable[np.ndarray]:
    import numpy as np

    for label in np.unique(labels):
        if label:
            yield np.where(labels == label, np.uint8(255), np.uint8(0))


def _write_object(folder: Path, mask: np.ndarray) -> str:
    name = f"{hashlib.sha256(mask.tobytes()).hexdigest()}.png"
    write_grey_png(folder / name, mask)
    return name


def _not_writable(place: Path, error: OSError) -> ExportError:
    return ExportError(
        f"could not be written: {error.strerror or error}",
        path=place,
        advice="Choose a folder that you may write to and that has room.",
    )
