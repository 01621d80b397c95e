"""What a person switches on becomes a chain in one order."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from napari_cellsets.playback.filter_choice import FilterChoice

TRIANGLE = ((0.0, 0.0), (0.0, 9.0), (9.0, 9.0))


def kinds(choice: FilterChoice) -> list[str]:
    chain = choice.chain
    return [] if chain is None else [each.kind for each in chain.filters]


def test_nothing_chosen_is_no_chain() -> None:
    assert FilterChoice().chain is None


def test_regions_come_after_turns_since_they_are_drawn_on_what_is_shown() -> None:
    choice = FilterChoice(
        region="inside",
        polygons_yx=(TRIANGLE,),
        quarters=1,
        background=True,
        refractory=True,
        polarity="on",
        hot_pixels_yx=((3, 4),),
        without_hot_pixels=True,
        only_range=True,
        range_us=(5, 10),
    )
    assert kinds(choice) == [
        "hot_pixels",
        "polarity",
        "background",
        "refractory",
        "turn",
        "region",
        "time",
    ]


@pytest.mark.parametrize(
    "chosen",
    [
        {"without_hot_pixels": True},
        {"region": "inside"},
        {"only_range": True},
        {"polygons_yx": (TRIANGLE,)},
        {"hot_pixels_yx": ((1, 2),)},
    ],
    ids=lambda chosen: next(iter(chosen)),
)
def test_a_switch_without_what_it_needs_changes_nothing(
    chosen: dict[str, object],
) -> None:
    assert FilterChoice.model_validate(chosen).chain is None


def test_the_numbers_of_a_person_reach_the_filters() -> None:
    chain = FilterChoice(background=True, background_us=123).chain
    assert chain is not None
    assert chain.lead_in_us == 123


def test_a_time_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        FilterChoice(refractory_us=0)
