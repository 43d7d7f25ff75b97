"""The PostgreSQL that the ledger brings along and runs itself, for whoever gives it no server of their own.

One directory, the home, holds everything:

    lock              flock; held by PostgreSQL itself, for exactly as long as any of its processes lives
    pgpass            a password per role, 0600, in libpq's format
    postgres.log      what the server said; never a statement, a parameter or a row
    postgres/         0700, of the account that PostgreSQL runs as (a link for root, see `place`)
        data/         the database cluster: absent or complete, never half made
        run/          the unix socket; there is no TCP port

The server runs as the user who started it. PostgreSQL refuses root, so root's server runs as the
account `ledgerpg`, made on first use.
"""

from api.postgres.errors import EmbeddedPostgresError
from api.postgres.supervisor import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
