"""Two witnesses that cosign what they are shown: they are here so that there are rows to be damaged."""

from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, open_note
from ledger.core.note import SignatureType
from ledger.core.trust_policy import TrustPolicy
from ledger.verify.rows import CheckpointRow, CosignedRow

SIGNERS = (
    CheckpointSigner.from_seed("patients.example", SignatureType.ED25519_COSIGNATURE, b"p" * 32),
    CheckpointSigner.from_seed("regulator.example", SignatureType.ML_DSA_44_COSIGNATURE, b"r" * 32),
)
POLICY = TrustPolicy.parse(
    f"witness patients {SIGNERS[0].key}\nwitness regulator {SIGNERS[1].key}\ngroup both all patients regulator\n"
    "quorum both\n"
)


def cosign(row: CheckpointRow, *signers: CheckpointSigner) -> CosignedRow:
    """A checkpoint with the signatures of these witnesses behind the log's."""
    parsed, checkpoint = open_note(row.note)
    at_seconds = int.from_bytes(parsed.signatures[1].value[:8])  # at once: at the time that the log's own line tells
    lines = [signer.sign(checkpoint, at_seconds) for signer in signers or SIGNERS]
    return CosignedRow(row.size, add_cosignatures(row.note, lines))
