"""Trust policies: what the format has and nothing else, and a quorum that counts nobody twice."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint, CheckpointError, CheckpointSigner, add_cosignatures, format_checkpoint
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash
from ledger.core.note import NoteSignature, SignatureType, VerifierKey, format_note
from ledger.core.trust_policy import NotWitnessed, PolicyError, TrustPolicy

ORIGIN = "ledger.example.org/surgery"
LOG = LogKeys.from_seeds(ORIGIN, b"1" * 32, b"2" * 32)
OTHER = LogKeys.from_seeds("other.example.org/log", b"3" * 32, b"4" * 32)
[(LOG_1, LOG_6)] = [pair.keys for pair in LOG.verifier.pairs]
OTHER_6 = OTHER.verifier.pairs[0].ml_dsa_44
SEVEN = Checkpoint(ORIGIN, 7, NodeHash(b"r" * 32))
NOTE = LOG.sign_checkpoint(SEVEN, 1_778_000_000)
AT = 1_778_000_007


def signer(n: int, kind: SignatureType = SignatureType.ED25519_COSIGNATURE) -> CheckpointSigner:
    return CheckpointSigner.from_seed(f"w{n}.example.org/w", kind, sha256(b"%d" % n).digest())


SIGNERS = [signer(n, SignatureType(4 if n % 2 else 6)) for n in range(8)]
W = [str(one.key) for one in SIGNERS]
THREE = f"""
# The surgery's witnesses.
log {LOG_1}
log {LOG_6} https://ledger.example.org/
witness patients {W[0]} https://patients.example.org/witness
\twitness\tregulator {W[1]}\thttp://127.0.0.1:8421
witness college {W[2]}
group most 2 patients regulator college
quorum most
"""


def lines(*more: str) -> str:
    """A policy of four witnesses, a to d, and these lines."""
    witnesses = [f"witness {name} {W[n]}" for n, name in enumerate("abcd")]
    return "\n".join([*witnesses, *more]) + "\n"


def test_a_policy_says_which_logs_which_witnesses_and_what_quorum() -> None:
    policy = TrustPolicy.parse(THREE)
    assert policy.logs == (LOG.verifier,)
    assert [witness.name for witness in policy.witnesses] == ["patients", "regulator", "college"]
    assert [witness.url for witness in policy.witnesses] == [
        "https://patients.example.org/witness",
        "http://127.0.0.1:8421",
        None,
    ]
    assert dict(policy.log_urls) == {LOG_6: "https://ledger.example.org/"}
    assert policy.is_quorum({"patients", "college"})
    assert not policy.is_quorum({"patients", "somebody else"})


def test_the_example_of_the_specification_is_read() -> None:
    """tlog-policy, "Example policy", with keys and with an Ed25519 key for the log's second line."""
    text = "".join(
        [
            f"log {LOG_1}\nlog {LOG_6}\n\n",
            *(f"witness X{n} {W[n]}\n" for n in (1, 2, 3)),
            "group X-witnesses 2 X1 X2 X3\n\n",
            *(f"witness Y{n - 3} {W[n]}\n" for n in (4, 5, 6)),
            "group Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        ]
    )
    policy = TrustPolicy.parse(text)
    assert policy.is_quorum({"X1", "X3", "Y2"})
    assert not policy.is_quorum({"X1", "X2", "X3"})
    assert not policy.is_quorum({"X1", "Y1", "Y2", "Y3"})


def test_two_pairs_of_keys_of_one_origin_are_one_log_and_either_pair_will_do() -> None:
    newer = LogKeys.from_seeds(ORIGIN, b"5" * 32, b"6" * 32)
    [(newer_1, newer_6)] = [pair.keys for pair in newer.verifier.pairs]
    policy = TrustPolicy.parse(f"log {LOG_1}\nlog {newer_1}\nlog {LOG_6}\nlog {newer_6}\nquorum none\n")
    assert [log.pairs for log in policy.logs] == [LOG.verifier.pairs + newer.verifier.pairs]
    policy.check_witnessed(NOTE)
    policy.check_witnessed(newer.sign_checkpoint(SEVEN, AT))
    mixed = [LOG.pairs[0].ed25519.sign(SEVEN, AT), newer.pairs[0].ml_dsa_44.sign(SEVEN, AT)]
    with pytest.raises(NotWitnessed, match="both keys of a pair"):
        policy.check_witnessed(format_note(format_checkpoint(SEVEN), mixed))


@st.composite
def policies(draw: st.DrawFn) -> tuple[str, list[tuple[str, int, list[str]]], str]:
    """A policy's text, its groups as (name, wanted, members), and its quorum."""
    count = draw(st.integers(1, 8))
    free = [f"w{n}" for n in range(count)]
    names, groups = list(free), []
    for n in range(draw(st.integers(0, 6))):
        if not free:
            break
        members = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        free = [name for name in free if name not in members] + [f"g{n}"]
        groups.append((f"g{n}", draw(st.integers(1, len(members))), members))
        names.append(f"g{n}")
    quorum = draw(st.sampled_from([*names, "none"]))
    spelt = [f"witness w{n} {W[n]} https://w{n}.example.org" for n in range(count)]
    for name, wanted, members in groups:
        words = [str(wanted), *(["any"] if wanted == 1 else []), *(["all"] if wanted == len(members) else [])]
        spelt.append(f"group {name} {draw(st.sampled_from(words))} {' '.join(members)}")
    return "\n".join([*spelt, f"quorum {quorum}", ""]), groups, quorum


def obviously(name: str, groups: list[tuple[str, int, list[str]]], cosigners: set[str]) -> bool:
    """Has this witness or group witnessed it? The specification's sentence, by recursion."""
    for group, wanted, members in groups:
        if group == name:
            return sum(obviously(member, groups, cosigners) for member in members) >= wanted
    return name in cosigners


@given(policies(), st.sets(st.sampled_from([f"w{n}" for n in range(8)] + ["g0", "g1", "none", "stranger"])))
def test_the_quorum_is_what_the_specification_says(
    made: tuple[str, list[tuple[str, int, list[str]]], str], cosigners: set[str]
) -> None:
    text, groups, quorum = made
    policy = TrustPolicy.parse(text)
    known = cosigners & {witness.name for witness in policy.witnesses}
    assert policy.is_quorum(cosigners) is (quorum == "none" or obviously(quorum, groups, known))


@given(policies(), st.sets(st.sampled_from([f"w{n}" for n in range(8)])))
def test_one_more_cosigner_never_unmakes_a_quorum(made: tuple[str, object, str], cosigners: set[str]) -> None:
    policy = TrustPolicy.parse(made[0])
    for n in range(8):
        assert policy.is_quorum(cosigners) <= policy.is_quorum(cosigners | {f"w{n}"})


@given(policies())
def test_every_policy_is_read_back(made: tuple[str, object, str]) -> None:
    policy = TrustPolicy.parse(made[0])
    assert TrustPolicy.parse(str(policy)) == policy
    assert TrustPolicy.parse(str(TrustPolicy.parse(THREE))) == TrustPolicy.parse(THREE)


@given(policies(), st.data())
def test_the_order_of_witnesses_says_nothing(made: tuple[str, object, str], data: st.DataObject) -> None:
    text = made[0].splitlines(keepends=True)
    witnesses = [line for line in text if line.startswith("witness")]
    shuffled = data.draw(st.permutations(witnesses))
    cosigners = data.draw(st.sets(st.sampled_from([f"w{n}" for n in range(8)])))
    other = TrustPolicy.parse("".join([*shuffled, *text[len(witnesses) :]]))
    assert other.is_quorum(cosigners) == TrustPolicy.parse("".join(text)).is_quorum(cosigners)


SAME_KEY_AS_A = str(VerifierKey("another.example/name", SIGNERS[0].key.type, SIGNERS[0].key.public))
ED25519_OF_B = SIGNERS[1].key.public
MALFORMED = {
    "nothing": ("", "no quorum line"),
    "no quorum": (lines(), "no quorum line"),
    "two quorums": (lines("quorum a", "quorum b"), "line 6: got a second quorum line"),
    "a quorum of nobody known": (lines("quorum e"), "line 5: got the name 'e'"),
    "a quorum of two names": (lines("quorum a b"), "line 5: got 2 items"),
    "a quorum of no name": (lines("quorum"), "line 5: got 0 items"),
    "a quorum before its group": (lines("quorum g", "group g any a"), "line 5: got the name 'g'"),
    "no newline at the end": (lines("quorum a")[:-1], "a newline at the end"),
    "CRLF": (lines("quorum a").replace("\n", "\r\n"), r"line 1: got the control character '\\r'"),
    "a form feed": (lines("quorum\fa"), "line 5: got the control character"),
    "a null": (lines("quorum a", "# \0"), "line 6: got the control character"),
    "a delete in a comment": (lines("quorum a", "# \x7f"), "line 6: got the control character"),
    "an unknown word": (lines("quorum a", "cosigner x"), "line 6: got 'cosigner'"),
    "a word in capitals": (lines("Quorum a"), "line 5: got 'Quorum'"),
    "a no-break space for a space": (lines("quorum\xa0a"), r"line 5: got 'quorum\\xa0a'"),
    "a log without a key": (lines("log", "quorum a"), "line 5: got 0 items"),
    "a log with three items": (lines(f"log {LOG_1} http://a http://b", "quorum a"), "line 5: got 3 items"),
    "a log with one key": (lines(f"log {LOG_1}", "quorum a"), "in pairs"),
    "a log with the key twice": (lines(f"log {LOG_1}", f"log {LOG_1}", "quorum a"), "line 6: .*a line before"),
    "a pair of two origins": (lines(f"log {LOG_1}", f"log {OTHER_6}", "quorum a"), "in pairs"),
    "a log with a witness's key": (lines(f"log {signer(9).key}", "quorum a"), "got type 0x04"),
    "a log that is its own witness": (
        lines(f"log {LOG_1}", f"log {LOG_6}", f"witness w {LOG_6}", "quorum w"),
        "line 7: .*a line before",
    ),
    "a witness with a log's key": (lines(f"witness w {LOG_1}", "quorum w"), "line 5: .*got type 0x01"),
    "a witness without a key": (lines("witness w", "quorum w"), "line 5: got 1 items"),
    "a witness with four items": (lines(f"witness w {W[5]} http://w more", "quorum w"), "line 5: got 4 items"),
    "a name twice": (lines(f"witness a {W[5]}", "quorum a"), "line 5: got the name 'a', which is taken"),
    "a group with a witness's name": (lines("group a any b", "quorum a"), "line 5: got the name 'a', which is taken"),
    "a witness called none": (lines(f"witness none {W[5]}", "quorum a"), "'none', which is taken"),
    "a group called none": (lines("group none any a", "quorum a"), "'none', which is taken"),
    "none as a member": (lines("group g any none", "quorum g"), "line 5: got the name 'none'"),
    "a key twice": (lines(f"witness w {W[0]}", "quorum w"), "line 5: .*a line before"),
    "a key twice under two names": (lines(f"witness w {SAME_KEY_AS_A}", "quorum w"), "line 5: .*a line before"),
    "a key of a log under another type": (
        lines(f"log {VerifierKey(ORIGIN, SignatureType.ED25519, ED25519_OF_B)}", f"log {LOG_6}", "quorum a"),
        "line 5: .*a line before",
    ),
    "a key with a false id": (lines(f"witness w {W[5].replace('+', '+0', 1)}", "quorum w"), "line 5: verifier key"),
    "a URL of another kind": (lines(f"witness w {W[5]} ftp://w", "quorum w"), "line 5: got the URL 'ftp://w'"),
    "a URL with a query": (lines(f"witness w {W[5]} http://w/?a", "quorum w"), "line 5: got the URL"),
    "a URL that is not UTF-8": (lines(f"witness w {W[5]} http://\udcff", "quorum w"), "line 5: got the URL"),
    "a group of nobody": (lines("group g any", "quorum g"), "line 5: got 2 items"),
    "a group of zero": (lines("group g 0 a b", "quorum g"), "line 5: got the threshold '0'"),
    "a group of more than there are": (lines("group g 3 a b", "quorum g"), "line 5: got the threshold '3'"),
    "a threshold with a leading zero": (lines("group g 01 a b", "quorum g"), "line 5: got the threshold '01'"),
    "a threshold with a sign": (lines("group g +1 a b", "quorum g"), "line 5: got the threshold"),
    "a threshold in other digits": (lines("group g \u0661 a b", "quorum g"), "line 5: got the threshold"),
    "a threshold in capitals": (lines("group g ALL a b", "quorum g"), "line 5: got the threshold"),
    "a group of itself": (lines("group g any g", "quorum g"), "line 5: got the name 'g'"),
    "a member of a later line": (lines("group g any h", "group h any a", "quorum g"), "line 5: got the name 'h'"),
    "a member twice in one group": (lines("group g 2 a a", "quorum g"), "line 5: got the member 'a' again"),
    "a member of two groups": (
        lines("group g any a b", "group h any a c", "quorum h"),
        "line 6: got the member 'a' again",
    ),
    "a file beyond all bounds": ("#" * 1_000_000 + "\n", "got 1000001 characters"),
}


@pytest.mark.parametrize(("text", "why"), MALFORMED.values(), ids=MALFORMED)
def test_what_the_format_does_not_have_is_refused_by_line(text: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why) as refused:
        TrustPolicy.parse(text)
    assert "wanted" in str(refused.value)


def test_letters_beyond_ascii_are_compared_as_they_are() -> None:
    """tlog-policy, "Character set": K and the Kelvin sign are two names; octets that are not UTF-8 are one too."""
    names = ["K", "\u212a", "\udcff", "witness\xa0"]
    text = "".join(f"witness {name} {W[n]}\n" for n, name in enumerate(names))
    policy = TrustPolicy.parse(text + "group g all K \u212a\nquorum g\n")
    assert [witness.name for witness in policy.witnesses] == names
    assert policy.is_quorum({"K", "\u212a"})
    assert not policy.is_quorum({"K"})


@given(st.integers(0, len(THREE)), st.text(max_size=3))
def test_a_damaged_policy_raises_no_other_error(at: int, damage: str) -> None:
    damaged = THREE[:at] + damage + THREE[at + len(damage) :]
    try:
        policy = TrustPolicy.parse(damaged)
    except PolicyError:
        return
    assert TrustPolicy.parse(str(policy)) == policy


def cosigned_by(signatures: list[NoteSignature], to: bytes = NOTE) -> bytes:
    """A note with these lines behind those it has."""
    return add_cosignatures(to, signatures)


POLICY = TrustPolicy.parse(THREE)
FORGED = Checkpoint(ORIGIN, 7, NodeHash(b"f" * 32))
GOOD = [one.sign(SEVEN, AT) for one in SIGNERS[:3]]


def test_the_quorum_makes_a_checkpoint_witnessed() -> None:
    note = cosigned_by(GOOD[1:])
    assert POLICY.witnessed_by(note) == {"regulator": AT, "college": AT}
    POLICY.check_witnessed(note)


def line_of(n: int, checkpoint: Checkpoint = SEVEN, at: int = AT) -> NoteSignature:
    return SIGNERS[n].sign(checkpoint, at)


NOT_COUNTED = {
    "nobody's": [],
    "one's": [line_of(0)],
    "one's twice": [line_of(0), line_of(0)],
    "a stranger's": [line_of(0), line_of(5)],
    "one over another root": [line_of(0), line_of(1, FORGED)],
    "one over another size": [line_of(0), line_of(1, Checkpoint(ORIGIN, 8, SEVEN.root))],
    "one over another log": [line_of(0), line_of(1, Checkpoint("other.example.org", 7, SEVEN.root))],
    "one whose time was changed": [
        line_of(0),
        NoteSignature(GOOD[1].name, GOOD[1].key_id, bytes(8) + GOOD[1].value[8:]),
    ],
    "one with no time": [line_of(1), line_of(0, at=0)],
    "one cut short": [line_of(0), NoteSignature(GOOD[1].name, GOOD[1].key_id, GOOD[1].value[:-1])],
    "one under another's id": [line_of(0), NoteSignature(GOOD[1].name, GOOD[1].key_id, GOOD[2].value)],
}


@pytest.mark.parametrize("signatures", NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_only_valid_cosignatures_over_exactly_this_checkpoint_count(signatures: list[NoteSignature]) -> None:
    with pytest.raises(NotWitnessed, match="wanted the quorum 'most'"):
        POLICY.check_witnessed(cosigned_by(signatures))


def test_a_bad_line_of_one_does_not_spoil_the_others() -> None:
    """Anybody can add lines to a note: they must not take away what is proved."""
    POLICY.check_witnessed(cosigned_by([line_of(5), line_of(0, FORGED), *GOOD[1:]]))


def test_the_log_of_the_policy_must_have_signed_too() -> None:
    strangers = LogKeys.from_seeds(ORIGIN, b"7" * 32, b"8" * 32).sign_checkpoint(SEVEN, AT)
    with pytest.raises(NotWitnessed, match="both keys of a pair"):
        POLICY.check_witnessed(cosigned_by(GOOD, to=strangers))
    with pytest.raises(NotWitnessed, match="wanted a log of the policy"):
        POLICY.check_witnessed(OTHER.sign_checkpoint(Checkpoint("other.example.org/log", 7, SEVEN.root), AT))


def test_without_log_lines_the_log_is_the_callers_to_check() -> None:
    strangers = LogKeys.from_seeds(ORIGIN, b"7" * 32, b"8" * 32).sign_checkpoint(SEVEN, AT)
    unbound = TrustPolicy.parse("\n".join(line for line in THREE.splitlines() if not line.startswith("log")) + "\n")
    unbound.check_witnessed(cosigned_by(GOOD, to=strangers))


def test_what_is_no_checkpoint_is_not_taken_for_an_unwitnessed_one() -> None:
    with pytest.raises(CheckpointError):
        POLICY.check_witnessed(b"nothing\n")
