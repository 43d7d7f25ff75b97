"""Every page, and the files they need; in one router, which the API's document does not tell of."""

from typing import Final

from fastapi import APIRouter

from api.pages import (
    account,
    add,
    capacity,
    carer,
    carer_talk,
    carers,
    choices,
    clinician,
    directives,
    download,
    emergencies,
    entrance,
    find,
    home,
    information,
    item_actions,
    language_choice,
    people,
    presets,
    preview,
    questions,
    receipts,
    sharing,
    static_files,
    teams,
    together,
    trail,
    wishes,
    worklist,
)

router: Final = APIRouter(include_in_schema=False)
for _area in (
    entrance,
    home,
    account,
    add,
    carer,
    download,
    information,
    language_choice,
    people,
    receipts,
    teams,
    trail,  # before what has the change of an item for its last letter
    wishes,
    capacity,
    carer_talk,
    clinician,
    emergencies,
    find,
    item_actions,
    questions,
    worklist,
    sharing,
    directives,
    carers,
    presets,
    preview,
    together,
    choices,
    static_files,
):
    router.include_router(_area.router)
