"""Trust policies: whose cosignatures a checkpoint must carry to be believed (C2SP tlog-policy).

::

    log     ledger.example.org/surgery+3aa68fb9+AeF…
    log     ledger.example.org/surgery+0c4d5e6f+Bgk…
    witness patients  patients.example.org/w1+5c0de0ff+BGx…  https://patients.example.org/witness
    witness regulator regulator.example.org/w+1badcafe+Bj2…  https://regulator.example.org/witness
    witness college   college.example.org/w+0ddba115+BLq…
    group   most 2 patients regulator college
    quorum  most

A checkpoint is *witnessed* when the witnesses that have cosigned it make the quorum: here any two of
the three. A group may hold groups; ``any`` stands for 1, ``all`` for the number of its members, and
``quorum none`` asks for nobody. Names hold within the file only. A name is defined before it is used,
and is a member of at most one group, so that no witness counts twice.

Narrower than tlog-policy in what a ledger's logs are: each origin has its ``log`` lines in pairs, an
Ed25519 key (type 0x01) and an ML-DSA-44 key (0x06), because both sign each checkpoint. There may be
several pairs while keys are being replaced; a pair that was retired is left out, because the format has
no way to say until when it counted. No key may be a log's and a witness's: a log cannot be its own witness.

The file is octets; names are compared as such. Decode it as UTF-8 with ``surrogateescape``.
"""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Final, Self

from ledger.core.checkpoint import Checkpoint, CheckpointError, cosigned_at, open_note
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogPair, LogVerifier
from ledger.core.note import Note, SignatureType, VerifierKey

