"""Which files of a tree are recordings of events: by their content, asked cheaply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.errors import AmbiguousEventsError, CellsetsError
from napari_cellsets.core.events import Geometry
from napari_cellsets.formats.events.event_tree import EventTree
from napari_cellsets.formats.events.registry import EVENT_FORMATS
from napari_cellsets.formats.names import is_picture_name, natural_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree

EVENT_SUFFIXES = tuple(
    dict.fromkeys(
        ending.lstrip(".").lower()
        for format_ in EVENT_FORMATS.values()
        for ending in format_.endings
    )
)
"""Endings that files of events have; files of many other kinds have them too."""

LARGEST_WINDOW_BYTES = 1 << 22
"""A recording of one cell is no larger: 100 ms of a whole sensor are."""

_ENDINGS = tuple(f".{suffix}" for suffix in EVENT_SUFFIXES)
_CONTAINERS = (".npz", ".h5", ".hdf5", ".hdf", ".mat", ".nc")
_HIERARCHIES = (".h5", ".hdf5")
_MOST_OPENED = 200
_LEAST_OF_CLASS = 5
_ASKED = 8
_MOST_ASKED = 2_000


def is_event_name(name: str) -> bool:
    """Whether a name ends as those of recordings do; says nothing of the content."""
    return name.lower().endswith(_ENDINGS)


def is_recording(tree: FileTree, name: str) -> bool:
    """Whether a file is a recording of events, by its name and first bytes.

    Files that hold arrays of any kind are opened: their first bytes say nothing.
    """
    from napari_cellsets.formats.events.opening import find_format, open_events

    try:
        if find_format(tree, name) is None:
            return False
        if name.lower().endswith(_CONTAINERS):
            open_events(tree, name)
    except AmbiguousEventsError:
        return True
    except CellsetsError:
        return False
    return True


def find_recordings(tree: FileTree, names: Iterable[str]) -> list[str]:
    """Return the recordings among files, in the order of `names`.

    Files of one ending in one folder are mostly of one kind: a few are asked, and
    only where they differ all of them, at most a few thousand.

    Parameters
    ----------
    tree
        The files.
    names
        Names to choose from.
    """
    named = [name for name in names if is_event_name(name)]
    groups: dict[tuple[str, str], list[str]] = {}
    for name in named:
        folder, _, file = name.rpartition("/")
        groups.setdefault((folder, file.rpartition(".")[2].lower()), []).append(name)
    found: set[str] = set()
    for group in groups.values():
        some = group[:: -(-len(group) // _ASKED)]
        held = [name for name in some if is_recording(tree, name)]
        if len(held) == len(some):
            found.update(group)
        elif held:
            found.update(n for n in group[:_MOST_ASKED] if is_recording(tree, n))
    return [name for name in named if name in found]


def with_recordings(recipe: Recipe, tree: FileTree) -> tuple[FileTree, Sequence[str]]:
    """Return a tree whose recordings read as pictures, and what can be a sample.

    Parameters
    ----------
    recipe
        A row with `events`.
    tree
        Its files.

    Returns
    -------
    tree, names
        Recordings, and pictures beside which none of the same name lies: pictures
        of the same name are previews, of windows of one size (`events.size`) also
        where they lie in other folders. The same tree and no names where there is
        no recording.
    """
    row = recipe.events
    template = recipe.layout.image_template
    names = tree.names()
    fitting = [name for name, _ in template.find_all("\n".join(names))]
    recordings = find_recordings(tree, fitting)
    if row is None or not recordings:
        return tree, []
    stem = _stem if row.size is None else _stem_in_archive
    stems = {stem(name) for name in recordings}
    pictures = [
        name for name in fitting if is_picture_name(name) and stem(name) not in stems
    ]
    size = None if row.size is None else Geometry(*row.size)
    inside = _inside(tree, recordings)
    shared = {file for file, _ in inside.values()}
    alone = [name for name in recordings if name not in shared]
    held = EventTree(tree, alone, size, inside)
    return held, natural_order([*alone, *inside, *pictures])


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _stem_in_archive(name: str) -> str:
    """Name of a file without its folders and ending, and the archive it is in."""
    folders, _, file = name.rpartition("/")
    archive, inside, _ = folders.partition(".zip/")
    return f"{archive if inside or folders.endswith('.zip') else ''}/{_stem(file)}"


def _inside(tree: FileTree, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Recordings of files that hold several, each at its path in the file."""
    from napari_cellsets.formats.events.opening import open_events

    found: dict[str, tuple[str, str]] = {}
    files = [name for name in names if name.lower().endswith(_HIERARCHIES)]
    for name in files[:_MOST_OPENED]:
        try:
            open_events(tree, name)
        except AmbiguousEventsError as error:
            paths = [path for path in error.readings if path.startswith("/")]
            ending = name.rpartition(".")[2]
            if len(paths) > 1:
                found |= {f"{name}{path}.{ending}": (name, path) for path in paths}
        except CellsetsError:
            continue
    return found


def holds_one_cell_each(tree: FileTree, names: Sequence[str]) -> bool:
    """Whether recordings are short and many enough to show one cell each.

    Whole recordings lie in folders too, such as one a day.
    """
    folders = {name.rpartition("/")[0] for name in names}
    if not isinstance(tree, EventTree) or len(names) < _LEAST_OF_CLASS * len(folders):
        return False
    some = names[:: -(-len(names) // _ASKED) or 1]
    try:
        sizes = [tree.base.size(tree.home_of(name)) for name in some]
        return max(sizes) <= LARGEST_WINDOW_BYTES
    except CellsetsError:
        return False


def place_on_disk(tree: FileTree, name: str) -> Path | None:
    """Return the file on disk that holds a file of a tree: itself, or its archive.

    Parameters
    ----------
    tree
        The files, of a `Dataset` its `tree`.
    name
        Name there.

    Returns
    -------
    Path or None
        None where it lies in memory.
    """
    if isinstance(tree, EventTree):
        name, tree = tree.home_of(name), tree.base
    local = tree.local_path(name)
    around = (tree.root / name).parents
    return local or next((place for place in around if place.is_file()), None)
