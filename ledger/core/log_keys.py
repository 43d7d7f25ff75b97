"""The log's keys: pairs of Ed25519 and ML-DSA-44, that follow each other with an overlap.

What checks a log is text, one or more pairs of verifier keys (C2SP signed-note), the oldest pair first::

    example.com/behind-the-sofa+e1c6a29a+AaRa5…
    example.com/behind-the-sofa+c711b539+BjI/e…
    until 20852163
    example.com/behind-the-sofa+0f5b7d21+AYv9c…
    example.com/behind-the-sofa+9d3a41ce+Bq0Zk…

A pair without a third line signs; ``until <size>`` retires it: it is believed of checkpoints of at most that
size, so its private keys are worth nothing to a thief for anything later. A checkpoint wants both keys of
one pair that is believed at its size. During the overlap of two pairs both sign, and whoever holds the
text with the older pair alone, or with the newer alone, can check every checkpoint.

The text says of itself nothing about who wrote it: it is told out of band, never learned from the log.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, Self

from ledger.core.checkpoint import (
    Checkpoint,
    CheckpointError,
    CheckpointSigner,
    TimedCheckpoint,
    check_signature,
    format_checkpoint,
    open_note,
    timestamp,
)
from ledger.core.merkle import LARGEST_SIZE
from ledger.core.note import Note, NoteError, SignatureType, VerifierKey, format_note, parse_decimal

MOST_SIGNING: Final = 2
"""Pairs that sign at once: four lines leave room for twelve of witnesses, where a verifier reads but the 16
signatures that signed-note asks of it ("Format")."""

_PAIR: Final = re.compile(r"([^\n]+)\n([^\n]+)\n(?:until ([^\n]+)\n)?")
_WANTED: Final = "wanted two verifier keys, and 'until <size>' if they are retired, a line each"


@dataclass(frozen=True, slots=True)
class LogPair:
    """Two public keys that sign together, and the largest size they are believed at: None while they sign.

    Raises CheckpointError for keys of other types or of two names.
    """

    ed25519: VerifierKey
    ml_dsa_44: VerifierKey
    until: int | None = None

    def __post_init__(self) -> None:
        types = (self.ed25519.type, self.ml_dsa_44.type)
        if types != (SignatureType.ED25519, SignatureType.ML_DSA_44_COSIGNATURE):
            raise CheckpointError(f"log keys: got types {types[0]:#04x} and {types[1]:#04x}, wanted 0x01 and 0x06")
        if self.ed25519.name != self.ml_dsa_44.name:
            raise CheckpointError(
                f"log keys: got the names {self.ed25519.name} and {self.ml_dsa_44.name}, wanted one, the log's origin"
            )
        if self.until is not None and not 0 <= self.until <= LARGEST_SIZE:
            raise CheckpointError(f"log keys: got until {self.until}, wanted a size from 0 to 2^63 - 1")

    @property
    def keys(self) -> tuple[VerifierKey, VerifierKey]:
        """Both keys."""
        return self.ed25519, self.ml_dsa_44

    def believed_at(self, size: int) -> bool:
        """Whether the pair had not been retired when the log had this size."""
        return self.until is None or size <= self.until

    def signed_at(self, note: Note, checkpoint: Checkpoint) -> int | None:
        """When the log says that both keys signed, in seconds; None where a key has no line on the note.

        Raises CheckpointError for a line of either key that is wrong (signed-note, "Signatures").
        """
        lines = {(line.name, line.key_id) for line in note.signatures}
        there = [key for key in self.keys if (key.name, key.key_id) in lines]
        for key in there:
            check_signature(key, note, checkpoint)
        if len(there) < len(self.keys):
            return None
        at_seconds = timestamp(self.ml_dsa_44, note)
        if at_seconds == 0:
            raise CheckpointError(f"checkpoint of {checkpoint.origin}: got no time, wanted when the log signed it")
        return at_seconds

    def __str__(self) -> str:
        """The two verifier keys as signed-note spells them, and ``until <size>``, a line each."""
        retired = "" if self.until is None else f"until {self.until}\n"
        return f"{self.ed25519}\n{self.ml_dsa_44}\n{retired}"


@dataclass(frozen=True, slots=True)
class LogVerifier:
    """All pairs that the log has had, the oldest first.

    Raises CheckpointError for none, for those of two logs, and for a key that stands there twice.
    """

    pairs: tuple[LogPair, ...]

    def __post_init__(self) -> None:
        origins = {pair.ed25519.name for pair in self.pairs}
        if len(origins) != 1:
            raise CheckpointError(f"log keys: got those of {sorted(origins)}, wanted those of one log")
        # Two keys of one id could not be told apart on a note; the same key twice is the usual reason.
        ids = Counter(key.key_id for pair in self.pairs for key in pair.keys)
        twice = [key_id.hex() for key_id, count in ids.items() if count > 1]
        if twice:
            raise CheckpointError(f"log keys: got {', '.join(twice)} twice, wanted every key once; make a fresh pair")

    @property
    def origin(self) -> str:
        """The log's name: the origin of its checkpoints and the name of its keys."""
        return self.pairs[0].ed25519.name

    @property
    def signing(self) -> tuple[LogPair, ...]:
        """The pairs that are not retired."""
        return tuple(pair for pair in self.pairs if pair.until is None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` writes; raises CheckpointError for anything else."""
        pairs, end = [], 0
        while found := _PAIR.match(text, end):
            pairs.append(_parse_pair(*found.groups()))
            end = found.end()
        if end != len(text) or not pairs:
            raise CheckpointError(f"log keys: got {text[end : end + 80]!r} after {len(pairs)} pairs, {_WANTED}")
        return cls(tuple(pairs))

    def __str__(self) -> str:
        """The pairs, one after the other."""
        return "".join(map(str, self.pairs))

    def open_checkpoint(self, note: bytes) -> Checkpoint:
        """The checkpoint of this log in a note that both keys of a pair have signed. Raises CheckpointError."""
        return self.open_timed_checkpoint(note).checkpoint

    def open_timed_checkpoint(self, note: bytes) -> TimedCheckpoint:
        """The same, and when it was signed. Raises CheckpointError.

        1. The note is one of this log.
        2. A pair that is believed at its size stands on it with both keys.
        3. Both signatures of every such pair are right: one wrong line of a known key spoils the note.
        """
        parsed, checkpoint = open_note(note)
        if checkpoint.origin != self.origin:
            raise CheckpointError(
                f"checkpoint: got one of {checkpoint.origin}, wanted {self.origin}; is it another log's?"
            )
        believed = [pair for pair in self.pairs if pair.believed_at(checkpoint.size)]
        if not believed:
            raise CheckpointError(
                f"checkpoint of {self.origin}: got size {checkpoint.size}, wanted at most {self.pairs[-1].until}, when "
                "the last of these keys was retired; ask for the log's present verifier keys"
            )
        times = [at for pair in believed if (at := pair.signed_at(parsed, checkpoint)) is not None]
        if not times:
            ids = " or ".join("+".join(key.key_id.hex() for key in pair.keys) for pair in believed)
            raise CheckpointError(
                f"checkpoint of {self.origin} at size {checkpoint.size}: got no signatures by both keys of a pair, "
                f"wanted {ids}; if the log has new keys, ask for its present verifier keys"
            )
        return TimedCheckpoint(checkpoint, times[-1])


@dataclass(frozen=True, slots=True)
class LogKeyPair:
    """Two private keys of the log: whoever holds them speaks for it."""

    ed25519: CheckpointSigner
    ml_dsa_44: CheckpointSigner

    @classmethod
    def from_seeds(cls, origin: str, ed25519_seed: bytes, ml_dsa_44_seed: bytes) -> Self:
        """The pair that two independent 32-byte seeds make. Raises CheckpointError."""
        try:
            return cls(
                CheckpointSigner.from_seed(origin, SignatureType.ED25519, ed25519_seed),
                CheckpointSigner.from_seed(origin, SignatureType.ML_DSA_44_COSIGNATURE, ml_dsa_44_seed),
            )
        except NoteError as error:
            raise CheckpointError(f"log keys: {error}") from error

    @property
    def public(self) -> LogPair:
        """The two public keys."""
        return LogPair(self.ed25519.key, self.ml_dsa_44.key)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The private pairs that sign, and the public text that goes with them, retired pairs and all.

    Raises CheckpointError unless the pairs are exactly those that the text says are signing: one, or two
    during an overlap.
    """

    pairs: tuple[LogKeyPair, ...]
    verifier: LogVerifier

    def __post_init__(self) -> None:
        if tuple(pair.public for pair in self.pairs) != self.verifier.signing:
            raise CheckpointError(
                f"log keys of {self.verifier.origin}: got private keys that do not belong to the verifier keys, "
                "wanted those of every pair that is not retired; restore both from one backup"
            )
        if not 1 <= len(self.pairs) <= MOST_SIGNING:
            raise CheckpointError(
                f"log keys of {self.verifier.origin}: got {len(self.pairs)} pairs that sign, "
                f"wanted one, or {MOST_SIGNING} during an overlap; retire one"
            )

    @classmethod
    def from_seeds(cls, origin: str, ed25519_seed: bytes, ml_dsa_44_seed: bytes) -> Self:
        """The keys of a log with one pair, from two independent 32-byte seeds. Raises CheckpointError."""
        pair = LogKeyPair.from_seeds(origin, ed25519_seed, ml_dsa_44_seed)
        return cls((pair,), LogVerifier((pair.public,)))

    def sign_checkpoint(self, checkpoint: Checkpoint, at_seconds: int) -> bytes:
        """The note of a checkpoint of this log, signed with all pairs at a time after 1970. Raises CheckpointError.

        Whoever calls this has made sure that the checkpoint goes on from every one signed before.
        """
        if checkpoint.origin != self.verifier.origin or at_seconds == 0:
            raise CheckpointError(
                f"signing: got a checkpoint of {checkpoint.origin} at {at_seconds} s, "
                f"wanted one of {self.verifier.origin} and the time"
            )
        signers = [signer for pair in self.pairs for signer in (pair.ed25519, pair.ml_dsa_44)]
        return format_note(format_checkpoint(checkpoint), [signer.sign(checkpoint, at_seconds) for signer in signers])


def _parse_pair(ed25519: str, ml_dsa_44: str, until: str | None) -> LogPair:
    try:
        size = None if until is None else parse_decimal(until)
        return LogPair(VerifierKey.parse(ed25519), VerifierKey.parse(ml_dsa_44), size)
    except NoteError as error:
        raise CheckpointError(f"log keys: {error}; {_WANTED}") from error
