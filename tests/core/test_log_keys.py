"""The log's keys in pairs: whoever holds a text that was right can check what it covers, and a thief gains little."""

from dataclasses import replace
from hashlib import shake_256

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint, CheckpointError, add_cosignatures
from ledger.core.log_keys import MOST_SIGNING, LogKeyPair, LogKeys, LogPair, LogVerifier
from ledger.core.merkle import NodeHash
from ledger.core.note import NoteError, SignatureType, VerifierKey, parse_note

ORIGIN = "ledger.example.org/surgery"
AT = 1_778_000_000


def pair_of(number: int, origin: str = ORIGIN) -> LogKeyPair:
    return LogKeyPair.from_seeds(origin, bytes([number]) * 32, bytes([number, 0] * 16))


def at(size: int, root: bytes = b"r" * 32, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, NodeHash(root))


def keys_of(*pairs: LogKeyPair, retired: tuple[LogPair, ...] = ()) -> LogKeys:
    return LogKeys(pairs, LogVerifier((*retired, *(pair.public for pair in pairs))))


FIRST, SECOND, THIRD = map(pair_of, (1, 2, 3))
ALONE = keys_of(FIRST)
BOTH = keys_of(FIRST, SECOND)
RETIRED = replace(FIRST.public, until=9)
AFTER = keys_of(SECOND, retired=(RETIRED,))


def test_before_the_overlap_one_pair_signs_during_it_both_and_after_it_the_new_one() -> None:
    signed_by = [
        {line.key_id for line in parse_note(keys.sign_checkpoint(at(9), AT)).signatures}
        for keys in (ALONE, BOTH, AFTER)
    ]
    first, second = ({key.key_id for key in pair.public.keys} for pair in (FIRST, SECOND))
    assert signed_by == [first, first | second, second]


@pytest.mark.parametrize("holder", [ALONE.verifier, BOTH.verifier, keys_of(SECOND).verifier, AFTER.verifier])
def test_during_the_overlap_every_holder_can_check(holder: LogVerifier) -> None:
    timed = holder.open_timed_checkpoint(BOTH.sign_checkpoint(at(9), AT))
    assert (timed.checkpoint, timed.at_seconds) == (at(9), AT)


def test_what_a_retired_pair_signed_still_checks() -> None:
    for size in (1, 9):
        assert AFTER.verifier.open_checkpoint(ALONE.sign_checkpoint(at(size), AT)) == at(size)


def test_a_stolen_retired_key_is_worthless_beyond_its_size() -> None:
    forged = ALONE.sign_checkpoint(at(10), AT)
    assert ALONE.verifier.open_checkpoint(forged) == at(10), "who was not told of the retirement still believes it"
    with pytest.raises(CheckpointError, match="no signatures by both keys of a pair"):
        AFTER.verifier.open_checkpoint(forged)
    with pytest.raises(CheckpointError, match="wanted at most 9, when the last of these keys was retired"):
        LogVerifier((RETIRED,)).open_checkpoint(forged)
    # Beside the lines of a pair that is believed, those of a retired one are nobody's.
    genuine = AFTER.sign_checkpoint(at(10), AT)
    stolen = FIRST.ed25519.sign(at(10, b"x" * 32), AT)
    assert AFTER.verifier.open_checkpoint(add_cosignatures(genuine, [stolen])) == at(10)


def test_the_keys_of_two_pairs_do_not_make_a_third() -> None:
    mixed = [FIRST.ed25519.sign(at(9), AT), SECOND.ml_dsa_44.sign(at(9), AT)]
    text, _, _ = ALONE.sign_checkpoint(at(9), AT).decode().partition("\n\n")
    note = add_cosignatures(f"{text}\n\n— x AAAAAAA=\n".encode(), mixed)
    with pytest.raises(CheckpointError, match="no signatures by both keys of a pair"):
        BOTH.verifier.open_checkpoint(note)


@pytest.mark.parametrize("damaged", range(4))
def test_one_wrong_line_of_a_pair_that_is_believed_spoils_the_note(damaged: int) -> None:
    """signed-note: "If a signature from a known key fails to verify, clients SHOULD reject the whole note." """
    signers = [signer for pair in (FIRST, SECOND) for signer in (pair.ed25519, pair.ml_dsa_44)]
    lines = [signer.sign(at(9, b"x" * 32 if n == damaged else b"r" * 32), AT) for n, signer in enumerate(signers)]
    text, _, _ = BOTH.sign_checkpoint(at(9), AT).decode().partition("\n\n")
    with pytest.raises(CheckpointError, match="signature"):
        BOTH.verifier.open_checkpoint(add_cosignatures(f"{text}\n\n— x AAAAAAA=\n".encode(), lines))


sizes = st.lists(st.integers(1, 2**40), min_size=1, max_size=6, unique=True).map(sorted)


