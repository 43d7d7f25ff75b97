"""Every page, and the files they need; in one router, which the API's document does not tell of."""

from typing import Final

from fastapi import APIRouter

from api.pages import account, carer, download, entrance, home, information, receipts, static_files

router: Final = APIRouter(include_in_schema=False)
for _area in (entrance, home, account, carer, download, information, receipts, static_files):
    router.include_router(_area.router)
