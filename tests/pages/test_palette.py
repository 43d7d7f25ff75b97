"""The palette against WCAG 2.2: text 4.5 to 1, graphics 3 to 1, over every pair that is declared to meet."""

import re

import pytest

from api.pages.pictures.palette import PAIRS, PALETTE

TEXT_OF_THE_LEVELS = {(f"on-looks-{level}", f"looks-{level}") for level in range(5)}


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2, "relative luminance")."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_agrees_with_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(("foreground", "background", "least"), PAIRS)
def test_a_pair_can_be_told_apart(foreground: str, background: str, least: float) -> None:
    assert least in {3.0, 4.5}
    assert contrast(PALETTE[foreground], PALETTE[background]) >= least


def test_each_pair_is_declared_once() -> None:
    assert len({pair[:2] for pair in PAIRS}) == len(PAIRS)


def test_every_level_of_the_heat_map_has_a_numeral_that_can_be_read() -> None:
    assert {(one, other) for one, other, least in PAIRS if least == 4.5} >= TEXT_OF_THE_LEVELS


def test_a_level_is_darker_than_the_one_before() -> None:
    levels = [luminance(PALETTE[f"looks-{level}"]) for level in range(5)]
    assert levels == sorted(levels, reverse=True)
    assert all(contrast(PALETTE[f"looks-{n}"], PALETTE[f"looks-{n + 1}"]) >= 1.3 for n in range(4))


def test_every_colour_is_written_in_full() -> None:
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in PALETTE.values())


def test_nothing_is_in_the_blue_of_the_nhs() -> None:
    assert not {"#005eb8", "#003087", "#0072ce", "#41b6e6"} & set(PALETTE.values())
