"""Whole stories: a record that begins, its reader, and any number of things in any order."""

from collections.abc import Callable
from random import Random
from typing import Final

from ledger.core.instants import Instant
from ledger.saying import By
from tests.absence.acts import (
    add,
    answer,
    carer,
    converse,
    direct,
    emergency,
    erase,
    lift,
    look,
    on_item,
    question,
    together,
    wish,
    withdraw,
    withhold,
)  # fmt: skip
from tests.absence.family import assess, best_interests, name_carer, parent, power, review_parent
from tests.absence.telling import Teller
from tests.http.served import Key
from tests.story import Beginning


def begin(teller: Teller) -> None:
    """A patient comes in, their record is opened, and the practice cares for them."""
    registered = teller.by(teller.ada)
    teller.patient = By(teller.name(registered, "person"), "patient")
    teller.step("register", lambda world, _: world.ledger.people.register(registered, "Amina Diallo"))
    key, enrolled = Key(teller.rng.randbytes(32)), teller.by(By(teller.begun.bert.person, "registrar"))
    teller.key = key
    person = teller.patient.person
    teller.step("enrol", lambda world, _: world.ledger.people.enrol_key(enrolled, person, key.signer.public))
    opened = teller.by(teller.ada)
    teller.record = record = teller.name(opened, "record")
    teller.step("open", lambda world, _: world.ledger.care.open_record(opened, person))
    care = teller.by(teller.ada)
    teller.care = teller.name(care, "care")
    team = teller.begun.practice
    teller.step("care", lambda world, _: world.ledger.care.start(care, record, ground="referral", team=team))
    name_carer(teller, teller.sam.person, "son")
    name_carer(teller, teller.neighbour.person, "neighbour")
    add(teller, kind="note", who=teller.okafor)
    _ground(teller)


def _ground(teller: Teller) -> None:
    if teller.reader_as == "parent":
        parent(teller)
    if teller.reader_as == "attorney":
        power(teller)
    if teller.reader_as in ("carer", "attorney", "parent"):
        for _ in range(2):
            direct(teller, grantee={"kind": "person", "id": teller.sam.person}, effect="share", plain=True)
    if teller.reader_as == "clinician":
        for grantee in ({"kind": "person", "id": teller.lind.person}, {"kind": "team", "id": teller.begun.practice}):
            direct(teller, grantee=grantee, effect="withhold", hidden=True)


_ACTS: Final[tuple[tuple[Callable[[Teller], None], int], ...]] = (
    (add, 9), (answer, 4), (on_item, 6), (withhold, 3), (lift, 1),
    (erase, 1), (direct, 4), (withdraw, 1), (carer, 1), (together, 1),
    (wish, 1), (converse, 1), (look, 4), (question, 1), (emergency, 2),
    (best_interests, 1),
)  # fmt: skip


def drawn(rng: Random, begun: Beginning, reader_as: str, start: Instant, *, acts: int = 18) -> Teller:
    """A story of one record for a reader."""
    teller = Teller(rng, begun, reader_as, start)
    begin(teller)
    doing, weights = zip(*_ACTS, strict=True)
    for act in rng.choices(doing, weights, k=acts):
        act(teller)
    if reader_as == "attorney":
        assess(teller, "treatment")
    if reader_as == "parent":
        review_parent(teller)
    emergency(teller)
    look(teller)
    return teller
