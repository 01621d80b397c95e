"""Open a Prophesee RAW file: believe its header only where the words agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.evt2 import Evt2Source
from napari_cellsets.formats.events.evt3 import Evt3Source
from napari_cellsets.formats.events.prophesee import (
    HEADER_BYTES,
    biases,
    raw_claims,
    read_header,
)
from napari_cellsets.formats.events.words import Words

if TYPE_CHECKING:
    from napari_cellsets.formats.events.raw_source import RawSource
    from napari_cellsets.formats.files import FileTree

SOURCES: dict[str, type[RawSource]] = {"EVT2": Evt2Source, "EVT3": Evt3Source}
PROBED_BYTES = 1 << 16


def open_raw(tree: FileTree, name: str, *, reading: str | None = None) -> RawSource:
    source, place = tree.source(name), tree.place(name)
    head = source.read_at(0, HEADER_BYTES)
    header = read_header(head, place)
    claims = raw_claims(header)
    kind = SOURCES[reading or claims.encoding]
    words = Words(source, header.size, kind.dtype, place)
    doubts = list(claims.doubts)
    shown = EventHeader(
        kind.encoding,
        claims.geometry,
        claims.sensor,
        facts=dict(header.fields),
        biases=biases(header),
        doubts=tuple(doubts),
    )
    return kind.open(words, shown, place)


def sniff_raw(encoding: str):
    def sniff(name: str, head: bytes, size: int) -> bool:
        return (
            head.startswith(b"% ")
            and raw_claims(read_header(head, name)).encoding == encoding
        )

    return sniff
