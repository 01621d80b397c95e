"""Events in equal spans of time, ON and OFF, mostly from the index alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.playback.index import IndexView
    from napari_cellsets.playback.reading import Reader

    Counts = NDArray[np.int64]


@dataclass(frozen=True)
class RateCurve:
    """How many events there were in each span.

    Parameters
    ----------
    edges_us
        int64, (bins + 1,): where the spans begin, and where the last ends.
    on, off
        int64, (bins,): events of [edge, next edge).
    exact
        Whether each event was counted in its own span, not shared out evenly over
        the stretch of the index that it lies in.
    """

    edges_us: Counts
    on: Counts
    off: Counts
    exact: bool = True

    @property
    def per_second(self) -> NDArray[np.float64]:
        """Events a second in each span, ON and OFF together."""
        rate: NDArray[np.float64] = (self.on + self.off) * 1e6 / np.diff(self.edges_us)
        return rate


def edges_between(start: int, stop: int, bins: int) -> Counts:
    """Return whole numbers that divide [start, stop) evenly, none of them twice.

    Raises
    ------
    CellsetsError
        If the range is empty or no bins are asked for.
    """
    if stop <= start or bins < 1:
        raise CellsetsError(
            f"a rate needs a range and bins; it is {start} to {stop} in {bins} bins"
        )
    bins = min(bins, stop - start)
    steps = np.arange(bins + 1)
    # Whole and rest apart: their product with the step would overflow for days.
    whole, rest = divmod(stop - start, bins)
    return np.asarray(start + steps * whole + steps * rest // bins, np.int64)


def rate(
    reader: Reader,
    edges: Counts,
    token: CancelToken | None = None,
    exact: bool = True,
) -> tuple[Counts, Counts]:
    """Return ON and OFF events between edges on the file's own clock.

    Stretches of the index that lie in one span, or outside of all, are taken from
    the index; only those across an edge are decoded, at most about one an edge in
    recordings in order.
    """
    view = reader.index.view()
    counts = np.zeros((2, len(edges) - 1), np.int64)
    on = np.diff(view.on_before)
    both = np.stack([on, np.diff(view.before) - on])
    first = np.searchsorted(edges, view.low, "right") - 1
    last = np.searchsorted(edges, view.high, "right") - 1
    seen = (last >= 0) & (first < counts.shape[1]) & (view.low <= view.high)
    whole = seen & (first == last)
    for side in (0, 1):
        np.add.at(counts[side], first[whole], both[side, whole])
    across = np.flatnonzero(seen & ~whole)
    if exact:
        _decoded(reader, view, across, edges, counts, token)
    else:
        _shared_out(view, across, edges, both, counts)
    return counts[0], counts[1]


def _decoded(
    reader: Reader,
    view: IndexView,
    stretches: NDArray[np.intp],
    edges: Counts,
    counts: Counts,
    token: CancelToken | None,
) -> None:
    for stretch in stretches.tolist():
        if token is not None:
            token.raise_if_cancelled()
        a = max(int(np.searchsorted(edges, view.low[stretch], "right")) - 1, 0)
        b = int(np.searchsorted(edges, view.high[stretch], "right")) + 1
        b = min(b, len(edges))
        for events, _ in reader.decoded(view, stretch, stretch + 1):
            for side, p in enumerate((1, 0)):
                t = events.t[events.p == p]
                t = t if view.ordered else np.sort(t)
                counts[side, a : b - 1] += np.diff(np.searchsorted(t, edges[a:b]))


def _shared_out(
    view: IndexView,
    stretches: NDArray[np.intp],
    edges: Counts,
    both: Counts,
    counts: Counts,
) -> None:
    for stretch in stretches.tolist():
        low, high = view.low[stretch], view.high[stretch] + 1
        part = (np.clip(edges, low, high) - low) / (high - low)
        for side in (0, 1):
            counts[side] += np.diff(np.round(part * both[side, stretch]).astype(int))
