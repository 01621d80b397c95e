"""Events in ROS bags of any kind, through the library ``rosbags``.

Messages of `event_camera_msgs` carry the words of the sensor: put one after the other
in the cache folder they are a RAW file, which is sought as such. Those of `dvs_msgs`
are decoded into columns.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.events.rosbag_codecs import CODECS
from napari_cellsets.formats.events.spool import (
    check_room,
    on_disk,
    spool_columns,
    spooled,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.files import FileTree

PACKET, ARRAY = "event_camera_msgs/msg/EventPacket", "dvs_msgs/msg/EventArray"
_ENCODINGS = {"evt3": "EVT3", "evt21": "EVT21", "evt2": "EVT2"}
_MISSING, _ROOM = "missing_messages", "0" * 12
_MOST_MISSING = 999_999_999_999
_STARTS = (b"#ROSBAG V", b"SQLite format 3\0", b"\x89MCAP0\r\n")
_FAULTS = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    MemoryError,
    EOFError,
    struct.error,
    sqlite3.Error,
)
_TYPES = {
    PACKET: """std_msgs/Header header
uint32 height
uint32 width
uint64 seq
uint64 time_base
string encoding
bool is_bigendian
uint8[] events
""",
    "dvs_msgs/msg/Event": """uint16 x
uint16 y
builtin_interfaces/Time ts
bool polarity
""",
    ARRAY: """std_msgs/Header header
