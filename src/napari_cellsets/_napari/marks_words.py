"""What corrections of marks are called."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from napari_cellsets._napari.drawn import ANY_CLASS, NO_CLASS

if TYPE_CHECKING:
    from napari_cellsets._napari.marks_rows import MarkRow, MarkStep

NOUNS = {
    "points": ("point", "points"),
    "boxes": ("box", "boxes"),
    "polygons": ("outline", "outlines"),
}
"""One and many of each kind."""
_UNNAMED = (ANY_CLASS, NO_CLASS)
#: Numbers of marks that people added are microseconds, larger than this.
_ADDED = 10**12


def title_of(step: MarkStep, kind: str) -> str:
    """Return one line for the history: ``Move 3 points: nucleus``."""
    rows = [after or step.before[number] for number, after in step.after.items()]
    classes = {row.class_name for row in rows if row is not None}
    noun = counted(len(rows), kind)
    verb = "Class of" if step.verb == "class" else step.verb.capitalize()
    name = classes.pop() if len(classes) == 1 else ""
    return f"{verb} {noun}: {name}" if name and name != ANY_CLASS else f"{verb} {noun}"


def counted(many: int, kind: str) -> str:
    """Return ``point`` or ``3 points``."""
    one, more = NOUNS[kind]
    return one if many == 1 else f"{many:,} {more}"


def stored_class(name: str) -> str:
    """Return a class as the store has it: empty for none."""
    return "" if name in _UNNAMED else name


def origin_of(row: MarkRow, said: tuple[str, float] | None) -> str:
    """Return where a mark comes from, and who changed it last.

    Parameters
    ----------
    row
        The mark.
    said
        Who, and when in seconds since 1970; None where nobody changed it.
    """
    added = row.number > _ADDED
    if said is None:
        return "drawn by hand" if added else "from the data set"
    author, moment = said
    when = datetime.fromtimestamp(moment).astimezone().strftime("%d %b %Y, %H:%M")
    first = "drawn by hand, last by" if added else "from the data set, corrected by"
    return f"{first} {author}, {when}"
