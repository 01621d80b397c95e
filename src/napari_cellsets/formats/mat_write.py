"""MATLAB files written again with some of their arrays replaced.

All else stays: variables, types, the way round, and the version of the file. Names of
arrays are those of `mat_tree`: ``train_Nuclei/007`` is an array, the cell array
``train_Cytoplasm/007`` holds ``train_Cytoplasm/007/001`` and so on.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.hdf import is_hdf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

_HEAD = 4096
_PACKED = 15


def rewrite_mat(
    content: bytes,
    target: Path,
    arrays: Mapping[str, np.ndarray],
    cells: Mapping[str, Sequence[np.ndarray]],
) -> Path:
    """Write a MATLAB file again with other arrays.

    Parameters
    ----------
    content
        The file as it is, of version 5 or 7.3.
    target
        Where to write it.
    arrays
        New arrays by their names, rows and columns as in MATLAB. They take the type
        of what they replace; of bool what the largest number there was, else 1.
    cells
        New elements of cell arrays, by the names of these; any number of them.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    ExportError
        If there is no such array, a number does not fit its type, the file holds
        what cannot be written again, or it cannot be written.
    """
    hdf = is_hdf(content[:_HEAD])
    with atomic_output(target) as aside:
        if hdf:
            aside.write_bytes(content)
            _rewrite_hdf(aside, target, arrays, cells)
        else:
            _rewrite_five(content, aside, target, arrays, cells)
    return target


def as_before(new: np.ndarray, before: np.ndarray, place: str) -> np.ndarray:
    """Return an array in the type of the one that it replaces.

    Parameters
    ----------
    new
        Numbers, or bool for a mask.
    before
        What was there; of a mask its largest number marks pixels.
    place
        How to call it in messages.

    Raises
    ------
    ExportError
        If a number does not fit the type.
    """
    import numpy as np

    kind = before.dtype
    if new.dtype.kind == "b" and kind.kind != "b":
        full = before.max(initial=0) or 1
        return np.where(new, full, 0).astype(kind)
    found = new.astype(kind)
    if not np.array_equal(found, new):
        raise ExportError(
            f"a number of {place!r} does not fit the type {kind} of the data set",
            advice="Write another form, such as coco or instances.",
        )
    return found


# Version 5


def _rewrite_five(
    content: bytes,
    aside: Path,
    target: Path,
    arrays: Mapping[str, np.ndarray],
    cells: Mapping[str, Sequence[np.ndarray]],
) -> None:
    import scipy.io

    # mat_dtype: types as MATLAB has them, not as small as they are stored
    try:
        whole = scipy.io.loadmat(io.BytesIO(content), mat_dtype=True)
    except (ValueError, TypeError, NotImplementedError, OSError) as error:
        raise _unwritable(target, str(error)[:80]) from error
    variables = {name: held for name, held in whole.items() if name[:2] != "__"}
    if "__function_workspace__" in whole or "None" in variables:
        raise _unwritable(target, "it holds objects of MATLAB itself")
    for name, new in arrays.items():
        holder, key = _in_five(variables, name, target)
        holder[key] = as_before(new, holder[key], name)
    for name, elements in cells.items():
        holder, key = _in_five(variables, name, target)
        holder[key] = _cell_of(elements, holder[key], name)
    packed = content[128] == _PACKED or content[131] == _PACKED
    with aside.open("wb") as file:
        scipy.io.savemat(file, variables, do_compression=packed, long_field_names=True)


def _in_five(variables: dict[str, Any], name: str, target: Path) -> tuple[Any, Any]:
    """Return what holds an array, and where in it."""
    import numpy as np

    steps = name.split("/")
    holder: Any = variables
    key: Any = steps[0]
    try:
        for step in steps[1:]:
            holder = holder[key]
            if holder.dtype == object:
                key = np.unravel_index(int(step) - 1, holder.shape, order="F")
            elif holder.size == 1:
                holder, key = holder.flat[0], step
            else:
                at = np.unravel_index(int(step) - 1, holder.shape, order="F")
                key = at
        holder[key]
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise _missing(target, name) from error
    return holder, key


def _cell_of(elements: Sequence[np.ndarray], before: Any, name: str) -> np.ndarray:
    """Return a cell array that lies as the one before, a row or a column."""
    import numpy as np

    known = [one for one in before.ravel() if isinstance(one, np.ndarray) and one.size]
    example = known[0] if known else np.zeros(1, bool)
    row = before.ndim == 2 and before.shape[0] == 1 and before.shape[1] != 1
    cells = np.empty(len(elements), object)
    for place, one in enumerate(elements):
        cells[place] = as_before(one, example, name)
    return cells.reshape((1, -1) if row else (-1, 1))


# Version 7.3


def _rewrite_hdf(
    aside: Path,
    target: Path,
    arrays: Mapping[str, np.ndarray],
    cells: Mapping[str, Sequence[np.ndarray]],
) -> None:
    import h5py

    with h5py.File(aside, "r+") as file:
        for name, new in arrays.items():
            found = _in_hdf(file, name, target)[2]
            before = _numbers(found)
            after = as_before(new, before, name)
            if after.shape == before.shape:
                found[...] = after.T.astype(found.dtype)
            else:
                _point(file, _in_hdf(file, name, target), _made(file, after, found))
        for name, elements in cells.items():
            place = _in_hdf(file, name, target)
            _point(file, place, _cells_made(file, elements, place[2], name))


def _in_hdf(file: Any, name: str, target: Path) -> tuple[Any, Any, Any]:
    """Return what refers to an array, where in it, and the array."""
    import h5py
    import numpy as np

    holder, found = file, file
    key: Any = None
    try:
        for step in name.split("/"):
            holder = found
            if isinstance(holder, h5py.Group):
                key, found = step, holder[step]
            else:
                key = np.unravel_index(int(step) - 1, holder.shape)
                found = file[holder[tuple(int(i) for i in key)]]
    except (KeyError, ValueError, TypeError) as error:
        raise _missing(target, name) from error
    return holder, key, found


def _numbers(found: Any) -> np.ndarray:
    """Return an array of the file the right way round; logical ones as bool."""
    import numpy as np

    numbers = np.asarray(found[()]).T
    logical = bytes(np.bytes_(found.attrs.get("MATLAB_class", b""))) == b"logical"
    return numbers != 0 if logical else numbers


def _point(file: Any, place: tuple[Any, Any, Any], new: Any) -> None:
    """Let what referred to an array refer to another one, and drop the old one."""
    import h5py

    holder, key, old = place
    if isinstance(holder, h5py.Group):
        del holder[key]
        holder[key] = new
        return
    holder[tuple(int(i) for i in key)] = new.ref
    if old.name:
        del file[old.name]


def _made(file: Any, numbers: np.ndarray, like: Any) -> Any:
    """Add an array with the attributes of another one of the same type."""
    import numpy as np

    inside = file.require_group("#refs#")
    packing = {} if like.compression is None else {"compression": like.compression}
    pixels = np.ascontiguousarray(numbers.T).astype(like.dtype)
    made = inside.create_dataset(_free(inside), data=pixels, **packing)
    for name, said in like.attrs.items():
        if name != "MATLAB_empty":
            made.attrs.create(name, said, dtype=like.attrs.get_id(name).dtype)
    return made


def _cells_made(
    file: Any, elements: Sequence[np.ndarray], before: Any, name: str
) -> Any:
    import h5py
    import numpy as np

    cell = before.dtype == h5py.ref_dtype and before.size > 0
    if not cell:
        raise ExportError(
            f"{name!r} is empty in the data set, so nobody knows how its elements"
            " are stored",
            advice="Write another form, such as coco or mask-stack.",
        )
    example = file[before[()].ravel()[0]]
    row = before.shape[-1] == 1 and before.shape[0] != 1
    inside = file.require_group("#refs#")
    if not elements:
        empty = np.zeros(2, np.uint64)
        made = inside.create_dataset(_free(inside), data=empty)
        made.attrs["MATLAB_empty"] = np.uint8(1)
    else:
        kind = _numbers(example)
        arrays = [as_before(one, kind, name) for one in elements]
        refs = np.empty(len(arrays), h5py.ref_dtype)
        for place, one in enumerate(arrays):
            refs[place] = _made(file, one, example).ref
        shape = (-1, 1) if row else (1, -1)
        made = inside.create_dataset(
            _free(inside), data=refs.reshape(shape), dtype=h5py.ref_dtype
        )
    made.attrs["MATLAB_class"] = np.bytes_("cell")
    return made


def _free(group: Any) -> str:
    number = len(group)
    while f"n{number}" in group:
        number += 1
    return f"n{number}"


def _missing(target: Path, name: str) -> ExportError:
    return ExportError(
        f"the file of the data set has no array {name!r}",
        path=target,
        advice="Open the data set again.",
    )


def _unwritable(target: Path, why: str) -> ExportError:
    return ExportError(
        f"this MATLAB file cannot be written again as it is: {why}",
        path=target,
        advice="Write another form, such as coco or mask-stack.",
    )
