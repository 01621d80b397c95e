"""What images and masks of a set are called in results; never the originals."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.names import without_archive_ending

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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


def container_names(samples: Iterable[Sample]) -> dict[str, str]:
    """Return how a file of annotations calls each image, by name of the sample.

    The path in the set, with forward slashes; archives in it are called as folders.
    Where two images differ in nothing but their suffix, the suffix becomes a part
    of the name: ``a/b_tif.tif``, as forms name their files without suffix.

    Parameters
    ----------
    samples
        All samples of the set, so that names do not depend on the choice.
    """
    paths = {sample.name: _as_folders(sample.image) for sample in samples}
    stems = Counter(path.rpartition(".")[0].casefold() for path in paths.values())
    return {name: _told_apart(path, stems) for name, path in paths.items()}


def _as_folders(path: str) -> str:
    *folders, file = path.split("/")
    return "/".join([*map(without_archive_ending, folders), file])


def _told_apart(path: str, stems: Mapping[str, int]) -> str:
    stem, dot, suffix = path.rpartition(".")
    if not dot or stems[stem.casefold()] == 1:
        return path
    return f"{stem}_{suffix}.{suffix}"


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


def _original(path: Path) -> ExportError:
    return ExportError(
        "is a file of the data set itself",
        path=path,
        advice="Choose a folder outside the data set.",
    )
