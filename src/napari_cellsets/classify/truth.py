"""Names of classes that mean the same, brought to those of a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Kinds of a class, as blood data sets call them: kind, and what it is a kind of.
KINDS = {
    "band neutrophil": "neutrophil",
    "neutrophil band": "neutrophil",
    "neutrophilic granulocyte": "neutrophil",
    "neutrophil segmented": "neutrophil",
    "segmented neutrophil": "neutrophil",
    "eosinophilic granulocyte": "eosinophil",
    "basophilic granulocyte": "basophil",
    "typical lymphocyte": "lymphocyte",
    "atypical lymphocyte": "lymphocyte",
    "immature lymphocyte": "lymphocyte",
    "reactive lymphocyte": "lymphocyte",
    "giant platelet": "platelet",
    "platelet cluster": "platelet",
    "thrombocyte": "platelet",
    "normoblast": "erythroblast",
    "proerythroblast": "erythroblast",
    "metamyelocyte": "immature granulocyte",
    "myelocyte": "immature granulocyte",
    "promyelocyte": "immature granulocyte",
    "promyelocyte bilobed": "immature granulocyte",
    "bilobed promyelocyte": "immature granulocyte",
}


class ClassNames:
    """Finds the class of a model that a name from elsewhere stands for.

    Case, punctuation and plural make no difference; a model's titles are its
    classes' names too. A name of a kind (a band neutrophil) stands for its class,
    unless the model has a class for the kind itself.

    Parameters
    ----------
    classes, titles
        Of the model.
    aliases
        Further names and what they stand for, such as a data set's codes and
        their titles.
    kinds
        Kinds of classes and what they are kinds of.
    """

    def __init__(
        self,
        classes: Sequence[str],
        titles: Sequence[str] = (),
        aliases: Mapping[str, str] | None = None,
        kinds: Mapping[str, str] = KINDS,
    ) -> None:
        self._class_of = {
            plain(title): name for title, name in zip(titles, classes, strict=False)
        }
        self._class_of |= {plain(name): name for name in classes}
        self._further = {plain(a): plain(b) for a, b in kinds.items()}
        own = {plain(a): plain(b) for a, b in (aliases or {}).items()}
        self._further |= {a: b for a, b in own.items() if a != b}

    def find(self, name: str) -> str | None:
        """Return the class that a name stands for; None where the model has none."""
        key = plain(name)
        seen: set[str] = set()
        while key not in self._class_of:
            seen.add(key)
            key = self._further.get(key, "")
            if not key or key in seen:
                return None
        return self._class_of[key]


def plain(name: str) -> str:
    """Return a name without case, punctuation and plural.

    Examples
    --------
    >>> plain("Immature_Granulocytes"), plain("NEUTROPHIL (band)")
    ('immature granulocyte', 'neutrophil band')
    """
    words = re.findall(r"[^\W_]+", name.casefold())
    if words and len(words[-1]) > 3 and re.search(r"[^s]s$", words[-1]):
        words[-1] = words[-1][:-1]
    return " ".join(words)


def spoken(
    classes: Sequence[str],
    titles: Sequence[str],
    found: Sequence[str],
    aliases: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Return the classes of a model in the words of a data set.

    A class keeps its own name where the data set has none for it, several, or only
    a kind of it.

    Parameters
    ----------
    classes, titles, aliases
        As of `ClassNames`.
    found
        Classes of the data set.
    """
    names = ClassNames(classes, titles, aliases, kinds={})
    words: dict[str, list[str]] = {name: [] for name in classes}
    for word in found:
        meant = names.find(word)
        if meant is not None:
            words[meant].append(word)
    return tuple(words[name][0] if len(words[name]) == 1 else name for name in classes)
