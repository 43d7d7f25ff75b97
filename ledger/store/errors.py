"""What the store refuses. Every message says what was got, what was wanted, and what to do next."""


class StoreError(Exception):
    """Something could not be kept or read."""


class MigrationRefused(StoreError):
    """A migration that was applied is not the one in the files."""


class NotRecorded(StoreError):
    """The ledger cannot record, so nothing was admitted and nobody is shown anything."""


class WentBack(NotRecorded):
    """The database is behind what is known of the log, or holds another history; nothing may be signed on it."""


class Conflict(StoreError):
    """Somebody else said something about the same thing first; read again and decide again."""


class GuardFailed(Conflict):
    """A fact about something the decision rests on was admitted in between, or its time ran out."""


class AlreadySaid(Conflict):
    """The author used this statement id before, for other content."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class FactsIncomplete(StoreError):
    """The index of facts does not agree with its counter or its entries: somebody edited it."""


class WordsErased(StoreError):
    """The key of these words was destroyed; they cannot be opened by anybody."""


class KeyDestroyed(StoreError):
    """A generation of the key-encryption key is not held: destroyed, or its file is missing."""


class VaultRefused(StoreError):
    """A generation of the key-encryption key cannot be opened or destroyed as things are."""


class JournalBroken(StoreError):
    """The journal of destructions cannot be read, so nobody knows what a restored backup brought back."""


class NotPublished(StoreError):
    """A tile, a bundle or a proof of a tree that no signed checkpoint covers; fetch the checkpoint again."""
