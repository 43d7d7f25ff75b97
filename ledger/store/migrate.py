"""Migrations: numbered SQL files, each applied once, apart from the service.

The service connects as ``ledger_app`` and cannot change a table; ``migrate`` needs a superuser, or an
owner of the database who may create roles.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from ledger.store.errors import MigrationRefused

SCHEMA_FOLDER = Path(__file__).parent / "schema"
ROLES = {
    "ledger_owner": "nologin",
    "ledger_migrator": "login in role ledger_owner",
    "ledger_app": "login",
    "ledger_eraser": "login",
    "ledger_reader": "login",
}
# Any number does, as long as every migrator takes the same one: two at once would both create the first table.
_ONE_MIGRATOR = 0x1ED6E4


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; its name is its identity, its digest shows that it was not edited afterwards."""

    name: str
    statements: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def migrate(conninfo: str, *more_folders: Path) -> list[str]:
    """Bring a database up to date and return the names of the migrations applied.

    Raises MigrationRefused when an applied migration has been edited since.
    """
    with psycopg.connect(conninfo) as connection:
        connection.execute("select pg_advisory_xact_lock(%s::bigint)", [_ONE_MIGRATOR])
        _create_roles(connection)
        connection.execute("set local role ledger_owner")
        applied = _applied(connection)
        return [step.name for step in _steps(SCHEMA_FOLDER, *more_folders) if _apply(connection, step, applied)]


def _create_roles(connection: psycopg.Connection) -> None:
    present = {name for (name,) in connection.execute("select rolname from pg_roles")}
    for name, attributes in ROLES.items():
        if name not in present:
            connection.execute(f"create role {name} {attributes}")
    connection.execute("create schema if not exists ledger authorization ledger_owner")
    connection.execute("create schema if not exists projections authorization ledger_owner")
    connection.execute("create schema if not exists sign_in authorization ledger_owner")
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    connection.execute(
        sql.SQL("grant connect on database {} to ledger_app, ledger_migrator, ledger_eraser, ledger_reader").format(
            database
        )
    )


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    connection.execute(
        "create table if not exists ledger.migration"
        " (name text primary key, digest text not null, applied_at timestamptz not null default now())"
    )
    return dict(connection.execute("select name, digest from ledger.migration").fetchall())


def _steps(*folders: Path) -> Iterator[Migration]:
    for folder in folders:
        for file in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")):
            yield Migration(file.stem, file.read_text())


def _apply(connection: psycopg.Connection, step: Migration, applied: dict[str, str]) -> bool:
    if step.name in applied:
        if applied[step.name] != step.digest:
            raise MigrationRefused(
                f"migration {step.name}: got text with SHA-256 {step.digest}, wanted {applied[step.name]} as applied;"
                " put the file back as it was and write a new migration"
            )
        return False
    connection.execute(step.statements.encode())
    connection.execute("insert into ledger.migration (name, digest) values (%s, %s)", [step.name, step.digest])
    return True
