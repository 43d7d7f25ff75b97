"""Absence must not be readable, wherever one asks: two ledgers, one told all of a story, one nothing of what is hidden.

A random story is told to both, at the same instants; from one it leaves out what its reader may not know of: the items
that are hidden from them without a trace, what is said about these, and emergencies of which a patient is not told yet.
Then the reader asks both the same, by every operation of the API, and must be told the same: status, headers, body.

``ABSENCE_STORIES`` tells more stories (each is named by its number, and ``ABSENCE_FROM`` begins at one).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.postgres import EmbeddedPostgres
from ledger.core.decisions import Deny, Request, leaves_trace
from ledger.core.errors import CoreError
from ledger.core.instants import HOUR, Instant
from ledger.domain.errors import DomainError, NotAllowed, Unknown
from ledger.saying import By
from ledger.store.errors import StoreError
from ledger.use_cases.trail import Asked
from tests.absence.asking import ASKED, EXCLUDED, asked_always
from tests.absence.saying import says
from tests.absence.scene import UNKNOWN, Ask, Asks, Scene
from tests.absence.stories import drawn
from tests.absence.telling import READERS, Step, Teller
from tests.absence.worlds import Told, World, told, two_databases, world_in
from tests.http.served import Key
from tests.story import Beginning

pytestmark = pytest.mark.asyncio(loop_scope="module")
STORIES = int(os.environ.get("ABSENCE_STORIES", "10"))
FROM = int(os.environ.get("ABSENCE_FROM", "0"))
SLICES = 3
"""Each of the five readers asks every operation over three of their stories."""
KEPT_FROM = {"carer": "shared-with-me", "attorney": "shared-with-me", "parent": "shared-with-me",
             "patient": "own-record", "clinician": "appointment"}  # fmt: skip
READS_THE_PATIENTS_WORDS = frozenset({"patient", "parent", "clinician"})
Worlds = tuple[World, World]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worlds(
    postgres: EmbeddedPostgres, begun: tuple[str, Beginning], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Worlds]:
    """A ledger that is told everything, and one that is not."""
    template, people = begun
    homes: list[Path] = [tmp_path_factory.mktemp("home") for _ in range(2)]
    with two_databases(postgres, template) as (first, second):
        async with world_in(first, people, homes[0]) as whole, world_in(second, people, homes[1]) as bare:
            bare.clock.now = whole.clock.now
            yield whole, bare


def operations(world: World) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of the document: path, id, and the operation itself."""
    for path, methods in world.app.openapi()["paths"].items():
        for operation in methods.values():
            yield path, operation["operationId"], operation


def asks_of(world: World) -> dict[str, Asks]:
    """How each operation that is asked is asked."""
    found: dict[str, Asks] = {}
    for path, named, operation in operations(world):
        if named in ASKED:
            found[named] = ASKED[named]
        elif named not in EXCLUDED:
            found[named] = says(path, operation["requestBody"]["content"]["application/json"]["example"])
    return found


async def test_the_walk_knows_every_operation_that_shows_something(worlds: Worlds) -> None:
    named = {operation for _, operation, _ in operations(worlds[0])}
    shown = {named for path, named, operation in operations(worlds[0]) if "requestBody" not in operation}
    assert shown <= set(ASKED) | set(EXCLUDED), "say in tests/absence/asking.py what is asked of it, or why nothing is"
    assert set(ASKED) | set(EXCLUDED) <= named


async def step_told(world: World, step: Step, gone: set[str]) -> str:
    """Tell a step: was it ``said``, or ``refused`` (which is on the trail), or ``impossible`` (which is not)?"""
    world.clock.now = step.at
    try:
        await step.say(world, gone)
    except (NotAllowed, Unknown):
        return "refused"
    except (DomainError, StoreError, CoreError):
        return "impossible"
    return "said"


def left_out(step: Step, outcome: str, gone: set[str], quiet: set[str]) -> bool:
    """Is this a step that there would not be without what is gone?

    What was refused is refused of an unknown thing as well; but of an emergency that is kept quiet even that is quiet.
    """
    return bool(step.about & gone) and (outcome != "refused" or bool(step.about & quiet))


