"""A small sound file of every format of events, as bytes."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import rosbag
from napari_cellsets.formats.events.registry import EVENT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

SENSOR = Geometry(304, 240)
COUNT = 700


def some_events(seed: int = 0) -> Events:
    """Events of 50 ms: rows of neighbours, which vectors hold, and single ones."""
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, 50_000, COUNT))
    x = rng.integers(0, SENSOR.width, COUNT)
    y = rng.integers(0, SENSOR.height, COUNT)
    p = rng.integers(0, 2, COUNT)
    t[200:230], y[200:230], p[200:230] = t[200], 7, 1
    x[200:230] = np.arange(30) + 40
    return Events.of(t, x, y, p)


def _written(key: str) -> Callable[[], bytes]:
    def make() -> bytes:
        write = EVENT_FORMATS[key].write
        assert write is not None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a{EVENT_FORMATS[key].endings[0]}"
            write(path, [some_events()], SENSOR)
            return path.read_bytes()

    return make


def _npy() -> bytes:
    events = some_events()
    table = np.zeros(COUNT, [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "u1")])
    for name in "txyp":
        table[name] = getattr(events, name)
    held = io.BytesIO()
    np.save(held, table)
    return held.getvalue()


def _es() -> bytes:
    events = some_events()
    out = b"Event Stream\x02\x00\x00\x01"
    out += b"".join(side.to_bytes(2, "little") for side in SENSOR)
    now = 0
    for t, x, y, p in zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True):
        long, step = divmod(t - now, 127)
        now = t
        out += b"\xff" * long + bytes([step << 1 | p])
        out += x.to_bytes(2, "little") + (SENSOR.height - 1 - y).to_bytes(2, "little")
    return out


def _nmnist() -> bytes:
    events = some_events()
    return b"".join(
        bytes([x % 34, y % 34]) + (p << 23 | t).to_bytes(3, "big")
        for t, x, y, p in zip(
            *(getattr(events, c).tolist() for c in "txyp"), strict=True
        )
    )


def _aedat2() -> bytes:
    events = some_events()
    out = b"#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346red\r\n"
    for t, x, y, p in zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True):
        out += ((259 - y) << 22 | x << 12 | p << 11).to_bytes(4, "big")
        out += t.to_bytes(4, "big")
    return out


def _stmnist() -> bytes:
    import scipy.io

    rng = np.random.default_rng(0)
    matrix = rng.integers(-1, 2, (101, 40)).astype(np.float64)
    matrix[-1] = np.arange(40) / 100
    held = io.BytesIO()
    scipy.io.savemat(held, {"spiketrain": matrix})
    return held.getvalue()


def _rosbag() -> bytes:
    pytest.importorskip("rosbags")
    from rosbags import rosbag1, typesys

    store = typesys.get_typestore(typesys.Stores.ROS1_NOETIC)
    for kind, text in rosbag._TYPES.items():
        store.register(typesys.get_types_from_msg(text, kind))
    content = _written("evt3")()
    words = content[content.index(b"% end\n") + 6 :]
    time = store.types["builtin_interfaces/msg/Time"](sec=1, nanosec=0)
    header = store.types["std_msgs/msg/Header"](seq=0, stamp=time, frame_id="")
    message = store.types[rosbag.PACKET](
        header=header, height=SENSOR.height, width=SENSOR.width, seq=0, time_base=0,
        encoding="evt3", is_bigendian=False, events=np.frombuffer(words, np.uint8),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.bag"
        with rosbag1.Writer(path) as writer:
            topic = writer.add_connection("/events", rosbag.PACKET, typestore=store)
            writer.write(topic, 1000, store.serialize_ros1(message, rosbag.PACKET))
        return path.read_bytes()


SEEDS: dict[str, Callable[[], bytes]] = {
    **{key: _written(key) for key, known in EVENT_FORMATS.items() if known.write},
    "npy": _npy,
    "es": _es,
    "nmnist": _nmnist,
    "aedat2": _aedat2,
    "stmnist": _stmnist,
    "rosbag": _rosbag,
}
"""For each format what makes a file of it."""
REAL = {"aedat4": "events/tonic/sample.aedat4"}
"""Formats that nothing at hand writes, and a real file of each."""
