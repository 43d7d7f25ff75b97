"""Which aggregate each statement type belongs to."""

from collections.abc import Mapping
from typing import Final

from ledger.domain.items import Item
from ledger.domain.log import Log
from ledger.domain.people import Person, Policy, Team
from ledger.domain.record import Care
from ledger.domain.sharing import Representation, Sharing
from ledger.domain.stream import Stream
from ledger.domain.trail import Attempt, Case, DirectoryReading, DisclosureStream

STREAMS: Final[Mapping[str, type[Stream]]] = {
    kind.KIND: kind
    for kind in (
        *(Person, Team, Policy, Care, Item, Sharing, Representation),
        *(DisclosureStream, DirectoryReading, Attempt, Case, Log),
    )
}
