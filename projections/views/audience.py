"""Who reads which statement about an item that they may see: one closed table.

The ledger decides about items. An item has more said about it than each of its readers may know, though: why it is
withheld from one, what another thinks of it. So each statement type has a row here, and a type without one is
read by nobody (a test holds the table to the vocabulary).

A carer reads what the patient let them read: the item, its amendments, that it is in error, and how an advance
statement stands. Not what the patient says about the item (agreement, dispute and its answer are words of the patient
and to the patient), nor the reasons of an amendment or an error, which may name what is not shared; nor topics.
A patient reads nothing of what is kept from them, nor that it once was: a withholding may have left no trace.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final

from ledger.disclosure import Disclosure, Shown
from projections.timeline import About


class Depth(IntEnum):
    """How much of a statement is read: nothing, that it was made and its facts, or its words too."""

    NOTHING = 0
    FACTS = 1
    WORDS = 2


_N, _F, _W = Depth.NOTHING, Depth.FACTS, Depth.WORDS
_READERS: Final = ("clinician", "patient", "carer")
AUDIENCE: Final[Mapping[str, Mapping[str, Depth]]] = {
    statement_type: dict(zip(_READERS, depths, strict=True))
    for statement_type, depths in {
        "item-added/1": (_W, _W, _W),
        "item-amended/1": (_W, _W, _W),
        "item-marked-in-error/1": (_W, _W, _F),
        "item-topics-set/1": (_F, _F, _N),
        "agreement-stated/1": (_W, _W, _N),
        "dispute-answered/1": (_W, _W, _N),
        "dispute-reviewed/1": (_W, _W, _N),
        "withholding-made/1": (_W, _N, _N),
        "withholding-lifted/1": (_F, _N, _N),
        "result-held/1": (_W, _N, _N),
        "result-released/1": (_F, _N, _N),
        "leave-asked/1": (_W, _N, _W),
        "leave-answered/1": (_F, _N, _F),
        "erasure-asked/1": (_W, _W, _N),
        "content-erased/1": (_F, _F, _N),
        "wish-signed/1": (_F, _F, _F),
        "wish-reviewed/1": (_W, _W, _F),
        "wish-withdrawn/1": (_W, _W, _F),
    }.items()
}


OF_ERASED: Final = frozenset(
    {
        "item-added/1",
        "item-topics-set/1",
        "item-marked-in-error/1",
        "wish-signed/1",
        "wish-withdrawn/1",
        "content-erased/1",
    }
)
"""What is still told of an item whose words are erased, of each its facts at most: what and whose it was, how it stood
in the end, and by whom it was erased. The rest was said in words, or is about them."""


TO_THE_AUTHOR: Final = frozenset({"content-erased/1", "leave-asked/1"})
"""What others say to whoever wrote an item, for them to know even where nothing else is theirs to read."""


def read_by(
    reader: str, disclosure: Disclosure, shown: Shown, statements: Iterable[About]
) -> list[tuple[About, Depth]]:
    """What this reader reads of an item, and how much of each.

    Who reads it for no other reason than having written it reads what they said themselves, not what others said
    about it since: that was not for them.
    """
    erased = shown.permit.rule == "erased"
    alone = disclosure.opened_by in ("own-words", "asked")
    own = (erased or shown.permit.rule == "own-words") and (reader == "carer" or alone)
    read: list[tuple[About, Depth]] = []
    for about in statements:
        depth = AUDIENCE.get(about.type, {}).get(reader, Depth.NOTHING)
        if erased:
            depth = min(depth, Depth.FACTS) if about.type in OF_ERASED else Depth.NOTHING
        theirs = not own or about.author == disclosure.viewer or about.type in TO_THE_AUTHOR
        if depth is not Depth.NOTHING and theirs:
            read.append((about, depth))
    return read
