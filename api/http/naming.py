"""Names on the trail, for the patient whose record it is: of those who looked, and of what they were shown.

Names and titles are words. They are opened together, for the reading of the trail that was just recorded, and a title
only where that reading tells of its item: so nothing is called by its name that the patient may not see now.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from api.http.service import Call
from api.http.sight import NOBODY, Named, Sight
from ledger.disclosure import Disclosure
from ledger.store.errors import WordsErased
from ledger.store.words import open_words
from projections.access_trail import Line

FEW: Final = 3
"""So many items at most does a line in a list call by their titles: what showed more is told in full by itself."""
Told = Iterable[tuple[Line, set[str]]]


async def named_on(
    call: Call, sight: Sight, disclosure: Disclosure, lines: Told = (), items: Collection[str] = ()
) -> Named:
    """Who looked in these lines, and as whom, by name; and what these items are called. Overseers are told neither."""
    if call.session.acting_as != "patient":
        return NOBODY
    people = {person for line, _ in lines for person in (line.viewer, line.looked)}
    called = _called(sight, disclosure, items)
    try:
        return await _opened(call, disclosure, people, called)
    except WordsErased:
        # Erased between the reading and this: from here on it has no title, and its own page says that it was erased.
        return await _opened(call, disclosure, people, {})


def few_of(lines: Told) -> set[str]:
    """The items of those lines that show few of them."""
    return {item for _, seen in lines if len(seen) <= FEW for item in seen}


def _called(sight: Sight, disclosure: Disclosure, items: Collection[str]) -> dict[str, int]:
    """Where the words are that say what each is called. What answers something has no title, what is erased no more."""
    facts = {} if sight.facts is None else sight.facts.items
    return {
        shown.item: shown.positions[0]
        for shown in disclosure.shown
        if shown.item in items and shown.positions and shown.permit.rule != "erased"
        if shown.item in facts and facts[shown.item].parent is None
    }


async def _opened(call: Call, disclosure: Disclosure, people: Iterable[str], called: Mapping[str, int]) -> Named:
    disclosure.check_fresh(call.ledger.clock())
    ledger = call.ledger
    registered = {person: (await ledger.facts.person(person)).fold.facts.registered for person in people}
    named = {person: position for person, position in registered.items() if position is not None}
    wanted = [*named.values(), *called.values()]
    words = await open_words(ledger.rows, ledger.keyring, wanted, disclosure=disclosure.position) if wanted else {}
    return Named(
        {person: (words[position] or {}).get("name", "") for person, position in named.items()},
        {item: (words[position] or {}).get("title") for item, position in called.items()},
    )
