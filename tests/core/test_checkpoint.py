"""Checkpoints: both of the log's keys must have signed, and nothing else may look like one."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import (
    Checkpoint,
    CheckpointError,
    CheckpointSigner,
    add_cosignatures,
    check_signature,
    cosigned_at,
    format_checkpoint,
    open_note,
    parse_checkpoint,
    signed_message,
)
from ledger.core.keys import SigningKey
from ledger.core.log_keys import LogKeys, LogVerifier
from ledger.core.merkle import EMPTY_ROOT, NodeHash
from ledger.core.note import NoteSignature, SignatureType, VerifierKey, format_note, parse_note
from tests.core import make_vectors
from tests.core.make_vectors import ED25519_SEED, ML_DSA_44_SEED, ORIGIN, SIGNED_AT, VECTORS

PINNED = json.loads((VECTORS / "checkpoint.json").read_text())
PINNED_NOTE = (VECTORS / "checkpoint.txt").read_bytes()
KEYS = LogKeys.from_seeds(ORIGIN, ED25519_SEED, ML_DSA_44_SEED)
VERIFIER = KEYS.verifier
[PAIR] = VERIFIER.pairs
SEVEN = Checkpoint(ORIGIN, 7, NodeHash(make_vectors.TREE.mth(0, 7)))
NOTE = KEYS.sign_checkpoint(SEVEN, SIGNED_AT)
TEXT = format_checkpoint(SEVEN)
[BY_ED25519, BY_ML_DSA_44] = parse_note(NOTE).signatures


def test_the_pinned_vectors_are_what_the_transcription_of_the_specification_makes() -> None:
    assert make_vectors.checkpoint_vectors() == PINNED


def test_a_signed_checkpoint_has_the_pinned_bytes_but_for_the_hedged_signature() -> None:
    assert NOTE.decode().startswith(PINNED["text"] + "\n" + PINNED["ed25519_line"])
    # 12 bytes are 16 characters: the key id and the time, before the signature begins.
    assert NOTE.decode().splitlines()[-1].startswith(PINNED["ml_dsa_44_line_begins"])
    assert len(BY_ML_DSA_44.value) == 8 + 2420
    assert signed_message(PAIR.ml_dsa_44, SEVEN, SIGNED_AT).hex() == PINNED["cosigned_message"]
    assert str(VERIFIER) == f"{PINNED['ed25519_vkey']}\n{PINNED['ml_dsa_44_vkey']}\n"


def test_the_pinned_note_still_checks() -> None:
    timed = LogVerifier.parse(str(VERIFIER)).open_timed_checkpoint(PINNED_NOTE)
    assert (timed.checkpoint, timed.at_seconds) == (SEVEN, SIGNED_AT)


def test_what_the_log_signs_its_verifier_accepts() -> None:
    for checkpoint in (SEVEN, Checkpoint(ORIGIN, 0, EMPTY_ROOT), Checkpoint(ORIGIN, 2**63 - 1, NodeHash(bytes(32)))):
        assert VERIFIER.open_checkpoint(KEYS.sign_checkpoint(checkpoint, 2**63 - 1)) == checkpoint


def by(name: str, seed: bytes, kind: SignatureType, checkpoint: Checkpoint = SEVEN) -> NoteSignature:
    """A signature by a key that somebody made."""
    return CheckpointSigner.from_seed(name, kind, seed).sign(checkpoint, SIGNED_AT)


def test_lines_of_other_keys_are_left_aside() -> None:
    witness = by("witness.example.org", bytes(32), SignatureType.ED25519_COSIGNATURE)
    namesake = by(ORIGIN, bytes(32), SignatureType.ED25519)
    note = add_cosignatures(NOTE, [witness, namesake])
    assert note.startswith(NOTE)
    assert VERIFIER.open_checkpoint(note) == SEVEN


FORGED = replace(SEVEN, root=NodeHash(bytes(32)))
LATER = BY_ML_DSA_44.value[:7] + bytes([BY_ML_DSA_44.value[7] ^ 1]) + BY_ML_DSA_44.value[8:]
BAD_SIGNATURES = {
    "none by ML-DSA-44": [BY_ED25519],
    "none by Ed25519": [BY_ML_DSA_44],
    "one of each by other keys": [
        by(ORIGIN, bytes(32), SignatureType.ED25519),
        by(ORIGIN, bytes(32), SignatureType.ML_DSA_44_COSIGNATURE),
    ],
    "a witness's for the log's": [BY_ED25519, by("witness.example.org", ML_DSA_44_SEED, SignatureType(6))],
    "an Ed25519 cosignature for the signature": [by(ORIGIN, ED25519_SEED, SignatureType(4)), BY_ML_DSA_44],
    "Ed25519 over another root": [by(ORIGIN, ED25519_SEED, SignatureType(1), FORGED), BY_ML_DSA_44],
    "ML-DSA-44 over another root": [BY_ED25519, by(ORIGIN, ML_DSA_44_SEED, SignatureType(6), FORGED)],
    "ML-DSA-44 of another log": [BY_ED25519, by(ORIGIN, ML_DSA_44_SEED, SignatureType(6), replace(SEVEN, origin="a"))],
    "ML-DSA-44 over another size": [BY_ED25519, by(ORIGIN, ML_DSA_44_SEED, SignatureType(6), replace(SEVEN, size=8))],
    "another time than was signed": [BY_ED25519, replace(BY_ML_DSA_44, value=LATER)],
    "a cut Ed25519 signature": [replace(BY_ED25519, value=BY_ED25519.value[:-1]), BY_ML_DSA_44],
    "a cut ML-DSA-44 signature": [BY_ED25519, replace(BY_ML_DSA_44, value=BY_ML_DSA_44.value[:-1])],
    "a time and no ML-DSA-44 signature": [BY_ED25519, replace(BY_ML_DSA_44, value=BY_ML_DSA_44.value[:8])],
    "half a time": [BY_ED25519, replace(BY_ML_DSA_44, value=BY_ML_DSA_44.value[:4])],
    "a time beyond 2^63": [BY_ED25519, replace(BY_ML_DSA_44, value=b"\xff" * 8 + BY_ML_DSA_44.value[8:])],
    "a time of zero": [BY_ED25519, KEYS.pairs[0].ml_dsa_44.sign(SEVEN, 0)],
    "the same key twice": [BY_ED25519, BY_ED25519, BY_ML_DSA_44],
    "the key ids exchanged": [
        replace(BY_ED25519, key_id=BY_ML_DSA_44.key_id),
        replace(BY_ML_DSA_44, key_id=BY_ED25519.key_id),
    ],
}


@pytest.mark.parametrize("signatures", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_a_checkpoint_that_both_keys_have_not_signed_is_refused(signatures: list[NoteSignature]) -> None:
    with pytest.raises(CheckpointError):
        VERIFIER.open_checkpoint(format_note(TEXT, signatures))


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_one_bit_in_the_ed25519_signature_is_noticed(place: int) -> None:
    value = bytearray(BY_ED25519.value)
    value[place] ^= 1
    with pytest.raises(CheckpointError):
        VERIFIER.open_checkpoint(format_note(TEXT, [replace(BY_ED25519, value=bytes(value)), BY_ML_DSA_44]))


@pytest.mark.parametrize("place", [8, 40, 1200, 2427])
def test_one_bit_in_the_ml_dsa_44_signature_is_noticed(place: int) -> None:
    value = bytearray(BY_ML_DSA_44.value)
    value[place] ^= 1
    with pytest.raises(CheckpointError):
        VERIFIER.open_checkpoint(format_note(TEXT, [BY_ED25519, replace(BY_ML_DSA_44, value=bytes(value))]))


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = LogKeys.from_seeds("ledger.example.org/other", ED25519_SEED, ML_DSA_44_SEED)
    with pytest.raises(CheckpointError, match="is it another log's"):
        VERIFIER.open_checkpoint(other.sign_checkpoint(replace(SEVEN, origin="ledger.example.org/other"), SIGNED_AT))


BAD_TEXTS = {
    "nothing": "",
    "a size with a sign": TEXT.replace("\n7\n", "\n+7\n"),
    "a size with a leading zero": TEXT.replace("\n7\n", "\n07\n"),
    "a size with a space": TEXT.replace("\n7\n", "\n 7\n"),
    "a negative size": TEXT.replace("\n7\n", "\n-7\n"),
    "a size beyond 2^63": TEXT.replace("\n7\n", f"\n{2**63}\n"),
    "no size": TEXT.replace("\n7\n", "\n\n"),
    "a root without padding": TEXT.replace("=", ""),
    "a root with bits after the last byte": TEXT[:-3] + chr(ord(TEXT[-3]) + 1) + "=\n",
    "a root of 31 bytes": f"{ORIGIN}\n7\n{b64encode(bytes(31)).decode()}\n",
    "a root of 33 bytes": f"{ORIGIN}\n7\n{b64encode(bytes(33)).decode()}\n",
    "a root of no entries that is not the empty one": TEXT.replace("\n7\n", "\n0\n"),
    "lines that end in CRLF": TEXT.replace("\n", "\r\n"),
    "no newline at the end": TEXT[:-1],
    "two newlines at the end": TEXT + "\n",
    "an extension line": TEXT + "extension\n",
    "a missing line": TEXT.replace("7\n", ""),
    "no origin": TEXT.replace(ORIGIN, ""),
    "an origin with a space": TEXT.replace(ORIGIN, "my ledger"),
    "an origin with a plus": TEXT.replace(ORIGIN, "my+ledger"),
    "an origin beyond 255 bytes": TEXT.replace(ORIGIN, "l" * 256),
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_other_spellings_of_a_checkpoint_are_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(text)


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_other_spellings_of_a_checkpoint_are_refused_even_when_signed(text: str) -> None:
    """Ed25519 signs these very words, ML-DSA-44 what they say: often only the form is at fault."""
    over_the_words = replace(BY_ED25519, value=SigningKey(ED25519_SEED).sign(text.encode()))
    with pytest.raises(CheckpointError):
        VERIFIER.open_checkpoint(format_note(text, [over_the_words, BY_ML_DSA_44]))


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_is_read_back(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, NodeHash(root))
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(st.binary(max_size=60), st.integers(0, len(NOTE)))
def test_a_damaged_note_raises_no_other_error(damage: bytes, at: int) -> None:
    damaged = NOTE[:at] + damage + NOTE[at + len(damage) :]
    if damaged != NOTE:
        with pytest.raises(CheckpointError):
            VERIFIER.open_checkpoint(damaged)


@pytest.mark.parametrize("kind", [SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE])
def test_a_witness_cosigns_and_its_time_is_read(kind: SignatureType) -> None:
    witness = CheckpointSigner.from_seed("witness.example.org", kind, b"w" * 32)
    note, checkpoint = open_note(add_cosignatures(NOTE, [witness.sign(SEVEN, 1_778_000_123)]))
    assert cosigned_at(VerifierKey.parse(str(witness.key)), note, checkpoint) == 1_778_000_123
    with pytest.raises(CheckpointError):
        cosigned_at(witness.key, note, replace(checkpoint, size=8))


def test_an_ed25519_cosignature_is_over_the_words_of_the_specification() -> None:
    """tlog-cosignature, "Ed25519 signed message"."""
    witness = CheckpointSigner.from_seed("witness.example.org", SignatureType.ED25519_COSIGNATURE, b"w" * 32)
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    assert signed_message(witness.key, SEVEN, 1_679_315_147) == message


def test_a_signature_without_a_time_has_none_to_read() -> None:
    note, checkpoint = open_note(NOTE)
    check_signature(PAIR.ed25519, note, checkpoint)
    with pytest.raises(CheckpointError, match="wanted a cosigner's"):
        cosigned_at(PAIR.ed25519, note, checkpoint)


@pytest.mark.parametrize(("origin", "at_seconds"), [("another.example", 1), (ORIGIN, 0), (ORIGIN, -1), (ORIGIN, 2**63)])
def test_the_log_signs_nothing_of_other_logs_and_not_without_the_time(origin: str, at_seconds: int) -> None:
    with pytest.raises(CheckpointError, match=r"got .*, wanted"):
        KEYS.sign_checkpoint(replace(SEVEN, origin=origin), at_seconds)


@pytest.mark.parametrize(
    ("origin", "first", "second"),
    [("", b"1" * 32, b"2" * 32), ("a b", b"1" * 32, b"2" * 32), ("a", b"1" * 31, b"2" * 32), ("a", b"1" * 32, b"")],
)
def test_keys_need_a_name_and_whole_seeds(origin: str, first: bytes, second: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"got .*, wanted"):
        LogKeys.from_seeds(origin, first, second)


def test_private_keys_do_not_show_when_printed() -> None:
    assert ED25519_SEED.hex() not in repr(KEYS)
    assert "PrivateKey" not in repr(KEYS)
    assert "SigningKey" not in repr(KEYS)


BAD_KEY_TEXTS = {
    "nothing": "",
    "one key": str(PAIR.ed25519) + "\n",
    "the keys exchanged": f"{PAIR.ml_dsa_44}\n{PAIR.ed25519}\n",
    "the same key twice": f"{PAIR.ed25519}\n{PAIR.ed25519}\n",
    "keys of two logs": f"{PAIR.ed25519}\n{LogKeys.from_seeds('a', bytes(32), bytes(32)).pairs[0].ml_dsa_44.key}\n",
    "no newline at the end": str(VERIFIER)[:-1],
    "a key of another spelling": str(VERIFIER).replace("+", " ", 1),
}


@pytest.mark.parametrize("text", BAD_KEY_TEXTS.values(), ids=BAD_KEY_TEXTS)
def test_other_spellings_of_the_logs_keys_are_refused(text: str) -> None:
    with pytest.raises(CheckpointError, match=r"got .*, wanted"):
        LogVerifier.parse(text)
