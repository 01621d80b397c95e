"""Inflated bytes of a gzip file at any offset, without a copy of all of them.

The inflater's state is kept every few megabytes, so a read begins at the state before
it. Reading from the beginning to the end inflates once.
"""

from __future__ import annotations

import threading
import zlib
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats import limits

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.sources import Source

_STEP = 1 << 18
_APART = 16 * limits.MIB
_MOST_STATES = 2048
_GZIP = 31
_UNKNOWN = 1 << 62


class _State:
    """Where the inflater stands: offset in the packed and in the inflated bytes."""

    def __init__(self, packed: int, inflated: int, inflater: Any) -> None:
        self.packed, self.inflated, self.inflater = packed, inflated, inflater

    def copy(self) -> _State:
        return _State(self.packed, self.inflated, self.inflater.copy())


class GzipSource:
    """A gzip file as the bytes that are packed in it.

    Parameters
    ----------
    outer
        The packed bytes.
    place
        How to call the file in messages.
    """

    _window, _kind = _GZIP, "gzip archive"

    def __init__(self, outer: Source, place: str | Path) -> None:
        self.size = _UNKNOWN  # known at the end only
        self._outer, self._place = outer, place
        self._lock = threading.Lock()
        self._apart = _APART
        self._states = [_State(0, 0, zlib.decompressobj(self._window))]
        self._live = self._states[0].copy()

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end.

        Raises
        ------
        UnreadableFileError
            If the file is cut off or damaged there.
        UnsafeArchiveError
            If it inflates beyond reason.
        """
        with self._lock:
            self._go_to(offset)
            if self._live.inflated < offset:
                return b""
            pieces, have = [], 0
            while have < length:
                piece = self._next(length - have)
                if not piece:
                    break
                pieces.append(piece)
                have += len(piece)
            return b"".join(pieces)

    def _go_to(self, offset: int) -> None:
        best = max(
            (s for s in self._states if s.inflated <= offset), key=lambda s: s.inflated
        )
        if not best.inflated <= self._live.inflated <= offset:
            self._live = best.copy()
        while self._live.inflated < offset:
            if not self._next(min(_STEP * 8, offset - self._live.inflated)):
                break

    def _next(self, most: int) -> bytes:
        """Inflate the next bytes, at most so many; nothing at the end."""
        live = self._live
        while True:
            if live.inflater.eof:
                if not self._next_member():
                    return b""
            waiting = live.inflater.unconsumed_tail
            packed = waiting or self._outer.read_at(live.packed, _STEP)
            if not packed:
                raise self._damaged("it is cut off")
            if not waiting:
                live.packed += len(packed)
            try:
                piece: bytes = live.inflater.decompress(packed, most)
            except zlib.error as error:
                raise self._damaged(str(error)) from error
            if piece:
                live.inflated += len(piece)
                self._after()
                return piece

    def _next_member(self) -> bool:
        """Begin the next of several gzip streams; False where there is none."""
        live = self._live
        rest = live.inflater.unused_data
        at = live.packed - len(rest)
        if self._outer.read_at(at, 2) != b"\x1f\x8b":
            return False
        live.packed, live.inflater = at, zlib.decompressobj(self._window)
        return True

    def _after(self) -> None:
        live = self._live
        if (
            live.inflated > 4 * limits.MEMBER_RATIO_FROM_BYTES
            and live.inflated > limits.MEMBER_RATIO * live.packed
        ):
            raise UnsafeArchiveError(
                f"the archive inflates from {live.packed:,} to more than"
                f" {live.inflated:,} bytes",
                path=self._place,
                advice="Unpack it and open the folder if you trust it.",
            )
        if live.inflated >= self._states[-1].inflated + self._apart:
            self._states.append(live.copy())
            if len(self._states) > _MOST_STATES:
                self._states, self._apart = self._states[::2], self._apart * 2

    def _damaged(self, reason: str) -> UnreadableFileError:
        return UnreadableFileError(
            f"this {self._kind} is damaged ({reason})",
            path=self._place,
            advice="Download it again.",
        )


class DeflatedSource(GzipSource):
    """A deflated member of a zip archive as the bytes that are packed in it.

    Parameters
    ----------
    outer
        The packed bytes.
    place
        How to call the member in messages.
    size
        How many bytes it says to hold; no more are given.
    """

    _window, _kind = -15, "member of the archive"

    def __init__(self, outer: Source, place: str | Path, size: int) -> None:
        super().__init__(outer, place)
        self.size = size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; see `GzipSource.read_at`."""
        return super().read_at(offset, max(0, min(length, self.size - offset)))

    def _next_member(self) -> bool:
        """There is but one stream."""
        return False
