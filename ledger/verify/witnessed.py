"""Witnessed checkpoints: the log's own, with the signatures of witnesses behind it."""

from ledger.core.checkpoint import CheckpointError, check_signature, open_note
from ledger.core.log_keys import LogVerifier
from ledger.core.trust_policy import TrustPolicy


def check_cosignatures(note: bytes, log: LogVerifier, policy: TrustPolicy) -> None:
    """Check that every line behind the log's is a right one by a witness of the policy. Raises CheckpointError.

    A witness that no longer counts stays in the policy, outside its quorum, so that what it has signed can be checked.
    """
    parsed, checkpoint = open_note(note)
    ours = {(key.name, key.key_id) for pair in log.pairs for key in pair.keys}
    witnesses = {(witness.key.name, witness.key.key_id): witness.key for witness in policy.witnesses}
    for line in parsed.signatures:
        name = (line.name, line.key_id)
        if name in ours:
            continue
        if name not in witnesses:
            raise CheckpointError(
                f"witnessed checkpoint of size {checkpoint.size}: got a line of {line.name}+{line.key_id.hex()}, wanted"
                " those of the policy's witnesses; keep former witnesses in the policy, outside its quorum"
            )
        check_signature(witnesses[name], parsed, checkpoint)
