"""MATLAB files of version 7.3, which are HDF5: their arrays the right way round.

MATLAB counts rows first and HDF5 columns first, so that every array comes out
of HDF5 mirrored about its diagonal; here it is turned back. Nothing outside the
file is read: links to other files, external and virtual data are left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.hdf import FAULTS, opened_hdf
from napari_cellsets.formats.mat_names import Element, numbered, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.sources import Source

_INSIDE = ("#refs#", "#subsystem#")
_TEXT, _LOGICAL = b"char", b"logical"
_LETTER_BYTES = 2
_FEW = 32
"""Of an empty array its sizes are stored: so many numbers at most."""

Route = tuple[str | int, ...]
"""How to reach an array: names in groups, places in arrays of references."""


class MatHdf:
    """Arrays of a file of version 7.3.

    Parameters
    ----------
    source
        The file.
    place
        How to call it in messages.
    local
        Where it lies on disk; None inside an archive.

    Attributes
    ----------
    elements, problems
        As of `mat_five.MatFive`.
    """

    def __init__(self, source: Source, place: str, local: Path | None) -> None:
        self._source, self._place, self._local = source, place, local
        self.elements: dict[str, Element] = {}
        self.problems: list[tuple[str, str]] = []
        self._route: dict[str, Route] = {}
        with self._open() as file:
            for name in file:
                if name not in _INSIDE:
                    self._index(file, name)

    def array(self, name: str) -> np.ndarray:
        """Return one array; logical ones as bool, text as an array of letters."""
        import numpy as np

        with self._open() as file:
            found = _reached(file, self._route[name])
            size = math.prod(found.shape) * found.dtype.itemsize
            if size > limits.MAT_VARIABLE_BYTES:
                raise self._damaged(f"{name!r} declares {size:,} bytes")
            numbers = np.ascontiguousarray(found[()].T)
            kind = _class_of(found)
        if kind == _TEXT:
            return numbers.astype("<u4").view("<U1")
        if kind == _LOGICAL:
            return np.asarray(numbers != 0)
        return numbers

    def _index(self, file: Any, name: str) -> None:
        try:
            for text, route, found in _walk(
                file, file, name, one_line(name), (name,), 0
            ):
                if len(self.elements) >= limits.MAT_ARRAYS:
                    most = f"{limits.MAT_ARRAYS:,}"
                    raise ValueError(f"there are more than {most} arrays")
                shape = tuple(int(length) for length in found.shape[::-1])
                self.elements[text] = Element(shape, _is_text(found))
                self._route[text] = route
        except FAULTS as error:
            self.problems.append((name, f"this variable cannot be read: {error}"))

    def _open(self) -> AbstractContextManager[Any]:
        """Open the file for one look."""
        return opened_hdf(self._source, self._place, self._local, "MATLAB")

    def _damaged(self, reason: str) -> UnreadableFileError:
        return UnreadableFileError(
            f"this MATLAB file is damaged: {reason}",
            path=self._place,
            advice="Download it again.",
        )


def _walk(
    file: Any, parent: Any, key: str, name: str, route: Route, depth: int
) -> Iterator[tuple[str, Route, Any]]:
    """Arrays below one member of a group, cells one by one."""
    import h5py

    if not isinstance(parent.get(key, getlink=True), h5py.HardLink):
        raise ValueError(f"{name!r} is a link to elsewhere")
    yield from _below(file, parent[key].id, name, route, depth)


def _below(
    file: Any, found: Any, name: str, route: Route, depth: int
) -> Iterator[tuple[str, Route, Any]]:
    """Arrays below an object of the file, by the identifiers of its library.

    Its objects for people cost a millisecond each, and there may be thousands.
    """
    import h5py

    if depth > limits.MAT_DEPTH:
        raise ValueError(f"cells lie more than {limits.MAT_DEPTH} deep")
    if isinstance(found, h5py.h5g.GroupID):
        group = h5py.Group(found)
        for key in group:
            inner = (*route, key)
            yield from _walk(
                file, group, key, f"{name}/{one_line(key)}", inner, depth + 1
            )
        return
    size, kind = math.prod(found.shape), found.get_type().get_class()
    if not size or (size <= _FEW and h5py.h5a.exists(found, b"MATLAB_empty")):
        return
    if kind in (h5py.h5t.INTEGER, h5py.h5t.FLOAT):
        if not _is_elsewhere(found):
            yield name, route, found
        return
    if kind != h5py.h5t.REFERENCE:
        return
    references = h5py.Dataset(found)[()].ravel()
    for place, reference in enumerate(references):
        if reference:
            text = f"{name}/{numbered(place, references.size)}"
            inner_found = h5py.h5r.dereference(reference, file.id)
            yield from _below(file, inner_found, text, (*route, place), depth + 1)


def _is_elsewhere(found: Any) -> bool:
    """Whether the numbers lie in another file."""
    import h5py

    how = found.get_create_plist()
    return bool(how.get_layout() == h5py.h5d.VIRTUAL or how.get_external_count() > 0)


def _is_text(found: Any) -> bool:
    """Whether an array of 16 bits holds letters."""
    import h5py

    if found.get_type().get_size() != _LETTER_BYTES:
        return False
    return _class_of(h5py.Dataset(found)) == _TEXT


def _reached(file: Any, route: Route) -> Any:
    import numpy as np

    found = file
    for step in route:
        if isinstance(step, str):
            found = found[step]
        else:
            at = np.unravel_index(step, found.shape)
            found = file[found[tuple(int(i) for i in at)]]
    return found


def _class_of(found: Any) -> bytes:
    said = found.attrs.get("MATLAB_class", b"")
    return said.encode() if isinstance(said, str) else bytes(said)