def is_guardians_secret(step: Step, outcome: str, said: set[str], gone: set[str], teller: Teller) -> bool:
    """Is this something of a guardian's that is not told of, because what let them in is gone?

    ``said`` is what was said before. After an emergency that is kept quiet no line of a guardian is told; and else only
    after something that concerns guardians and that the reader knows of.
    """
    if not step.by_guardian or (step.named == "erase" and outcome == "said"):
        return False
    emergencies = gone.intersection(teller.emergencies)
    matters = {*teller.emergencies, *teller.questions, *teller.opened_in_best_interests}
    known = said.intersection(matters) - gone
    return bool(said & emergencies) or (outcome == "said" and not known)


async def hidden_from(world: World, teller: Teller, reader: By, now: Instant) -> set[str]:
    """What this reader may not know of: items with all that answers them, looks that showed nothing else, and so on."""
    facts = (await world.ledger.facts.record(teller.record, fresh=True)).fold.facts
    known = await _known_to(world, teller, reader, now)
    hidden = _without(teller, known) & set(facts.items)
    # Who reads matters reads what the patient asked about a look, so what that look showed cannot be left out.
    asked = (world.shown.get(label, frozenset()) for label in teller.asked_about.values())
    if reader.acting_as in READS_THE_PATIENTS_WORDS:
        hidden &= _without(teller, known.union(*(shown for shown in asked if shown <= hidden)))
    if reader.acting_as != "clinician":
        hidden |= {named for named, one in facts.emergencies.items() if one.kept_quiet(now)}
    # A line is visible only where its item is: a look at nothing but what is hidden is hidden as well.
    hidden |= {label for label, shown in world.shown.items() if shown and shown <= hidden}
    return hidden | {question for question, label in teller.asked_about.items() if label in hidden}


async def _known_to(world: World, teller: Teller, reader: By, now: Instant) -> set[str]:
    """The items that this reader may see, or may know to be there."""
    asked = Asked(teller.record, KEPT_FROM[reader.acting_as])
    request = Request(reader.person, reader.acting_as, now)
    decided = await world.ledger.trail.decided(reader, asked, list(teller.parents))
    known = {item for item, one in decided.items() if not isinstance(one, Deny) or leaves_trace(one, request)}
    # Everybody keeps the receipt of what they said themselves, erased or not.
    known |= {item for item, (author, _) in teller.statements.items() if author == reader.person}
    # Who reads the patient's directives knows of what they name.
    return known | teller.named_by_patient if reader.acting_as in READS_THE_PATIENTS_WORDS else known


def _without(teller: Teller, known: set[str]) -> set[str]:
    """The items that can be left out: what a known answer answers cannot, or there would be no answer."""
    kept = set(known)
    for item in known:
        parent = teller.parents.get(item)
        while parent is not None:
            kept.add(parent)
            parent = teller.parents[parent]
    return set(teller.parents) - kept


async def answers(world: World, other: World, ask: Ask, token: str, known: set[str]) -> list[Told]:
    """What is answered, page by page."""
    headers = {"authorization": f"Bearer {token}"}
    if ask.statement is not None:
        headers["idempotency-key"] = ask.statement
    looks = {f"{{{name}}}": look for name, look in {**other.looks, **world.looks}.items()}
    path, body, query = ask.path, ask.body, dict(ask.query)
    for name, look in looks.items():
        path = path.replace(name, look)
        body = body and {member: look if value == name else value for member, value in body.items()}
    found: list[Told] = []
    while True:
        answer = await world.http.request(ask.method, path, params=query, json=body, headers=headers)
        found.append(told(answer, known, {**other.looks, **world.looks}))
        cursor = _cursor_of(answer) if ask.pages else None
        if cursor is None:
            return found
        assert len(found) < 200, ask
        query["cursor"] = cursor


def _cursor_of(answer: httpx.Response) -> str | None:
    return answer.json().get("cursor") if answer.status_code == 200 else None


def as_unknown(found: list[Told], item: str) -> list[Told]:
    """What was told, with the id that was asked for made the same."""
    return [replace(one, body=one.body.replace(item, UNKNOWN)) for one in found]


async def ask_both(worlds: Worlds, scene: Scene, asks: list[Ask], tokens: tuple[str, str], story: str) -> int:
    """Ask both ledgers all of it, and hold each answer of the one to that of the other."""
    whole, bare = worlds
    known, of_path = scene.teller.known | {UNKNOWN}, dict[str, dict[str, list[Told]]]()
    for ask in asks:
        first = await answers(whole, bare, ask, tokens[0], known)
        second = await answers(bare, whole, ask, tokens[1], known)
        for page, without in zip(first, second, strict=True):
            assert page == without, f"{story}: {ask}\n{page.body}\n{without.body}"
        if ask.of is not None and ask.method == "GET":
            of_path.setdefault(ask.path.replace(ask.of, ""), {})[ask.of] = as_unknown(first, ask.of)
    for told_of in of_path.values():
        for item in scene.hidden:  # what is hidden and what is unknown is answered alike
            assert told_of.get(item, told_of.get(UNKNOWN)) == told_of.get(UNKNOWN, told_of.get(item)), story
    return len(asks)