@given(sizes, st.data())
def test_after_any_number_of_rotations_every_checkpoint_the_log_signed_checks_and_no_later_one_of_an_old_pair(
    retired_at: list[int], data: st.DataObject
) -> None:
    pairs = [pair_of(number) for number in range(1, len(retired_at) + 2)]
    retired = tuple(replace(pair.public, until=size) for pair, size in zip(pairs, retired_at, strict=False))
    verifier = LogVerifier.parse(str(LogVerifier((*retired, pairs[-1].public))))
    n = data.draw(st.integers(0, len(pairs) - 1))
    size = data.draw(st.integers(1, 2**40 + 1))
    note = keys_of(pairs[n]).sign_checkpoint(at(size), AT)
    if n == len(retired_at) or size <= retired_at[n]:
        assert verifier.open_checkpoint(note) == at(size)
    else:
        with pytest.raises(CheckpointError):
            verifier.open_checkpoint(note)


@given(sizes)
def test_the_text_of_every_rotation_reads_back(retired_at: list[int]) -> None:
    retired = tuple(replace(pair_of(n).public, until=size) for n, size in enumerate(retired_at, 1))
    verifier = LogVerifier((*retired, pair_of(99).public))
    assert LogVerifier.parse(str(verifier)) == verifier
    assert verifier.signing == (pair_of(99).public,)
    assert str(verifier).count("\nuntil ") == len(retired_at)


TEXT = str(AFTER.verifier)
[E1, M1, UNTIL, E2, M2, _] = TEXT.split("\n")
BAD_TEXTS = {
    "a size with a sign": TEXT.replace("until 9", "until +9"),
    "a size with a leading zero": TEXT.replace("until 9", "until 09"),
    "no size": TEXT.replace("until 9", "until "),
    "a negative size": TEXT.replace("until 9", "until -9"),
    "a size beyond 2^63": TEXT.replace("until 9", f"until {2**63}"),
    "until first": f"{UNTIL}\n{E1}\n{M1}\n",
    "until between the keys": f"{E1}\n{UNTIL}\n{M1}\n",
    "until twice": f"{E1}\n{M1}\n{UNTIL}\n{UNTIL}\n{E2}\n{M2}\n",
    "a pair and a half": f"{E1}\n{M1}\n{E2}\n",
    "a blank line between the pairs": f"{E1}\n{M1}\n\n{E2}\n{M2}\n",
    "CRLF": TEXT.replace("\n", "\r\n"),
    "no newline at the end": TEXT[:-1],
    "the same pair twice": f"{E1}\n{M1}\n{E1}\n{M1}\n",
    "the same Ed25519 key in two pairs": f"{E1}\n{M1}\n{E1}\n{M2}\n",
    "the same ML-DSA-44 key in two pairs": f"{E1}\n{M1}\n{E2}\n{M1}\n",
    "a retired pair that signs again": f"{E1}\n{M1}\n{UNTIL}\n{E1}\n{M1}\n",
    "pairs of two logs": f"{E1}\n{M1}\n{pair_of(2, 'other.example').public}",
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_other_spellings_of_the_logs_keys_are_refused(text: str) -> None:
    with pytest.raises(CheckpointError, match=r"got .*, wanted"):
        LogVerifier.parse(text)


def test_the_log_signs_with_one_pair_or_two_and_with_those_of_its_text_only() -> None:
    with pytest.raises(CheckpointError, match=f"wanted one, or {MOST_SIGNING} during an overlap"):
        keys_of(FIRST, SECOND, THIRD)
    with pytest.raises(CheckpointError, match="wanted one, or"):
        LogKeys((), LogVerifier((RETIRED,)))
    for held in ((SECOND,), (FIRST, THIRD), (SECOND, FIRST), (FIRST,)):
        with pytest.raises(CheckpointError, match="do not belong to the verifier keys"):
            LogKeys(held, BOTH.verifier)


SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
]


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_weak_ed25519_keys_of_a_log_are_refused(key: str) -> None:
    with pytest.raises(NoteError, match="got"):
        VerifierKey(ORIGIN, SignatureType.ED25519, bytes.fromhex(key))


def forged_under_no_key(public: bytes, message: bytes) -> bytes:
    """FIPS 204, algorithm 8, turned round for t1 = 0: z = 0 and no hints make w1 = 0, and c is the hash of it."""
    mu = shake_256(shake_256(public).digest(64) + b"\0\0" + message).digest(64)
    challenge = shake_256(mu + bytes(4 * 192)).digest(32)
    zero = sum(1 << 17 + 18 * n for n in range(256)).to_bytes(576, "little")  # BitPack(0, 2^17 - 1, 2^17)
    return challenge + zero * 4 + bytes(84)


def test_an_ml_dsa_key_under_which_everybody_can_sign_is_refused() -> None:
    weak = b"r" * 32 + bytes(1280)
    MLDSA44PublicKey.from_public_bytes(weak).verify(forged_under_no_key(weak, b"anything"), b"anything")
    with pytest.raises(NoteError, match="t1 is zero"):
        VerifierKey(ORIGIN, SignatureType.ML_DSA_44_COSIGNATURE, weak)


@pytest.mark.parametrize("length", [0, 32, 1311, 1313, 1952, 2592])
def test_ml_dsa_keys_of_another_length_are_refused(length: int) -> None:
    """1,952 and 2,592 bytes are ML-DSA-65 and ML-DSA-87 (FIPS 204, table 2)."""
    with pytest.raises(NoteError, match="wanted 1312"):
        VerifierKey(ORIGIN, SignatureType.ML_DSA_44_COSIGNATURE, bytes(length))
