"""Open a Prophesee RAW file: its header is believed only where the words agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import AmbiguousEventsError, UnreadableFileError
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.evt2 import Evt2Source
from napari_cellsets.formats.events.evt3 import Evt3Source
from napari_cellsets.formats.events.evt21 import Evt21LegacySource, Evt21Source
from napari_cellsets.formats.events.prophesee import (
    HEADER_BYTES,
    biases,
    raw_claims,
    read_header,
)
from napari_cellsets.formats.events.words import PROBED_BYTES, Words
from napari_cellsets.formats.sources import HeldSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_cellsets.formats.events.prophesee import RawClaims
    from napari_cellsets.formats.events.raw_source import Fit, RawSource
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.sources import Source

READINGS: dict[str, type[RawSource]] = {
    "EVT2": Evt2Source,
    "EVT2.1 little": Evt21Source,
    "EVT2.1 legacy": Evt21LegacySource,
    "EVT3": Evt3Source,
}
"""Ways to read the words of a RAW file."""
_ENOUGH_BYTES = 1 << 10
"""Fewer cannot speak against a header."""


def open_raw(tree: FileTree, name: str, *, reading: str | None = None) -> RawSource:
    """Open a RAW file; see `opening.open_events`.

    Parameters
    ----------
    tree, name
        The file.
    reading
        One of `READINGS`, where the person has said.

    Raises
    ------
    UnreadableFileError
        If its words are of none of the known formats, or it cannot be read.
    AmbiguousEventsError
        If it does not say what its words are, and they could be of several formats.
    """
    source, place = tree.source(name), tree.place(name)
    header = read_header(source.read_at(0, HEADER_BYTES), place)
    claims = raw_claims(header)
    chosen = _Choice(reading or "")
    if chosen.reading not in READINGS:
        chosen = _chosen(source, header.size, claims, place)
    kind = READINGS[chosen.reading]
    serial = header.fields.get("serial_number", "")
    shown = EventHeader(
        kind.encoding,
        claims.geometry,
        " ".join(filter(None, (claims.sensor, serial))),
        facts=dict(header.fields),
        biases=biases(header),
        doubts=(*claims.doubts, *chosen.doubts),
        assumed=(*claims.assumed, *chosen.assumed),
    )
    return kind.open(Words(source, header.size, kind.dtype, place), shown, place)


def sniff_raw(encoding: str) -> Callable[[str, bytes, int], bool]:
    """Return what tells whether a file is RAW of this encoding, or claims to be."""

    def sniff(name: str, head: bytes, size: int) -> bool:
        header = read_header(head[: HEADER_BYTES - 1], name)
        claims = raw_claims(header)
        if claims.encoding:
            known = {kind.encoding for kind in READINGS.values()}
            # what is said to be of an unknown kind is opened too, and refused clearly
            return claims.encoding == encoding or (
                encoding == "EVT3" and claims.encoding not in known
            )
        source = HeldSource(head, in_memory=len(head))
        fits = _fits(source, header.size, claims, name)
        return any(
            fit.good and READINGS[reading].encoding == encoding
            for reading, fit in fits.items()
        )

    return sniff


class _Choice(NamedTuple):
    """How to read the words, what is wrong about it, and what was assumed."""

    reading: str
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def _fits(source: Source, start: int, claims: RawClaims, place: str) -> dict[str, Fit]:
    """Return how well the first words fit each reading; none for a file without."""
    fits = {}
    for reading, kind in READINGS.items():
        words = Words(source, start, kind.dtype, place)
        if words.units:
            fits[reading] = kind.fit(words.probe(), claims.geometry)
    return fits


def _chosen(source: Source, start: int, claims: RawClaims, place: str) -> _Choice:
    """Return the reading, and what is to be said of it."""
    claimed = [
        name for name, kind in READINGS.items() if kind.encoding == claims.encoding
    ]
    if claims.encoding and not claimed:
        raise UnreadableFileError(
            f"its header says that it is {claims.encoding}; EVT2, EVT2.1 and EVT3 can"
            " be read",
            path=place,
            advice="Convert it with the camera's software.",
        )
    fits = _fits(source, start, claims, place)
    if len(claimed) == 2 and claims.order:
        claimed = [f"EVT2.1 {'legacy' if claims.order == 'legacy' else 'little'}"]
    sure = source.size - start >= _ENOUGH_BYTES
    return _weighed(fits, claimed, sure, place)


def _weighed(
    fits: Mapping[str, Fit], claimed: Sequence[str], sure: bool, place: str
) -> _Choice:
    """Weigh what the header claims against how the words fit."""
    if claimed and claimed[0] not in fits:
        return _Choice(claimed[0])  # not one whole word
    good = [name for name, fit in fits.items() if fit.good]
    best = next((name for name in claimed if name in good), "")
    if not best and claimed:
        best = max(claimed, key=lambda name: (fits[name].order, fits[name].kinds))
    # a few words can look like anything: then the header is believed
    if best and (best in good or not sure or (fits[best].bearable and not good)):
        said = f"The order of its words was found out from them: {best}."
        return _Choice(best, assumed=(said,) if len(claimed) > 1 else ())
    if len(good) == 1:
        said = f"says {claimed[0]}" if claimed else "does not say what its words are"
        doubt = f"Its header {said}; they are {good[0]}, and read as such."
        return _Choice(good[0], (doubt,))
    if good:
        raise AmbiguousEventsError(
            f"its words could be {' or '.join(good)}, and its header does not help",
            readings=good,
            path=place,
            advice="Say which it is.",
        )
    what = f"its header says {claimed[0]}" if claimed else "its header says nothing"
    raise UnreadableFileError(
        f"its first {PROBED_BYTES >> 10} kB are no words of EVT2, EVT2.1 or EVT3;"
        f" {what} of them",
        path=place,
        advice="It is damaged, or the header belongs to another file.",
    )
