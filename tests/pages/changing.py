"""Changing an item at a clinician's desk, and what is shown of it then."""

from datetime import date

from api.pages import places
from api.pages.item_actions import CHANGES
from projections.views.clinician import ClinicianItem
from tests.pages.at_work import Desk, Members, plain


def on(name: str, day: date) -> dict[str, str]:
    """A day, as it is typed in three fields."""
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def shown(desk: Desk, item: str) -> ClinicianItem:
    await desk.served.story.settled()
    return (await desk.served.story.clinician_view(item=item)).items[0]


def change(desk: Desk, item: str, name: str, **query: str) -> str:
    """The page of a change of an item, by what it is called."""
    [letter] = [letter for letter, one in CHANGES.items() if one.name == name]
    return places.ITEM_CHANGE({"purpose": "task", **query}, record=desk.record, item=item, change=letter)


async def carried_out(desk: Desk, item: str, name: str, members: Members, **query: str) -> None:
    """A change that must be made, by whoever sits there."""
    page = await desk.opened(change(desk, item, name, **query))
    went = await desk.send(page, members, "/change/")
    assert went.status_code == 303, plain(went)
