"""Trust: whose cosignatures make a checkpoint of this log a witnessed one, by the policy that the settings name."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from api.settings import Settings, SettingsError
from ledger.core.checkpoint import CheckpointError
from ledger.core.trust_policy import NotWitnessed, PolicyError, TrustPolicy


def read_policy(settings: Settings) -> TrustPolicy | None:
    """The policy of ``LEDGER_POLICY``; None where there is none. Raises SettingsError for what is no policy."""
    return None if settings.policy is None else _read(settings.policy)


def witnessed_under(policy: TrustPolicy | None) -> Callable[[bytes], bool]:
    """Whether the policy calls a note witnessed; without a policy nothing is. The last few answers are remembered."""

    @lru_cache(maxsize=8)
    def is_witnessed(note: bytes) -> bool:
        if policy is None:
            return False
        try:
            policy.check_witnessed(note)
        except (NotWitnessed, CheckpointError):
            return False
        return True

    return is_witnessed


def _read(path: Path) -> TrustPolicy:
    try:
        # The file is octets; names in it are compared as such.
        return TrustPolicy.parse(path.read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, PolicyError) as error:
        raise SettingsError(
            f"LEDGER_POLICY: {error}. Name a C2SP tlog-policy file, or unset it, and start again."
        ) from error
