"""Each line of a file once: it is known again by what it says, not by where it stands or which form brought it.

A device's file grows, and is sent again with lines above or between those of last time. So the id of what a line says
is made from when, what, how much and in which unit, and from how many lines above say the very same.

A statement's id stands in clear in the log and outlives its words, and readings are easily guessed. So it is a keyed
hash: who does not have the service's secret learns nothing from it, and cannot try one value after another.
"""

import hmac
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from api.http.service import Call
from api.pages.language import gettext as _
from api.pages.readings_file import Line
from ledger.core.canonical import encode
from ledger.store.keyring import Keyring

Told = Mapping[str, str]
"""What a line says: ``what``, ``value``, ``unit``, ``at`` and, of something else, ``name``."""


async def but_those_there(call: Call, record: str, lines: Sequence[Line], told: Sequence[Told]) -> list[Line]:
    """The lines, those marked that this reader has added before. ``told``: what each that could be read says."""
    ids = iter(ids_of(call, record, told))
    named = [(line, None if line.problem else next(ids)) for line in lines]
    there = await said_already(call, [one for _line, one in named if one])
    already = _("This is in the record already.")
    return [replace(line, problem=already) if one in there else line for line, one in named]


async def said_already(call: Call, ids: Sequence[str]) -> set[str]:
    """Which of these ids this reader has used."""
    author = call.session.person
    return {one for _author, one in await call.ledger.rows.said_of_these((author, one) for one in ids)}


def ids_of(call: Call, record: str, told: Sequence[Told]) -> list[str]:
    """The id of what each line says in this reader's name: the same in every file, and in no other record."""
    return ids_by(call.ledger.keyring, call.session.person, record, told)


def ids_by(keyring: Keyring, author: str, record: str, told: Sequence[Told]) -> list[str]:
    """The id of what each line says in an author's name, by the secret of a service."""
    return [_spelled(_made(keyring, [record, author, *said])) for said in _counted(told)]


def _counted(told: Sequence[Told]) -> Iterator[list[str]]:
    """What each line says, in one spelling, and how many above it say the same."""
    above: Counter[tuple[str, ...]] = Counter()
    for line in told:
        value = "".join(line["value"].replace(",", ".").split())
        said = (line["at"], line["what"], line.get("name", "").casefold(), value, line.get("unit", ""))
        yield [*said, str(above[said])]
        above[said] += 1


def _made(keyring: Keyring, said: Sequence[str]) -> str:
    label = f"ledger/v1/reading-of-a-file\0{keyring.first_origin}\0".encode()
    return hmac.digest(keyring.service_secret, label + encode([*said]), "sha256").hex()


def _spelled(made: str) -> str:
    """A UUID of version 7 in its form; of when something was measured its time tells nothing either."""
    return f"{made[:8]}-{made[8:12]}-7{made[12:15]}-8{made[15:18]}-{made[18:30]}"
