"""What is wrong with a set before anything of it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.canvases import function_of
from napari_cellsets.catalogue.missing import annotations_missing
from napari_cellsets.formats.canvas_tree import CanvasTree
from napari_cellsets.formats.files import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.catalogue.detect import Bound
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.files import FileTree


def problems_of_files(
    bound: Bound, samples: Sequence[Sample]
) -> dict[tuple[str, str], Problem]:
    """Tell what the names alone show: truth without picture, picture without mask.

    Parameters
    ----------
    bound, samples
        A row at its place, and the samples made of it.

    Returns
    -------
    dict
        Problems by name and message.
    """
    recipe = bound.match.recipe
    found = [_placed(bound.tree, problem) for problem in bound.tree.problems]
    lonely = bound.paired.lonely_truth
    if recipe.form is not None and recipe.form.word == "object-files":
        lonely = tuple(dict.fromkeys(name.rpartition("/")[0] for name in lonely))
    found += [
        Problem(name, f"{bound.tree.place(name)}: there is no picture for this truth.")
        for name in lonely
    ]
    if recipe.rank == 2 and bound.paired.annotated:
        found += [
            Problem(s.name, f"{bound.tree.place(s.image)}: this picture has no mask.")
            for s in samples
            if not s.annotations and s.split not in recipe.unannotated
        ]
    found += [
        Problem(name, f"{bound.tree.place(name)}: this picture is of no known class.")
        for name in bound.left_out
    ]
    found += _blank(bound, samples)
    if recipe.rank == 0:
        said = annotations_missing(bound.tree, [sample.image for sample in samples])
        found += [Problem("", f"{bound.tree.root}: {said}.")] if said else []
    return {(item.name, item.message): item for item in found}


def _blank(bound: Bound, samples: Sequence[Sample]) -> list[Problem]:
    """Tell that canvases stand for pictures, once for all of them."""
    source = bound.match.recipe.samples_from
    if not isinstance(bound.tree, CanvasTree):
        return []
    if source is not None and source.pictures:
        said = function_of(source.told)(bound.tree) if source.told else ""
        return [Problem("", f"{bound.tree.root}: {said}")] if said else []
    blank = sum(sample.image in bound.tree.canvases for sample in samples)
    said = "1 picture is" if blank == 1 else f"{blank:,} pictures are"
    told = (
        f"{bound.tree.root}: {said} not there; what is marked there is shown on a blank"
        " canvas. Put the pictures beside the annotations."
    )
    return [Problem("", told)] if blank else []


def _placed(tree: FileTree, problem: Problem) -> Problem:
    """Say which file is meant, where the message does not."""
    place = tree.place(problem.name)
    if place in problem.message:
        return problem
    return Problem(problem.name, f"{place}: {problem.message}; it is left out.")
