"""Import: what other systems recorded, said here by the people whom they name.

Each person of a source is registered once, each patient's record is opened once, and whoever wrote in it is in care
there (ground ``import``), so that author and patient can both read it. Each item becomes a statement by its author
with the source's date, in the service's custody and marked as imported: the service vouches for the file, not for the
hand that wrote it.

Nothing about an import is kept outside the ledger. Every id is derived (UUIDv5, RFC 9562 section 5.5) from the
ledger's origin and the source's own ids, and what has been said under an id is never said again. So an import that was
killed is resumed by starting it again, and running it twice doubles nothing. An item that has changed in its source
stays here as it was first imported: a correction is a clinician's to make.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from api.import_files import ImportedFile, ImportedItem, ImportedPerson, ImportedRecord
from ledger.core.errors import CoreError
from ledger.core.instants import format_instant, instant_of
from ledger.domain.errors import DomainError
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.errors import AlreadySaid
from ledger.use_cases.items import Draft

IN_FLIGHT: Final = 64
"""Items that are said at the same time: enough for the ledger to commit in groups."""

_SPACE: Final = UUID("9f1b8a52-2b0e-5e0e-8f5a-0f6f4c7a1d33")
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class FileOutcome:
    """What became of one source file.

    ``added`` and ``known`` count items said now and said before; ``left_out`` counts by reason what has no place in a
    record. ``problems`` are for the person at the terminal, never for a log: they quote a little of the source.
    """

    file: Path
    records: list[str] = field(default_factory=list)
    added: int = 0
    known: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


async def import_files(
    ledger: Ledger, files: Iterable[ImportedFile], done: Callable[[FileOutcome], None] = lambda _: None
) -> list[FileOutcome]:
    """Import files one after the other, calling ``done`` after each.

    Raises NotRecorded where the ledger cannot record; what was imported until then stays, and is found again.
    """
    importer = _Importer(ledger)
    outcomes = []
    for file in files:
        outcomes.append(await importer.take(file))
        done(outcomes[-1])
    return outcomes


@dataclass(frozen=True, slots=True)
class _Names:
    """The ids of a source's people, records and statements in this ledger: the same at each import."""

    origin: str
    source: str

    def of(self, *what: str) -> str:
        """The id of something that the source names."""
        return str(uuid5(_SPACE, "\0".join((self.origin, self.source, *what))))

    def person(self, person: ImportedPerson) -> str:
        """A person's id here."""
        return self.of("person", person.source_id)

    def record(self, patient: ImportedPerson) -> str:
        """The id of a patient's record here."""
        return self.of("record", patient.source_id)

    def item(self, item: ImportedItem) -> tuple[str, str]:
        """The author and the statement id under which an item is said."""
        return self.person(item.author), self.of("said", "item", item.source_id)


