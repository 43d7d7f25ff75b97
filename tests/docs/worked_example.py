"""The worked example of ``docs/reference/format.md``: three statements with fixed keys, salts and times.

All of it is in ``docs/reference/format-example.json``, for whoever writes another implementation. An ML-DSA-44
signature differs each time it is made, so the checkpoint that is there is kept as long as it still checks.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from ledger.core import canonical
from ledger.core.checkpoint import Checkpoint, CheckpointError
from ledger.core.entry import encode_entry
from ledger.core.instants import SECOND, Instant, parse_instant
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import LeafHash, NodeHash, leaf_hash, node_hash
from ledger.core.receipt import Receipt
from ledger.core.sealing import KeyEncryptionKey, Opening, Part, SealedPart, seal
from ledger.core.statement import SignedStatement, Statement, sign
from ledger.core.vocabulary import check_said
from tests.docs.regions import DOCS, table

FILE = DOCS / "reference" / "format-example.json"
ORIGIN = "ledger.example.org/surgery"
SERVICE, DOCTOR = "01931f2e-7c00-7000-8000-0000000000a1", "01931f2e-7c00-7000-8000-0000000000a2"
RECORD, ITEM = "01931f2e-7c00-7000-8000-0000000000b1", "01931f2e-7c00-7000-8000-0000000000b2"
MADE_AT = parse_instant("2026-05-04T09:00:00.000Z")
SEEDS = {name: bytes([n]) * 32 for n, name in enumerate(("log-ed25519", "log-ml-dsa-44", "service", "doctor"), 1)}
KEY_ENCRYPTION_KEY = bytes([5]) * 32
NOTE_FACTS = {
    "record": RECORD,
    "item": ITEM,
    "kind": "note",
    "topics": [],
    "parent": None,
    "concern": None,
    "due": None,
    "in_confidence": False,
    "discussed": True,
    "copy_given": False,
    "imported": None,
}
NOTE_WORDS = {"title": None, "text": "Laughed at a joke.", "quote": None, "data": None}


@dataclass(frozen=True)
class Said:
    """One statement of the example with all that is made of it."""

    signed: SignedStatement
    facts: Opening
    words: Opening | None
    sealed: dict[Part, SealedPart]
    entry: bytes

    @property
    def leaf(self) -> LeafHash:
        return leaf_hash(self.entry)


def _say(
    n: int,
    statement_type: str,
    facts: dict[str, Any],
    words: dict[str, Any] | None = None,
    public: KeyStatement | None = None,
) -> Said:
    """Statement ``n``. Its salts, data keys and nonces are one byte each, repeated: so a dump tells them apart."""
    check_said(statement_type, facts, words)
    author, key = (DOCTOR, "doctor") if statement_type == "item-added/1" else (SERVICE, "service")
    openings = {Part.FACTS: Opening(bytes([16 * (n + 1)]) * 32, canonical.encode(facts))}
    if words is not None:
        openings[Part.WORDS] = Opening(bytes([16 * (n + 1) + 1]) * 32, canonical.encode(words))
    at = Instant(MADE_AT + n * SECOND)
    statement = Statement(
        f"01931f2e-7c00-7000-8000-00000000000{n}", ORIGIN, statement_type, author,
        "clinician" if author == DOCTOR else "service", at, openings[Part.FACTS].commitment,
        openings[Part.WORDS].commitment if words is not None else None, public,
    )  # fmt: skip
    signed = sign(statement, SigningKey(SEEDS[key]))
    sealed = {part: _seal(opening, statement.id, part, n) for part, opening in openings.items()}
    digests = {part: one.digest for part, one in sealed.items()}
    entry = encode_entry(Instant(at + 250), signed.jws, digests[Part.FACTS], digests.get(Part.WORDS))
    return Said(signed, openings[Part.FACTS], openings.get(Part.WORDS), sealed, entry)


def _seal(opening: Opening, statement_id: str, part: Part, n: int) -> SealedPart:
    fill = 16 * (n + 1) + 2 + part.value
    randomness = bytes([fill]) * 32 + bytes([fill + 4]) * 12 + bytes([fill + 8]) * 12
    return seal(opening, statement_id, part, KeyEncryptionKey(KEY_ENCRYPTION_KEY), randomness)


@cache
def said() -> tuple[Said, Said, Said]:
    """The service enrols its own key, then the doctor's; the doctor adds a note."""

    def enrolled(n: int, person: str, key: str, how: str) -> Said:
        public = SigningKey(SEEDS[key]).public
        statement = KeyStatement(public, "service", None, {"person": person, "by": how})
        return _say(n, "key-enrolled/1", {"person": person, "kid": public.kid}, public=statement)

    return (
        enrolled(0, SERVICE, "service", "genesis"),
        enrolled(1, DOCTOR, "doctor", "service"),
        _say(2, "item-added/1", NOTE_FACTS, NOTE_WORDS),
    )


@cache
def log_keys() -> LogKeys:
    """The log's two private keys."""
    return LogKeys.from_seeds(ORIGIN, SEEDS["log-ed25519"], SEEDS["log-ml-dsa-44"])


@cache
def tree() -> tuple[NodeHash, NodeHash]:
    """The node over the first two entries, and the root over all three."""
    first, second, third = (one.leaf for one in said())
    left = node_hash(first, second)
    return left, node_hash(left, third)


