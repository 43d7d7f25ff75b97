"""One commit: what stands in it together, what is refused, what waits; without a database."""

import asyncio
from dataclasses import replace

import pytest

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.entry import parse_entry, read_entry
from ledger.core.instants import SECOND, Instant
from ledger.core.receipt import check_receipt
from ledger.core.sealing import KeyEncryptionKey, Part
from ledger.core.subjects import POLICY, Subject, contents_of, person
from ledger.domain.items import Item
from ledger.domain.stream import Voice
from ledger.store.batch import Draft, Head, Request, draft
from ledger.store.errors import Conflict, GuardFailed
from ledger.store.mapper import Admission, SealingMapper
from tests.core.story import ITEM, OKAFOR, RECORD, named
from tests.keyring import fixed_keyring

KEYRING = fixed_keyring()
OTHER_KEY = KeyEncryptionKey(bytes(range(32)))
MAPPER = SealingMapper(KEYRING)
NOW = Instant(1_780_000_000_000)
EMPTY = Head(Edge.empty(), Instant(0))
CONTENTS, SOMEBODY = contents_of(RECORD), person(OKAFOR)


def added(name: str, said: str) -> Item:
    """A stream that begins with a note of this name, under the statement id ``said``."""
    stream = Item.of(named(name))
    words = {"title": None, "text": "Slept badly.", "quote": None, "data": None}
    voice = Voice(OKAFOR, "clinician", NOW, named(said))
    stream.say("item-added/1", voice, {"record": RECORD, "item": named(name), **ITEM}, words)
    return stream


def note(name: str, said: str | None = None) -> Admission:
    """A signed and sealed note; it bears on the record's contents."""
    [event] = added(name, said or f"statement {name}").collect_events()
    return MAPPER.to_stored_event(event)


def request(
    *admissions: Admission,
    guards: dict[Subject, int] | None = None,
    valid_until: int | None = None,
    receipt: bool = False,
) -> Request:
    until = None if valid_until is None else Instant(valid_until)
    return Request(list(admissions), guards or {}, until, receipt, asyncio.get_running_loop().create_future())


def drafted(
    *requests: Request, head: Head = EMPTY, now: Instant = NOW, due: bool = False
) -> tuple[Draft, list[Request]]:
    made, waiting = draft(list(requests), head, now, KEYRING.log, KEYRING.origin, checkpoint_due=due)
    assert made is not None
    return made, waiting


def refusal(of: Request) -> BaseException | None:
    return of.answer.exception() if of.answer.done() else None


async def test_a_decision_counts_until_just_before_its_time_runs_out() -> None:
    late = request(note("late"), valid_until=NOW)
    timely = request(note("timely"), valid_until=NOW + 1)
    made, waiting = drafted(late, timely)
    assert (made.requests, waiting) == ([timely], [])
    with pytest.raises(GuardFailed, match=r"valid until 2026-.*decide again"):
        late.answer.result()


async def test_the_clock_is_never_before_the_last_entry() -> None:
    later = Head(Edge.empty(), Instant(NOW + 5000))
    late = request(note("late"), valid_until=NOW + 5000)
    made, _ = drafted(late, request(note("timely"), valid_until=NOW + 5001), head=later)
    assert made.recorded_at == made.head.recorded_at == NOW + 5000
    assert isinstance(refusal(late), GuardFailed)
    assert drafted(request(note("now")))[0].recorded_at == NOW
    assert parse_entry(made.entries[0]).recorded_at == NOW + 5000


async def test_a_decision_stands_beside_what_came_after_it_and_not_after_what_it_rests_on() -> None:
    before, after = (request(note(name), guards={CONTENTS: 7}) for name in ("before", "after"))
    other = request(note("other"), guards={SOMEBODY: 3})
    made, waiting = drafted(before, after, other)
    assert (made.requests, waiting) == ([before, other], [])
    assert made.guards == {CONTENTS: 7, SOMEBODY: 3}
    assert [a.originator_id for a in made.admissions] == [
        a.originator_id for r in (before, other) for a in r.admissions
    ]
    with pytest.raises(GuardFailed, match="decide again"):
        after.answer.result()


async def test_what_is_refused_leaves_nothing_behind() -> None:
    stale = request(note("stale"), guards={POLICY: 1, SOMEBODY: 4}, valid_until=NOW - 1)
    good = request(note("good"), guards={CONTENTS: 7, SOMEBODY: 3, POLICY: 2})
    made, _ = drafted(stale, good)
    assert made.requests == [good]
    assert made.guards == good.guards
    assert len(made.entries) == len(made.admissions) == made.head.edge.size == 1
    assert isinstance(refusal(stale), GuardFailed)


