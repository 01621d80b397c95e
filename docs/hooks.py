"""Render one page a data set from the rows of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from napari_cellsets.catalogue import Recipe


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the index and the pages; nothing of them is stored in the repository."""
    from napari_cellsets.catalogue import list_datasets

    recipes = list_datasets()
    files.append(_generated(config, "datasets/index.md", index_page(recipes)))
    for recipe in recipes:
        path = f"datasets/{recipe.key}.md"
        files.append(_generated(config, path, dataset_page(recipe)))
    return files


def _generated(config: MkDocsConfig, path: str, text: str) -> File:
    return File.generated(config, path, content=text)


def index_page(recipes: list[Recipe]) -> str:
    """Return the table of all rows."""
    lines = [
        "# Data sets",
        "",
        f"{len(recipes)} rows. Each is recognised from its folder or zip as",
        "downloaded, from a folder inside it, and from one of its images.",
        "",
        "| data set | published images | licence |",
        "|---|---|---|",
    ]
    lines += [
        f"| [{recipe.title}]({recipe.key}.md)"
        f" | {recipe.expect.samples if recipe.expect.samples else 'any'}"
        f" | {recipe.licence or 'your own'} |"
        for recipe in recipes
    ]
    return "\n".join(lines) + "\n"


def dataset_page(recipe: Recipe) -> str:
    """Return the page of one row."""
    doi = f"[{recipe.doi}](https://doi.org/{recipe.doi})" if recipe.doi else "none"
    licence = recipe.licence or "your own data"
    if recipe.licence_url:
        licence = f"[{licence}]({recipe.licence_url})"
    lines = [f"# {recipe.title}", "", recipe.about, "", f"Key: `{recipe.key}`.", ""]
    lines += [f"Licence: {licence}. DOI: {doi}.", ""]
    if recipe.citation:
        lines += [f"> {recipe.citation}", ""]
    lines += ["## On disk", "", "```", f"images  {recipe.images}"]
    if recipe.truth:
        lines.append(f"truth   {recipe.truth}")
    lines += ["```", "", *_classes(recipe)]
    if recipe.expect.samples:
        lines += ["", "## Published counts", "", f"- images: {recipe.expect.samples:,}"]
        lines += [f"- {name}: {n:,}" for name, n in recipe.expect.splits.items()]
    if recipe.expect.notes:
        lines += ["", "## Known about the published files", ""]
        lines += [f"- {note}" for note in recipe.expect.notes]
    return "\n".join([*lines, ""])


def _classes(recipe: Recipe) -> list[str]:
    """Return the classes, with their meaning and their published numbers."""
    lines = ["## Classes", ""]
    if recipe.kind == "fields":
        return [*lines, *(f"- {name}" for name in recipe.classes)]
    if not recipe.declared_classes:
        return [*lines, "The names of the folders."]
    counts = recipe.expect.classes
    lines += ["| class | meaning | images |", "|---|---|---|"]
    return lines + [
        f"| {name} | {recipe.class_titles.get(name, name).lower()}"
        f" | {f'{counts[name]:,}' if name in counts else 'not published'} |"
        for name in recipe.classes
    ]
