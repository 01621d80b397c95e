"""Path templates: how the files of a data set are named.

``{colour}/{split}/images/{stem}.png`` is a template. Three marks are known:

========== =============================================================
``{name}``   any text without slash, or one of the choices given for it
``{name?}``  the same, or nothing; as a whole part of the path, no part
``{name**}`` any number of folders, also none (whole part of the path)
========== =============================================================

The same name twice must be the same text. Templates describe the *end* of a
path, so folders wrapped around a set do not disturb them. Case is ignored in
what is fixed, as downloads change it. A fixed folder or a choice may also be an
archive of that name: ``red.zip/trainval/...`` fits ``{colour}/{split}/...``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import RecipeError
from napari_cellsets.formats.names import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELD = re.compile(r"\{([a-z_]+)(\*\*|\?)?\}")
WRAP = "wrap"
_ANY_FOLDERS = "(?:[^/]+/)*"
_DEEPEST = 12


@dataclass(frozen=True)
class Template:
    """One compiled template.

    Parameters
    ----------
    text
        As written in the row.
    choices
        For some names the texts they may stand for. ``ext`` stands for the
        usual suffixes of pictures unless chosen otherwise.
    """

    text: str
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = self.text.split("/")
        if "{" in _FIELD.sub("", self.text) or "" in parts or ".." in parts:
            raise RecipeError(
                f"the template {self.text!r} is not understood",
                advice="Known marks are {name}, {name?} and {name**}.",
            )
        seen: set[str] = set()
        body = "".join(
            self._part(part, seen, last=place == len(parts) - 1)
            for place, part in enumerate(parts)
        )
        flags = re.IGNORECASE
        wrapped = f"(?P<{WRAP}>{_ANY_FOLDERS}?){body}"
        object.__setattr__(self, "_pattern", re.compile(wrapped, flags))
        object.__setattr__(self, "_anchored", re.compile(body, flags))
        object.__setattr__(self, "fields", tuple(_unique(self.text)))

    fields: tuple[str, ...] = field(init=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False)
    _anchored: re.Pattern[str] = field(init=False, repr=False)

    def match(self, path: str) -> dict[str, str] | None:
        """Values of the marks, and of ``wrap``, where the path ends so."""
        found = self._pattern.fullmatch(path)
        return None if found is None else self._values(found)

    def match_whole(self, path: str) -> dict[str, str] | None:
        """Values of the marks where the whole path is so."""
        found = self._anchored.fullmatch(path)
        return None if found is None else self._values(found)

    def starts(self, parts: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
        """Find where in a path the template can begin, the best place first.

        Parameters
        ----------
        parts
            All parts of an absolute path, file name last.

        Returns
        -------
        list of (index of the first part, values)
            More values known comes first, then fewer parts used.
        """
        found = []
        for at in range(len(parts) - 1, max(-1, len(parts) - 1 - _DEEPEST), -1):
            values = self.match_whole("/".join(parts[at:]))
            if values is not None:
                found.append((at, values))
        return sorted(found, key=lambda item: -sum(map(bool, _chosen(self, item[1]))))

    def fill(self, values: Mapping[str, str]) -> str:
        """Write the path for given values; marks without one take their default.

        A mark with choices takes the first, an optional one nothing, and
        ``ext`` is ``png``.

        Raises
        ------
        RecipeError
            If a mark has neither value nor default.
        """

        def text_of(mark: re.Match[str]) -> str:
            name, kind = mark[1], mark[2]
            if name in values:
                return values[name]
            if kind:
                return ""
            if name == "ext":
                return "png"
            if self.choices.get(name):
                return self.choices[name][0]
            raise RecipeError(f"{self.text!r} needs a value for {name!r}")

        path = values.get(WRAP, "") + _FIELD.sub(text_of, self.text)
        return re.sub("/{2,}", "/", path).lstrip("/")

    def top(self, values: Mapping[str, str]) -> str | None:
        """Pattern of what can lie at the top of the set; None if anything can.

        Parameters
        ----------
        values
            What is known of the marks; an optional one that is empty is absent.
        """
        parts = self.text.split("/")
        for part in parts:
            mark = _FIELD.fullmatch(part)
            if mark and mark[2] == "?" and not values.get(mark[1]):
                continue
            free = mark is not None and mark[1] not in self.choices
            if free and part is not parts[-1]:
                return None
            plain = f"{{{mark[1]}}}" if mark else part
            pattern = self._part(plain, set(), last=True, folder=part is not parts[-1])
            return re.sub(r"\(\?P<\w+>", "(?:", pattern)
        return None

    def _part(
        self, part: str, seen: set[str], *, last: bool, folder: bool = False
    ) -> str:
        slash = "" if last else "/"
        mark = _FIELD.fullmatch(part)
        if mark and mark[2] == "**":
            seen.add(mark[1])
            return f"(?P<{mark[1]}>{_ANY_FOLDERS})"
        body, at = "", 0
        for inner in _FIELD.finditer(part):
            body += re.escape(part[at : inner.start()])
            body += self._mark(inner, seen, alone=mark is not None)
            at = inner.end()
        body += re.escape(part[at:])
        fixed = not _FIELD.search(part) or (
            mark is not None and mark[1] in self.choices
        )
        if fixed and (folder or not last):
            body += r"(?:\.zip)?"
        return f"(?:{body}/)?" if mark and mark[2] == "?" and not last else body + slash

    def _mark(self, mark: re.Match[str], seen: set[str], *, alone: bool) -> str:
        name, kind = mark[1], mark[2]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        choices = self.choices.get(name) or (PICTURE_SUFFIXES if name == "ext" else ())
        body = "|".join(re.escape(choice) for choice in choices) or "[^/]+?"
        optional = "?" if kind == "?" and not alone else ""
        return f"(?P<{name}>{body}){optional}"

    def _values(self, found: re.Match[str]) -> dict[str, str]:
        values = {name: text or "" for name, text in found.groupdict().items()}
        for name, choices in self.choices.items():
            text = values.get(name)
            if text and text not in choices:
                same = (known for known in choices if known.lower() == text.lower())
                values[name] = next(same, text)
        return values


def _chosen(template: Template, values: Mapping[str, str]) -> list[str]:
    return [values[name] for name in template.choices if name in values]


def _unique(text: str) -> list[str]:
    return list(dict.fromkeys(mark[1] for mark in _FIELD.finditer(text)))