async def sign_in_both(worlds: Worlds, reader: By, keys: dict[str, Key], teller: Teller) -> tuple[str, str]:
    """A token in each ledger, by one key."""
    if reader.person not in keys:
        keys[reader.person] = teller.key if reader.acting_as == "patient" else Key(reader.person.encode()[:32])
        if reader.acting_as != "patient":
            registrar = By(teller.begun.bert.person, "registrar")
            for world in worlds:
                signer = keys[reader.person].signer
                await world.ledger.people.enrol_key(registrar, reader.person, signer.public)
    return (await worlds[0].token(keys[reader.person], reader), await worlds[1].token(keys[reader.person], reader))


async def tell_both(worlds: Worlds, teller: Teller, reader: By, story: str) -> tuple[set[str], Instant]:
    """Tell the story to both; what is gone from the second, and when it is over."""
    whole, bare = worlds
    outcomes = [await step_told(whole, step, set()) for step in teller.steps]
    over = Instant(teller.now + HOUR)
    whole.clock.now = over
    gone = await hidden_from(whole, teller, reader, over)
    quiet, said = gone.intersection(teller.emergencies), set[str]()
    for step, outcome in zip(teller.steps, outcomes, strict=True):
        secret = is_guardians_secret(step, outcome, said, gone, teller)
        said |= step.about if outcome == "said" else set()
        if not secret and not left_out(step, outcome, gone, quiet):
            # What was refused names again what it named: there it is refused as unknown.
            without = gone if outcome == "said" else set[str]()
            assert await step_told(bare, step, without) == outcome, f"{story}: {step.named} {step.at}"
    bare.clock.now = over
    return gone, over


async def walk(worlds: Worlds, number: int, keys: dict[str, Key]) -> tuple[int, int]:
    """One story told and asked about; how many things were hidden, and how many requests compared."""
    reader_as, rng = READERS[number % len(READERS)], Random(number)
    story = f"story {number} of a {reader_as}"
    # Dr Vale is in no story but those of a clinician, so no list of hers spans what others' stories left out.
    begun = replace(worlds[0].begun, lind=worlds[0].vale) if reader_as == "clinician" else worlds[0].begun
    teller = drawn(rng, begun, reader_as, Instant(worlds[0].clock.now + HOUR))
    reader = {"patient": teller.patient, "clinician": teller.lind}.get(reader_as, By(teller.sam.person, reader_as))
    gone, over = await tell_both(worlds, teller, reader, story)
    tokens = await sign_in_both(worlds, reader, keys, teller)
    shown = [item for item in teller.parents if item not in gone]
    looks = [step.named for step in teller.steps if step.named.startswith("look ")]
    gone_looks = [name for name in looks if name in worlds[0].looks and name not in worlds[1].looks]
    hidden = [item for item in teller.parents if item in gone]
    scene = Scene(teller, reader, keys[reader.person], over, hidden, shown, gone_looks, rng)
    turn = number // len(READERS) % SLICES
    named = sorted(asks_of(worlds[0]).items(), key=lambda pair: (pair[0] not in ASKED, pair[0]))
    chosen = [asks for n, (_, asks) in enumerate(named) if n % SLICES == turn]
    asked = [ask for asks in chosen for ask in _some(rng, list(asks(scene)))]
    compared = await ask_both(worlds, scene, [*asked_always(scene), *asked], tokens, story)
    for world in worlds:
        await world.ledger.care.end(teller.ada, teller.record, teller.care)
    return len(gone), compared


def _some(rng: Random, asks: list[Ask]) -> list[Ask]:
    return rng.sample(asks, min(len(asks), 2))


async def test_a_reader_is_told_the_same_as_if_what_is_hidden_were_not_there(worlds: Worlds) -> None:
    keys: dict[str, Key] = {}
    gone = asked = 0
    for number in range(FROM, FROM + STORIES):
        for world in worlds:
            world.looks.clear()
        hidden, requests = await walk(worlds, number, keys)
        gone, asked = gone + hidden, asked + requests
        await asyncio.sleep(0)
    assert gone > 2 * STORIES
    assert asked > 20 * STORIES
