"""The pictures: what they show, that they are read aloud as one sentence, and that classes are all they need."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from api.pages.pictures import bars as of_bars
from api.pages.pictures.chart import DAYS_TOLD, MANY, Reading, Series, Wording, chart
from api.pages.pictures.heat_map import WEEKS, WEEKS_NARROW, first_day, level
from api.pages.pictures.palette import PALETTE
from tests.pages.drawing import MONDAY, SUNDAY, WEEKDAYS, calendar, drawn, growth, of_class, series, texts, wording

SHEET = (files("api.pages") / "static" / "pictures.css").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"
NASTY = "\"><script>alert('1')</script>&amp;"


EVERY_PICTURE = {
    "a calendar": calendar({SUNDAY: 3}, SUNDAY),
    "an empty calendar": calendar(today=MONDAY),
    "a busy calendar": calendar({SUNDAY - timedelta(days=n): 40 * n for n in range(20)}, SUNDAY),
    "a chart": chart([series("70", "71.5", "69")], wording(), name="weight"),
    "two series": chart([series("130", "128"), series("80", "85")], wording(), name="pressure"),
    "one reading": chart([series("7.4")], wording(), name="one"),
    "many readings": chart([series(*["7", "8"] * MANY)], wording(), name="many"),
    "bars": growth(3, 0, 12),
    "one bar": growth(0),
    "many bars": growth(*range(84)),
    "high bars": growth(1_000_000, 2_000_000),
    "long numbers": chart([series("1234567.25", "1234568")], wording(), name="long"),
}
each_picture = pytest.mark.parametrize("picture", EVERY_PICTURE.values(), ids=EVERY_PICTURE.keys())


@each_picture
def test_a_picture_is_read_aloud_as_one_sentence(picture: Markup) -> None:
    (image,) = [one for one in drawn(picture).iter() if one.get("role") == "img"]
    title = image[0]
    assert title.tag == f"{SVG}title"
    assert title.get("id") == image.get("aria-labelledby")
    assert title.text in {"84 looks by 6 people.", "Weight from March to May."}


@each_picture
def test_nothing_in_a_picture_is_against_the_policy_of_the_pages(picture: Markup) -> None:
    for one in drawn(picture).iter():
        assert one.tag.removeprefix(SVG) in {"div", "svg", "g", "title", "text", "rect", "circle", "line"}
        assert not [name for name in one.attrib if name == "style" or name.startswith("on") or "href" in name]
        # Neither colours nor fonts: those are the sheet's.
        assert not {"fill", "stroke", "font-size"} & set(one.attrib)


@each_picture
def test_every_class_of_a_picture_is_in_the_sheet(picture: Markup) -> None:
    used = {name for one in drawn(picture).iter() for name in one.get("class", "").split()}
    assert not used - set(re.findall(r"\.([a-z][a-z0-9-]+)", SHEET))


def test_the_sheet_has_no_class_that_no_picture_uses() -> None:
    used = {
        name
        for picture in EVERY_PICTURE.values()
        for one in drawn(picture).iter()
        for name in one.get("class", "").split()
    }
    # No numeral stands in a cell without looks.
    assert set(re.findall(r"\.([a-z][a-z0-9-]+)", re.sub(r"/\*.*?\*/", "", SHEET, flags=re.S))) - used == {"on-looks-0"}


def test_two_pictures_on_a_page_have_ids_of_their_own() -> None:
    both = calendar(name="mine") + chart([series("1", "2")], wording(), name="theirs")
    ids = re.findall(r' id="([^"]*)"', both)
    assert len(ids) == len(set(ids)) == 2


@pytest.mark.parametrize("name", ["", "Looks", "1st", "a b", 'a"b', "a" * 65])
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unique on the page"):
        calendar(name=name)


def test_everything_that_is_given_is_escaped() -> None:
    told = wording(NASTY, NASTY)
    for picture in (
        calendar(sentence=NASTY, weekdays=(NASTY, *WEEKDAYS[1:])),
        chart([series("1", "2", label=NASTY), series("3", label=NASTY)], told, name="nasty"),
        chart([series("1")], Wording("", "", lambda _: NASTY, lambda _: NASTY), name="nasty"),
    ):
        assert "<script" not in picture
        # Nothing is lost by it either.
        assert NASTY in {one.text for one in drawn(picture).iter()}


# Colours.


def declared() -> Iterator[tuple[str, str, str]]:
    for selectors, body in re.findall(r"([^{}/]+)\{([^{}]*)\}", SHEET):
        for name, colour in re.findall(r"(fill|stroke|background): (#[0-9a-f]{3,6})", body):
            yield from ((selector.strip(), name, colour) for selector in selectors.split(","))


def test_every_colour_of_the_sheet_is_of_the_palette() -> None:
    colours = re.findall(r"#[0-9a-fA-F]{3,8}\b", SHEET)
    assert colours
    assert not set(colours) - set(PALETTE.values())


def test_each_class_has_the_colour_that_is_named_after_it() -> None:
    found = {(selector, what): colour for selector, what, colour in declared()}
    wanted = {(f".{n}-{level}", "fill"): PALETTE[f"{n}-{level}"] for n in ("looks", "on-looks") for level in range(5)}
    wanted |= {(f".looks-{level}", "stroke"): PALETTE["line"] for level in range(5)}
    wanted |= {
        (f".chart-{n}", what): PALETTE[f"{n}-series"] for n in ("first", "second") for what in ("fill", "stroke")
    }
    wanted |= {
        (".looks-emergency", "stroke"): PALETTE["red"],
        (".chart", "background"): PALETTE["paper"],
        (".heat-map", "background"): PALETTE["wash"],
        (".chart-edge", "stroke"): PALETTE["line"],
    }
    assert {key: found.get(key) for key in wanted} == wanted


# The calendar.


def test_the_calendar_begins_on_the_monday_eleven_weeks_before() -> None:
    assert first_day(SUNDAY) == date(2026, 8, 31)
    assert first_day(MONDAY) == date(2026, 9, 7)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_every_day_up_to_today_is_drawn_and_none_after(today: date) -> None:
    cells = of_class(calendar(today=today), "looks-0")
    assert len(cells) == 7 * (WEEKS - 1) + today.isoweekday()


def test_a_day_has_its_numeral_and_its_level() -> None:
    picture = calendar({SUNDAY: 4, SUNDAY - timedelta(days=1): 1, SUNDAY - timedelta(days=500): 77})
    assert (texts(picture, "on-looks-4"), texts(picture, "on-looks-1")) == (["4"], ["1"])
    assert (len(of_class(picture, "looks-4")), len(of_class(picture, "looks-1"))) == (1, 1)
    assert "77" not in picture


def test_a_numeral_that_would_not_fit_is_told_as_more() -> None:
    assert texts(calendar({SUNDAY: 99}), "on-looks-4") == ["99"]
    assert texts(calendar({SUNDAY: 100}), "on-looks-4") == ["99+"]


@pytest.mark.parametrize(
    ("looks", "busiest", "dark"),
    [
        (0, 0, 0),
        (0, 9, 0),
        (1, 1, 1),
        (3, 3, 3),
        (4, 4, 4),
        (1, 1000, 1),
        (250, 1000, 1),
        (251, 1000, 2),
        (999, 1000, 4),
    ],
)
def test_a_level_is_a_look_on_quiet_calendars_and_a_quarter_of_the_busiest_day_on_others(
    looks: int, busiest: int, dark: int
) -> None:
    assert level(looks, busiest) == dark


def test_only_a_day_of_emergency_access_has_a_ring() -> None:
    assert not of_class(calendar({SUNDAY: 1}), "looks-emergency")
    inside = SUNDAY - timedelta(days=18)
    picture = calendar({SUNDAY: 1}, inside, SUNDAY - timedelta(days=400), SUNDAY + timedelta(days=1))
    (ring,) = of_class(picture, "looks-emergency")
    assert ring.get("y") == str(24 + 28 * inside.weekday())


def test_every_other_week_is_named_the_last_among_them() -> None:
    named = [text for text in texts(calendar(today=MONDAY), "picture-label") if text not in WEEKDAYS]
    assert named == ["14/9", "28/9", "12/10", "26/10", "9/11", "23/11"]


def test_a_narrow_screen_is_left_the_last_weeks() -> None:
    columns = [one for one in drawn(calendar()).iter(f"{SVG}g") if one.get("transform")]
    early = [one.get("class") == "heat-map-early" for one in columns]
    assert early == [True] * (WEEKS - WEEKS_NARROW) + [False] * WEEKS_NARROW


# The chart.


def places(picture: Markup) -> list[tuple[float, float]]:
    points = [one for one in drawn(picture).iter() if one.find(f"{SVG}title") is not None and one.tag != f"{SVG}svg"]
    return [
        tuple(float((one.get(f"c{axis}") or one.get(axis, "")).removesuffix("%")) for axis in "xy")  # type: ignore[misc]
        for one in points
    ]


VALUES = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3)


@given(st.lists(st.tuples(st.integers(0, 10**8), VALUES), min_size=1, max_size=30))
def test_every_point_lies_within_the_plot_and_higher_values_higher(told: list[tuple[int, Decimal]]) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    readings = tuple(Reading(start + timedelta(seconds=after), value) for after, value in sorted(told))
    found = places(chart([Series("", readings)], wording(), name="any"))
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in found)
    assert [x for x, _ in found] == sorted(x for x, _ in found)
    by_value = sorted(zip(readings, found, strict=True), key=lambda pair: pair[0].value)
    assert all(lower[1][1] >= higher[1][1] for lower, higher in pairwise(by_value))


def test_a_point_tells_its_day_and_value() -> None:
    picture = chart([series("70", "71.5")], wording(), name="weight")
    assert [one.text for one in drawn(picture).iter(f"{SVG}title")][1:] == ["1 Mar: 70 kg", "8 Mar: 71.5 kg"]


def test_one_reading_stands_in_the_middle_without_a_line() -> None:
    picture = chart([series("7.4")], wording(), name="one")
    assert places(picture) == [(50, 50)]
    assert not list(of_class(picture, "chart-line")[0])
    assert texts(picture, "chart-day") == ["1 Mar"]


def test_values_that_are_all_the_same_are_a_level_line() -> None:
    assert {y for _, y in places(chart([series("7.4", "7.4", "7.4")], wording(), name="same"))} == {50}


def test_negative_values_lie_below_zero() -> None:
    picture = chart([series("-3", "4")], wording(), name="negative")
    assert places(picture) == [(0, 100), (100, 0)]
    assert texts(picture, "chart-value") == ["-3", "-2", "-1", "0", "1", "2", "3", "4"]


def test_an_outlier_is_shown_and_the_others_stay_in_sight() -> None:
    found = places(chart([series("5.1", "512", "5.2")], wording(), name="outlier"))
    assert found[1][1] == pytest.approx(14.67, abs=0.01)
    assert {round(y) for _, y in (found[0], found[2])} == {99}


def test_no_line_is_drawn_over_a_gap() -> None:
    first, second = series("1", "2", "3"), series("4", "5").readings
    later = tuple(Reading(one.at + timedelta(days=90), one.value) for one in second)
    both = [Series("Weight", first.readings + later)]
    (without,) = of_class(chart(both, wording(), name="a"), "chart-line")
    (over,) = of_class(chart(both, wording(), name="a", gap=timedelta(days=30)), "chart-line")
    (at_most,) = of_class(chart([first], wording(), name="a", gap=timedelta(days=7)), "chart-line")
    assert (len(without), len(over), len(at_most)) == (4, 3, 2)


def test_two_series_differ_in_shape_and_are_named() -> None:
    picture = chart(
        [series("130", "128", label="Upper"), series("80", "85", label="Lower")], wording(), name="pressure"
    )
    assert [one[1].text for one in of_class(picture, "chart-key")] == ["Upper", "Lower"]
    shapes = [
        {part.tag.removeprefix(SVG) for part in one}
        for one in drawn(picture)
        if one.get("class", "").endswith(("first", "second"))
    ]
    assert shapes == [{"circle"}, {"rect"}]


def test_a_day_is_told_once_however_short_the_time() -> None:
    hours = chart([series("1", "2", "3", every=timedelta(hours=2))], wording(), name="hours")
    night = chart([series("1", "2", every=timedelta(hours=20))], wording(), name="night")
    weeks = chart([series("1", "2", "3", "4", "5")], wording(), name="weeks")
    assert texts(hours, "chart-day") == ["1 Mar"]
    assert texts(night, "chart-day") == ["1 Mar", "2 Mar"]
    assert len(texts(weeks, "chart-day")) == DAYS_TOLD


@pytest.mark.parametrize("told", [[], [Series("", ())], [series("1"), series("2"), series("3")]])
def test_a_chart_of_nothing_or_of_too_much_is_refused(told: list[Series]) -> None:
    with pytest.raises(ValueError, match="wanted one or two with one or more"):
        chart(told, wording(), name="none")


def test_five_hundred_readings_are_small_enough_to_send() -> None:
    picture = chart([series(*["7.1", "8.2"] * 250)], wording(), name="many")
    assert len(picture) < 100_000


def test_each_day_with_anything_has_a_bar_as_high_as_its_number() -> None:
    heights = [one.get("height") for one in of_class(growth(5, 0, 10), "bar")]
    assert heights == ["50.00%", "100.00%"]
    assert [one[0].text for one in of_class(growth(5, 0, 10), "bar")] == ["2026-11-23: 5", "2026-11-25: 10"]


def test_bars_escape_what_they_are_told() -> None:
    picture = growth(5, sentence=NASTY, day=lambda _day: NASTY)
    assert "<script" not in picture
    assert drawn(picture)[0].text == NASTY


@pytest.mark.parametrize("counts", [(), (3, -1)])
def test_no_bars_are_drawn_of_nothing_or_less(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="wanted one or more, none of them below 0"):
        growth(*counts)


@pytest.mark.parametrize("days", range(1, 12))
def test_dates_below_bars_are_each_told_once(days: int) -> None:
    told = [one.text for one in of_class(growth(*range(days)), "chart-day")]
    assert len(told) == len(set(told)) == min(of_bars.DAYS_TOLD, days)
