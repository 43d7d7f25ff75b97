"""What the core refuses. Every message says what was got and what was wanted."""


class CoreError(Exception):
    """Something signed, stored or proved is not what it should be."""


class MalformedStatement(CoreError):
    """Bytes or a value that no formatter here would have emitted."""

    def __init__(self, what: str, *, got: object, wanted: str) -> None:
        shown = repr(got)
        super().__init__(f"{what}: got {shown if len(shown) <= 80 else shown[:77] + '...'}, wanted {wanted}")
        self.what = what
        self.wanted = wanted


class BadSignature(CoreError):
    """A signature that its key did not make over these bytes."""


class BadCommitment(CoreError):
    """A content that does not open its commitment."""


class WeakKey(CoreError):
    """A public key that no honest author would have."""


class SealBroken(CoreError):
    """A sealed content or wrapped key that does not open."""
