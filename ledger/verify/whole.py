"""Verifying a whole ledger: one walk along the log, on as many cores as are given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ledger.core.edge import Edge
from ledger.core.errors import CoreError
from ledger.core.instants import Instant
from ledger.core.log_keys import LogVerifier
from ledger.core.sealing import KeyEncryptionKey
from ledger.core.trust_policy import TrustPolicy
from ledger.verify.beforehand import Beforehand, as_sections, read_beforehand
from ledger.verify.cores import Task, examined_by
from ledger.verify.entries import Trust
from ledger.verify.findings import BUT_THE_VAULT, WITHOUT_KEYS, Findings, Step, Verification, steps_taken
from ledger.verify.folding import Facts, Folding
from ledger.verify.generations import Generations, compare_destroyed
from ledger.verify.older import compare_older_tiles
from ledger.verify.rows import HeadRow, Source, Span
from ledger.verify.state import Verified
from ledger.verify.tree import Tiles, Tree

Progress = Callable[[int, int], None]
"""Told the entries done and the entries in all, after each span."""

Keep = Callable[[Verified | None], None]
"""Given what has been verified so far, to be kept before it returns; None to forget it, as something is wrong."""

SPAN: Final = 1024
"""Entries that one core looks at before it tells what it found."""
KEPT_EVERY: Final = 32
"""Spans after which what has been verified is kept, so that a run that is stopped can be gone on with."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What is known from outside the ledger.

    ``log`` holds the log's public keys, ``earlier`` those of the logs that it continues. Without ``vault_keys``
    (key-encryption keys by generation) contents stay sealed; without ``policy`` no witness's signature is looked at.
    """

    log: LogVerifier
    earlier: Sequence[LogVerifier] = ()
    vault_keys: Mapping[int, KeyEncryptionKey] | None = None
    policy: TrustPolicy | None = None


def verify_ledger(
    source: Source,
    trusted: Trusted,
    *,
    at: Instant,
    cores: int = 1,
    progress: Progress | None = None,
    left_out: Mapping[Step, str] | None = None,
    only_vault: bool = False,
    since: Verified | None = None,
    keep: Keep | None = None,
    span: int = SPAN,
) -> Verification:
    """Take every step over a snapshot of a ledger; wrong things are in the outcome, never raised.

    ``at`` is the present instant. ``left_out`` names steps that the source cannot be asked for, and why.
    ``only_vault`` takes the steps about wrapped keys, and finds words wrong that were erased and still have one.
    ``since`` is what an earlier run has verified (it is used up), ``keep`` keeps what this one has. Memory does not
    grow with the log, but with its keys and erasures, and with the 65,536th part of its entries.
    """
    leave = {**(left_out or {}), **({} if trusted.vault_keys is not None else WITHOUT_KEYS)}
    if only_vault:
        leave |= BUT_THE_VAULT
    run = _Run(source, trusted, leave, since, keep, only_vault=only_vault)
    if run.went_back():
        return run.outcome()
    run.walk(cores, span, progress)
    return run.finish(at)


@dataclass(slots=True)
class _Run:
    """One verification, from ``first`` on."""

    source: Source
    trusted: Trusted
    left_out: Mapping[Step, str]
    since: Verified | None
    keep: Keep | None
    only_vault: bool
    found: Findings = field(default_factory=Findings)
    broken: bool = False
    remarks: list[str] = field(default_factory=list)
    head: HeadRow = field(init=False)
    first: int = field(init=False)
    beforehand: Beforehand = field(init=False)
    folding: Folding = field(init=False)

    def __post_init__(self) -> None:
        self.head = _head(self.source, self.found)
        since = self.since
        edge = Edge.empty() if since is None else since.edge
        facts = Facts() if since is None else since.facts
        self.first = edge.size
        self.beforehand = Beforehand(self.trusted.log.origin)
        self.beforehand.erased = set(facts.erased)
        self.beforehand.continued = as_sections(facts.continued)
        tree = Tree(
            Tiles(self.source.tiles(self.first), self.found, self.head.size),
            self.found,
            edge=edge,
            covered=0 if since is None else since.covered,
            uncovered_since=None if since is None else since.uncovered_since,
        )
        self.folding = Folding(tree, facts, self.found)
        self.beforehand.keys = dict(self.folding.keys)

    def went_back(self) -> bool:
        """Note a ledger that has fewer entries than were verified before."""
        if self.first == 0 or self.head.size >= self.first:
            return False
        wanted = f"at least {self.first}, which were verified before; is this an older backup?"
        self.found.note(Step.ORDER, self.head.size, f"{self.head.size} entries", wanted)
        return True

    def walk(self, cores: int, span: int, progress: Progress | None) -> None:
        """Examine the entries from ``first`` on, and what is numbered."""
        read_beforehand(self.source, self.beforehand, self.first)
        if self.first:
            compare_older_tiles(self.source, self.folding.tree.edge, self.found)
        numbers = Findings()
        for n, examined in enumerate(examined_by(cores, self._task(span), numbers), 1):
            self.folding.take(examined)
            self.broken = examined.broken
            if n % KEPT_EVERY == 0:
                self._keep(numbered=0 if self.since is None else self.since.numbered)
            if progress is not None:
                progress(self.folding.tree.edge.size, self.head.size)
        self.found.merge(numbers)

    def finish(self, at: Instant) -> Verification:
        """Hold the end of the log to its head, and what was guessed beforehand to what was found."""
        folding, size = self.folding, self.folding.tree.edge.size
        if not self.broken:
            if size == self.head.size:
                folding.finish(Instant(self.head.recorded_at), at)
            else:
                wrong = min(size, max(self.head.size, 0))
                self.found.note(Step.ORDER, wrong, f"{size} entries", f"{self.head.size} as the head says")
        self._compare_sections()
        self._remark_enrolments()
        self._settle_erasures()
        self._compare_witnessed()
        outcome = self.outcome()
        self._keep(numbered=size)
        return outcome

    def outcome(self) -> Verification:
        """What was found."""
        tree = self.folding.tree
        steps = steps_taken(self.found, self.left_out)
        origin = self.trusted.log.origin
        return Verification(
            origin, tree.edge.size, tree.covered, tree.edge.root(), steps, self.first, tuple(self.remarks)
        )

    def _task(self, span: int) -> Task:
        ends = range(self.first + span, self.first + self.source.count(self.first), span)
        spans = [Span(first, end) for first, end in zip([self.first, *ends], [*ends, None], strict=True)]
        trusted = self.trusted
        logs = {log.origin: log for log in (*trusted.earlier, trusted.log)}
        signatures = Step.SIGNATURES not in self.left_out
        generations = Generations.read(self.source.generations(), self.head, self.found)
        trust = Trust(logs, self.beforehand, trusted.vault_keys, trusted.policy, signatures, generations)
        numbered = None if Step.NUMBERING in self.left_out else 0 if self.since is None else self.since.numbered
        return Task(self.source, trust, spans, self.head.size, numbered)

    def _compare_sections(self) -> None:
        got, wanted = self.beforehand.continued, as_sections(self.folding.facts.continued)
        if got != wanted and not self.broken:
            position = min(position for position, _ in set(got) ^ set(wanted))
            self.found.note(Step.TIMES, position, f"a row that says {got} of earlier logs", f"{wanted} as its entry")
        if self.folding.unverified:
            self.remarks.append(
                f"the signatures of {self.folding.unverified:,} checkpoints of earlier logs were not looked at;"
                " give their verifiers"
            )

    def _remark_enrolments(self) -> None:
        """Tell where nothing but the service's word stands for a key: it could have enrolled one of its own so."""
        if on_word := self.folding.on_word:
            self.remarks.append(
                f"keys of people's own that the service enrolled for a registrar without a key: {len(on_word):,}, the"
                f" last at position {on_word[-1]}; ask their owners whether these are theirs"
            )

    def _settle_erasures(self) -> None:
        facts = self.folding.facts
        older = [position for position in facts.erased if position < self.first]
        kept = self.folding.settle(self.source.words_at(older) if older else ())
        if not self.broken:
            compare_destroyed(self.source.destroyed(), facts.erased, kept, max(self.head.size, 0), self.found)
        if kept and self.only_vault:
            got = f"a wrapped key of words that position {facts.erased[kept[0]]} erased"
            self.found.note(Step.ERASED, kept[0], got, "none; run record-ledger erase apply")
        elif kept:
            shown = ", ".join(map(str, kept[:5])) + (" …" if len(kept) > 5 else "")
            self.remarks.append(f"{len(kept):,} erased words still have their key, at positions {shown}")

    def _compare_witnessed(self) -> None:
        note, policy = self.folding.cosigned, self.trusted.policy
        if policy is None and self.found.looked_at[Step.WITNESSED]:
            self.remarks.append("witnesses' signatures were not looked at; give the policy that names their keys")
        if note is None or policy is None:
            return
        try:
            policy.check_witnessed(note)
        except CoreError as error:
            at = self.folding.tree.edge.size - 1
            self.found.note(Step.WITNESSED, at, str(error), "the newest witnessed checkpoint under the policy's quorum")

    def _keep(self, numbered: int) -> None:
        if self.keep is None or self.only_vault:
            return
        if any(step not in self.left_out for step in self.found.first):
            self.keep(None)
            return
        tree, log = self.folding.tree, self.trusted.log
        steps = tuple(step.value for step in Step if step not in self.left_out)
        began = self.since.began if self.since is not None and self.since.unfinished else self.first
        self.keep(
            Verified(
                str(log), steps, tree.edge, tree.covered, tree.uncovered_since, began, numbered, self.folding.facts
            )
        )


def _head(source: Source, found: Findings) -> HeadRow:
    heads = list(islice(source.heads(), 2))
    if len(heads) != 1 or heads[0].one is not True or min(heads[0].size, heads[0].recorded_at) < 0:
        found.note(Step.ORDER, 0, f"{heads} as the head", "one row, with a size and an instant")
    return heads[0] if heads else HeadRow(one=True, size=0, recorded_at=0)
