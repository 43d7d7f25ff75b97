"""The secrets of one ledger: what signs for people in the service's custody, and what opens the vault.

A service-held key is derived (HKDF-SHA256, RFC 5869) from one secret, the person and a generation, so no
private key is ever in the database; revoking one moves that person to the next generation.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.core.checkpoint import LogKeys
from ledger.core.keys import SigningKey
from ledger.core.sealing import KeyEncryptionKey

_CACHED_SIGNERS = 4096


@dataclass(slots=True)
class Keyring:
    """The keys that the service holds for the log called ``origin``."""

    origin: str
    log: LogKeys
    key_encryption_key: KeyEncryptionKey
    service_secret: bytes
    generation: int = 1
    service: str = field(init=False)
    """The person id of the service itself: author of disclosures."""
    _signers: OrderedDict[tuple[str, int], SigningKey] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.service = str(uuid5(NAMESPACE_URL, f"{self.origin}/service"))

    def signer_for(self, person: str, generation: int = 0) -> SigningKey:
        """The service-held key of a person."""
        name = (person, generation)
        signer = self._signers.get(name)
        if signer is None:
            signer = self._signers[name] = SigningKey(self._derive(person, generation))
            if len(self._signers) > _CACHED_SIGNERS:
                self._signers.popitem(last=False)
        return signer

    def _derive(self, person: str, generation: int) -> bytes:
        info = f"ledger/v1/service-key\0{self.origin}\0{person}\0{generation}".encode()
        return HKDF(SHA256(), 32, salt=None, info=info).derive(self.service_secret)
