"""Previews of short event files: grey, white where it became lighter, else black.

The last event of a pixel wins, as in the previews that the owners of the Neuromorphic
Cell Dataset drew. A file is a NumPy array of one axis with the fields t, x, y and p.
"""

from __future__ import annotations

import io
import re
import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.templates import WRAP

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from napari_cellsets.formats.files import FileTree

SIDE = 224
_GREY, _ON, _OFF = 128, 255, 0
_LARGEST = 1 << 28
_ENDING = re.compile(r"\.(zip|tar|tar\.gz|tgz|7z)(?=/)", re.IGNORECASE)


def painted(tree: FileTree, values: Mapping[str, str]) -> bytes:
    """Make the PNG of one event file.

    Parameters
    ----------
    tree
        The files of the set.
    values
        What the marks of the picture's template stand for.

    Raises
    ------
    UnreadableFileError
        If the file is not there or holds no events.
    """
    import cv2

    inner = values.get("inner", "")
    file = f"{values['number']}00us{values.get('copy', '')}.npy"
    wanted = f"{values.get(WRAP, '')}{values['class']}/{inner}{file}"
    name = _names(tree).get(_plain(wanted))
    if name is None:
        raise UnreadableFileError("there are no events", path=tree.place(wanted))
    shown = preview(read_events(tree.read(name), tree.place(name)))
    _, content = cv2.imencode(".png", shown)
    return content.tobytes()


def read_events(content: bytes, place: str) -> np.ndarray:
    """Read an array of events.

    Returns
    -------
    ndarray
        Structured, shape (n,), with the fields t, x, y and p.

    Raises
    ------
    UnreadableFileError
        If it is another kind of file, damaged, or too large.
    """
    import numpy as np

    if len(content) > _LARGEST:
        raise UnreadableFileError("a short file of events was expected", path=place)
    try:
        found = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError, TypeError, SyntaxError) as error:
        raise UnreadableFileError(
            f"this is no whole NumPy file ({str(error)[:80]})",
            path=place,
            advice="Download it again.",
        ) from error
    fields = getattr(getattr(found, "dtype", None), "names", None) or ()
    if getattr(found, "ndim", 0) != 1 or not {"t", "x", "y", "p"} <= set(fields):
        raise UnreadableFileError(
            "events with the fields t, x, y and p were expected", path=place
        )
    return np.asarray(found)


def preview(events: np.ndarray) -> np.ndarray:
    """Draw events.

    Returns
    -------
    ndarray
        uint8, shape (224, 224, 3), or larger where events lie farther out.
    """
    import numpy as np

    x, y = events["x"].astype(np.int64), events["y"].astype(np.int64)
    inside = (x >= 0) & (y >= 0) & (x < 8 * SIDE) & (y < 8 * SIDE)
    x, y, p = x[inside], y[inside], events["p"][inside]
    high = max(SIDE, int(y.max()) + 1 if y.size else 0)
    wide = max(SIDE, int(x.max()) + 1 if x.size else 0)
    shown = np.full((high, wide), _GREY, np.uint8)
    shown[y, x] = np.where(p > 0, _ON, _OFF)
    return np.repeat(shown[..., None], 3, axis=2)


_KNOWN: WeakKeyDictionary[FileTree, dict[str, str]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def _names(tree: FileTree) -> dict[str, str]:
    """Files of events by their names without the endings of archives."""
    with _LOCK:
        if tree not in _KNOWN:
            names = (name for name in tree.names() if name.lower().endswith(".npy"))
            _KNOWN[tree] = {_plain(name): name for name in names}
        return _KNOWN[tree]


def _plain(name: str) -> str:
    return _ENDING.sub("", name).lower()
