"""``cx22``: cytoplasms and nuclei of Cx22, each with a mask of its own, and boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, MaskStack
from napari_cellsets.formats.containers.reading import Notes
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.cx22_files import CANVAS, read_boxes, read_masks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.classes import ClassTable
    from napari_cellsets.formats.files import FileTree

PARTS = {"cyto": 1, "nuc": 2}
CLASSES = {1: "cytoplasm", 2: "nucleus"}
_WITHIN = 0.9


def cells_of_nuclei(
    cytoplasms: Sequence[tuple[np.ndarray, tuple[int, int]]],
    nuclei: Sequence[tuple[np.ndarray, tuple[int, int]]],
) -> list[str]:
    """Say in which cytoplasm each nucleus lies, as their orders differ.

    Returns
    -------
    list of str
        Number of the cytoplasm from 1; ``1 or 2`` where it lies in an overlap;
        empty where it lies in none.
    """
    import numpy as np

    whole = []
    for mask, (top, left) in cytoplasms:
        full = np.zeros((CANVAS, CANVAS), bool)
        full[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        whole.append(full)
    found = []
    for mask, (top, left) in nuclei:
        place = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
        least = _WITHIN * np.count_nonzero(mask)
        inside = [
            str(number)
            for number, full in enumerate(whole, start=1)
            if np.count_nonzero(full[place] & mask) >= least
        ]
        found.append(" or ".join(inside))
    return found


def stack_of(
    cytoplasms: Sequence[tuple[np.ndarray, tuple[int, int]]],
    nuclei: Sequence[tuple[np.ndarray, tuple[int, int]]],
    source: str,
) -> MaskStack:
    """Cytoplasms, then nuclei, each with the number of its cell."""
    import numpy as np

    both = [*cytoplasms, *nuclei]
    ids = [PARTS["cyto"]] * len(cytoplasms) + [PARTS["nuc"]] * len(nuclei)
    own = [str(number) for number in range(1, len(cytoplasms) + 1)]
    return MaskStack(
        [mask for mask, _ in both],
        np.asarray([corner for _, corner in both], int).reshape(-1, 2),
        (CANVAS, CANVAS),
        source,
        CLASSES,
        np.asarray(ids, int),
        properties={"cell": [*own, *cells_of_nuclei(cytoplasms, nuclei)]},
    )


def boxes_of(parts: Sequence[tuple[int, np.ndarray]], source: str) -> Boxes:
    """Boxes of several parts, each with its class id."""
    import numpy as np

    ids = [np.full(len(boxes), class_id) for class_id, boxes in parts]
    return Boxes(
        np.concatenate([boxes for _, boxes in parts]),
        source,
        CLASSES,
        np.concatenate(ids),
    )


def annotations_of(
    tree: FileTree, files: Sequence[str], image: int, notes: Notes
) -> tuple[Annotation, ...]:
    """All that is marked in one image.

    Parameters
    ----------
    tree, files
        Files of one part of the set; those of masks and boxes are taken.
    image
        Position, from 0.
    notes
        Receives what cannot be understood.

    Returns
    -------
    tuple of Annotation
        A `MaskStack` where there are masks, `Boxes` where there are boxes.
    """
    by_file = {name.lower().rpartition("/")[2]: name for name in files}
    found: list[Annotation] = []
    masks: dict[str, list[tuple[np.ndarray, tuple[int, int]]]] = {}
    boxes: list[tuple[int, np.ndarray]] = []
    for part, class_id in PARTS.items():
        name = by_file.get(f"{part}_ins.mat")
        if name:
            masks[part] = read_masks(tree, name, f"{part}_ins", image, notes)
        name = by_file.get(f"{part}_ins_bbox.mat")
        if name:
            boxes.append((class_id, read_boxes(tree, name, f"{part}_ins_bbox", image)))
    if any(masks.values()):
        source = by_file.get("cyto_ins.mat") or by_file["nuc_ins.mat"]
        found.append(stack_of(masks.get("cyto", []), masks.get("nuc", []), source))
    if boxes:
        source = by_file.get("cyto_ins_bbox.mat") or by_file["nuc_ins_bbox.mat"]
        found.append(boxes_of(boxes, source))
    return tuple(found)


class Cx22Options(WordOptions):
    """Options of ``cx22``.

    Parameters
    ----------
    number_from
        Mark of the picture's path with the number of the image, from 1.
    """

    number_from: str = "number"


def read(ask: Ask, options: Cx22Options) -> list[Annotation]:
    """Read masks and boxes of one image.

    Raises
    ------
    UnreadableFileError
        If a file is damaged, or has no such image.
    """
    number = ask.known(options.number_from)
    if not ask.files or not number.isdigit():
        return []
    notes = Notes(ask.files[0], ask.tree.place(ask.files[0]))
    found = annotations_of(ask.tree, ask.files, int(number) - 1, notes)
    for problem in notes.problems:
        ask.tell(problem.name, problem.message)
    ids = {number: ask.classes.id_for(name) for number, name in CLASSES.items()}
    return [_translated(annotation, ids, ask.classes) for annotation in found]


def _translated(
    annotation: Annotation, ids: Mapping[int, int], classes: ClassTable
) -> Annotation:
    """Give the classes the ids and colours of the set."""
    import numpy as np

    if not isinstance(annotation, MaskStack | Boxes) or annotation.class_ids is None:
        return annotation
    numbers = [ids[number] for number in annotation.class_ids.tolist()]
    return replace(
        annotation,
        class_ids=np.asarray(numbers, int),
        class_names=classes.names,
        class_colours=classes.colours,
    )


WORD = Word(Cx22Options, read)
