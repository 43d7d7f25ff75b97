"""Places: the one list of where each page is.

What stands in a browser's history, on a shared device, must not tell what somebody did there: so a page within a record
has a letter and no name. Forms are sent to ``/forms/…``, which no history keeps.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: a path with the names of its ids in braces, as the router has it."""

    path: str

    def __call__(self, query: dict[str, str | list[str] | None] | None = None, **ids: str) -> str:
        """The address of one page; what is None in the query is left out."""
        asked = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        return self.path.format(**ids) + (f"?{urlencode(asked, doseq=True)}" if asked else "")


HOME: Final = Place("/")
ACCOUNT: Final = Place("/account")
INFORMATION: Final = Place("/information")
LEAFLET: Final = Place("/information/{leaflet}")
ACCESSIBILITY: Final = Place("/accessibility")
CHECK: Final = Place("/check")

# Within a record, for whoever may open it.
RECORD: Final = Place("/record/{record}")
ITEM: Final = Place("/record/{record}/i/{item}")
ITEM_DISPUTE: Final = Place("/record/{record}/i/{item}/m")
ITEM_AGREE: Final = Place("/record/{record}/i/{item}/n")
ITEM_RECEIPTS: Final = Place("/record/{record}/i/{item}/o")
ITEM_RECEIPT_FILE: Final = Place("/record/{record}/i/{item}/o/{author}/{statement}/file")
ADD: Final = Place("/record/{record}/a")
READINGS: Final = Place("/record/{record}/b")
READINGS_FILE: Final = Place("/record/{record}/b/a")
ABOUT_ME: Final = Place("/record/{record}/c")
ABOUT_ME_CHANGE: Final = Place("/record/{record}/c/a")
SHARING: Final = Place("/record/{record}/d")
SHARING_ITEM: Final = Place("/record/{record}/d/i/{item}")
SHARING_CHANGE: Final = Place("/record/{record}/d/a")
SHARING_PRESET: Final = Place("/record/{record}/d/b")
SHARING_CHOICES: Final = Place("/record/{record}/d/c")
SHARING_NEW_PERSON: Final = Place("/record/{record}/d/e")
SHARING_STOP: Final = Place("/record/{record}/d/f")
SHARING_DONE: Final = Place("/record/{record}/d/g")
SHARING_PERSON: Final = Place("/record/{record}/d/p/{person}")
SHARING_END: Final = Place("/record/{record}/d/p/{person}/a")
PREVIEW: Final = Place("/record/{record}/e/{person}")
TOGETHER: Final = Place("/record/{record}/f")
LOOKS: Final = Place("/record/{record}/g")
LOOKS_AS_OF: Final = Place("/record/{record}/g/then")
LOOK: Final = Place("/record/{record}/g/{disclosure}")
SEEN_BY: Final = Place("/record/{record}/i/{item}/seen")
WISHES: Final = Place("/record/{record}/h")
WISH_NEW: Final = Place("/record/{record}/h/new")
WISH: Final = Place("/record/{record}/h/{item}")
WISH_CHANGE: Final = Place("/record/{record}/h/{item}/a")
WISH_VERSIONS: Final = Place("/record/{record}/h/{item}/b")
WISH_SIGN: Final = Place("/record/{record}/h/{item}/c")
WISH_WITHDRAW: Final = Place("/record/{record}/h/{item}/d")
DOWNLOAD: Final = Place("/record/{record}/j")
PRINT: Final = Place("/record/{record}/j/print")
DOWNLOAD_FILE: Final = Place("/record/{record}/j/file")
RECEIPTS: Final = Place("/record/{record}/k")
RECEIPT: Final = Place("/receipt/{author}/{statement}")
RECEIPT_FILE: Final = Place("/receipt/{author}/{statement}/file")
SEARCH: Final = Place("/record/{record}/l")
TELL: Final = Place("/record/{record}/m")
TOLD: Final = Place("/record/{record}/m/done")
CARER_TALK: Final = Place("/record/{record}/n")
EMERGENCY: Final = Place("/record/{record}/o")
CAPACITY: Final = Place("/record/{record}/p")
MATTER_RECEIPTS: Final = Place("/record/{record}/q/{matter}")
MATTER_RECEIPT_FILE: Final = Place("/record/{record}/q/{matter}/{author}/{statement}/file")

CARED_FOR: Final = Place("/cared-for")

# Within a record, for clinicians. The change of an item, and what is done about capacity, have letters as well.
ITEM_CHANGE: Final = Place("/record/{record}/i/{item}/{change}")
CAPACITY_NEW: Final = Place("/record/{record}/p/a")
CAPACITY_END: Final = Place("/record/{record}/p/b/{assessment}")
BEST_INTERESTS: Final = Place("/record/{record}/p/c")
EMERGENCY_OPEN: Final = Place("/record/{record}/o/{emergency}")

# Staff.
TODAY: Final = Place("/today")
FIND: Final = Place("/find")
AUDIT: Final = Place("/audit")
AUDIT_CASE: Final = Place("/audit/{case}")
AUDIT_TRAIL: Final = Place("/audit/{case}/a")
AUDIT_ITEM: Final = Place("/audit/{case}/b/{record}/{item}")
AUDIT_AS_OF: Final = Place("/audit/{case}/c")
AUDIT_REPLAY: Final = Place("/audit/{case}/d")
AUDIT_EXPORT: Final = Place("/audit/{case}/e")
AUDIT_LOOK: Final = Place("/audit/{case}/f/{record}/{disclosure}")
INTEGRITY: Final = Place("/integrity")
EMERGENCIES: Final = Place("/emergencies")
EMERGENCY_REVIEW: Final = Place("/emergencies/{record}/{emergency}")
QUESTIONS: Final = Place("/questions")
QUESTION: Final = Place("/questions/{record}/{question}")
PEOPLE: Final = Place("/staff/people")
NEW_PERSON: Final = Place("/staff/people/new")
PERSON: Final = Place("/staff/people/{person}")
LEAVING: Final = Place("/staff/people/{person}/leaving")
WHO: Final = Place("/staff/who")
TEAMS: Final = Place("/staff/teams")
CARE: Final = Place("/staff/care")
WAITING: Final = Place("/waiting")
CASES: Final = Place("/staff/cases")
CASE_END: Final = Place("/staff/cases/{case}/{auditor}")
