"""What a conversion has finished, so that a stopped one can go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT = 1


class Journal:
    """Names of finished samples, one a line, in a hidden file of the target folder.

    It is there only between the start of a conversion and its end: a conversion
    that was stopped leaves it behind.

    Parameters
    ----------
    folder
        Folder that is written to.
    form
        Key of the form.
    made_with
        What the files depend on, as JSON can say it; samples that were finished
        with anything else are not trusted.
    """

    def __init__(self, folder: Path, form: str, made_with: Mapping[str, Any]) -> None:
        self._path = folder / f".{form}.convert"
        self._head = json.loads(json.dumps({"format": _FORMAT, **made_with}))
        self.finished: set[str] = set()
        self.classes: dict[int, str] = {}

    def begin(self) -> None:
        """Learn what a stopped conversion has finished; start anew where it differs.

        Raises
        ------
        ExportError
            If the folder cannot be written.
        """
        lines = self._lines()
        if not lines or lines[0] != self._head:
            lines = [self._head]
        for line in lines[1:]:
            self.finished.add(line["sample"])
            self.classes |= {int(key): name for key, name in line["classes"].items()}
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def add(self, sample: str, classes: Mapping[int, str]) -> None:
        """Note that the files of a sample are written.

        Parameters
        ----------
        sample
            Its name.
        classes
            Names of the classes known by now.

        Raises
        ------
        ExportError
            If it cannot be noted.
        """
        new = {str(key): classes[key] for key in classes if key not in self.classes}
        self.classes |= {int(key): name for key, name in new.items()}
        line = json.dumps({"sample": sample, "classes": new})
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def end(self) -> None:
        """Remove the file: everything is written."""
        self._path.unlink(missing_ok=True)

    def _lines(self) -> list[Any]:
        """Return the whole lines of the file; none where it is damaged."""
        try:
            text = self._path.read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1]
            lines = [json.loads(line) for line in whole.splitlines()]
            for line in lines[1:]:
                if not isinstance(line["sample"], str):
                    return []
                {int(key): str(name) for key, name in line["classes"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []
        return lines


def _unwritable(path: Path, error: OSError) -> ExportError:
    return ExportError(
        f"could not be written: {error.strerror or error}",
        path=path,
        advice="Choose a folder that you may write to and that has room.",
    )
