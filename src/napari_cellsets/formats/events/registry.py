"""Every format of events, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_cellsets.formats.events.aedat2 import open_aedat2, sniff_aedat2
from napari_cellsets.formats.events.aedat4 import open_aedat4, sniff_aedat4
from napari_cellsets.formats.events.dat import open_dat, sniff_dat
from napari_cellsets.formats.events.dat_write import write_dat
from napari_cellsets.formats.events.es import open_es, sniff_es
from napari_cellsets.formats.events.evt2_write import write_evt2
from napari_cellsets.formats.events.evt3_write import write_evt3
from napari_cellsets.formats.events.evt21_write import write_evt21
from napari_cellsets.formats.events.hdf5 import open_hdf5, sniff_hdf5
from napari_cellsets.formats.events.hdf5_write import write_hdf5
from napari_cellsets.formats.events.nmnist import open_nmnist, sniff_nmnist
from napari_cellsets.formats.events.npy import open_npy, sniff_npy
from napari_cellsets.formats.events.npz import open_npz, sniff_npz
from napari_cellsets.formats.events.npz_write import write_npz
from napari_cellsets.formats.events.raw import open_raw, sniff_raw
from napari_cellsets.formats.events.rosbag import open_rosbag, sniff_rosbag
from napari_cellsets.formats.events.stmnist import open_stmnist, sniff_stmnist
from napari_cellsets.formats.events.text import open_text, sniff_text
from napari_cellsets.formats.events.text_write import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.events import Events, Geometry
    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.files import FileTree

    Sniff = Callable[[str, bytes, int], bool]


class Opener(Protocol):
    """Opens one file of a tree; see `opening.open_events` for the errors."""

    def __call__(
        self, tree: FileTree, name: str, *, reading: str | None = None
    ) -> EventSource:
        """Open it."""
        ...


class Writer(Protocol):
    """Writes events to a file; returns how many there were.

    Raises `ExportError` where the format cannot hold them.
    """

    def __call__(
        self,
        path: str | Path,
        pieces: Iterable[Events],
        geometry: Geometry,
        *,
        start_us: int = 0,
        facts: Mapping[str, str] | None = None,
    ) -> int:
        """Write it."""
        ...


@dataclass(frozen=True)
class EventFormat:
    """One format of events.

    Parameters
    ----------
    key
        Its name in commands: small letters.
    title
        Its name for people.
    endings
        Of names, small letters with the dot; the first is used for new files.
    sniff
        Given a file's name, its first `HEAD_BYTES` bytes and its size: whether it
        looks like this format. Cheap, never raises.
    open
        Opens a file of a tree.
    write
        Writes one, None where that is not offered.
    """

    key: str
    title: str
    endings: tuple[str, ...]
    sniff: Sniff
    open: Opener
    write: Writer | None = None


HEAD_BYTES = 1 << 14
"""How much of a file `EventFormat.sniff` is given."""

_FORMATS = (
    EventFormat(
        "evt3",
        "Prophesee RAW, EVT3",
        (".raw",),
        sniff_raw("EVT3"),
        open_raw,
        write_evt3,
    ),
    EventFormat(
        "evt21",
        "Prophesee RAW, EVT2.1",
        (".raw",),
        sniff_raw("EVT2.1"),
        open_raw,
        write_evt21,
    ),
    EventFormat("dat", "Prophesee DAT", (".dat",), sniff_dat, open_dat, write_dat),
    EventFormat(
        "evt2",
        "Prophesee RAW, EVT2",
        (".raw",),
        sniff_raw("EVT2"),
        open_raw,
        write_evt2,
    ),
    EventFormat("npy", "NumPy array", (".npy",), sniff_npy, open_npy),
    EventFormat("npz", "NumPy archive", (".npz",), sniff_npz, open_npz, write_npz),
    EventFormat("hdf5", "HDF5", (".h5", ".hdf5"), sniff_hdf5, open_hdf5, write_hdf5),
    EventFormat("es", "Event Stream", (".es",), sniff_es, open_es),
    EventFormat("aedat2", "AEDAT 2", (".aedat",), sniff_aedat2, open_aedat2),
    EventFormat("nmnist", "N-MNIST", (".bin",), sniff_nmnist, open_nmnist),
    EventFormat("csv", "text", (".csv", ".txt"), sniff_text, open_text, write_text),
    EventFormat("aedat4", "AEDAT 4", (".aedat4", ".aedat"), sniff_aedat4, open_aedat4),
    EventFormat(
        "rosbag", "ROS bag", (".bag", ".db3", ".mcap"), sniff_rosbag, open_rosbag
    ),
    EventFormat("stmnist", "ST-MNIST", (".mat",), sniff_stmnist, open_stmnist),
)
EVENT_FORMATS: dict[str, EventFormat] = {known.key: known for known in _FORMATS}
"""``{key: format}``; the first that recognises a file opens it."""
