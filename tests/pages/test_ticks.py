"""The ticks of an axis, as laws: they cover the data, are round, lie evenly, and are few."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.pages.pictures.ticks import MOST, ticks

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
ROUND = {(1,), (2,), (5,)}


def distances(marks: tuple[Decimal, ...]) -> set[Decimal]:
    return {after - before for before, after in pairwise(marks)}


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_ticks_cover_the_data_and_are_from_two_to_eight(values: list[Decimal]) -> None:
    marks = ticks(values)
    assert marks[0] <= min(values) <= max(values) <= marks[-1]
    assert 2 <= len(marks) <= MOST == 8


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_ticks_lie_evenly_on_multiples_of_one_two_or_five_times_a_power_of_ten(values: list[Decimal]) -> None:
    marks = ticks(values)
    (step,) = distances(marks)
    assert step.normalize().as_tuple().digits in ROUND
    assert all(mark % step == 0 for mark in marks)


@given(st.lists(NUMBERS, min_size=2, max_size=20, unique=True))
def test_no_more_room_is_left_than_one_step_at_either_end(values: list[Decimal]) -> None:
    marks = ticks(values)
    (step,) = distances(marks)
    assert min(values) - marks[0] < step
    assert marks[-1] - max(values) < step


@given(NUMBERS)
def test_values_that_are_all_the_same_stand_between_ticks(value: Decimal) -> None:
    marks = ticks([value, value])
    assert marks[0] < value < marks[-1]


@given(st.lists(NUMBERS, min_size=1, max_size=20), st.integers(min_value=-3, max_value=3))
def test_ticks_move_with_the_unit(values: list[Decimal], power: int) -> None:
    assume(any(values) or power == 0)  # nothing has no magnitude
    assert ticks([value.scaleb(power) for value in values]) == tuple(mark.scaleb(power) for mark in ticks(values))


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (["0", "10"], ["0", "2", "4", "6", "8", "10"]),
        (["110", "146", "72"], ["60", "80", "100", "120", "140", "160"]),
        (["-3", "4"], ["-3", "-2", "-1", "0", "1", "2", "3", "4"]),
        (["5.1", "5.3", "512"], ["0", "100", "200", "300", "400", "500", "600"]),
        (["7.4"], ["7.30", "7.35", "7.40", "7.45", "7.50"]),
        (["-7.4"], ["-7.50", "-7.45", "-7.40", "-7.35", "-7.30"]),
        (["0"], ["-1.0", "-0.5", "0", "0.5", "1.0"]),
    ],
)
def test_ticks_are_those_that_a_person_would_draw(values: list[str], marks: list[str]) -> None:
    assert ticks(map(Decimal, values)) == tuple(map(Decimal, marks))


def test_values_that_differ_in_the_last_of_many_digits_are_told_apart() -> None:
    low, high = Decimal("1000000000000.000001"), Decimal("1000000000000.000002")
    assert ticks([low, high])[0] <= low < high <= ticks([low, high])[-1]


@pytest.mark.parametrize("values", [[], ["NaN"], ["1", "Infinity"], ["-Infinity"]])
def test_what_has_no_place_on_an_axis_is_refused(values: list[str]) -> None:
    with pytest.raises(ValueError, match="wanted one or more finite numbers"):
        ticks(map(Decimal, values))
