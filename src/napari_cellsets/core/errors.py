"""Errors a person can act on: what was found, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class CellsetsError(Exception):
    """Base of every error that the package raises on purpose.

    Parameters
    ----------
    problem
        What was expected and what was found, without the place.
    path
        File or folder (or member of an archive) concerned, if any.
    advice
        What the person can do next.
    """

    def __init__(
        self, problem: str, *, path: str | Path | None = None, advice: str = ""
    ) -> None:
        self.problem = problem
        self.path = None if path is None else str(path)
        self.advice = advice
        place = f"{self.path}: " if self.path else ""
        end = "" if problem.endswith((".", "?", "!")) else "."
        super().__init__(f"{place}{problem}{end}" + (f" {advice}" if advice else ""))


class UnreadableFileError(CellsetsError):
    """A file is missing, truncated, of another type, or too large to be true."""


class AmbiguousEventsError(CellsetsError):
    """Events of a file can be read in more than one way; the person must say which.

    Parameters
    ----------
    problem, path, advice
        As of `CellsetsError`.
    readings
        The ways, each a word that `open_events` takes.
    """

    def __init__(
        self,
        problem: str,
        *,
        readings: Sequence[str],
        path: str | Path | None = None,
        advice: str = "",
    ) -> None:
        self.readings = tuple(readings)
        super().__init__(problem, path=path, advice=advice)


class NotRecognisedError(CellsetsError):
    """A place on disk fits no row of the catalogue, or more than one."""


class UnsafeArchiveError(CellsetsError):
    """An archive climbs out of itself, inflates beyond reason or is encrypted."""


class RecipeError(CellsetsError):
    """A row of the catalogue says something that the vocabulary does not know."""


class ModelError(CellsetsError):
    """A model file is no model, or wants an input that it cannot be given."""


class EditError(CellsetsError):
    """An edit of labels cannot be made, or would change nothing."""


class StoreError(CellsetsError):
    """The project store cannot be opened, read or written."""


class ChangedMeanwhileError(StoreError):
    """Somebody else changed in the store what is to be changed."""


class ExportError(CellsetsError):
    """A result cannot be written where or as it was asked for."""


class TrainingError(CellsetsError):
    """There is nothing to learn from, or nothing to learn with."""


class CancelledError(CellsetsError):
    """The person stopped the work; nothing is wrong."""

    def __init__(self, problem: str = "Cancelled") -> None:
        super().__init__(problem)
