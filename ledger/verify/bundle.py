"""Check an exported bundle, offline, in numbered steps (``docs/reference/format.md``, section 6).

 1. The zip has the files of a bundle, and no others.
 2. Every file has the digest that ``SHA256SUMS`` says.
 3. The log's keys in the file are well-formed.
 4. They are those of the log that was told of from outside; without that this is left out, to be compared by hand.
 5. The checkpoint is signed by the log.
 6. Every entry is well-formed and in the tree of that checkpoint.
 7. Every statement is signed by a key that was enrolled before it and not revoked before it.
 8. The service has signed the list of digests.
 9. Every opening is what the author committed to, in the shape of its type.
10. The record as it is shown says what the statements say.
11. The checkpoint is witnessed, as a policy asks.

A bundle proves what it holds. That nothing was left out of it, or revoked by a statement that is not in it, is for a
mirror to prove.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from ledger.core.checkpoint import Checkpoint
from ledger.core.entry import Entry, parse_entry
from ledger.core.errors import CoreError
from ledger.core.instants import format_instant
from ledger.core.key_history import KeyHistory
from ledger.core.keys import KeyStatement
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import ProofError, check_inclusion, leaf_hash
from ledger.core.passkeys import PasskeyStatement
from ledger.core.public import Continued
from ledger.core.receipt import Receipt
from ledger.core.sealing import Opening, parse_plaintext
from ledger.core.trust_policy import TrustPolicy
from ledger.core.vocabulary import STATEMENT_TYPES, check_said
from ledger.core.vouching import check_assured, check_enrolled_by, voucher_of
from ledger.verify.bundle_form import (
    CHECKPOINT,
    FHIR,
    PAGE,
    README,
    RECORD,
    SUMS,
    SUMS_SIGNATURE,
    VERIFIER,
    BundleError,
    Place,
    check_sums,
    check_sums_signature,
    places_in,
    read_files,
    signer_of_sums,
)
from ledger.verify.bundle_page import page_of, readme_of
from ledger.verify.bundle_told import Told, check_fhir, check_record, items_of, names_of, parse_written
from ledger.verify.checks import Checks

FORM: Final = "the zip has the files of a bundle, and no others"
SUMMED: Final = "every file has the digest that the list says"
LOG_KEYS: Final = "the log's keys in the file are well-formed"
TOLD_OF: Final = "they are of the log that you were told of"
SIGNED: Final = "the checkpoint is signed by the log"
INCLUDED: Final = "every entry is well-formed and in the tree of the checkpoint"
SPOKEN: Final = "every statement is signed by a key in force for its author"
BOUND: Final = "the service has signed the list of digests"
OPENED: Final = "every content is what its author committed to"
SHOWN: Final = "the record that is shown says what the statements say"
WITNESSED: Final = "the checkpoint is witnessed"
_TYPES_OF_KEYS: Final = (
    "key-enrolled/1",
    "key-revoked/1",
    "passkey-enrolled/1",
    "passkey-revoked/1",
    "log-continued/1",
)


def verify_bundle(path: Path, log: LogVerifier | None, policy: TrustPolicy | None = None) -> Checks:
    """Check a bundle; ``log`` is what was told about the log elsewhere, ``policy`` whose cosignatures count.

    Without ``log`` the keys in the file are used: then it proves only that it agrees with itself, and a step says so.
    """
    checks = Checks(path.name)
    bundle = _Bundle()
    if not checks.take(FORM, lambda: bundle.read(path)):
        return checks
    checks.take(SUMMED, bundle.look_at_sums)
    if not bundle.has_evidence:
        checks.take("there is evidence", bundle.look_for_evidence)
        return checks
    _check_log(checks, bundle, log)
    for title, look in (
        (SPOKEN, bundle.look_at_signatures),
        (BOUND, bundle.look_at_sums_signature),
        (OPENED, bundle.look_at_openings),
        (SHOWN, bundle.look_at_what_is_shown),
    ):
        if bundle.entries:
            checks.take(title, look)
        else:
            checks.leave_out(title, "its entries cannot be read")
    if policy is None:
        checks.leave_out(WITNESSED, "no policy was given that says whose cosignatures count")
    else:
        checks.take(WITNESSED, lambda: bundle.look_at_witnesses(policy))
    return checks


def _check_log(checks: Checks, bundle: "_Bundle", log: LogVerifier | None) -> None:
    """Steps 3 to 6."""
    checks.take(LOG_KEYS, bundle.read_keys)
    if log is None:
        checks.leave_out(TOLD_OF, f"nobody told which they are: compare {VERIFIER} with what you learn elsewhere")
    else:
        checks.take(TOLD_OF, lambda: bundle.take_keys(log))
    if checks.take(SIGNED, bundle.look_at_checkpoint):
        checks.take(INCLUDED, bundle.look_at_places)
    else:
        checks.leave_out(INCLUDED, "its checkpoint is not the log's")


@dataclass(slots=True)
class _Bundle:
    """A bundle as far as it has been read. Each ``look_`` gives the number of things that it looked at."""

    files: dict[str, bytes] = field(default_factory=dict)
    places: Mapping[Place, Mapping[str, bytes]] = field(default_factory=dict)
    entries: dict[Place, Entry] = field(default_factory=dict)
    history: KeyHistory = field(default_factory=KeyHistory)
    told: dict[Place, Told] = field(default_factory=dict)
    log: LogVerifier | None = None
    checkpoint: Checkpoint | None = None

    @property
    def has_evidence(self) -> bool:
        """Whether it is of a reader who is given proofs."""
        return VERIFIER in self.files

    def read(self, path: Path) -> int:
        """Step 1: every file of the zip, and the places that they make."""
        self.files = read_files(path)
        self.places = places_in(self.files)
        return len(self.files)

    def look_at_sums(self) -> int:
        """Step 2."""
        check_sums(self.files)
        return len(self.files)

    def look_for_evidence(self) -> int:
        """A bundle without evidence is never sound: whoever took the proofs away could have changed the rest."""
        raise BundleError(
            "bundle: got one without proofs, as carers are given, wanted statements and receipts;"
            " nothing in it can be checked, ask the patient for a copy of theirs"
        )

    def read_keys(self) -> int:
        """Step 3: the keys in the file; they are used as long as no others are given."""
        try:
            self.log = LogVerifier.parse(self.files[VERIFIER].decode())
        except UnicodeDecodeError as error:
            raise BundleError(f"{VERIFIER}: got bytes that are not UTF-8, wanted verifier keys") from error
        return 1

    def take_keys(self, log: LogVerifier) -> int:
        """Step 4: from here on the keys that were given. The file's may be fewer or more, but of the same log."""
        told, self.log = self.log, log
        if told is not None and told.origin != log.origin:
            raise BundleError(f"{VERIFIER}: got keys of {told.origin}, wanted those of {log.origin}; another log's?")
        return 1

    def look_at_checkpoint(self) -> int:
        """Step 5."""
        if self.log is None:
            raise BundleError(f"{CHECKPOINT}: got no keys to check it with, wanted the log's")
        self.checkpoint = self.log.open_checkpoint(self.files[CHECKPOINT])
        return 1

    def look_at_places(self) -> int:
        """Step 6. All entries are read first, so that later steps need not wait for a broken receipt."""
        self.entries = {place: parse_entry(held["entry.json"]) for place, held in self.places.items()}
        before = None
        for place, entry in self.entries.items():
            self._check_place(place, entry)
            if before is not None and entry.recorded_at < before:
                raise BundleError(f"{place}: got an entry admitted before the one below it, wanted time to go on")
            before = entry.recorded_at
            self._check_receipt(place)
        return len(self.entries)

    def look_at_signatures(self) -> int:
        """Step 7: in the order of positions, so that each key is known before what it signs."""
        for place, entry in self.entries.items():
            public = entry.signed.statement.public
            try:
                key = voucher_of(self.history, entry.signed, place.position, entry.recorded_at)
                entry.signed.check_signature(key.key)
                check_enrolled_by(self.history, key, entry.signed, place.position, entry.recorded_at)
                check_assured(self.history, key, entry.signed, entry.assertion, place.position)
                if isinstance(public, KeyStatement | PasskeyStatement):
                    self.history.apply(place.position, entry.signed.statement.type, public)
            except CoreError as error:
                raise BundleError(f"{place}: {error}") from error
        return len(self.entries)

    def look_at_sums_signature(self) -> int:
        """Step 8: by a key of the service that is enrolled and that nothing here revokes."""
        kid = signer_of_sums(self.files[SUMS_SIGNATURE])
        for service in self._services():
            enrolled = self.history.by_person.get((service, kid))
            if enrolled is not None and enrolled.revoked_at is None and enrolled.said.custody == "service":
                check_sums_signature(self.files[SUMS], self.files[SUMS_SIGNATURE], enrolled.said.key)
                return 1
        raise BundleError(f"{SUMS_SIGNATURE}: got a signature under {kid}, wanted one by the service of this log")

    def look_at_openings(self) -> int:
        """Step 9."""
        opened = 0
        for place, entry in self.entries.items():
            if place.folder != "keys":
                facts, words = self._opened(place, entry, "facts"), self._opened(place, entry, "words")
                opened += 1 + (words is not None)
                self.told[place] = self._checked(place, entry, facts, words)
        return opened

    def look_at_what_is_shown(self) -> int:
        """Step 10: the record, its page, its FHIR and the README."""
        if len(self.told) != sum(place.folder != "keys" for place in self.places):
            raise BundleError(f"{RECORD}: cannot be compared with contents that do not open")
        pages, statements = parse_written(self.files[RECORD], RECORD), self._in("statements")
        check_record(pages, statements, names_of(self._in("people")))
        try:
            page = page_of(pages).encode()
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise BundleError(f"{RECORD}: got another shape than a view's ({error!r})") from error
        if self.files[PAGE] != page:
            raise BundleError(f"{PAGE}: got another page than {RECORD} makes; read {RECORD} instead")
        check_fhir(parse_written(self.files[FHIR], FHIR), pages, statements)
        if self.files[README] not in [readme_of(standing).encode() for standing in ("recorded", "witnessed")]:
            raise BundleError(f"{README}: got another text than an export writes; do not follow it")
        return len(items_of(pages))

    def look_at_witnesses(self, policy: TrustPolicy) -> int:
        """Step 11."""
        policy.check_witnessed(self.files[CHECKPOINT])
        return 1

    def _in(self, folder: str) -> list[Told]:
        return [told for place, told in self.told.items() if place.folder == folder]

    def _check_place(self, place: Place, entry: Entry) -> None:
        statement = entry.signed.statement
        fits = {
            "keys": statement.type in _TYPES_OF_KEYS,
            "people": statement.type == "person-registered/1",
            "statements": STATEMENT_TYPES[statement.type].aggregate == "item",
        }
        if not fits[place.folder]:
            raise BundleError(f"{place}: got a {statement.type}, wanted a statement of that folder")
        if statement.ledger != (wanted := self._origin_at(place.position)):
            raise BundleError(f"{place}: got a statement for {statement.ledger}, wanted one for {wanted}")

    def _continued(self) -> Iterable[tuple[int, Continued]]:
        for place, entry in self.entries.items():
            if isinstance(public := entry.signed.statement.public, Continued):
                yield place.position, public

    def _origin_at(self, position: int) -> str:
        """The log that an entry was admitted to: an earlier one, if a later entry says that this log continues it."""
        later = (said.origin for at, said in self._continued() if at > position)
        return next(later, self.log.origin if self.log else "")

    def _services(self) -> list[str]:
        """The service of this log, and of those that it continues, as the person that each is."""
        origins = [self.log.origin if self.log else "", *(said.origin for _, said in self._continued())]
        return [str(uuid5(NAMESPACE_URL, f"{origin}/service")) for origin in origins]

    def _check_receipt(self, place: Place) -> None:
        held = self.places[place]
        receipt = Receipt.parse(held["receipt.txt"], held["entry.json"])
        known = self.checkpoint
        if receipt.index != place.position or receipt.checkpoint_note != self.files[CHECKPOINT] or known is None:
            raise BundleError(
                f"{place}: got a receipt of entry {receipt.index}, wanted one of {place.position} under {CHECKPOINT}"
            )
        try:
            check_inclusion(receipt.index, known.size, leaf_hash(receipt.entry), receipt.path, known.root)
        except ProofError as error:
            raise BundleError(f"{place}: {error}") from error

    def _opened(self, place: Place, entry: Entry, part: str) -> Opening | None:
        """What opens a part, held to its commitment; None where the bundle has none."""
        plaintext = self.places[place].get(f"{part}.json")
        if plaintext is None:
            return None
        statement = entry.signed.statement
        opening = parse_plaintext(plaintext, f"{place}/{part}.json")
        opening.check_commitment((statement.facts if part == "facts" else statement.words) or "", str(place))
        return opening

    def _checked(self, place: Place, entry: Entry, facts: Opening | None, words: Opening | None) -> Told:
        """The opened statement in the shape of its type."""
        shape = STATEMENT_TYPES[entry.signed.statement.type]
        said = None if facts is None else facts.value
        shape.facts(f"{place}/facts.json", said)
        if words is not None and shape.words is not None:
            check_said(entry.signed.statement.type, said or {}, words.value)
        enrolled = self.history.by_person.get((entry.signed.statement.author, entry.signed.kid))
        return Told(
            place.position,
            format_instant(entry.recorded_at),
            entry.signed,
            None if enrolled is None else enrolled.said.custody,
            said or {},
            None if words is None else words.value,
        )
