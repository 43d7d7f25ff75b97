"""What the core refuses. Every message says what was got and what was wanted."""


class CoreError(Exception):
    """Something signed, stored or proved is not what it should be."""


class MalformedStatement(CoreError):
    """Bytes or a value that no formatter here would have emitted."""

    def __init__(self, what: str, *, got: object, wanted: str) -> None:
        shown = repr(got)
        super().__init__(f"{what}: got {shown if len(shown) <= 80 else shown[:77] + '...'}, wanted {wanted}")
        self.what = what
        self.got = got
        self.wanted = wanted

    def inside(self, whole: str) -> "MalformedStatement":
        """The same, with ``what`` named from the whole that it is a member of: ``facts.grantee.id``."""
        joint = "" if self.what[:1] in ("", ".", "[") else "."
        return MalformedStatement(whole + joint + self.what, got=self.got, wanted=self.wanted)


class BadSignature(CoreError):
    """A signature that its key did not make over these bytes."""


class BadAssertion(CoreError):
    """An assertion by which no passkey's owner meant this."""


class BadCommitment(CoreError):
    """A content that does not open its commitment."""


class WeakKey(CoreError):
    """A public key that no honest author would have."""


class SealBroken(CoreError):
    """A sealed content or wrapped key that does not open."""
