"""What images and masks of a set are called in results; never the originals."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.names import DATA_ENDINGS, without_archive_ending

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample


def image_names(samples: Iterable[Sample]) -> dict[str, str]:
    """Return how tables call the image of each sample, by name of the sample.

    The name of the file where no two images of the set share one, else the whole
    path in the set, with forward slashes.

    Parameters
    ----------
    samples
        All samples of the set, so that names do not depend on the choice.
    """
    paths = {sample.name: sample.image for sample in samples}
    # Case is no difference on some file systems.
    files = {path.rsplit("/", 1)[-1].casefold() for path in paths.values()}
    if len(files) < len(paths):
        return paths
    return {name: path.rsplit("/", 1)[-1] for name, path in paths.items()}


def mask_names(samples: Iterable[Sample], suffix: str) -> dict[str, str]:
    """Return the relative file of each sample's mask, by name of the sample.

    Named as `image_names` says: ``a/b.tif`` becomes ``a/b.png``; where that would
    name two images alike, the full name is kept: ``a/b.tif.png``.

    Parameters
    ----------
    samples
        All samples of the set, so that names do not depend on the choice.
    suffix
        With its dot.
    """
    images = {
        name: PurePosixPath(image) for name, image in image_names(samples).items()
    }
    short = {
        name: str(image.with_suffix(suffix)).casefold()
        for name, image in images.items()
    }
    used = Counter(short.values())
    return {
        name: str(image.with_suffix(suffix))
        if used[short[name]] == 1
        else f"{image}{suffix}"
        for name, image in images.items()
    }


def container_names(
    samples: Iterable[Sample], *, written: bool = False
) -> dict[str, str]:
    """Return how a file of annotations calls each image, by name of the sample.

    The path in the set, with forward slashes, so that the annotations fit beside the
    set; archives in it are called as folders. Images that are written too lie in one
    folder instead: they are called as their file where that is unique, else as their
    sample. Where two images would differ in nothing but their suffix, it becomes a
    part of the name: ``a/b_tif.tif``, as forms name their files without suffix.

    Parameters
    ----------
    samples
        All samples of the set, so that names do not depend on the choice.
    written
        Whether the images are written too.
    """
    if written:
        paths = _flat_names(samples)
    else:
        paths = {sample.name: _as_folders(sample.image) for sample in samples}
    stems = Counter(_stem(path) for path in paths.values())
    names = {
        name: path if stems[_stem(path)] == 1 else _with_suffix_told(path)
        for name, path in paths.items()
    }
    if len({_stem(path) for path in names.values()}) == len(names):
        return names
    return {name: f"{at}_{names[name]}" for at, name in enumerate(names, start=1)}


def _flat_names(samples: Iterable[Sample]) -> dict[str, str]:
    files = {sample.name: sample.image.rpartition("/")[2] for sample in samples}
    often = Counter(_stem(file) for file in files.values())
    return {
        name: file if often[_stem(file)] == 1 else _as_one(name, file)
        for name, file in files.items()
    }


def _as_one(sample: str, file: str) -> str:
    """Name of a sample as a file: ``red/trainval/0`` is ``red_trainval_0.png``."""
    _, dot, suffix = file.rpartition(".")
    return sample.replace("/", "_") + (dot + suffix if dot else "")


def _stem(path: str) -> str:
    """What names of files are told apart by: case is no difference everywhere."""
    stem, dot, _ = path.rpartition(".")
    return (stem if dot else path).casefold()


def _as_folders(path: str) -> str:
    *folders, file = path.split("/")
    return "/".join([*map(_as_folder, folders), file])


def _as_folder(part: str) -> str:
    plain = without_archive_ending(part)
    for ending in DATA_ENDINGS:  # a file of arrays, of which this picture is one
        if plain.lower().endswith(ending):
            plain = plain[: -len(ending)]
    return plain


def _with_suffix_told(path: str) -> str:
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}_{suffix}.{suffix}" if dot else path


def refuse_originals(dataset: Dataset, out_root: Path, names: Collection[str]) -> None:
    """Raise when a file to be written is one of the data set's own.

    Parameters
    ----------
    dataset
        The set that the masks are made from.
    out_root
        Folder that is written to.
    names
        Files below it, with forward slashes.

    Raises
    ------
    ExportError
        If one of them is a file of the data set, or its archive.
    """
    root = dataset.tree.root.resolve()
    target = out_root.resolve()
    if any(target / name == root for name in names):
        raise _original(root)
    if not target.is_relative_to(root):
        return
    below = target.relative_to(root)
    own = {name.casefold() for name in dataset.tree.names()}
    for name in names:
        if (below / name).as_posix().casefold() in own:
            raise _original(target / name)


def refuse_own_place(dataset: Dataset, place: Path) -> None:
    """Raise when a place to write to lies in the data set.

    Raises
    ------
    ExportError
        If it does, or is the data set itself.
    """
    root = dataset.tree.root.resolve()
    target = place.resolve()
    if target == root or target.is_relative_to(root):
        raise ExportError(
            "lies in the data set itself, which is never changed",
            path=place,
            advice="Choose a folder outside the data set.",
        )


def _original(path: Path) -> ExportError:
    return ExportError(
        "is a file of the data set itself",
        path=path,
        advice="Choose a folder outside the data set.",
    )
