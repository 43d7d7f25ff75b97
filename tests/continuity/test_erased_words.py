"""Words that were erased after the backup was made are gone again before anybody is served."""

from dataclasses import dataclass

import psycopg

from ledger.ledger import Ledger
from ledger.saying import By
from ledger.use_cases.items import Draft
from tests.continuity.installation import Installation
from tests.continuity.service import served
from tests.continuity.test_recovery import recover
from tests.store.cast import Cast, gather_cast


@dataclass
class Erasable:
    """A note of Dr Okafor about Amina, and a guardian who may have its words erased."""

    cast: Cast
    guardian: By
    item: str
    position: int


async def write_note(ledger: Ledger) -> Erasable:
    cast = await gather_cast(ledger)
    ada, bert = (By(founder, "administrator") for founder in ledger.people.founders)
    greta = str((await ledger.people.register(ada, "Greta Holm")).facts["person"])
    await ledger.people.grant(ada, greta, "guardian")
    await ledger.people.approve(bert, greta, "guardian")
    note = await ledger.items.add(cast.doctor, cast.record, Draft("note", "Afraid of her neighbour."))
    return Erasable(cast, By(greta, "guardian"), str(note.facts["item"]), note.position)


async def erase(ledger: Ledger, note: Erasable) -> None:
    amina, record = By(note.cast.patient, "patient"), note.cast.record
    asked = await ledger.erasing.ask(amina, record, note.item, "consent-withdrawn", "I want it gone.")
    erasure = str(asked.facts["erasure"])
    await ledger.erasing.erase(note.guardian, record, note.item, erasure, "consent-withdrawn")


def has_words(installation: Installation, note: Erasable) -> bool:
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        query = "select count(*) from ledger.vault where part = 1 and position = %s"
        return connection.execute(query, [note.position]).fetchone() == (1,)


def begun(installation: Installation) -> tuple[Erasable, str]:
    """A note, a backup in which its words are, and the words erased; gives the note and the backup."""
    installation.more["LEDGER_ERASER_URL"] = installation.database.dsn("ledger_eraser")
    note = installation.within(write_note)
    backup = installation.back_up()
    installation.within(lambda ledger: erase(ledger, note))
    assert not has_words(installation, note)
    return note, backup


def test_recovery_erases_again_what_a_backup_from_before_the_erasure_brings_back(installation: Installation) -> None:
    note, backup = begun(installation)
    lost = installation.size()
    installation.restore(backup)
    lost -= installation.size()
    assert has_words(installation, note), "the backup is from before the erasure"
    eraser = installation.more.pop("LEDGER_ERASER_URL")
    refused = installation.command("recover", "--origin", "surgery.example/2", "--yes-entries-are-lost", str(lost))
    assert refused.returncode == 1
    assert "LEDGER_ERASER_URL" in refused.stderr
    installation.more["LEDGER_ERASER_URL"] = eraser
    assert "destroyed again: 1" in recover(installation, lost)
    assert not has_words(installation, note)

    async def said(ledger: Ledger) -> list[tuple[str, str]]:
        return [(said.type, said.author) for said in await ledger.read(ledger.keyring.begins_at, 10)]

    async def service(ledger: Ledger) -> str:
        return ledger.keyring.service

    by = installation.within(service)
    assert installation.within(said) == [("log-continued/1", by), ("content-erased/1", by)]


def test_the_service_destroys_before_it_serves_what_a_restored_vault_brings_back(installation: Installation) -> None:
    note, _ = begun(installation)
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        row = connection.execute("select position from ledger.vault where part = 0 and position = %s", [note.position])
        assert row.fetchone() is not None
        connection.execute(
            "insert into ledger.vault (position, part, generation, wrapped)"
            " select position, 1, generation, wrapped from ledger.vault where part = 0 and position = %s",
            [note.position],
        )
    assert has_words(installation, note)
    with served(installation):
        assert not has_words(installation, note)