uint32 height
uint32 width
dvs_msgs/Event[] events
""",
}


def sniff_rosbag(name: str, head: bytes, size: int) -> bool:
    """Whether a file begins as a bag does: ROS 1, sqlite3 or MCAP."""
    return head.startswith(_STARTS)


def open_rosbag(
    tree: FileTree, name: str, *, reading: str | None = None
) -> EventSource:
    """Open the events of a bag.

    Parameters
    ----------
    tree, name
        A ``.bag``, ``.db3`` or ``.mcap`` file.
    reading
        Which of several topics.

    Raises
    ------
    UnreadableFileError
        If it is damaged, or the library is not installed.
    NotRecognisedError
        If none of its topics has events, or they are coded in an unknown way.
    AmbiguousEventsError
        If several have.
    CancelledError
        If decoding was stopped; see `spool.watched`.
    """
    place = tree.place(name)
    with on_disk(tree, name) as path:
        with _reader(path, place) as bag:
            topic = _chosen(bag, reading, place)
            first = next(bag.messages(topic), None)
        if first is None:
            raise NotRecognisedError(f"topic {topic} has no messages", path=place)
        coding = getattr(first, "encoding", None)
        if coding in _ENCODINGS:
            return _open_packets(tree, name, path, topic, first)
        if coding is None or coding in CODECS:
            return _open_arrays(tree, name, path, topic, first)
    raise NotRecognisedError(
        f"its events are coded as {coding[:20]!r}, which is not known",
        path=place,
        advice=f"Known are {', '.join((*_ENCODINGS, *CODECS))}.",
    )


def _chosen(bag: _Bag, reading: str | None, place: str) -> str:
    topics: dict[str, str] = {
        each.topic: each.msgtype
        for each in bag.reader.connections
        if each.msgtype in (PACKET, ARRAY) and each.msgcount
    }
    if reading is not None and reading in topics:
        return reading
    if not topics:
        listed = ", ".join(sorted({each.msgtype for each in bag.reader.connections}))[
            :120
        ]
        raise NotRecognisedError(
            f"messages of {PACKET} or {ARRAY} were expected; there are"
            f" {listed or 'none'}",
            path=place,
        )
    if len(topics) > 1:
        raise AmbiguousEventsError(
            f"it holds events of {len(topics)} topics",
            readings=list(topics),
            path=place,
            advice="Say which one to open.",
        )
    return next(iter(topics))


def _open_packets(
    tree: FileTree, name: str, path: Path, topic: str, first: Any
) -> EventSource:
    """Write the words of all messages as one RAW file, and open that."""
    from napari_cellsets.formats.events.opening import LoneFile
    from napari_cellsets.formats.events.prophesee_write import raw_header
    from napari_cellsets.formats.events.raw import open_raw

    place, kind = tree.place(name), _ENCODINGS[first.encoding]
    said = {"format": kind, "topic": topic, _MISSING: _ROOM}
    head = raw_header(said, Geometry(int(first.width), int(first.height)), {})

    def make(spool: Path) -> None:
        with atomic_output(spool) as aside, aside.open("wb") as file:
            file.write(head)
            missing = _write_words(path, place, topic, file)
            file.seek(head.index(_ROOM.encode()))
            file.write(str(missing).zfill(len(_ROOM)).encode())

    made = spooled(tree, name, f"rosbag {topic}", make, ".raw")
    found = open_raw(LoneFile(made), made.name)
    missing = int(found.header.facts.get(_MISSING, "0"))
    doubts = found.header.doubts
    if missing:
        doubts += (f"{missing:,} messages are missing: there events are lost.",)
    found.header = replace(found.header, format=f"ROS bag, {kind}", doubts=doubts)
    return found


def _write_words(path: Path, place: str, topic: str, file: IO[bytes]) -> int:
    """Write the words of all messages; return how many messages are missing."""
    missing = written = 0
    before: int | None = None
    with _reader(path, place) as bag:
        for message in bag.messages(topic):
            if before is not None:
                missing += max(0, int(message.seq) - before - 1)
            before = int(message.seq)
            written += len(message.events)
            check_room(written, place)
            file.write(np.ascontiguousarray(message.events, np.uint8).data)
    return min(missing, _MOST_MISSING)


def _open_arrays(
    tree: FileTree, name: str, path: Path, topic: str, first: Any
) -> EventSource:
    """Write the events of all messages into columns, and open those."""
    from napari_cellsets.formats.events.npz import open_npz
    from napari_cellsets.formats.events.opening import LoneFile

    place, size = tree.place(name), Geometry(int(first.width), int(first.height))

    def make(spool: Path) -> None:
        with _reader(path, place) as bag:
            pieces = map(_columns, bag.messages(topic))
            spool_columns(spool, pieces, {"topic": topic}, place)

    made = spooled(tree, name, f"rosbag {topic}", make, ".npz")
    found = open_npz(LoneFile(made), made.name)
    found.header = replace(found.header, format="ROS bag", geometry=size)
    return found


def _columns(message: Any) -> Events:
    events = message.events
    if hasattr(message, "encoding"):
        return CODECS[message.encoding](bytes(events), int(message.time_base))
    return Events.of(
        [each.ts.sec * 1_000_000 + each.ts.nanosec // 1000 for each in events],
        [each.x for each in events],
        [each.y for each in events],
        [each.polarity for each in events],
    )


@contextmanager
def _reader(path: Path, place: str) -> Iterator[_Bag]:
    """Open a bag; what the library raises in the block becomes our error.

    Raises
    ------
    UnreadableFileError
        If the library is not installed or refuses the file.
    """
    try:
        from rosbags import rosbag1, rosbag2, serde, typesys
    except ImportError as error:
        raise UnreadableFileError(
            "bags are read through the library rosbags, which is not installed",
            path=place,
            advice="Install napari-cellsets[events].",
        ) from error
    first = path.suffix.lower() == ".bag"
    stores = typesys.Stores
    types = typesys.get_typestore(stores.ROS1_NOETIC if first else stores.ROS2_HUMBLE)
    # not the definitions in the bag: the library does not read all that are met
    for kind, text in _TYPES.items():
        types.register(typesys.get_types_from_msg(text, kind))
    theirs = (
        rosbag1.ReaderError,
        rosbag2.ReaderError,
        serde.SerdeError,
        typesys.TypesysError,
        *_errors_below(rosbag2),
    )
    reader = rosbag1.Reader if first else rosbag2.Reader
    try:
        with reader(path) as bag:
            yield _Bag(bag, types.deserialize_ros1 if first else types.deserialize_cdr)
    except (*theirs, *_FAULTS) as error:
        raise UnreadableFileError(
            f"this bag is damaged or of an unknown kind ({str(error)[:80]})",
            path=place,
            advice="Copy or download it again.",
        ) from error


def _errors_below(rosbag2: Any) -> Iterator[type[Exception]]:
    """Errors of what the library itself reads databases and packed chunks with."""
    for module, below, name in (
        ("storage_sqlite3", "apsw", "Error"),
        ("reader", "zstd", "ZstdError"),
    ):
        library = getattr(getattr(rosbag2, module, None), below, None)
        error = getattr(library, name, None)
        if error is not None:
            yield error


class _Bag(NamedTuple):
    """An open bag, and what turns its messages into objects."""

    reader: Any
    deserialize: Callable[[bytes, str], Any]

    def messages(self, topic: str) -> Iterator[Any]:
        """Messages of one topic, in the order of the bag."""
        connections = self.reader.connections
        wanted = [each for each in connections if each.topic == topic]
        total = sum(each.msgcount for each in wanted) or 1
        for count, found in enumerate(self.reader.messages(wanted)):
            step(count / total)
            yield self.deserialize(found[2], found[0].msgtype)