async def test_two_decisions_on_different_counters_of_one_subject_cannot_both_stand() -> None:
    seven, again, eight = (request(note(str(n)), guards={SOMEBODY: v}) for n, v in enumerate((7, 7, 8)))
    made, _ = drafted(seven, again, eight)
    assert made.requests == [seven, again]
    assert isinstance(refusal(eight), GuardFailed)


async def test_one_place_of_a_stream_is_taken_once() -> None:
    first, second = request(note("one", "first")), request(note("two"), note("one", "second"))
    made, waiting = drafted(first, second)
    assert (made.requests, waiting, len(made.entries)) == ([first], [], 1)
    with pytest.raises(Conflict, match="version taken") as refused:
        second.answer.result()
    assert not isinstance(refused.value, GuardFailed)


async def test_the_same_statement_again_waits_for_the_next_commit() -> None:
    first, again = request(note("one"), note("two")), request(note("other", "statement two"))
    last = request(note("three"))
    made, waiting = drafted(first, again, last)
    assert (made.requests, waiting) == ([first, last], [again])
    assert not again.answer.done()


async def test_if_nothing_can_stand_nothing_is_drafted() -> None:
    late = request(note("late"), valid_until=NOW - 1)
    assert draft([late], EMPTY, NOW, KEYRING.log, KEYRING.origin, checkpoint_due=True) == (None, [])
    assert isinstance(refusal(late), GuardFailed)


async def test_everybody_hears_where_their_statements_are_and_who_asked_gets_a_receipt() -> None:
    begun = drafted(request(note("zero")))[0].head
    quiet, asked = request(note("a"), note("b")), request(note("c"), note("d"), receipt=True)
    gone = request(note("e"))
    made, _ = drafted(quiet, gone, asked, head=begun)
    gone.answer.cancel()
    assert not quiet.answer.done()
    made.answer()
    assert [(one.position, one.recorded_at, one.receipt) for one in quiet.answer.result()] == [
        (1, NOW, None),
        (2, NOW, None),
    ]
    for position, admitted in zip((4, 5), asked.answer.result(), strict=True):
        assert (admitted.position, admitted.recorded_at) == (position, NOW)
        assert admitted.receipt is not None
        check_receipt(admitted.receipt, KEYRING.log.verifier)
        assert (admitted.receipt.index, admitted.receipt.entry) == (position, made.entries[position - 1])
    assert made.head.edge.size == 6


@pytest.mark.parametrize(
    ("receipt", "due", "signed"), [(False, False, False), (True, False, True), (False, True, True)]
)
async def test_a_checkpoint_is_signed_when_somebody_waits_for_it_or_it_is_due(
    receipt: bool, due: bool, signed: bool
) -> None:
    made, _ = drafted(request(note("one")), request(note("two"), receipt=receipt), due=due)
    assert (made.checkpoint is not None) is signed
    if made.checkpoint is not None:
        edge = made.extension.edge
        assert KEYRING.log.verifier.open_checkpoint(made.checkpoint) == Checkpoint(KEYRING.origin, 2, edge.root())
        assert made.recorded_at // SECOND == NOW // SECOND


async def test_a_statement_without_words_has_an_entry_without_words() -> None:
    stream = added("one", "first")
    topics = {"record": RECORD, "item": named("one"), "topics": []}
    stream.say("item-topics-set/1", Voice(OKAFOR, "clinician", NOW, named("second")), topics, None)
    made, _ = drafted(request(*(MAPPER.to_stored_event(event) for event in stream.collect_events())))
    assert [Part.WORDS in read_entry(entry).sealed for entry in made.entries] == [True, False]


async def test_what_was_sealed_before_a_generation_was_opened_is_wrapped_anew() -> None:
    old, new = note("old"), replace(KEYRING, key_encryption_keys={**KEYRING.key_encryption_keys, 2: OTHER_KEY})
    asked = request(old)
    asked.wrap_under(KEYRING)
    assert asked.admissions == [old]
    asked.wrap_under(new)
    [again] = asked.admissions
    assert (again.generation, again.jws) == (2, old.jws)
    assert again.facts.wrapped != old.facts.wrapped
    asked.wrap_under(new)
    assert asked.admissions == [again]


async def test_who_has_gone_is_refused_nothing() -> None:
    gone = request(note("one"))
    gone.answer.cancel()
    gone.refuse(Conflict("too late"))
    assert gone.answer.cancelled()
