"""The secrets of one ledger: what signs for people in the service's custody, and what opens the vault.

A service-held key is derived (HKDF-SHA256, RFC 5869) from one secret, the person and a generation, so no
private key is ever in the database; revoking one moves that person to the next generation.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.core.earlier import EarlierLog
from ledger.core.keys import SigningKey
from ledger.core.log_keys import LogKeys
from ledger.core.sealing import KeyEncryptionKey
from ledger.store.errors import KeyDestroyed

_CACHED_SIGNERS = 4096


@dataclass(slots=True)
class Keyring:
    """The keys that the service holds for the log called ``origin``."""

    origin: str
    log: LogKeys
    key_encryption_keys: Mapping[int, KeyEncryptionKey]
    """By generation, from 1; one wraps what is new, the others open what they have wrapped."""
    service_secret: bytes
    earlier: tuple[EarlierLog, ...] = ()
    """The logs that this one continues, the first first."""
    reload: Callable[[], Mapping[int, KeyEncryptionKey]] | None = None
    """Reads the key-encryption keys again: another process may have opened a generation since."""
    service: str = field(init=False)
    """The person id of the service itself: author of disclosures."""
    _current: int | None = None
    _signers: OrderedDict[tuple[str, int], SigningKey] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.service = str(uuid5(NAMESPACE_URL, f"{self.first_origin}/service"))

    @property
    def first_origin(self) -> str:
        """The name under which the ledger was founded.

        People, the service among them, and their service-held keys are named after it: they are the same people when
        the log goes on under a new name.
        """
        return self.earlier[0].origin if self.earlier else self.origin

    @property
    def begins_at(self) -> int:
        """The first position of the log called ``origin``; what stands before it is of an earlier log."""
        return self.earlier[-1].size if self.earlier else 0

    def origin_at(self, position: int) -> str:
        """The log that the entry at a position was admitted to, which its statement must name."""
        return next((log.origin for log in self.earlier if position < log.size), self.origin)

    @property
    def generation(self) -> int:
        """The generation of the key-encryption key that wraps what is new: what ``use`` was told, else the highest."""
        return max(self.key_encryption_keys) if self._current is None else self._current

    @property
    def key_encryption_key(self) -> KeyEncryptionKey:
        """The key-encryption key that wraps what is new."""
        return self.key_encryption_keys[self.generation]

    def use(self, generation: int) -> None:
        """Wrap what is new under this generation, as the database says; raises KeyDestroyed where it is not held."""
        if generation != self._current:
            self.opener(generation)
            self._current = generation

    def opener(self, generation: int) -> KeyEncryptionKey:
        """The key-encryption key of a generation; raises KeyDestroyed where it is not held."""
        if generation not in self.key_encryption_keys and self.reload is not None:
            self.key_encryption_keys = self.reload()
        try:
            return self.key_encryption_keys[generation]
        except KeyError:
            held = ", ".join(map(str, sorted(self.key_encryption_keys)))
            raise KeyDestroyed(
                f"key-encryption key {generation}: not held, only {held}; restore its file, or run verify"
            ) from None

    def signer_for(self, person: str, generation: int = 0) -> SigningKey:
        """The service-held key of a person."""
        name = (person, generation)
        signer = self._signers.get(name)
        if signer is None:
            derived = self.derived("service-key", self.first_origin, person, str(generation))
            signer = self._signers[name] = SigningKey(derived)
            if len(self._signers) > _CACHED_SIGNERS:
                self._signers.popitem(last=False)
        return signer

    def derived(self, use: str, *of: str) -> bytes:
        """A key of 32 bytes for one use, of what is named: every process that has the service's secret has the same.

        Of ``first_origin`` it is good for as long as there is the ledger; of ``origin``, until the log goes on under
        another name.
        """
        info = "\0".join((f"ledger/v1/{use}", *of)).encode()
        return HKDF(SHA256(), 32, salt=None, info=info).derive(self.service_secret)
