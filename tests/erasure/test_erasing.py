"""An item is erased: its words are nowhere, and everything that was proved about it still is."""

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.core.receipt import Receipt, check_receipt
from ledger.replay import check_disclosure, read_past
from tests.command_line.dump import everything_in, words_found
from tests.erasure.place import Caller, Place, move_in, opened_contents

WHISPERS = "Heard the neighbours whisper about the lottery ticket."
AMENDED = "It was the radio that whispered about numbers."
QUOTED = "neighbours whisper about the lottery"
COMMENT = "Nobody whispered, please take this sentence out."
REASON = "This was said in a bad week and follows me around."
KEPT = "Slept well, eats regularly, wants to garden."
WORDS = (WHISPERS, AMENDED, COMMENT, REASON)


@pytest.fixture
async def place(home: Path) -> Place:
    return await move_in(home)


async def test_once_an_item_is_erased_its_words_are_nowhere_and_its_proofs_hold(place: Place) -> None:
    with place.serving() as http:
        amina, sam, okafor, greta = (place.sign_in(http, name) for name in ("amina", "sam", "okafor", "greta"))
        amina.say(f"{place.path}/directives", effect="share", scope={"kind": "everything"}, grantee=_person(sam))
        kept = okafor.say(f"{place.path}/items", kind="note", text=KEPT)
        before = sam.items(place.path)
        receipts, note = _say_what_will_be_erased(place, amina, okafor)
        assert len(sam.items(place.path)) == 2
        with_words = await _dump(place)
        assert words_found(with_words, WORDS)
        asked = amina.say(f"{note}/erasure-asked", basis="consent-withdrawn", reason=REASON, answers=True)
        erased = _erase(greta, note, asked)
        assert sam.items(place.path) == before
        _is_told_as_erased(place, amina, okafor, greta)
        receipts += [kept, asked, erased]
    dumped = await _dump(place)
    assert words_found(dumped, WORDS) == []
    assert words_found(dumped, [KEPT])
    assert _files_with(place.home, WORDS) == []
    with open_house(Settings(home=place.home)) as house:
        for said in receipts:
            check_receipt(Receipt.from_json(said["receipt"]), house.keyring.log.verifier)
        assert await _replayed(house, place) >= 6


def test_it_is_complete_when_every_generation_that_wrapped_it_is_destroyed(place: Place) -> None:
    with place.serving() as http:
        amina, okafor, greta = (place.sign_in(http, name) for name in ("amina", "okafor", "greta"))
        note = f"{place.path}/items/{okafor.say(f'{place.path}/items', kind='note', text=WHISPERS)['ids']['item']}"
        asked = amina.say(f"{note}/erasure-asked", basis="consent-withdrawn", reason=REASON)
        [waiting] = place.told("erase", "status")["asked"]
        assert (waiting["erasure"], waiting["author"]) == (asked["ids"]["erasure"], place.people["amina"].person)
        assert place.told("vault", "rotate") == {
            "generation": 2,
            "opened": True,
            "rewrapped": _keys(place),
            "broken": [],
        }
        _erase(greta, note, asked)
        [erased] = place.told("erase", "status")["erased"]
        assert (erased["words"], erased["words_due"], erased["waits_for"]) == (2, 0, [1, 2])
        assert erased["complete_at"] is None
        place.told("vault", "rotate")
        assert okafor.say(f"{place.path}/items", kind="note", text=KEPT)
        for generation, left in ((1, [2]), (2, [])):
            place.told("vault", "destroy", str(generation), "--backups-gone")
            [erased] = place.told("vault", "status")["erasures"]
            assert erased["waits_for"] == left
        assert erased["complete_at"] is not None
        assert [item["text"] for item in okafor.items(place.path)] == [KEPT, None]
    states = {one["generation"]: (one["state"], one["held"]) for one in place.told("vault", "status")["generations"]}
    assert states == {1: ("destroyed", False), 2: ("destroyed", False), 3: ("wraps what is new", True)}
    assert sorted(file.name for file in (place.home / "keys").glob("key-encryption*")) == ["key-encryption.3.key"]


def test_the_whole_ledger_verifies_after_erasing_and_rotating(place: Place) -> None:
    with place.serving() as http:
        amina, okafor, greta = (place.sign_in(http, name) for name in ("amina", "okafor", "greta"))
        _, note = _say_what_will_be_erased(place, amina, okafor)
        _erase(greta, note, amina.say(f"{note}/erasure-asked", basis="consent-withdrawn", reason=REASON, answers=True))
        assert place.told("verify")["ok"]
        place.told("vault", "rotate")
        place.told("vault", "destroy", "1", "--backups-gone")
    assert place.told("verify")["ok"]


