"""Edits of labels that somebody else changed since they were loaded: both are kept.

What was done here is laid over what the store has now, where the two touch different
objects. Where both changed the same object, that of the store stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_info, show_warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_cellsets._napari.edits import Tracked
    from napari_cellsets.store import Project

    Image = NDArray[np.int32]


def rebased(before: Image, mine: Image, theirs: Image) -> tuple[Image, list[int]]:
    """Return labels with the changes of two people, and what both changed.

    Parameters
    ----------
    before
        As both found them.
    mine, theirs
        What each made of them; of the same size.

    Returns
    -------
    labels
        Of both, new objects of mine numbered anew where need be; `theirs` where both
        changed the same object.
    clash
        Labels of such objects, 0 for background; empty for none.
    """
    here, there = mine != before, theirs != before
    known, ours = np.unique(before), np.unique(mine[here])
    new = np.setdiff1d(ours, known)
    old = np.setdiff1d(np.union1d(before[here], ours), new)
    both = np.intersect1d(old, np.union1d(before[there], theirs[there]))
    both = both[both != 0]
    if both.size or (here & there & (mine != theirs)).any():
        return theirs, both.tolist() or [0]
    free = int(max(theirs.max(initial=0), mine.max(initial=0))) + 1
    values = mine[here]
    for label in np.intersect1d(new, theirs).tolist():
        values[mine[here] == label] = free
        free += 1
    labels = theirs.copy()
    labels[here] = values
    return labels, []


def take_theirs(
    project: Callable[[], Project], tracked: Tracked, data: NDArray[Any]
) -> tuple[Image, list[int]] | None:
    """Follow what the store has now; return the labels to show, see `rebased`.

    None where the store has labels of another size, or none.

    Raises
    ------
    StoreError
        If they cannot be read.
    """
    stored = project().load_labels(*tracked.place)
    if stored is None or stored.labels.shape != tracked.shadow.shape:
        return None
    theirs = np.array(stored.labels, np.int32)
    found = rebased(tracked.shadow, np.asarray(data, np.int32), theirs)
    tracked.shadow = theirs.copy()
    tracked.revision, tracked.base, tracked.lazy = stored.revision, None, False
    return found


def tell(clash: list[int], sample: str = "") -> None:
    """Tell the person how edits met those of somebody else.

    Parameters
    ----------
    clash
        As of `rebased`.
    sample
        Its name where it is not the one on screen.
    """
    where = f"{sample}: " if sample else ""
    if not clash:
        both = "somebody else changed this image too: it is shown with both changes."
        show_info(where + both if where else both.capitalize())
        return
    what = f"object {clash[0]}" if clash[0] else "the same place"
    show_warning(
        f"{where}Not kept: somebody else changed {what} meanwhile. The image is shown"
        " as it is now; repeat your edit."
    )
