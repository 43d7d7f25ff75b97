"""Lines that were pasted, in an address that tells nothing of them, so that going back to them sends nothing again.

The address holds them deflated (RFC 1951, in the format of RFC 1950), and sealed as what is looked for is.
"""

import zlib
from typing import Final

from api.http.problems import Refused
from api.http.service import Call
from api.pages import places
from api.pages.forms import Filled, empty
from api.pages.looked_for import opened, sealed
from ledger.core.canonical import base64url, unbase64url

_PACKED: Final = "packed"
_PAGE: Final = "readings-of-a-file"


def address_of(call: Call, record: str, form: Filled) -> str | None:
    """Where the lines of a form are shown as they were read; None for more lines than an address holds."""
    packed = base64url(zlib.compress(form.value("csv").encode(), zlib.Z_BEST_COMPRESSION))
    kept = {"what": form.value("what"), "name": form.value("name"), _PACKED: packed}
    short = Filled({name: (value,) for name, value in kept.items()}, "")
    try:
        return places.READINGS_FILE({"q": sealed(call, short, (*kept,), record, _PAGE)}, record=record)
    except Refused:
        return None


def form_of(call: Call, record: str, address: str) -> Filled:
    """The form again, from the query ``q``; raises Refused unless this person sent it, for this record, lately."""
    kept = dict(opened(call, address, record, _PAGE))
    lines = zlib.decompress(unbase64url(kept.pop(_PACKED), "q")).decode()
    return empty(call, **kept, csv=lines)
