"""Making a database cluster and the roles in it, before the server starts: absent or complete, never between."""

import os
import secrets
import shutil
from pathlib import Path

from api.postgres.account import Account
from api.postgres.binaries import Binaries
from api.postgres.errors import EmbeddedPostgresError
from api.postgres.place import Place

SUPERUSER = "postgres"
OWNER = "ledger_owner"
LOGIN_ROLES = (SUPERUSER, "ledger_migrator", "ledger_app", "ledger_eraser", "ledger_reader")
"""The roles that log in, each with a password of its own; what each may do is granted by the migrations."""

_HOST_BASED_AUTHENTICATION = "# Written by record-ledger: the unix socket only, and a password for everybody.\n"
_HOST_BASED_AUTHENTICATION += "local all all scram-sha-256\n"


def make_cluster(place: Place, account: Account, binaries: Binaries, lock: int, *, durable: bool) -> None:
    """Make the database cluster if there is none yet.

    It is made under another name and renamed when it is whole: a crash on the way leaves a draft, which
    the next start removes. `lock` is handed on, so that an `initdb` which outlives us is still seen.

    Raises `EmbeddedPostgresError` if `initdb` fails, or if the cluster is of another major version.
    """
    if place.data.exists():
        return _check_version(place.data, binaries)
    draft = place.cluster / "data.draft"
    if draft.exists():
        shutil.rmtree(draft)
    _initdb(draft, account, binaries, lock, durable=durable)
    _write(draft / "pg_hba.conf", _HOST_BASED_AUTHENTICATION)
    draft.rename(place.data)
    _sync(place.cluster)
    return None


def give_passwords(place: Place, account: Account, binaries: Binaries, lock: int) -> None:
    """Give a password to each login role that has none in the passfile, and make the role if it is missing.

    Runs PostgreSQL in single-user mode, which asks for no password: there is no moment at which a running
    server lets anybody in without one. The passfile is written last: a crash before that and the next
    start gives new passwords to the same roles.

    Raises `EmbeddedPostgresError` if PostgreSQL refuses.
    """
    known = _read_passwords(place.passfile)
    missing = {role: secrets.token_urlsafe(24) for role in LOGIN_ROLES if role not in known}
    if not missing:
        return
    statements = [_make_role(OWNER), *(line for role in missing for line in _with_password(role, missing[role]))]
    statements.append(f"GRANT {OWNER} TO ledger_migrator;")
    quiet = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
    answer = account.run(
        [binaries.postgres, "--single", "-D", place.data, *quiet, SUPERUSER],
        input="\n".join(statements) + "\n",
        pass_fds=(lock,),
    )
    if answer.returncode != 0:
        raise EmbeddedPostgresError(f"PostgreSQL could not make the ledger's roles: {answer.stderr.strip()}")
    _write_passwords(place.passfile, known | missing)


def _initdb(directory: Path, account: Account, binaries: Binaries, lock: int, *, durable: bool) -> None:
    # `reject` until our own pg_hba.conf is there. Byte order and no language's rules: text sorts and
    # compares the same on every machine and after every upgrade of its C library.
    options = ["-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--data-checksums", "--auth=reject"]
    if binaries.major >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not durable:
        options += ["--no-sync"]
    answer = account.run([binaries.initdb, "-D", directory, *options], pass_fds=(lock,))
    if answer.returncode != 0:
        raise EmbeddedPostgresError(
            f"initdb could not make a database in {directory}: {answer.stderr.strip()}. Check that the disk has "
            f"room and that user {account.uid} has an entry in the machine's list of users."
        )


def _check_version(data: Path, binaries: Binaries) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise EmbeddedPostgresError(
            f"the database in {data} was made by PostgreSQL {made_by}, the programs in {binaries.directory} are "
            f"PostgreSQL {binaries.major}. Set LEDGER_PG_BIN to the programs of {made_by}, or move it with pg_upgrade."
        )


def _make_role(role: str) -> str:
    # One line: in single-user mode a statement ends with it.
    missing = f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF;"
    return f"DO $$ BEGIN {missing} END $$;"


def _with_password(role: str, password: str) -> list[str]:
    alter = f"ALTER ROLE {role} LOGIN PASSWORD '{password}';"
    return [alter] if role == SUPERUSER else [_make_role(role), alter]


def _read_passwords(passfile: Path) -> dict[str, str]:
    if not passfile.exists():
        return {}
    fields = [line.split(":") for line in passfile.read_text().splitlines()]
    return {row[3]: row[4] for row in fields if len(row) == 5}


def _write_passwords(passfile: Path, passwords: dict[str, str]) -> None:
    draft = passfile.with_name("pgpass.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    _write(draft, "".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
    draft.rename(passfile)
    _sync(passfile.parent)


def _write(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
