"""A stack of planes, each a file of a data set, decoded when it is looked at."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning

from napari_cellsets._napari.looks import Shown, show_form
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.core.image import Picture
    from napari_cellsets.formats.files import FileTree

_PLANES_KEPT = 4


class LazyStack:
    """What an Image layer takes for an array: planes (y, x) or (y, x, 3) along z.

    A plane that cannot be read is black, and told once.

    Parameters
    ----------
    tree, names
        Where the planes are, in their order.
    like, at
        One plane as shown, and which it is; the others must be alike.
    """

    def __init__(
        self, tree: FileTree, names: Sequence[str], like: Shown, at: int
    ) -> None:
        self._tree, self._names = tree, tuple(names)
        self._rgb = like.rgb
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict({at: like.data})
        self._told: set[int] = set()
        self._lock = threading.Lock()
        self._range = like.contrast_limits
        self.shape = (len(self._names), *like.data.shape)
        self.dtype = like.data.dtype
        self.ndim = len(self.shape)
        self.size = int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        keys = key if isinstance(key, tuple) else (key,)
        first, rest = (keys[0], keys[1:]) if keys else (slice(None), ())
        if first is Ellipsis:
            first, rest = slice(None), keys
        if isinstance(first, slice):
            planes = range(*first.indices(len(self)))
            if not planes:
                return np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *rest)]
            stack = np.stack([self._plane(number) for number in planes])
            return np.asarray(stack[(slice(None), *rest)])
        return np.asarray(self._plane(range(len(self))[int(first)])[rest])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def min(self) -> float:
        """Least value of the plane that was looked at; for a contrast slider."""
        return self._range[0]

    def max(self) -> float:
        """Greatest value of the plane that was looked at."""
        return self._range[1]

    def _plane(self, number: int) -> NDArray[Any]:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
            self._kept[number] = plane = self._read(number)
            while len(self._kept) > _PLANES_KEPT:
                self._kept.popitem(last=False)
            return plane

    def _read(self, number: int) -> NDArray[Any]:
        name = self._names[number]
        try:
            return self._alike(read_picture(self._tree, name), name)
        except CellsetsError as error:
            if number not in self._told:
                self._told.add(number)
                show_warning(str(error))
            return np.zeros(self.shape[1:], self.dtype)

    def _alike(self, picture: Picture, name: str) -> NDArray[Any]:
        pixels = show_form(picture).data
        if self._rgb and pixels.ndim == self.ndim - 2:
            pixels = np.repeat(pixels[..., None], 3, axis=-1)
        elif not self._rgb and pixels.ndim == self.ndim:
            pixels = pixels[..., 0]
        if pixels.shape != self.shape[1:]:
            raise CellsetsError(
                f"this plane has the shape {pixels.shape}, others {self.shape[1:]}",
                path=self._tree.place(name),
            )
        return pixels.astype(self.dtype, copy=False)
