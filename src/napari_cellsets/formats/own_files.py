"""Corrected annotations, written as the files of their data set.

Each word that can is written here: into pictures of masks, one for each sample or for
each object, arrays of MATLAB files and lists of cells. `why_not` tells of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, ClassMask, LabelImage, MaskStack
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.annotations import AnnotationForm, write_labels
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.gaps import separated
from napari_cellsets.formats.labels_io import write_grey_png, write_grey_tiff
from napari_cellsets.formats.mat_tree import is_mat_name
from napari_cellsets.formats.mat_write import rewrite_mat
from napari_cellsets.formats.names import without_archive_ending
from napari_cellsets.formats.own_base import (
    Own,
    names_of_objects,
    of_kind,
    refuse_classes,
    refused,
)
from napari_cellsets.formats.own_cric import write_cells
from napari_cellsets.formats.own_text import why_no_table, write_contours, write_points
from napari_cellsets.formats.own_yolo import write_boxes
from napari_cellsets.formats.words.cx22 import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.words import WordOptions

PICTURES = (".png", ".tif", ".tiff", "")
"""Endings of masks that can be written; none for arrays of MATLAB files."""
_CX22 = dict(zip(CLASSES.values(), ("cyto", "nuc"), strict=True))


@dataclass
class OwnFiles:
    """Files of a data set that are written again, at another place.

    Parameters
    ----------
    tree
        The files of the set, which stay as they are.
    root
        Folder that receives the same relative paths.
    """

    tree: FileTree
    root: Path
    _arrays: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    _cells: dict[str, dict[str, list[np.ndarray]]] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def put(self, own: Own) -> list[Path]:
        """Write one annotation, or keep it for `finish` where a file holds many.

        Returns
        -------
        list of Path
            Files written already.

        Raises
        ------
        ExportError
            If the data set's own files cannot hold it, or it cannot be written.
        """
        why = why_not(own.options)
        if not why and not own.files:
            why = (
                "the data set has no file of this picture whose form could be followed"
            )
        if why:
            raise refused(own.annotation, why)
        refuse_classes(own)
        return list(_WRITERS[own.options.word](self, own))

    def finish(self) -> list[Path]:
        """Write the files that hold many pictures; return them.

        Raises
        ------
        ExportError
            If one cannot be written.
        """
        written = []
        for file in self._arrays.keys() | self._cells.keys():
            arrays, cells = self._arrays.get(file, {}), self._cells.get(file, {})
            content = self.tree.read(file)
            written.append(rewrite_mat(content, self.place(file), arrays, cells))
        for file, text in self._texts.items():
            with atomic_output(self.place(file)) as aside:
                aside.write_bytes(text.encode("utf-8", "surrogateescape"))
            written.append(self.place(file))
        return sorted(written)

    def place(self, name: str) -> Path:
        """Return where a file of the set is written; archives become folders."""
        return self.root.joinpath(*map(without_archive_ending, name.split("/")))

    def save(self, name: str, pixels: np.ndarray) -> Iterator[Path]:
        """Write one plane under a name of the set; yield the file."""
        file, inner = _in_mat(name)
        if inner:
            self._arrays.setdefault(file, {})[inner] = pixels
            return
        path = self.place(name)
        _checked(path)
        if path.suffix.lower() == ".png":
            write_grey_png(path, pixels)
        else:
            write_grey_tiff(path, pixels)
        yield path

    def save_text(self, name: str, text: str) -> Path:
        """Write text under a name of the set; return the file."""
        with atomic_output(self.place(name)) as aside:
            aside.write_text(text, encoding="utf-8", newline="")
        return self.place(name)

    def text(self, name: str) -> str:
        """Return a text of many pictures, with what was put into it already."""
        if name in self._texts:
            return self._texts[name]
        return self.tree.read(name).decode("utf-8", "surrogateescape")

    def keep_text(self, name: str, text: str) -> None:
        """Keep a text of many pictures for `finish`."""
        self._texts[name] = text

    def leave_out(self, names: Iterable[str]) -> None:
        """Remove files of objects that are no more, of an export before."""
        for name in names:
            self.place(name).unlink(missing_ok=True)

    def save_cells(self, name: str, masks: Sequence[np.ndarray]) -> None:
        """Keep new elements of a cell array of a MATLAB file."""
        file, inner = _in_mat(name)
        self._cells.setdefault(file, {})[inner] = list(masks)


_TEXT = ("contour-files", "cric-points", "points-table", "renamed-yolo")


def why_not(options: WordOptions) -> str:
    """Say why annotations of a row are not written into files of their own form.

    Returns
    -------
    str
        Empty where they are.
    """
    if options.word == "container":
        form = getattr(options, "form", "")
        how = f" (--to {form})" if form in FORMS else ""
        return f"written anew in its form{how}, not into the files of the set"
    if options.word not in _WRITERS:
        return f"files of the kind {options.word!r} are read, not written"
    if options.word in _TEXT:
        return why_no_table(options)
    if getattr(options, "void", ()):
        return "numbers that mean no object would be lost"
    if getattr(options, "colours", False):
        return "colours stand for classes, and shades of them are lost in reading"
    endings = {_ending(template) for template in options.file}
    if endings and not any(_is_written(ending) for ending in endings):
        return f"files of the kind {', '.join(sorted(endings))} lose numbers of pixels"
    return ""


def _ending(template: str) -> str:
    if ".mat/" in template:
        return ""
    dot = template.rpartition("/")[2].rpartition(".")
    return f".{dot[2]}".lower() if dot[1] else ""


def _is_written(ending: str) -> bool:
    return ending in (*PICTURES, ".mat") or "{" in ending


def _in_mat(name: str) -> tuple[str, str]:
    """Split a name into that of a MATLAB file and that of an array in it, if any."""
    parts = name.split("/")
    for place, part in enumerate(parts[:-1], start=1):
        if is_mat_name(part):
            return "/".join(parts[:place]), "/".join(parts[place:])
    return name, ""


def _checked(path: Path) -> None:
    if path.suffix.lower() not in PICTURES[:-1]:
        raise ExportError(
            f"a mask of the kind {path.suffix!r} would lose numbers of pixels",
            path=path,
            advice="Write another form, such as instances or class-mask.",
        )


def _full(tree: FileTree, name: str) -> np.ndarray:
    """Return one pixel of a mask of the set: its type, and what stands for marked."""
    import numpy as np

    plane = read_plane(tree, name)
    whole = 1 if plane.dtype == np.bool_ else np.iinfo(plane.dtype).max
    return np.array(plane.max(initial=0) or whole, plane.dtype)


def _write_components(files: OwnFiles, own: Own) -> Iterator[Path]:
    import numpy as np

    name = own.files[0]
    found: LabelImage = of_kind(own, LabelImage)
    mask = separated(found.labels, files.place(name))
    if _in_mat(name)[1]:
        yield from files.save(name, mask)
        return
    full = _full(files.tree, name)
    yield from files.save(name, np.where(mask, full, full.dtype.type(0)))


def _write_labels(files: OwnFiles, own: Own) -> Iterator[Path]:
    found: LabelImage = of_kind(own, LabelImage)
    name, word = own.files[0], own.options.word
    if word == "object-files":
        name = name.rpartition("/")[0]
    elif _in_mat(name)[1]:
        yield from files.save(name, found.labels)
        return
    else:
        _checked(files.place(name))
    yield from write_labels(AnnotationForm(word), found.labels, files.place(name))


def _write_mask_files(files: OwnFiles, own: Own) -> Iterator[Path]:
    import numpy as np

    stack: MaskStack = of_kind(own, MaskStack)
    masks = [_whole(stack, place) for place in range(len(stack.masks))]
    folder, inner = _in_mat(own.files[0])
    if inner:
        files.save_cells(f"{folder}/{inner}".rpartition("/")[0], masks)
        return
    dark = getattr(own.options, "dark", False)
    full = _full(files.tree, own.files[0])
    on, off = (full.dtype.type(0), full) if dark else (full, full.dtype.type(0))
    names = names_of_objects(stack, len(masks), own.files)
    for name, mask in zip(names, masks, strict=True):
        yield from files.save(name, np.where(mask, on, off))
    files.leave_out(set(own.files) - set(names))


def _whole(stack: MaskStack, place: int) -> np.ndarray:
    """Return the mask of one object in the size of the picture."""
    import numpy as np

    whole = np.zeros(stack.shape, bool)
    mask, (top, left) = stack.masks[place], stack.corners[place]
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return whole


def _write_classes(files: OwnFiles, own: Own) -> Iterator[Path]:
    import numpy as np

    found: ClassMask = of_kind(own, ClassMask)
    name = own.files[0]
    before = read_plane(files.tree, name)
    if before.ndim > found.classes.ndim:
        before = before.max(axis=-1)
    after = found.classes
    if own.options.class_is or own.options.class_from:
        after = np.where(after > 0, before.max(initial=0) or 255, 0)
    ignored = np.isin(before, getattr(own.options, "ignore", ()))
    after = np.where(ignored & (after == 0), before, after)
    kind = np.uint8 if after.max(initial=0) <= np.iinfo(np.uint8).max else np.uint16
    if after.max(initial=0) > np.iinfo(np.uint16).max:
        raise refused(found, f"class {int(after.max()):,} does not fit 16 bits")
    yield from files.save(name, after.astype(np.promote_types(kind, before.dtype)))


def _write_cx22(files: OwnFiles, own: Own) -> Iterator[Path]:
    import numpy as np

    found: MaskStack | Boxes = of_kind(own, MaskStack, Boxes)
    ids = found.class_ids
    if ids is None or not {found.class_names.get(int(i)) for i in ids} <= set(_CX22):
        raise ExportError(
            "each object must be a cytoplasm or a nucleus here, and one has another"
            " class or none",
            advice="Give it one of these classes.",
        )
    called = {name.rpartition("/")[2].lower(): name for name in own.files}
    for class_name, part in _CX22.items():
        named = [found.class_names[int(number)] for number in ids]
        which = [k for k, name in enumerate(named) if name == class_name]
        masks, boxes = called.get(f"{part}_ins.mat"), called.get(f"{part}_ins_bbox.mat")
        if isinstance(found, MaskStack) and masks:
            planes = [_whole(found, k) for k in which]
            files.save_cells(f"{masks}/{part}_ins/{own.number}", planes)
        if boxes:
            edges = [_box(found, k) for k in which]
            table = np.array(edges, np.float64).reshape(-1, 4)
            for _ in files.save(f"{boxes}/{part}_ins_bbox/{own.number}", table):
                pass  # an array is kept until the end
    yield from ()


def _box(found: MaskStack | Boxes, place: int) -> list[float]:
    """First row and column, row and column after the last."""
    if isinstance(found, Boxes):
        return [float(edge) + 0.5 for edge in found.yxyx[place]]
    (top, left), mask = found.corners[place], found.masks[place]
    return [top, left, top + mask.shape[0], left + mask.shape[1]]


_WRITERS: Mapping[str, Callable[[OwnFiles, Own], Iterator[Path]]] = {
    "class-mask": _write_classes,
    "components": _write_components,
    "contour-files": write_contours,
    "cric-points": write_cells,
    "cx22": _write_cx22,
    "either": _write_labels,
    "instances": _write_labels,
    "mask-files": _write_mask_files,
    "object-files": _write_labels,
    "points-table": write_points,
    "renamed-yolo": write_boxes,
}
