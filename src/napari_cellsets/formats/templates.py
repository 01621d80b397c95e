"""Path templates: how the files of a data set are named.

``{colour}/{split}/images/{stem}.png`` is a template. Four marks are known:

============ =============================================================
``{name}``   any text without slash, or one of the choices given for it
``{name?}``  the same, or nothing; as a whole part of the path, no part
``{name#}``  digits
``{name**}`` any number of folders, also none (whole part of the path)
============ =============================================================

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
from napari_cellsets.formats.listing import pattern_of
from napari_cellsets.formats.names import ARCHIVE_ENDINGS, PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WRAP = "wrap"
"""Name of the folders around a set, with a slash at the end; may be empty."""

_MARK = re.compile(r"\{([a-z_]+)(\*\*|\?|#)?\}")
_MARKS_TOGETHER = re.compile(r"\}\{[^}]*\}\{")
_DIGIT_OR_SLASH = re.compile(r"[\d/]")
_GROUP = re.compile(r"\(\?P<\w+>")
_ANY_FOLDERS = r"(?:[^/\n]+/)*"
_ARCHIVE = rf"(?:{'|'.join(re.escape(e) for e in ARCHIVE_ENDINGS)})?"
_DEEPEST = 12

Values = tuple[str | None, ...]
"""What the marks of a template stand for, in the order of `Template.marks`."""


@dataclass(frozen=True)
class Template:
    """One compiled template.

    Parameters
    ----------
    text
        As written in the row.
    choices
        For some marks the texts they may stand for. ``ext`` stands for the
        usual suffixes of pictures unless chosen otherwise.

    Raises
    ------
    RecipeError
        If the text holds a mark that is not known.
    """

    text: str
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    marks: tuple[str, ...] = field(init=False)
    _lines: re.Pattern[str] = field(init=False, repr=False)
    _whole: re.Pattern[str] = field(init=False, repr=False)
    _needed: tuple[tuple[str, ...], ...] = field(init=False, repr=False)
    _sketched: tuple[tuple[str, ...], ...] = field(init=False, repr=False)
    digits_alike: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = self.text.split("/")
        if "{" in _MARK.sub("", self.text) or "" in parts or ".." in parts:
            raise RecipeError(
                f"the template {self.text!r} is not understood",
                advice="Known marks are {name}, {name?}, {name#} and {name**}.",
            )
        seen: set[str] = set()
        last = len(parts) - 1
        body = "".join(
            self._part(part, seen, last=place == last)
            for place, part in enumerate(parts)
        )
        lines = f"^(?P<{WRAP}>{_ANY_FOLDERS}?){body}$"
        object.__setattr__(self, "_lines", re.compile(lines, re.I | re.M))
        object.__setattr__(self, "_whole", re.compile(body, re.I))
        object.__setattr__(self, "marks", tuple(self._lines.groupindex))
        needed = tuple(self._needed_texts())
        sketched = tuple(
            tuple(map(pattern_of, texts))
            for texts in needed
            if not any("/" in text for text in texts)
        )
        object.__setattr__(self, "_needed", needed)
        object.__setattr__(self, "_sketched", sketched)
        object.__setattr__(self, "digits_alike", self._are_digits_alike())

    def find_all(self, names: str) -> Iterator[tuple[str, Values]]:
        """Find the names that end as the template says.

        Parameters
        ----------
        names
            One name a line.

        Yields
        ------
        tuple of (name, values)
            Values in the order of `marks`; the first is `WRAP`.
        """
        lowered = names.lower()
        # searching for fixed texts is far cheaper than trying every line
        if all(any(text in lowered for text in texts) for texts in self._needed):
            for found in self._lines.finditer(names):
                yield found[0], found.groups()

    def fits(self, name: str) -> re.Match[str] | None:
        """Match of a name that ends as the template says; groups are `marks`."""
        return self._lines.fullmatch(name)

    def may_fit(self, sketch: str) -> bool:
        """Whether names may be among those of a sketch; see `listing.Run.sketch`."""
        return all(any(text in sketch for text in texts) for texts in self._sketched)

    def match(self, name: str) -> dict[str, str] | None:
        """Values of the marks, and of `WRAP`, where a name ends so."""
        found = self._lines.fullmatch(name)
        return None if found is None else self.named(found.groups())

    def named(self, values: Values) -> dict[str, str]:
        """Values by mark; choices in the spelling of the row."""
        by_mark = {m: text or "" for m, text in zip(self.marks, values, strict=True)}
        for mark, choices in self.choices.items():
            text = by_mark.get(mark)
            if text and text not in choices:
                same = (known for known in choices if known.lower() == text.lower())
                by_mark[mark] = next(same, text)
        return by_mark

    def starts(self, parts: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
        """Find where in a path the template can begin, the best place first.

        Parameters
        ----------
        parts
            All parts of an absolute path, file name last.

        Returns
        -------
        list of (index of the first part, values)
            The place that settles most choices comes first, then the deepest.
        """
        found = []
        for at in range(len(parts) - 1, max(-1, len(parts) - 1 - _DEEPEST), -1):
            match = self._whole.fullmatch("/".join(parts[at:]))
            if match is not None:
                found.append((at, self.named(("", *match.groups()))))
        return sorted(found, key=lambda item: -self._settled(item[1]))

    def fill(self, values: Mapping[str, str]) -> str:
        """Write the name for given values; marks without one take their default.

        A mark with choices takes the first, an optional one nothing, and
        ``ext`` is ``png``.

        Raises
        ------
        RecipeError
            If a mark has neither value nor default.
        """
        name = _MARK.sub(lambda mark: self._text_of(mark, values), self.text)
        return re.sub("/{2,}", "/", values.get(WRAP, "") + name).lstrip("/")

    def top(self, values: Mapping[str, str]) -> str | None:
        """Pattern of what can lie at the top of the set; None if anything can.

        Parameters
        ----------
        values
            What is known of the marks; an optional one that is empty is absent.
        """
        *folders, file = self.text.split("/")
        for part in folders:
            mark = _MARK.fullmatch(part)
            if mark and mark[2] == "?" and not values.get(mark[1]):
                continue
            if mark and mark[1] not in self.choices:
                return None
            plain = f"{{{mark[1]}}}" if mark else part
            return _GROUP.sub("(?:", self._part(plain, set(), last=True) + _ARCHIVE)
        return _GROUP.sub("(?:", self._part(file, set(), last=True))

    def spoken(
        self, silent: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[str, tuple[str, ...]] | None]:
        """Tell what of a name says which sample it is.

        Parameters
        ----------
        silent
            Marks that say how a file is stored only.

        Returns
        -------
        marks
            Marks that are parts of the name.
        file
            Of a file name of several such marks the text between them, with
            ``%s`` for each, and the marks; else None.
        """
        marks = [mark for mark in self.marks if mark not in silent]
        folders, _, last = self.text.rpartition("/")
        inside = [m for m in _MARK.finditer(last) if m[1] not in silent]
        if len(inside) < 2:
            return tuple(marks), None
        shown = last[inside[0].start() : inside[-1].end()].replace("%", "%%")
        before = {mark[1] for mark in _MARK.finditer(folders)}
        text = _MARK.sub(lambda mark: "" if mark[1] in silent else "%s", shown)
        file = (text, tuple(mark[1] for mark in inside))
        return tuple(mark for mark in marks if mark in before), file

    def _needed_texts(self) -> Iterator[tuple[str, ...]]:
        """Texts of which each name must hold one of each group, in small letters."""
        for fixed in re.split(r"/|\{[^}]*\}", self.text):
            if fixed:
                yield (fixed.lower(),)
        for mark in _MARK.finditer(self.text):
            if not mark[2] and self.choices.get(mark[1]):
                yield tuple(text.lower() for text in self.choices[mark[1]])

    def _are_digits_alike(self) -> bool:
        """Whether a file name fits, or not, whichever digits are in it.

        Folders are always known as they are. Three marks side by side could share
        two digits, and not more.
        """
        folders, _, file = self.text.rpartition("/")
        seen = {mark[1] for mark in _MARK.finditer(folders)}
        texts = [_MARK.sub("", file)]
        for mark in _MARK.finditer(file):
            choices = self.choices.get(mark[1], ())
            if mark[1] in seen and not choices:
                return False
            seen.add(mark[1])
            texts += choices
        together = _MARKS_TOGETHER.search(file)
        return together is None and _DIGIT_OR_SLASH.search("".join(texts)) is None

    def _settled(self, values: Mapping[str, str]) -> int:
        return sum(bool(values.get(mark)) for mark in self.choices)

    def _text_of(self, mark: re.Match[str], values: Mapping[str, str]) -> str:
        name = mark[1]
        if name in values:
            return values[name]
        if mark[2] in ("?", "**"):
            return ""
        if name == "ext":
            return "png"
        if self.choices.get(name):
            return self.choices[name][0]
        raise RecipeError(f"the template {self.text!r} needs a value for {name!r}")

    def _part(self, part: str, seen: set[str], *, last: bool) -> str:
        alone = _MARK.fullmatch(part)
        if alone and alone[2] == "**":
            seen.add(alone[1])
            return f"(?P<{alone[1]}>{_ANY_FOLDERS})"
        body, at = "", 0
        for mark in _MARK.finditer(part):
            body += re.escape(part[at : mark.start()])
            # a greedy text is found faster, but would swallow a mark after it
            lazy = part[mark.end() : mark.end() + 1] == "{"
            body += self._pattern_of(mark, seen, lazy=lazy, alone=alone is not None)
            at = mark.end()
        body += re.escape(part[at:])
        if last:
            return body
        if all(mark[1] in self.choices for mark in _MARK.finditer(part)):
            body += _ARCHIVE
        return f"(?:{body}/)?" if alone and alone[2] == "?" else f"{body}/"

    def _pattern_of(
        self, mark: re.Match[str], seen: set[str], *, lazy: bool, alone: bool
    ) -> str:
        name = mark[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        choices = self.choices.get(name) or (PICTURE_SUFFIXES if name == "ext" else ())
        body = "|".join(re.escape(choice) for choice in choices)
        if mark[2] == "#":
            body = r"\d+"
        body = body or (r"[^/\n]+?" if lazy else r"[^/\n]+")
        optional = "?" if mark[2] == "?" and not alone else ""
        return f"(?P<{name}>{body}){optional}"
