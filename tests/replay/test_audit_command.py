"""`record-ledger audit`: what it prints and how it ends, and that it goes on from where it was."""

import asyncio
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api import auditing
from api.auditing import NAME, DerivedFile, Wanted, audit
from ledger.core.instants import Instant, format_instant
from ledger.replaying import run, state
from ledger.replaying.deriving import Basis, Difference, shown_in
from ledger.replaying.state import Derived, StateError
from ledger.use_cases.items import Draft
from ledger.use_cases.trail import Asked
from tests.command_line.running import call
from tests.replay.conftest import Lived

LOOKS = 60
NOBODY = "00000000-0000-4000-8000-000000000000"


def told(lived: Lived, home: Path, *words: str, ends: int = 0) -> Any:
    """What `audit … --json` says."""
    done = call(home, "audit", *words, "--json", **lived.settings(home))
    assert done.exit_code == ends, done.output
    return json.loads(done.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_what_is_new_is_looked_at_and_nothing_twice(copied: Lived, home: Path) -> None:
    first = told(copied, home, "replay")
    assert (first["ok"], first["since"], first["disclosures"]) == (True, 0, copied.looks)
    assert first["openings"] > 0 == first["unaccounted"]
    again = told(copied, home, "replay")
    assert (again["since"], again["disclosures"], again["openings"]) == (first["until"], 0, 0)
    everything = told(copied, home, "replay", "--all")
    assert everything["disclosures"] == copied.looks
    shown = call(home, "audit", "replay", "--record", copied.record, **copied.settings(home))
    assert f"disclosures     {copied.looks:,} from position 0" in shown.stdout
    assert "openings        not looked at" in shown.stdout


async def test_a_run_goes_on_from_the_last_one_that_found_all_right(
    copied: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = DerivedFile(tmp_path / NAME)
    async with copied.opened() as ledger:
        await audit(ledger, kept, Wanted())
        size = await ledger.rows.size()
        await ledger.trail.open(copied.okafor, Asked(copied.record, "task"))
        new = await audit(ledger, kept, Wanted())
        assert (new.since, new.replayed.disclosures) == (size, 1)
        monkeypatch.setattr(auditing, "fingerprint", lambda: "of other rules")
        monkeypatch.setattr(state, "fingerprint", lambda: "of other rules")
        other = await audit(ledger, kept, Wanted())
        assert (other.since, other.replayed.disclosures) == (0, copied.looks + 1)
        assert "other rules" in (other.remark or "")
        assert (await audit(ledger, kept, Wanted())).since == size + 1
        known = kept.read()
        assert known is not None
        for spoiled in ("{}", "no JSON", known.format().replace(known.root, known.root[::-1]), "\udcff"):
            kept.path.write_text(spoiled, errors="surrogateescape")
            again = await audit(ledger, kept, Wanted())
            assert (again.since, again.ok) == (0, True)
            assert again.remark


async def test_after_a_difference_the_next_run_finds_it_again(
    copied: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = DerivedFile(tmp_path / NAME)
    async with copied.opened() as ledger:
        await audit(ledger, kept, Wanted())
        before = kept.read()
        await ledger.trail.open(copied.okafor, Asked(copied.record, "task"))
        monkeypatch.setattr(run, "differences", lambda disclosure, facts: [different(disclosure.position)])
        for _ in range(2):
            assert (await audit(ledger, kept, Wanted())).replayed.different == 1
        assert kept.read() == before
        assert not (await audit(ledger, kept, Wanted(since=0, record=copied.record))).ok
        assert kept.read() == before


def different(position: int) -> Any:
    return Difference(position, "item x", Basis("permitted", "shared", (1, 2)), Basis("denied", "no-consent", (3,)))


def test_a_difference_is_printed_with_both_evidences_and_ends_with_one(
    copied: Lived, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "differences", lambda disclosure, facts: [different(disclosure.position)])
    monkeypatch.setattr(run, "MOST_KEPT", 3)
    done = call(home, "audit", "replay", **copied.settings(home))
    assert done.exit_code == 1
    assert "as recorded       permitted by shared on 1, 2\n" in done.stdout
    assert "as derived again  denied by no-consent on 3\n" in done.stdout
    assert done.stdout.count("DIFFERENCE at position") == 3
    assert f"differences     {copied.looks:,}, the first 3 of them above" in done.stdout
    assert not (home / NAME).exists()


async def test_words_that_were_opened_for_an_item_that_was_not_shown_are_named(copied: Lived, home: Path) -> None:
    async with copied.opened() as ledger:
        hidden = await ledger.items.add(copied.okafor, copied.record, Draft("flag", "Is she safe?"))
        look = await ledger.trail.open(copied.amina, Asked(copied.record, "own-record"))
    with psycopg.connect(copied.database.dsn()) as service:
        service.execute("select ledger.note_opening(%s, 'disclosure', %s)", [look.position, [hidden.position]])
    found = await asyncio.to_thread(told, copied, home, "replay", "--since", str(look.position), ends=1)
    assert (found["different"], found["disclosures"], found["openings"], found["unaccounted"]) == (0, 1, 1, 1)
    assert f"words of entry {hidden.position}" in found["unaccounted_for"][0]
    shown = await asyncio.to_thread(call, home, "audit", "replay", **copied.settings(home))
    assert "NOT ACCOUNTED FOR  opening" in shown.stdout
    assert shown.exit_code == 1


async def test_since_an_instant_is_since_the_first_entry_that_was_recorded_then(copied: Lived, home: Path) -> None:
    async with copied.opened() as ledger:
        look = (await copied.disclosures(ledger))[copied.looks // 2]
        late = [one for one in await copied.disclosures(ledger) if one.recorded_at >= look.recorded_at]
    found = await asyncio.to_thread(told, copied, home, "replay", "--since", format_instant(look.recorded_at))
    assert found["disclosures"] == len(late)
    assert found["since"] <= look.position
    assert not (home / NAME).exists()  # what came before was not looked at


async def test_as_of_an_instant_is_what_was_decided_then(lived: Lived, home: Path) -> None:
    async with lived.opened() as ledger:
        all_looks = await lived.disclosures(ledger)
        looks = [one for one in all_looks if one.facts["viewer"] == lived.sam.person and one.facts["via"] != "preview"]
        look = next(look for look in reversed(looks) if len(shown_in(look)) == 1 and look.facts["via"] == "screen")
        withheld = await ledger.back.withheld_in(look.position)
        seen = await ledger.back.seen(
            lived.record, lived.sam.person, look.position, among=[one.position for one in looks]
        )
        before = await ledger.back.position_at(Instant(look.recorded_at - 1))
    asked = ["as-of", "--record", lived.record, "--person", lived.sam.person, "--acting-as", "carer", "--at"]
    just_before = format_instant(Instant(look.recorded_at - 1))
    found = await asyncio.to_thread(told, lived, home, *asked, just_before, "--purpose", "shared-with-me", "--seen")
    assert (found["before"], found["whole"]["rule"]) == (before, "named-carer")
    shown_before = [one for one in looks if one.position < before]
    assert {one["item"] for one in found["seen"]} == {item for one in shown_before for item in shown_in(one)}
    assert {one.item for one in withheld.items}.isdisjoint(shown_in(look))
    assert {one.item for one in seen.items} == {
        item for one in looks if one.position < look.position for item in shown_in(one)
    }
    if before == look.position:  # nothing else was said in that millisecond
        permitted = {one["item"]: (one["rule"], tuple(one["evidence"])) for one in found["permitted"]}
        assert permitted.items() >= shown_in(look).items()
        assert {one["item"] for one in found["denied"]} == {one.item for one in withheld.items}
    table = await asyncio.to_thread(
        call, home, "audit", *asked, format_instant(look.recorded_at), "--denied", **lived.settings(home)
    )
    assert f"The facts are those before position {await _position(lived, look.recorded_at):,}." in table.stdout


async def _position(lived: Lived, at: Instant) -> int:
    async with lived.opened() as ledger:
        said = await ledger.read(0, await ledger.rows.size())
    return sum(one.recorded_at <= at for one in said)


AS_OF = ("as-of", "--record", NOBODY, "--person", NOBODY, "--acting-as", "carer")
WRONG = {
    "both": (("replay", "--all", "--since", "3"), 2, "Choose one"),
    "a record that is no id": (("replay", "--record", "Amina"), 2, "wanted an id"),
    "a position that is not there yet": (("replay", "--since", "99999999"), 2, "wanted at most"),
    "an instant without a zone": (("replay", "--since", "2026-05-03T09:00"), 2, "with its zone"),
    "an instant that is none": (("replay", "--since", "yesterday"), 2, "with its zone"),
    "a role that is none": ((*AS_OF[:-1], "friend", "--at", "2026-05-03T09:00:00Z"), 2, "wanted one of patient"),
    "a way that is none": ((*AS_OF, "--at", "2026-05-03T09:00:00Z", "--via", "post"), 2, "wanted one of screen"),
    "a purpose that is none": (
        (*AS_OF, "--at", "2026-05-03T09:00:00Z", "--purpose", "fun"),
        2,
        "wanted one of appoint",
    ),
    "an instant to come": ((*AS_OF, "--at", "2999-05-03T09:00:00Z"), 2, "wanted an instant that is past"),
    "a record that nobody has": ((*AS_OF, "--at", "2026-05-03T09:00:00Z"), 1, "Check the id and the instant"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_meant_is_told_in_one_sentence(lived: Lived, home: Path, wrong: str) -> None:
    words, ends, says = WRONG[wrong]
    done = call(home, "audit", *words, **lived.settings(home))
    assert done.exit_code == ends
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def test_a_state_is_read_only_as_it_was_written() -> None:
    state = Derived("log.example", 7, "ab" * 32, "cd" * 32, 3)
    assert Derived.parse(state.format()) == state
    for text in ("[]", "{}", state.format().replace("7", "-7"), state.format().replace('"v":1', '"v":2'),
                 state.format().replace("7", '"7"'), state.format().replace("7", "true")):  # fmt: skip
        with pytest.raises(StateError):
            Derived.parse(text)
