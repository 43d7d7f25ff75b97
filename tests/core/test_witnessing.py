"""The witness protocol's texts: what a client sends and a witness answers, and no other spelling of either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint, CheckpointSigner, add_cosignatures
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash
from ledger.core.note import LARGEST_NOTE, NoteSignature, SignatureType, parse_note
from ledger.core.witnessing import (
    LARGEST_REQUEST,
    AddCheckpoint,
    WitnessingError,
    format_add_checkpoint,
    format_cosignatures,
    format_size,
    parse_add_checkpoint,
    parse_cosignatures,
    parse_size,
)

ORIGIN = "ledger.example.org/surgery"
KEYS = LogKeys.from_seeds(ORIGIN, b"1" * 32, b"2" * 32)
SEVEN = Checkpoint(ORIGIN, 7, NodeHash(b"r" * 32))
NOTE = KEYS.sign_checkpoint(SEVEN, 1_778_000_000)
HASH = "cmRyZHJkcmRyZHJkcmRyZHJkcmRyZHJkcmRyZHJkcmQ=\n"
SIGNATURES = parse_note(NOTE).signatures

# tlog-witness, "add-checkpoint": the example request, word for word.
EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGk\
u9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6\
QUXTS5Rovnzv++qbSzm9Q=
""".encode()
EXAMPLE_ANSWER = """\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI\
5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+Ufz\
uOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/k\
Wl7oJlqU3rXXvpysAdyP3wQ==
""".encode()


def test_the_example_of_the_specification_is_read_and_written() -> None:
    request = parse_add_checkpoint(EXAMPLE)
    assert (request.old_size, len(request.proof)) == (20_852_014, 4)
    assert request.proof[0].hex().startswith("3e544d0abc07a6a8")
    assert len(parse_note(request.note).signatures) == 2
    assert format_add_checkpoint(request) == EXAMPLE


def test_the_example_answer_of_the_specification_is_read_and_written() -> None:
    note = parse_add_checkpoint(EXAMPLE).note
    lines = parse_cosignatures(note, EXAMPLE_ANSWER)
    assert [line.name for line in lines] == ["witness.example/w1", "witness.example/w1", "witness.example/w2"]
    assert format_cosignatures(lines) == EXAMPLE_ANSWER
    assert add_cosignatures(note, lines) == note + EXAMPLE_ANSWER


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32).map(NodeHash), max_size=63))
def test_every_request_is_read_back(old_size: int, proof: list[NodeHash]) -> None:
    request = AddCheckpoint(old_size, tuple(proof), NOTE)
    assert parse_add_checkpoint(format_add_checkpoint(request)) == request


