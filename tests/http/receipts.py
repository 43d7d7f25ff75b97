"""Receipts that a reader was answered: each must hold, by the log's keys alone, for what stands beside it."""

from datetime import date
from typing import Any

from ledger.core.entry import parse_entry
from ledger.core.receipt import Receipt, check_receipt
from ledger.core.statement import Statement
from ledger.saying import By
from tests.http.served import Served
from tests.http.test_representation import years_ago
from tests.story import KEYRING


def checked(told: list[dict[str, Any]]) -> list[Statement]:
    """The statements of these receipts, which stand in the order in which they were said."""
    places, statements = [], []
    for one in told:
        receipt = Receipt.from_json(one["receipt"])
        check_receipt(receipt, KEYRING.log.verifier)
        said = parse_entry(receipt.entry).signed.statement
        shown = (one["statement_id"], one["type"], one["author"]["id"], one["author"]["acting_as"])
        assert (said.id, said.type, said.author, said.acting_as) == shown
        places.append(receipt.index)
        statements.append(said)
    assert places == sorted(set(places)), "in the order in which it was said"
    return statements


async def parent_of(served: Served, age: int) -> By:
    """A parent of the patient, who is so many years old."""
    story, ledger = served.story, served.story.ledger
    nadia = By(str((await ledger.people.register(story.ada, "Nadia Diallo")).facts["person"]), "parent")
    born = date.fromisoformat(years_ago(age, days=40))
    await ledger.representation.state_birth(story.ada, story.record, born)
    await ledger.representation.register_parent(story.ada, story.record, nadia.person)
    return nadia
