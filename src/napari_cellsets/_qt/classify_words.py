"""What the Classify dock says of cells, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets._qt.classify_bars import percent
from napari_cellsets.classify.truth import ClassNames

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.classify.model import ClassifyModel
    from napari_cellsets.classify.table import ClassTable


#: A share of fewer cells says nothing.
_LEAST_JUDGED = 10


def top_words(model: ClassifyModel, row: int | None) -> tuple[str, str]:
    """Return the class of a cell, and a sentence about it.

    Parameters
    ----------
    model
        Of the dock.
    row
        Of the cell in its table; None for none.
    """
    table = model.table
    if table is None or row is None:
        return "", ""
    said = []
    if not table.known[row]:
        said.append(f"Nearest: {table.titles[int(table.predicted[row])]}.")
    label = model.truth[row]
    if label:
        title = _title(model, label)
        same = title == table.shown(row)
        verb = "Corrected to" if row in model.corrected else "Labelled"
        said.append(f"{verb} {title}, too." if same else f"⚠ {verb} {title}.")
    return table.shown(row), " ".join(said)


def row_words(
    model: ClassifyModel, *, objects: bool
) -> Callable[[int], tuple[str, str]]:
    """Return what says the row and the tooltip of a cell in the list.

    Parameters
    ----------
    model
        Of the dock.
    objects
        Whether names are numbers of labels.
    """
    table = model.table
    titles: dict[str, str] = {}

    def describe(row: int) -> tuple[str, str]:
        if table is None:
            return "", ""
        shown, name = table.shown(row), table.names[row]
        name = f"cell {name}" if objects else name
        first = f"{shown} · {percent(float(table.confidence[row]))}"
        if not table.known[row]:
            first = shown
        label = model.truth[row]
        if not label:
            return f"{first}\n{name}", _details(table, row)
        if label not in titles:
            titles[label] = _title(model, label)
        title = titles[label]
        by_hand = row in model.corrected
        second = f"≠ {'corrected' if by_hand else 'label'} {title}"
        if title == shown:
            second = f"{name} · corrected" if by_hand else name
        said = "Corrected to" if by_hand else "Labelled"
        return f"{first}\n{second}", f"{_details(table, row)}\n{said}: {title}"

    return describe


def summary_words(model: ClassifyModel, total: int | None) -> str:
    """Return how many cells were classified, and how well.

    Parameters
    ----------
    model
        Of the dock.
    total
        Cells of the set; None for the objects of one image.
    """
    table, report = model.table, model.report
    if table is None:
        return ""
    number = len(table)
    cells = "1 cell" if number == 1 else f"{number} cells"
    said = [cells if total in (None, number) else f"{number} of {total} cells"]
    if report is not None and report.accuracy and report.judged >= _LEAST_JUDGED:
        low, high = report.accuracy_interval
        said.append(
            f"{100 * report.accuracy:.1f} % as labelled"
            f" ({100 * low:.1f}–{100 * high:.1f})"
        )
    if model.corrected:
        number = len(model.corrected)
        said.append(f"{number} label{'' if number == 1 else 's'} corrected by people")
    if total is None:
        counts = table.counts()
        said.append(
            ", ".join(
                f"{found} {_of_table(table, name)}"
                for name, found in sorted(counts.items(), key=lambda pair: -pair[1])
                if found
            )
        )
        return ": ".join(said)
    unknown = int((~table.known).sum())
    if unknown:
        said.append(f"{unknown} not known")
    # lines break between the parts alone
    return " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in said)


def listed_words(model: ClassifyModel, number: int) -> str:
    """Return which cells are listed; empty for all."""
    cells = "1 cell" if number == 1 else f"{number} cells"
    if model.between is not None:
        low, high = model.between
        return f"{cells}, confidence {100 * low:.1f} to {100 * high:.1f} %"
    if model.field is None or model.table is None:
        return ""
    true, predicted = model.field
    said = []
    if true is not None:
        said.append(f"labelled {_title(model, true)}")
    if predicted is not None:
        said.append(f"classified as {_of_table(model.table, predicted)}")
    return f"{cells} " + ", ".join(said)


def _title(model: ClassifyModel, label: str) -> str:
    """Return the label of a cell as people call its class."""
    table = model.table
    if table is None:
        return label
    found = ClassNames(table.classes, table.titles, model.aliases).find(label)
    return model.aliases.get(label, label) if found is None else _of_table(table, found)


def _of_table(table: ClassTable, name: str) -> str:
    if name in table.classes:
        return table.titles[table.classes.index(name)]
    return name


def _details(table: ClassTable, row: int) -> str:
    lines = [table.names[row], table.shown(row)]
    lines += [
        f"{_of_table(table, name)}: {percent(share)}" for name, share in table.top(row)
    ]
    if table.distance is not None:
        lines.append(f"Distance from what was learnt: {table.distance[row]:.1f}")
        if table.limit is not None:
            lines[-1] += f" (limit {table.limit:.1f})"
    return "\n".join(lines)