class _Importer:
    """Imports into one ledger; remembers whom it has met, so that each is looked up once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._service = ledger.keyring.service
        self._met: set[str] = set()

    async def take(self, file: ImportedFile) -> FileOutcome:
        outcome = FileOutcome(
            file.file, left_out=file.left_out, problems=[str(problem) for problem in file.problems]
        )  # fmt: skip
        for record in file.records:
            await self._take_record(record, outcome)
        return outcome

    async def _take_record(self, record: ImportedRecord, outcome: FileOutcome) -> None:
        names = _Names(self._ledger.keyring.first_origin, record.source)
        outcome.records.append(names.record(record.patient))
        known = await self._ledger.rows.said_of_these(self._everything(names, record))
        await self._open(names, record, known)
        new = [item for item in record.items if names.item(item) not in known]
        outcome.known += len(record.items) - len(new)
        await self._say_all(names, record, new, outcome)

    def _everything(self, names: _Names, record: ImportedRecord) -> Iterator[tuple[str, str]]:
        """Every statement that this record comes to, so that one look-up tells which are there."""
        yield self._service, names.of("said", "opened", record.patient.source_id)
        for author in _authors(record):
            yield self._service, names.of("said", "role", author.source_id)
            yield self._service, names.of("said", "care", record.patient.source_id, author.source_id)
        for item in record.items:
            yield names.item(item)

    async def _open(self, names: _Names, record: ImportedRecord, known: set[tuple[str, str]]) -> None:
        """The patient with a record, and its authors in care.

        In each pair of steps the second implies the first: where it is known, both are; where a crash came between
        them, both are said again and the first is found to be there.
        """
        opened = self._by(names, "opened", record.patient.source_id)
        if not _is_known(opened, known):
            await self._register(names, record.patient)
            await self._ledger.care.open_record(
                opened, names.person(record.patient), record=names.record(record.patient)
            )
        for author in _authors(record):
            await self._make_clinician(names, author, known)
            care = self._by(names, "care", record.patient.source_id, author.source_id)
            if not _is_known(care, known):
                person = names.person(author)
                await self._ledger.care.start(care, names.record(record.patient), ground="import", person=person)

    async def _make_clinician(self, names: _Names, author: ImportedPerson, known: set[tuple[str, str]]) -> None:
        person, role = names.person(author), self._by(names, "role", author.source_id)
        if person in self._met:
            return
        if not _is_known(role, known):
            await self._register(names, author)
            await self._ledger.people.grant(role, person, "clinician")
        self._met.add(person)

    async def _register(self, names: _Names, person: ImportedPerson) -> None:
        by = self._by(names, "registered", person.source_id)
        # Where another file has spelt the name otherwise, whom we registered then keeps that name.
        with contextlib.suppress(AlreadySaid):
            await self._ledger.people.register(by, person.name, person=names.person(person))

    async def _say_all(
        self, names: _Names, record: ImportedRecord, items: Sequence[ImportedItem], outcome: FileOutcome
    ) -> None:
        waiting = iter(items)

        async def say_one_after_another() -> None:
            for item in waiting:
                await self._say(names, record, item, outcome)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(IN_FLIGHT, len(items))):
                    group.create_task(say_one_after_another())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _say(self, names: _Names, record: ImportedRecord, item: ImportedItem, outcome: FileOutcome) -> None:
        author, statement = names.item(item)
        now, dated = self._ledger.clock(), instant_of(item.made_at)
        # A day that has not come yet cannot be when it was said: then the import's instant is, and the words tell.
        by = By(author, "clinician", statement, min(dated, now), importing=True)
        draft = _draft(record.source, item, dated=format_instant(dated) if dated > now else None)
        try:
            answer = await self._ledger.items.add(by, names.record(record.patient), draft)
        except (DomainError, CoreError, AlreadySaid) as refusal:
            outcome.problems.append(f"{outcome.file}: {item.source_id} was refused. {refusal}")
            return
        outcome.known += answer.repeated
        outcome.added += not answer.repeated

    def _by(self, names: _Names, *what: str) -> By:
        return By(self._service, "service", names.of("said", *what), importing=True)


def _is_known(by: By, known: set[tuple[str, str]]) -> bool:
    return (by.person, by.statement_id or "") in known


def _authors(record: ImportedRecord) -> Iterable[ImportedPerson]:
    """Whoever wrote in the record, each once, in the order of their first item."""
    return {item.author.source_id: item.author for item in record.items}.values()


def _draft(source: str, item: ImportedItem, dated: str | None) -> Draft:
    data = {} if item.structured is None else _data(item.structured)
    if dated is not None:
        data["dated-in-source"] = dated
    return Draft(
        kind=item.kind,
        text=item.text,
        title=item.title,
        topics=item.topics,
        data=data or None,
        imported=source,
    )


def _data(structured: Mapping[str, str]) -> dict[str, str]:
    """Measured values under names of the vocabulary: ``8480-6.value`` becomes ``part-8480-6-value``."""
    data: dict[str, str] = {}
    for name, value in structured.items():
        code, dot, member = name.rpartition(".")
        part = _NOT_IN_A_NAME.sub("-", code.lower()).strip("-")[:40] or str(len(data))
        data.setdefault(f"part-{part}-{member}" if dot else name, value)
    return data
