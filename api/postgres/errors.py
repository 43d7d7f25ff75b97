"""The one error of the embedded PostgreSQL."""


class EmbeddedPostgresError(Exception):
    """The program's own PostgreSQL cannot be made, reached or started; the message says what to do next."""
