"""What can be known of an object, and of all objects of an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLASSES: Final = "classes"
"""Key in what is said of labels when they are saved: ``{class id: labels}``, as the
data set or a model tells; the class of an object follows it through every edit."""
#: In what is said of labels: by what their picture is known again.
PICTURE: Final = "picture"

_HASH_SHOWN = 12
_MOST_CHARACTERS = 24


class FactChange(TypedDict, total=False):
    """What to say of objects; what is left out stays."""

    class_id: int | None
    flag: str
    comment: str


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What is known of one object.

    Parameters
    ----------
    class_id
        The data set's own number of a class; None where nobody gave one.
    flag, comment
        Free text, empty for none.
    origin
        Where the object comes from: what was said when its image was saved, or of
        the edit that drew it. ``source`` says ``predicted`` (with ``model``,
        ``model_hash``, ``settings``), ``drawn by hand``, ``data set``, ...
    corrected_by, corrected
        Who reshaped it last, and when that person first did, in seconds since
        1970; empty and 0 where nobody did.
    author, time
        Who said the newest of this, and when; empty and 0 for an object that is as
        its image was saved.
    """

    class_id: int | None = None
    flag: str = ""
    comment: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)
    corrected_by: str = ""
    corrected: float = 0.0
    author: str = ""
    time: float = 0.0


class LayerFacts(NamedTuple):
    """What is known of the objects of one image.

    Parameters
    ----------
    origin
        Where the image as a whole comes from.
    differing
        Objects of which more is known.
    class_of
        Class ids that objects had when the image was saved, where it was saved with
        classes; those of `differing` count before these, also where they are None.
    """

    origin: Mapping[str, Any]
    differing: dict[int, ObjectFacts]
    class_of: Mapping[int, int] = MappingProxyType({})

    def of(self, label: int) -> ObjectFacts:
        """Return what is known of an object of the image."""
        found = self.differing.get(label)
        if found is not None:
            return found
        return ObjectFacts(self.class_of.get(label), origin=self.origin)

    def says(self, label: int) -> bool:
        """Whether somebody gave an object a class, a flag or a comment."""
        one = self.differing.get(label)
        if one is None:
            return False
        return bool(one.flag or one.comment) or one.class_id != self.class_of.get(label)

    @property
    def said(self) -> int:
        """Number of objects of which somebody said something."""
        return sum(map(self.says, self.differing))


def said_classes(class_of: Mapping[int, int]) -> dict[str, list[int]]:
    """Return classes of objects as `CLASSES` in what is said of labels."""
    said: dict[str, list[int]] = {}
    for label, class_id in sorted(class_of.items()):
        said.setdefault(str(class_id), []).append(int(label))
    return said


def classes_in(said: Mapping[str, Any]) -> dict[int, int]:
    """Return the class of each object, of what was said of labels."""
    return {
        label: int(class_id)
        for class_id, labels in said.get(CLASSES, {}).items()
        for label in labels
    }


def without_classes(said: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is said of single objects and of the picture: no origins."""
    return {name: said[name] for name in said if name not in (CLASSES, PICTURE)}


def origin_words(origin: Mapping[str, Any]) -> str:
    """Return where an object comes from, in words.

    Parameters
    ----------
    origin
        As of `ObjectFacts`.
    """
    source = str(origin.get("source", "unknown"))
    if source == "predicted":
        return f"predicted by {_model_words(origin)}"
    if source == "data set":
        files = ", ".join(str(name) for name in origin.get("files", ()))
        return f"data set: {files}" if files else source
    if source == "copied":
        layer, label = origin.get("layer", "another layer"), origin.get("object", "")
        return f"copied from {layer}, object {label}".removesuffix(", object ")
    act = origin.get("act")
    return f"{source}, {act}" if act else source


def facts_words(facts: ObjectFacts) -> list[str]:
    """Return where an object comes from and who changed it, one line each.

    Parameters
    ----------
    facts
        What is known of it.
    """
    lines = [origin_words(facts.origin)] if facts.origin else []
    if facts.corrected_by:
        lines.append(
            f"outline corrected by {_who(facts.corrected_by, facts.corrected)}"
        )
    if facts.author and (facts.flag or facts.comment or facts.class_id is not None):
        lines.append(f"last change by {_who(facts.author, facts.time)}")
    return lines


def act_title(name: str, text: str, labels: Iterable[int]) -> str:
    """Return what was done in words: ``class “platelet” of 3 objects``.

    Parameters
    ----------
    name
        ``class``, ``flag`` or ``comment``.
    text
        What was given; empty where it was taken away.
    labels
        To which objects.
    """
    chosen = list(labels)
    whom = f"object {chosen[0]}" if len(chosen) == 1 else f"{len(chosen):,} objects"
    short = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    return f"{name} “{short}” of {whom}" if text else f"no {name} of {whom}"


def _who(name: str, seconds: float) -> str:
    when = datetime.fromtimestamp(seconds).astimezone()
    return f"{name}, {when:%d %B %Y %H:%M}"


def _model_words(origin: Mapping[str, Any]) -> str:
    words = str(origin.get("model") or "a model")
    if origin.get("model_hash"):
        words += f" ({str(origin['model_hash'])[:_HASH_SHOWN]})"
    settings = origin.get("settings")
    if isinstance(settings, dict):
        words += "".join(f", {name} {value}" for name, value in settings.items())
    return words
