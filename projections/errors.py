"""What projections refuse. Every message says what was got, what was wanted, and what to do next."""


class ProjectionError(Exception):
    """What was asked of a projection cannot be answered now."""


class NotFollowed(ProjectionError):
    """The projections have not reached a position in time, so nothing that rests on it is shown."""


class OutOfStep(ProjectionError):
    """A projection does not agree with the ledger: somebody edited it."""