TEXT = NOTE.decode()
BODIES = {
    "nothing": "",
    "no old size": TEXT,
    "an empty old size line": f"\n\n{TEXT}",
    "no empty line": f"old 7\n{TEXT}".replace("\n\n", "\n"),
    "no number": f"old \n\n{TEXT}",
    "another word": f"Old 7\n\n{TEXT}",
    "no space": f"old7\n\n{TEXT}",
    "two spaces": f"old  7\n\n{TEXT}",
    "a space behind": f"old 7 \n\n{TEXT}",
    "a leading zero": f"old 07\n\n{TEXT}",
    "two zeros": f"old 00\n\n{TEXT}",
    "a sign": f"old +7\n\n{TEXT}",
    "below zero": f"old -1\n\n{TEXT}",
    "beyond 2^63": f"old {2**63}\n\n{TEXT}",
    "other digits": f"old \u0667\n\n{TEXT}",
    "a fraction": f"old 7.0\n\n{TEXT}",
    "CRLF": f"old 7\n{HASH}\n{TEXT}".replace("\n", "\r\n"),
    "CRLF in the first line": f"old 7\r\n\n{TEXT}",
    "CRLF in the proof": f"old 7\n{HASH[:-1]}\r\n\n{TEXT}",
    "64 hashes": f"old 7\n{HASH * 64}\n{TEXT}",
    "a hash of 31 bytes": f"old 7\n{'A' * 41 + 'A=='}\n\n{TEXT}",
    "a hash of 33 bytes": f"old 7\n{'A' * 44}\n\n{TEXT}",
    "a hash without padding": f"old 7\n{HASH[:-2]}\n\n{TEXT}",
    "a hash in the URL alphabet": f"old 7\n{'_' * 42}8=\n\n{TEXT}",
    "a hash with bits after the last byte": f"old 7\n{HASH[:-3]}R=\n\n{TEXT}",
    "a hash with a space before it": f"old 7\n {HASH}\n{TEXT}",
    "a line that is no hash": f"old 7\nhash\n\n{TEXT}",
    "a byte that is not ASCII": f"old 7\n\u00e9\n\n{TEXT}",
    "a line before the old size": f"new 7\nold 7\n\n{TEXT}",
    "two empty lines": f"old 7\n\n\n{TEXT}",
    "no checkpoint": "old 7\n\n",
    "no newline at the end": f"old 7\n\n{TEXT}"[:-1],
    "a checkpoint without signatures": f"old 7\n\n{TEXT[: TEXT.index(chr(10) * 2) + 1]}",
    "a line behind the signatures": f"old 7\n\n{TEXT}more\n",
    "a checkpoint with an extension line": f"old 7\n\n{TEXT.replace(chr(10) * 2, chr(10) + 'more' + chr(10) * 2)}",
    "a size with a leading zero": f"old 7\n\n{TEXT.replace(chr(10) + '7' + chr(10), chr(10) + '07' + chr(10))}",
    "101 signatures": f"old 7\n\n{TEXT}{format_cosignatures([SIGNATURES[0]] * 99).decode()}",
    "a body beyond all bounds": f"old 7\n{HASH}\n{TEXT}{'x' * LARGEST_REQUEST}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_other_spellings_of_a_request_are_refused(body: str) -> None:
    with pytest.raises(WitnessingError, match=r"got [\s\S]*wanted"):
        parse_add_checkpoint(body.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    for body in (b"old 7\n\xff\n\n" + NOTE, b"old 7\n\n" + NOTE + b"\xff", b"\0" * 80):
        with pytest.raises(WitnessingError, match="wanted"):
            parse_add_checkpoint(body)


@given(st.integers(0, len(EXAMPLE)), st.binary(max_size=4))
def test_a_damaged_request_raises_no_other_error_and_has_one_spelling(at: int, damage: bytes) -> None:
    damaged = EXAMPLE[:at] + damage + EXAMPLE[at + len(damage) :]
    try:
        request = parse_add_checkpoint(damaged)
    except WitnessingError:
        return
    assert format_add_checkpoint(request) == damaged


WITNESS = CheckpointSigner.from_seed("w.example.org", SignatureType.ED25519_COSIGNATURE, b"w" * 32)
LINE = format_cosignatures([WITNESS.sign(SEVEN, 1_778_000_001)]).decode()
ANSWERS = {
    "nothing": "",
    "a newline": "\n",
    "an empty line before": f"\n{LINE}",
    "an empty line behind": f"{LINE}\n",
    "an empty line between": f"{LINE}\n{LINE}",
    "another text with its signatures": f"\nanother text\n\n{LINE}",
    "a whole note": f"{TEXT}{LINE}",
    "no newline at the end": LINE[:-1],
    "CRLF": LINE.replace("\n", "\r\n"),
    "a hyphen for the dash": LINE.replace("—", "-"),
    "a size": "7\n",
    "a page": "<html></html>\n",
    "a hundred lines": LINE * 100,
    "more than a note may be": f"— w.example.org {'A' * LARGEST_NOTE}\n",
}


@pytest.mark.parametrize("body", ANSWERS.values(), ids=ANSWERS)
def test_other_answers_than_signature_lines_are_refused(body: str) -> None:
    with pytest.raises(WitnessingError, match=r"got [\s\S]*wanted"):
        parse_cosignatures(NOTE, body.encode())


@given(st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=98))
def test_every_answer_is_read_back(values: list[bytes]) -> None:
    lines = tuple(NoteSignature("w.example.org/é", b"1234", value) for value in values)
    assert parse_cosignatures(NOTE, format_cosignatures(lines)) == lines


@pytest.mark.parametrize("size", [0, 1, 20_852_163, 2**63 - 1])
def test_every_size_is_read_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    "body", [b"", b"7", b"7\r\n", b"7\n\n", b"07\n", b"+7\n", b" 7\n", b"\xff\n", b"9" * 30 + b"\n"]
)
def test_other_spellings_of_a_size_are_refused(body: bytes) -> None:
    with pytest.raises(WitnessingError, match="wanted"):
        parse_size(body)
