"""Contents opened, and held to their commitments, the shapes of their types, the indexes and the time of admission."""

from collections.abc import Mapping
from typing import Any

from ledger.core.authority import FRESH, widens
from ledger.core.decisions import Facts
from ledger.core.entry import Entry
from ledger.core.errors import CoreError, MalformedStatement, SealBroken
from ledger.core.instants import format_instant
from ledger.core.keys import KeyStatement
from ledger.core.passkeys import PasskeyStatement
from ledger.core.people import PersonFacts
from ledger.core.said import Said
from ledger.core.sealing import KeyEncryptionKey, Opening, Part, SealedBytes, SealedPart, WrappedKey, open_sealed
from ledger.core.statement import Statement
from ledger.core.subjects import subjects_of
from ledger.core.vocabulary import STATEMENT_TYPES, check_said
from ledger.domain.stream import stream_of
from ledger.verify.findings import Findings, Step
from ledger.verify.reading import Place
from ledger.verify.rows import VaultRow


def examine_contents(
    place: Place, entry: Entry, vault_keys: Mapping[int, KeyEncryptionKey], found: Findings, *, words_gone: bool
) -> None:
    """Open all parts; where they are what was said, hold the indexes and the time of admission to them.

    ``words_gone``: the words' key is not there. Whether it may be missing is told elsewhere.
    """
    statement = entry.signed.statement
    found.looked_at[Step.CONTENTS] += len(entry.sealed) - words_gone
    try:
        bodies = {key.part: _open(place, entry, key, vault_keys).value for key in place.vault}
        facts, words = bodies.get(Part.FACTS.value), bodies.get(Part.WORDS.value)
        if words_gone:
            STATEMENT_TYPES[statement.type].facts("facts", facts or {})
        else:
            check_said(statement.type, facts or {}, words)
        _check_key_facts(statement, facts or {})
    except CoreError as error:
        found.note(Step.CONTENTS, place.row.position, str(error), "content that opens, as it was committed to")
        return
    _compare_indexes(place, statement.type, facts or {}, found)
    _examine_grant(place.row.position, entry, facts or {}, found)


def _open(place: Place, entry: Entry, key: VaultRow, vault_keys: Mapping[int, KeyEncryptionKey]) -> Opening:
    statement = entry.signed.statement
    what = f"entry {place.row.position}"
    if key.part not in (Part.FACTS, Part.WORDS):
        raise SealBroken(f"{what}: got a wrapped key of part {key.part}, wanted one of 0 (facts) or 1 (words)")
    part = Part(key.part)
    sealed, commitment = (
        (place.row.facts, statement.facts) if part is Part.FACTS else (place.row.words, statement.words)
    )
    if key.generation not in vault_keys:
        raise SealBroken(f"{what}: got key-encryption key {key.generation}, wanted one of {sorted(vault_keys)}")
    kept = SealedPart(SealedBytes(sealed or b""), WrappedKey(key.wrapped))
    opening = open_sealed(kept, statement.id, part, vault_keys[key.generation])
    opening.check_commitment(commitment or "", part.label)
    return opening


def _check_key_facts(statement: Statement, facts: Mapping[str, Any]) -> None:
    """The index of facts finds keys by the sealed facts, whoever reads offline by what is in clear: they must agree."""
    if not isinstance(statement.public, KeyStatement | PasskeyStatement):
        return
    public = statement.public
    if (facts["person"], facts["kid"]) != (public.person, public.kid):
        raise MalformedStatement("facts", got=dict(facts), wanted="the person and key that the statement has in clear")


def _compare_indexes(place: Place, statement_type: str, facts: Mapping[str, Any], found: Findings) -> None:
    row = place.row
    found.looked_at[Step.INDEXES] += 1
    stream = str(stream_of(statement_type, facts))
    if row.aggregate != stream:
        found.note(Step.INDEXES, row.position, f"aggregate {row.aggregate}", stream)
    subjects = sorted(map(str, subjects_of(statement_type, facts)))
    indexed = sorted(fact.subject for fact in place.facts)
    if indexed != subjects:
        found.note(Step.INDEXES, row.position, f"facts about {indexed}", f"about {subjects}")


def _examine_grant(position: int, entry: Entry, facts: Mapping[str, Any], found: Findings) -> None:
    """A grant that was held back could have been admitted past a withdrawal.

    Seen here for what widens access by itself. Whether a withdrawn directive was a withholding, or set topics became
    fewer, depends on the statements before: that is seen when the decisions are derived again.
    """
    found.looked_at[Step.GRANTS] += 1
    statement = entry.signed.statement
    said = Said(
        position,
        entry.recorded_at,
        statement.made_at,
        statement.type,
        statement.author,
        statement.acting_as,
        facts,
    )
    if entry.recorded_at > statement.made_at + FRESH and widens(Facts(None, PersonFacts(statement.author)), said):
        made, at = format_instant(statement.made_at), format_instant(entry.recorded_at)
        found.note(Step.GRANTS, position, f"{statement.type} made at {made}", f"at most 5 minutes before {at}")
