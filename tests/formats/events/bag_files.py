"""Small ROS bags of events, written by the library that knows them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import rosbag
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.evt3_write import write_evt3


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(
            getattr(found, column), getattr(wanted, column), err_msg=column
        )


def some_events(count=500, seed=1):
    rng = np.random.default_rng(seed)
    t = 1_000_000 + np.sort(rng.integers(0, 50_000, count))
    x, y = rng.integers(0, 640, count), rng.integers(0, 480, count)
    return Events.of(t, x, y, rng.integers(0, 2, count))


HEADER = {"seq": 0, "stamp": None, "frame_id": "camera"}


def typestore(first):
    from rosbags import typesys

    stores = typesys.Stores
    store = typesys.get_typestore(stores.ROS1_NOETIC if first else stores.ROS2_HUMBLE)
    for kind, text in rosbag._TYPES.items():
        store.register(typesys.get_types_from_msg(text, kind))
    return store


def write_bag(path, messages, kind=rosbag.PACKET, topics=("/events",)):
    """Write messages, dictionaries of fields; the ending says the kind of bag."""
    rosbags = pytest.importorskip("rosbags")
    from rosbags import rosbag1, rosbag2

    assert rosbags
    first = path.suffix == ".bag"
    store = typestore(first)
    time = store.types["builtin_interfaces/msg/Time"](sec=1, nanosec=0)
    said = dict(HEADER, stamp=time)
    if not first:
        said.pop("seq")
    header = store.types["std_msgs/msg/Header"](**said)
    pack = store.serialize_ros1 if first else store.serialize_cdr
    if first:
        writer = rosbag1.Writer(path)
    else:
        plugin = rosbag2.StoragePlugin["MCAP" if path.suffix == ".mcap" else "SQLITE3"]
        folder = path.with_suffix("")
        writer = rosbag2.Writer(folder, version=9, storage_plugin=plugin)
    with writer:
        for topic in topics:
            connection = writer.add_connection(topic, kind, typestore=store)
            for number, fields in enumerate(messages):
                if "events" in fields and kind == rosbag.ARRAY:
                    fields = dict(fields, events=[
                        store.types["dvs_msgs/msg/Event"](
                            x=x, y=y, polarity=bool(p),
                            ts=store.types["builtin_interfaces/msg/Time"](
                                sec=t // 10**6, nanosec=t % 10**6 * 1000
                            ),
                        )
                        for t, x, y, p in fields["events"]
                    ])  # fmt: skip
                message = store.types[kind](header=header, **fields)
                writer.write(connection, 1000 + number, pack(message, kind))
    if not first:
        next(folder.glob("*" + path.suffix)).rename(path)


def packets(folder, events, encoding="evt3", parts=7, drop=()):
    """Messages of the words of a recording, cut anywhere between words."""
    write_evt3(folder / "words.raw", [events], Geometry(640, 480))
    content = (folder / "words.raw").read_bytes()
    (folder / "words.raw").unlink()
    words = content[content.index(b"% end\n") + 6 :]
    step = len(words) // 2 // parts * 2
    cuts = [words[i : i + step] for i in range(0, len(words), step)]
    return [
        {
            "height": 480, "width": 640, "seq": number, "time_base": 0,
            "encoding": encoding, "is_bigendian": False,
            "events": np.frombuffer(part, np.uint8),
        }
        for number, part in enumerate(cuts) if number not in drop
    ]  # fmt: skip