NO_QUORUM: Final = "none"
LARGEST_POLICY: Final = 1_000_000
MOST_WITNESSES: Final = 64
"""As many as find room on one note, beside the log's own lines; the format asks for 32 at least."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_GAP: Final = re.compile(r"[ \t]+")
# A lone surrogate is an octet that was not UTF-8.
_URL: Final = re.compile(r"https?://[^/?#\ud800-\udfff]+(/[^?#\ud800-\udfff]*)?")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}")
_COSIGNERS: Final = (SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE)
_LOGS: Final = (SignatureType.ED25519, SignatureType.ML_DSA_44_COSIGNATURE)


class PolicyError(CoreError):
    """A trust policy that says nothing definite; the message names the line."""


class NotWitnessed(CoreError):
    """A checkpoint that too few of the policy's witnesses have cosigned, or that is of none of its logs."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody whose cosignature counts: a name of this file, one key, and where to ask, if that is said."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses this checkpoint if at least ``wanted`` of its members do: witnesses, or groups."""

    name: str
    wanted: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """The logs, the witnesses and the quorum of a policy; made by ``parse``.

    ``logs`` has one verifier for each origin, and is empty where the log is known otherwise.
    """

    logs: tuple[LogVerifier, ...]
    log_urls: tuple[tuple[VerifierKey, str], ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy file; raises PolicyError, which names the line, for whatever the format does not have."""
        if len(text) > LARGEST_POLICY or (text and not text.endswith("\n")):
            raise PolicyError(
                f"trust policy: got {len(text)} characters, wanted at most {LARGEST_POLICY} and a newline at the end"
            )
        reading = _Reading()
        for number, line in enumerate(text.split("\n"), 1):
            try:
                reading.take(line)
            except CoreError as error:
                raise PolicyError(f"trust policy, line {number}: {error}") from error
        if reading.quorum is None:
            raise PolicyError("trust policy: got no quorum line, wanted one: 'quorum <name>', or 'quorum none'")
        witnesses = tuple(reading.witnesses.values())
        groups = tuple(reading.groups.values())
        return cls(_verifiers(reading.log_keys), tuple(reading.log_urls), witnesses, groups, reading.quorum)

    def __str__(self) -> str:
        """The policy in the format's plainest spelling, which ``parse`` reads back."""
        urls = dict(self.log_urls)
        keys = (key for log in self.logs for pair in log.pairs for key in pair.keys)
        lines = [_line("log", str(key), urls.get(key)) for key in keys]
        lines += [_line("witness", witness.name, str(witness.key), witness.url) for witness in self.witnesses]
        lines += [_line("group", group.name, str(group.wanted), *group.members) for group in self.groups]
        return "".join([*lines, _line("quorum", self.quorum)])

    def is_quorum(self, cosigners: Set[str]) -> bool:
        """Do these witnesses, by their names in this policy, make the quorum?"""
        if self.quorum == NO_QUORUM:
            return True
        satisfied = {witness.name for witness in self.witnesses if witness.name in cosigners}
        for group in self.groups:  # each after its members
            if len(satisfied.intersection(group.members)) >= group.wanted:
                satisfied.add(group.name)
        return self.quorum in satisfied

    def witnessed_by(self, note: bytes) -> Mapping[str, int]:
        """Who has cosigned exactly this checkpoint: names of this policy, and when, in seconds since 1970.

        A line that is not that witness's, or without a time, is as if it were not there: others may add lines
        to a note. Raises CheckpointError for bytes that are no checkpoint.
        """
        parsed, checkpoint = open_note(note)
        times = {witness.name: _time_of(witness.key, parsed, checkpoint) for witness in self.witnesses}
        return {name: at_seconds for name, at_seconds in times.items() if at_seconds}

    def check_witnessed(self, note: bytes) -> None:
        """Check that a log of this policy signed the checkpoint, and that the quorum cosigned it.

        Without ``log`` lines the log's own signatures are the caller's to check. Raises NotWitnessed for what
        may yet be witnessed or is of another log, CheckpointError for bytes that are no checkpoint.
        """
        _, checkpoint = open_note(note)
        self._check_log(note, checkpoint)
        cosigners = self.witnessed_by(note)
        if not self.is_quorum(cosigners.keys()):
            raise NotWitnessed(
                f"checkpoint of {checkpoint.origin} at size {checkpoint.size}: got cosignatures of "
                f"{', '.join(cosigners) or 'nobody'}, wanted the quorum {self.quorum!r}; ask for it again later"
            )

    def _check_log(self, note: bytes, checkpoint: Checkpoint) -> None:
        if not self.logs:
            return
        mine = [log for log in self.logs if log.origin == checkpoint.origin]
        if not mine:
            known = ", ".join(log.origin for log in self.logs)
            raise NotWitnessed(f"checkpoint: got one of {checkpoint.origin}, wanted a log of the policy: {known}")
        try:
            mine[0].open_checkpoint(note)
        except CheckpointError as error:
            raise NotWitnessed(str(error)) from error


def _time_of(key: VerifierKey, note: Note, checkpoint: Checkpoint) -> int | None:
    try:
        # Zero says nothing of the tree being the newest (tlog-cosignature, "ML-DSA-44 signed message").
        return cosigned_at(key, note, checkpoint) or None
    except CheckpointError:
        return None


def _line(*items: str | None) -> str:
    return " ".join(item for item in items if item is not None) + "\n"


class _Reading:
    """A policy file while it is read, line by line: what has been defined so far."""

    def __init__(self) -> None:
        self.log_keys: list[VerifierKey] = []
        self.log_urls: list[tuple[VerifierKey, str]] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._public: set[bytes] = set()
        self._members: set[str] = set()

    def take(self, line: str) -> None:
        """Read one line; raises PolicyError or NoteError."""
        if found := _FORBIDDEN.search(line):
            raise PolicyError(f"got the control character {found[0]!r}, wanted none but tabs and newlines")
        # Spaces and tabs only: what else Unicode calls a space belongs to names.
        keyword, *items = _GAP.split(line.strip(" \t"))
        if not keyword or keyword.startswith("#"):
            return
        takers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if keyword not in takers:
            raise PolicyError(f"got {keyword[:40]!r}, wanted log, witness, group or quorum")
        takers[keyword](items)

    def _log(self, items: list[str]) -> None:
        if len(items) not in (1, 2):
            raise PolicyError(f"got {len(items)} items, wanted 'log <vkey> [<url>]'")
        key = self._key(items[0], _LOGS)
        self.log_keys.append(key)
        self.log_urls += [(key, _url(url)) for url in items[1:]]

    def _witness(self, items: list[str]) -> None:
        if len(items) not in (2, 3):
            raise PolicyError(f"got {len(items)} items, wanted 'witness <name> <vkey> [<url>]'")
        if len(self.witnesses) == MOST_WITNESSES:
            raise PolicyError(f"got more than {MOST_WITNESSES} witnesses, wanted at most that")
        name = self._new_name(items[0])
        key = self._key(items[1], _COSIGNERS)
        self.witnesses[name] = Witness(name, key, _url(items[2]) if len(items) == 3 else None)

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise PolicyError(f"got {len(items)} items, wanted 'group <name> <all|any|number> <name>...'")
        name, threshold, *members = items
        self._new_name(name)
        for member in members:
            self._take_member(member)
        self.groups[name] = Group(name, _wanted(threshold, len(members)), tuple(members))

    def _quorum(self, items: list[str]) -> None:
        if len(items) != 1:
            raise PolicyError(f"got {len(items)} items, wanted 'quorum <name>'")
        if self.quorum is not None:
            raise PolicyError("got a second quorum line, wanted exactly one")
        if items[0] != NO_QUORUM:
            self._check_defined(items[0])
        self.quorum = items[0]

    def _key(self, text: str, kinds: Iterable[SignatureType]) -> VerifierKey:
        key = VerifierKey.parse(text)
        if key.type not in kinds:
            wanted = " or ".join(f"{kind:#04x}" for kind in kinds)
            raise PolicyError(f"key {key.name}: got type {key.type:#04x}, wanted {wanted}")
        # By the key itself: another name or type makes another key id, but no other signer.
        if key.public in self._public:
            raise PolicyError(f"key {key.name}: got a public key that a line before has, wanted each only once")
        self._public.add(key.public)
        return key

    def _new_name(self, name: str) -> str:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise PolicyError(f"got the name {name[:80]!r}, which is taken, wanted a new one")
        return name

    def _check_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError(f"got the name {name[:80]!r}, wanted a witness or group of a line before")

    def _take_member(self, name: str) -> None:
        self._check_defined(name)
        if name in self._members:
            raise PolicyError(f"got the member {name[:80]!r} again, wanted each name in one group, and once")
        self._members.add(name)


def _wanted(threshold: str, members: int) -> int:
    if threshold in ("any", "all"):
        return 1 if threshold == "any" else members
    if not _COUNT.fullmatch(threshold) or int(threshold) > members:
        raise PolicyError(f"got the threshold {threshold[:40]!r}, wanted all, any or a number from 1 to {members}")
    return int(threshold)


def _url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise PolicyError(f"got the URL {url[:80]!r}, wanted one that begins with http:// or https://, without a query")
    return url


def _verifiers(keys: Iterable[VerifierKey]) -> tuple[LogVerifier, ...]:
    """A verifier for each origin: its nth Ed25519 key with its nth ML-DSA-44 key."""
    by_origin: dict[str, tuple[list[VerifierKey], list[VerifierKey]]] = {}
    for key in keys:
        by_origin.setdefault(key.name, ([], []))[_LOGS.index(key.type)].append(key)
    for origin, (ed25519, ml_dsa_44) in by_origin.items():
        if len(ed25519) != len(ml_dsa_44):
            raise PolicyError(
                f"trust policy: got {len(ed25519)} keys of type 0x01 and {len(ml_dsa_44)} of type 0x06 for the log "
                f"{origin}, wanted them in pairs; GET /log/verifier of that log has both"
            )
    try:
        return tuple(LogVerifier(tuple(map(LogPair, *keys))) for keys in by_origin.values())
    except CheckpointError as error:  # two keys with the same four bytes for an id
        raise PolicyError(f"trust policy: {error}") from error
