"""Check a receipt, offline, in numbered steps.

1. It is a receipt: an entry and a tlog-proof, in the only spelling that they have.
2. The log has signed the checkpoint, with both keys of a pair.
3. The entry is in the tree of that checkpoint.
4. The entry is well-formed, made for this log, and admitted before the checkpoint was signed.
5. The checkpoint is witnessed, as a policy asks.
6. That the author's key was in force is left out: a receipt does not hold the entries that enrolled it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.core.checkpoint import TimedCheckpoint
from ledger.core.entry import parse_entry
from ledger.core.errors import MalformedStatement
from ledger.core.instants import SECOND, format_instant
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import check_inclusion, leaf_hash
from ledger.core.receipt import Receipt, ReceiptError
from ledger.core.trust_policy import TrustPolicy
from ledger.verify.checks import Checks

FORM: Final = "it is a receipt: an entry, and a proof for it"
SIGNED: Final = "the log has signed the checkpoint, with both keys"
INCLUDED: Final = "the entry is in the tree of that checkpoint"
SAID: Final = "the entry is a statement for this log, admitted before the checkpoint was signed"
WITNESSED: Final = "the checkpoint is witnessed"
SPOKEN: Final = "the author's key was in force"
LARGEST: Final = 1 << 20
"""Bytes; a receipt has some 5,000, and an entry never more than 65,535."""


def verify_receipt(
    data: bytes,
    log: LogVerifier,
    policy: TrustPolicy | None = None,
    *,
    earlier: Collection[str] = (),
    what: str = "receipt",
) -> Checks:
    """Check a receipt as JSON; ``log`` is what was told about the log elsewhere, ``policy`` whose cosignatures count.

    ``earlier`` are the names of logs that this one continues: statements from before were made for them.
    """
    checks, held = Checks(what), _Held()
    if not checks.take(FORM, lambda: held.read(data)):
        return checks
    if checks.take(SIGNED, lambda: held.open_checkpoint(log)):
        checks.take(INCLUDED, held.see_included)
        checks.take(SAID, lambda: held.see_said({log.origin, *earlier}))
    if policy is None:
        checks.leave_out(WITNESSED, "no policy was given that says whose cosignatures count")
    else:
        checks.take(WITNESSED, lambda: held.see_witnessed(policy))
    checks.leave_out(SPOKEN, "the entries that enrolled and revoked it are in a bundle or a mirror, not in a receipt")
    return checks


@dataclass(slots=True)
class _Held:
    """A receipt while it is checked; each method tells how many things it looked at, or raises CoreError."""

    receipt: Receipt = field(init=False)
    timed: TimedCheckpoint = field(init=False)

    def read(self, data: bytes) -> int:
        value = _read_json(data)
        # What the service answers, and the command line with --json, has the receipt beside its standing.
        inner = value.get("receipt") if isinstance(value, dict) and "standing" in value else value
        self.receipt = Receipt.from_json(inner)
        return 1

    def open_checkpoint(self, log: LogVerifier) -> int:
        self.timed = log.open_timed_checkpoint(self.receipt.checkpoint_note)
        return 1

    def see_included(self) -> int:
        receipt, checkpoint = self.receipt, self.timed.checkpoint
        check_inclusion(receipt.index, checkpoint.size, leaf_hash(receipt.entry), receipt.path, checkpoint.root)
        return len(receipt.path)

    def see_said(self, origins: set[str]) -> int:
        entry = parse_entry(self.receipt.entry)
        if entry.signed.statement.ledger not in origins:
            wanted = "one for " + " or ".join(sorted(origins))
            raise MalformedStatement("statement.ledger", got=entry.signed.statement.ledger, wanted=wanted)
        if entry.recorded_at // SECOND > self.timed.at_seconds:
            at = format_instant(entry.recorded_at)
            raise ReceiptError(f"receipt: got a checkpoint signed at {self.timed.at_seconds} s, wanted {at} or later")
        return 1

    def see_witnessed(self, policy: TrustPolicy) -> int:
        policy.check_witnessed(self.receipt.checkpoint_note)
        return len(policy.witnessed_by(self.receipt.checkpoint_note))


def _read_json(data: bytes) -> Any:
    if len(data) > LARGEST:
        raise ReceiptError(f"receipt: got {len(data)} bytes, wanted at most {LARGEST}")
    try:
        return json.loads(data.decode(), object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise ReceiptError(f"receipt: got no JSON text ({error}), wanted an object of entry and proof") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ReceiptError(f"receipt: got a member twice among {', '.join(names)}, wanted each once")
    return dict(pairs)