@cache
def checkpoint_note() -> bytes:
    """The signed checkpoint: the one that is kept if it still checks, else a new one."""
    checkpoint, at_seconds = Checkpoint(ORIGIN, 3, tree()[1]), MADE_AT // 1000 + 3
    try:
        kept = str(json.loads(FILE.read_text())["checkpoint"]).encode()
        timed = log_keys().verifier.open_timed_checkpoint(kept)
        if (timed.checkpoint, timed.at_seconds) == (checkpoint, at_seconds):
            return kept
    except (OSError, ValueError, KeyError, CheckpointError):
        pass
    return log_keys().sign_checkpoint(checkpoint, at_seconds)


def receipt() -> Receipt:
    """The doctor's receipt for the note."""
    return Receipt(2, (tree()[0],), checkpoint_note(), said()[2].entry)


def as_json() -> str:
    """The whole example: bytes in hexadecimal, text as text."""
    document = {
        "origin": ORIGIN,
        "seeds": {name: seed.hex() for name, seed in SEEDS.items()},
        "key_encryption_key": KEY_ENCRYPTION_KEY.hex(),
        "log_keys": str(log_keys().verifier),
        "statements": [_statement(one) for one in said()],
        "tree": {"node_0_1": tree()[0].hex(), "root": tree()[1].hex()},
        "checkpoint": checkpoint_note().decode(),
        "receipt": receipt().as_json(),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _statement(one: Said) -> dict[str, Any]:
    return {
        "kid": one.signed.kid,
        "payload": one.signed.statement.payload().hex(),
        "jws": one.signed.jws,
        "parts": {
            part.label: {
                "salt": opening.salt.hex(),
                "body": opening.body.hex(),
                "commitment": opening.commitment,
                "sealed": one.sealed[part].sealed.hex(),
                "sha256_of_sealed": one.sealed[part].digest.hex(),
                "wrapped_key": one.sealed[part].wrapped.hex(),
            }
            for part, opening in ((Part.FACTS, one.facts), (Part.WORDS, one.words))
            if opening is not None
        },
        "entry": one.entry.hex(),
        "leaf": one.leaf.hex(),
    }


def keys() -> str:
    """The example's keys as a table."""
    rows = [["the log", f"`{SEEDS['log-ed25519'].hex()}`", f"`{log_keys().pairs[0].ed25519.key.public.hex()}`", "none"]]
    for name in ("service", "doctor"):
        key = SigningKey(SEEDS[name])
        rows.append([f"the {name}", f"`{SEEDS[name].hex()}`", f"`{key.public.raw.hex()}`", f"`{key.kid}`"])
    return table(["whose", "seed", "Ed25519 public key", "`kid`"], rows)


def words_part() -> str:
    """How the words of the note are committed to and sealed."""
    note = said()[2]
    opening, sealed = note.words, note.sealed[Part.WORDS]
    if opening is None:
        raise LookupError("the note of the example has no words")
    return _block(
        ("the body", opening.body),
        ("the salt", opening.salt),
        (f"the commitment, HMAC-SHA256(salt, body): in base64url {opening.commitment}",
         canonical.unbase64url(opening.commitment, "commitment")),
        ("the plaintext that is sealed", opening.plaintext),
        ("the sealed part: nonce (12), ciphertext, tag (16)", sealed.sealed),
        ("its SHA-256, which the entry names", sealed.digest),
        ("its data key, wrapped: nonce (12), ciphertext (32), tag (16)", sealed.wrapped),
    )  # fmt: skip


def statement_part() -> str:
    """The payload of the note, and its JWS."""
    signed = said()[2].signed
    payload = _block(("the payload", signed.statement.payload()))
    return f"{payload}\n\nThe JWS, one line:\n\n```text\n{signed.jws}\n```"


def entry_part() -> str:
    """The entry of the note, and its leaf."""
    note = said()[2]
    return _block(("the entry", note.entry), ("its leaf, SHA-256(0x00 ‖ entry)", note.leaf))


def tree_part() -> str:
    """The tree of three."""
    left, root = tree()
    rows = [[f"leaf {n}", f"`{one.leaf.hex()}`"] for n, one in enumerate(said())]
    rows.append(["node over 0 and 1, SHA-256(0x01 ‖ leaf 0 ‖ leaf 1)", f"`{left.hex()}`"])
    rows.append(["root, SHA-256(0x01 ‖ node ‖ leaf 2)", f"`{root.hex()}`"])
    return table(["", ""], rows)


def checkpoint_part() -> str:
    """The checkpoint; the second signature, 3,316 characters, is cut short."""
    return f"```text\n{_short(checkpoint_note().decode())}```"


def receipt_part() -> str:
    """The receipt's proof; beside it travels the entry."""
    return f"```text\n{_short(receipt().proof().decode())}```"


def _short(text: str) -> str:
    return "".join(line if len(line) < 200 else line[:120] + "…\n" for line in text.splitlines(keepends=True))


def _block(*values: tuple[str, bytes]) -> str:
    return "```text\n" + "\n".join(_hex(title, data) for title, data in values) + "```"


def _hex(title: str, data: bytes) -> str:
    """Sixteen bytes a line, beside them what is ASCII."""
    lines = [f"{title} ({len(data)} bytes)"]
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"  {at:04x}  {row.hex(' '):<47}  {text}")
    return "\n".join(lines) + "\n"
