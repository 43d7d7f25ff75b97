"""All rows, in the order of the domain's table."""

from tests.core.authority import (
    bad_input,
    items,
    kept_items,
    people,
    representation,
    rows,
    sharing,
    time_and_the_unknown,
)

AREAS = (items, kept_items, sharing, representation, people, time_and_the_unknown, bad_input)
ROWS = [row for area in AREAS for row in rows.ROWS if row.check.__module__ == area.__name__]
