"""HDF5 files: opened for one look, whatever is wrong with them said in one sentence."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.sources import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.formats.sources import Source

FAULTS = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    NotImplementedError,
    EOFError,
)
"""What h5py raises for files that are damaged."""
_START = b"\x89HDF\r\n\x1a\n"
_PLACES = (0, 512, 1024, 2048)


def is_hdf(head: bytes) -> bool:
    """Whether a file is HDF5, by its first bytes: 2,056 of them tell it for sure."""
    return any(head[at : at + len(_START)] == _START for at in _PLACES)


@contextmanager
def opened_hdf(
    source: Source, place: str, local: Path | None, kind: str
) -> Iterator[Any]:
    """Open a file as an `h5py.File`; nothing of the person's is kept open.

    Parameters
    ----------
    source
        The file.
    place
        How to call it in messages.
    local
        Where it lies on disk; None inside an archive.
    kind
        What people call it: ``HDF5``, ``MATLAB``.

    Raises
    ------
    UnreadableFileError
        If it is damaged, also where that shows within the block.
    """
    import h5py

    target = str(local) if local else SourceFile(source)
    try:
        with h5py.File(target, "r") as file:
            yield file
    except CellsetsError:
        raise
    except FAULTS as error:
        raise UnreadableFileError(
            f"this {kind} file is damaged: {str(error)[:200]}",
            path=place,
            advice="Download it again.",
        ) from error
