"""Write MATLAB files of both kinds as MATLAB writes them.

A list stands for a cell array of one column; its elements are arrays or lists.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import scipy.io

if TYPE_CHECKING:
    from pathlib import Path

USER_BLOCK = 512
_KEYS = itertools.count()


def write_mat5(path: Path, *, packed: bool = True, **variables: Any) -> Path:
    """Version 5; scipy writes arrays in MATLAB's order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {name: _cells(value) for name, value in variables.items()}
    scipy.io.savemat(path, content, do_compression=packed)
    return path


def _cells(value: Any) -> np.ndarray:
    if not isinstance(value, list):
        return np.asarray(value)
    cells = np.empty((len(value), 1), object)
    for place, element in enumerate(value):
        cells[place, 0] = _cells(element)
    return cells


def write_mat73(path: Path, **variables: Any) -> Path:
    """Version 7.3: HDF5 behind a block of 512 bytes, every array transposed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=USER_BLOCK) as file:
        inside = file.create_group("#refs#")
        for name, value in variables.items():
            _write(file, inside, name, value)
    header = b"MATLAB 7.3 MAT-file, Platform: PCWIN64".ljust(116)
    header += b"\0" * 8 + b"\x00\x02IM"
    with path.open("r+b") as raw:
        raw.write(header.ljust(USER_BLOCK, b"\0"))
    return path


def _write(group: Any, inside: Any, name: str, value: Any) -> None:
    if isinstance(value, list):
        references = np.empty((1, len(value)), h5py.ref_dtype)
        for place, element in enumerate(value):
            key = f"r{next(_KEYS)}"
            _write(inside, inside, key, element)
            references[0, place] = inside[key].ref
        made = group.create_dataset(name, data=references, dtype=h5py.ref_dtype)
        made.attrs["MATLAB_class"] = np.bytes_("cell")
        return
    array = np.asarray(value)
    kind = {"b": "logical", "U": "char"}.get(array.dtype.kind, "")
    kind = kind or {"float64": "double", "float32": "single"}.get(
        array.dtype.name, array.dtype.name
    )
    if array.dtype == bool:
        array = array.astype(np.uint8)
    if array.size == 0:
        made = group.create_dataset(name, data=np.array(array.shape, np.uint64))
        made.attrs["MATLAB_empty"] = np.uint8(1)
    else:
        packing = {"compression": "gzip"} if array.size > 64 else {}
        made = group.create_dataset(name, data=np.ascontiguousarray(array.T), **packing)
    made.attrs["MATLAB_class"] = np.bytes_(kind)