async def test_who_may_erase_is_told_so_and_nobody_else_does(place: Place) -> None:
    with place.serving() as http:
        callers = {name: place.sign_in(http, name) for name in place.people}
        okafor, amina = callers["okafor"], callers["amina"]
        note = f"{place.path}/items/{okafor.say(f'{place.path}/items', kind='note', text=WHISPERS)['ids']['item']}"
        ask = {"basis": "consent-withdrawn", "reason": REASON}
        nobody = note[:-12] + "0" * 12
        for name in ("okafor", "sam"):
            assert callers[name].post(f"{note}/erasure-asked", **ask).status_code == 403
        assert amina.post(f"{nobody}/erasure-asked", **ask).status_code == 404
        asked = callers["greta"].say(f"{note}/erasure-asked", **ask)
        say = {"basis": "court-order", "erasure": asked["ids"]["erasure"]}
        for name in ("amina", "okafor", "sam", "greta"):
            assert callers[name].post(f"{note}/erased", **say).status_code == 403
        assert callers["lars"].post(f"{note}/erased", **say | {"basis": "tidiness"}).status_code == 422
        assert callers["lars"].post(f"{nobody}/erased", **say).status_code == 404
        assert callers["lars"].say(f"{note}/erased", **say)["ids"]["erasure"] == say["erasure"]
        assert callers["lars"].post(f"{note}/erased", **say).status_code == 403
        assert okafor.post(f"{note}/amendments", text="Once more.").status_code == 403


def _say_what_will_be_erased(place: Place, amina: Caller, okafor: Caller) -> tuple[list[dict[str, Any]], str]:
    added = okafor.say(f"{place.path}/items", kind="note", text=WHISPERS, title="Whispers about the lottery")
    note = f"{place.path}/items/{added['ids']['item']}"
    amended = okafor.say(f"{note}/amendments", text=AMENDED, reason="The radio was on all night.")
    agreed = amina.say(f"{note}/agreement", agreement="disagree", text="There was no radio in the kitchen.")
    comment = amina.say(f"{note}/comments", text=COMMENT, quote=QUOTED)
    return [added, amended, agreed, comment], note


def _erase(greta: Caller, note: str, asked: dict[str, Any]) -> dict[str, Any]:
    return greta.say(f"{note}/erased", basis="consent-withdrawn", erasure=asked["ids"]["erasure"])


def _is_told_as_erased(place: Place, amina: Caller, okafor: Caller, greta: Caller) -> None:
    for reader in (amina, okafor):
        erased, kept = reader.items(place.path)
        assert (erased["text"], erased["title"], erased["amendments"], erased["agreements"]) == (None, None, [], [])
        assert (erased["kind"], erased["author"]["name"]) == ("note", "Dr Okafor")
        assert erased["erased"]["basis"] == "consent-withdrawn"
        assert erased["erased"]["author"]["id"] == greta.by.person
        [comment] = erased["children"]
        assert (comment["text"], comment["quote"], comment["erased"]["basis"]) == (None, None, "consent-withdrawn")
        assert (kept["text"], kept["erased"]) == (KEPT, None)
    trail = amina.http.get(f"{place.path}/trail", headers=amina.headers)
    assert erased["id"] in trail.text


def _person(caller: Caller) -> dict[str, str]:
    return {"kind": "person", "id": caller.by.person}


def _keys(place: Place) -> int:
    """Rows in the vault."""
    with open_house(Settings(home=place.home)) as house, psycopg.connect(house.migrator) as connection:
        row = connection.execute("select count(*) from ledger.vault").fetchone()
    assert row is not None
    return int(row[0])


async def _dump(place: Place) -> bytes:
    """All that the database holds, and all that its keys open."""
    with open_house(Settings(home=place.home)) as house:
        with psycopg.connect(house.migrator, autocommit=True) as connection:
            connection.execute("vacuum")
            connection.execute("checkpoint")
        return everything_in(house.migrator) + b"\0" + opened_contents(house)


def _files_with(home: Path, words: tuple[str, ...]) -> list[str]:
    """Files below a home, the database's and the logs among them, with any of these words in them."""
    named = [argument for word in words for argument in ("-e", word)]
    found = subprocess.run(["grep", "-rlaF", *named, f"{home}/"], capture_output=True, text=True, check=False)
    followed = subprocess.run(["grep", "-RlaF", *named, f"{home}/"], capture_output=True, text=True, check=False)
    assert {found.returncode, followed.returncode} <= {0, 1}, found.stderr + followed.stderr
    return sorted({*found.stdout.split("\n"), *followed.stdout.split("\n")} - {""})


async def _replayed(house: House, place: Place) -> int:
    """Derive every recorded disclosure again; how many there were."""
    async with ledger_of(house) as ledger:
        said = await ledger.read(0, 10_000)
        looks = [one for one in said if one.type == "disclosure-made/1"]
        for look in looks:
            past = await read_past(ledger.rows, ledger.mapper, place.record, look.facts["viewer"])  # type: ignore[arg-type]
            check_disclosure(look, past)
    return len(looks)
