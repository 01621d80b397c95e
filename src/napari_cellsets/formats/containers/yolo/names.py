"""Names of YOLO classes: ``classes.txt``, ``obj.names``, ``names`` in a YAML file.

Of YAML only what such files use is read: a list or a map under ``names``, in one
line or one entry a line, and ``kpt_shape``. Anything else under these keys is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.reading import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.formats.files import FileTree

PLAIN_NAMES = ("classes.txt", "obj.names", "predefined_classes.txt", "labels.txt")
_KEY = re.compile(r"^(names|kpt_shape)\s*:\s*(.*)$")
_ITEM = re.compile(r"^\s*-\s+(.*)$")
_ENTRY = re.compile(r"^\s+['\"]?(\d+)['\"]?\s*:\s*(.*)$")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class YoloNames:
    """What the files beside the labels say of the classes.

    ``joints`` is the number of keypoints and of values for each, where it is told.
    """

    names: dict[int, str] = field(default_factory=dict)
    joints: tuple[int, int] | None = None
    problems: tuple[tuple[str, str], ...] = ()


class NotUnderstoodError(ValueError):
    """A YAML file says something under ``names`` that is not understood."""


_KNOWN: WeakKeyDictionary[FileTree, dict[str, YoloNames]] = WeakKeyDictionary()


def names_for(tree: FileTree, labels: str) -> YoloNames:
    """Find the class names that hold for a file of labels.

    Parameters
    ----------
    tree, labels
        The file of labels; names are looked for in its folder and above, and the
        nearest count.
    """
    folder = labels.rpartition("/")[0]
    known = _KNOWN.setdefault(tree, {})
    if folder not in known:
        known[folder] = _found(tree, folder)
    return known[folder]


def _found(tree: FileTree, folder: str) -> YoloNames:
    problems: list[tuple[str, str]] = []
    found = YoloNames()
    for name in _candidates(tree, folder):
        try:
            content = tree.head(name, _MOST_BYTES).decode("utf-8-sig", "replace")
            if name.lower().endswith((".yaml", ".yml")):
                names, joints = read_yaml_names(content)
                found = YoloNames(names or found.names, joints or found.joints)
            elif not found.names:
                rows = [line.strip() for line in content.splitlines()]
                found = YoloNames(dict(enumerate(filter(None, rows))), found.joints)
        except (CellsetsError, NotUnderstoodError) as error:
            problems.append((name, str(error)))
            continue
        if found.names:
            break
    return YoloNames(found.names, found.joints, tuple(problems))


def _candidates(tree: FileTree, folder: str) -> Iterator[str]:
    """Files that may name classes, the nearest first, YAML before plain lists."""
    ranked = []
    for base, names in files_of(tree).items():
        is_yaml = base.endswith((".yaml", ".yml"))
        if is_yaml or base in PLAIN_NAMES or base.endswith(".names"):
            for name in names:
                home = name.rpartition("/")[0]
                if not home or folder == home or folder.startswith(f"{home}/"):
                    ranked.append((-len(home), not is_yaml, name))
    for *_, name in sorted(ranked):
        yield name


def read_yaml_names(text: str) -> tuple[dict[int, str], tuple[int, int] | None]:
    """Read ``names`` and ``kpt_shape`` of a YAML file, and nothing else.

    Returns
    -------
    tuple
        Names by id, and number of keypoints and of values of each.

    Raises
    ------
    NotUnderstoodError
        If they are written in a way that is not understood.
    """
    names: dict[int, str] = {}
    joints: tuple[int, int] | None = None
    lines = [_without_remark(line) for line in text.splitlines()]
    at = 0
    while at < len(lines):
        match = _KEY.match(lines[at])
        at += 1
        if match is None:
            continue
        inline = match[2].strip()
        while inline[:1] in ("[", "{") and not _closed(inline) and at < len(lines):
            inline += f" {lines[at].strip()}"
            at += 1
        if match[1] == "kpt_shape":
            joints = _two_numbers(inline)
        elif inline:
            names = _inline(inline)
        else:
            names, at = _block(lines, at)
    return names, joints


def _without_remark(line: str) -> str:
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at].rstrip()
    return line.rstrip()


def _closed(text: str) -> bool:
    return text.rstrip().endswith("]" if text.startswith("[") else "}")


def _block(lines: list[str], at: int) -> tuple[dict[int, str], int]:
    names: dict[int, str] = {}
    while at < len(lines):
        line = lines[at]
        item, entry = _ITEM.match(line), _ENTRY.match(line)
        if item:
            names[len(names)] = _scalar(item[1])
        elif entry:
            names[int(entry[1])] = _scalar(entry[2])
        elif line.strip() and not line[0].isspace():
            break
        elif line.strip():
            raise NotUnderstoodError(f"the line {line.strip()[:40]!r} under names")
        at += 1
    return names, at


def _inline(text: str) -> dict[int, str]:
    if not _closed(text) or text[:1] not in ("[", "{"):
        raise NotUnderstoodError(f"names are written as {text[:40]!r}")
    pieces = [piece for piece in _split(text[1:-1]) if piece.strip()]
    if text[0] == "[":
        return {at: _scalar(piece) for at, piece in enumerate(pieces)}
    names = {}
    for piece in pieces:
        key, colon, value = piece.partition(":")
        key = key.strip().strip("'\"")
        if not colon or not key.isdecimal():
            raise NotUnderstoodError(f"the entry {piece.strip()[:40]!r} under names")
        names[int(key)] = _scalar(value)
    return names


def _split(text: str) -> Iterator[str]:
    """Split at commas outside quotes."""
    quote, piece = "", ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        if sign == "," and not quote:
            yield piece
            piece = ""
        else:
            piece += sign
    yield piece


def _scalar(text: str) -> str:
    plain = text.strip()
    if plain[:1] in ("&", "*", "!", "|", ">", "[", "{"):
        raise NotUnderstoodError(f"the name {plain[:40]!r}")
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        return plain[1:-1].replace("''", "'") if plain[0] == "'" else plain[1:-1]
    return plain


def _two_numbers(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\[\s*(\d{1,4})\s*,\s*([23])\s*\]", text)
    if found is None:
        raise NotUnderstoodError(f"kpt_shape is written as {text[:40]!r}")
    return int(found[1]), int(found[2])


def write_yaml_names(names: dict[int, str]) -> str:
    """Return ``names`` as YAML: one quoted entry a line."""
    rows = []
    for key, name in sorted(names.items()):
        quoted = " ".join(name.split()).replace("'", "''")
        rows.append(f"  {key}: '{quoted}'")
    return "\n".join(["names:" if rows else "names: {}", *rows, ""])
