"""Readings as a page shows them, from what other systems and statements say of them."""

from typing import Any

from api.pages.readings_shown import measured

PARTS = {"8462-4": "82", "8480-6": "134"}
"""A blood pressure as a statement has it, in the order of the alphabet: the lower value comes first."""


def a_blood_pressure(item: str) -> dict[str, Any]:
    data = {
        f"part-{code}-{name}": value
        for code, one in PARTS.items()
        for name, value in (("value", one), ("unit", "mmHg"))
    }
    at = "2026-11-15T09:00:00.000Z"
    return {"id": item, "title": "Blood pressure", "text": "134/82 mmHg", "data": data, "made_at": at,
            "in_error": None, "amendments": []}  # fmt: skip


def test_the_upper_value_of_a_blood_pressure_comes_first_whatever_the_order_of_its_parts() -> None:
    [shown] = measured([a_blood_pressure("one"), a_blood_pressure("two")])
    assert [(row.value, row.unit) for row in shown.rows] == [("134/82", "mmHg")] * 2
    upper, lower = shown.rows[0].numbers or ()
    assert upper > lower
