"""What the embedded PostgreSQL grants to whom, and homes and programs in strange places."""

import hashlib
import os
import pwd
import shutil
from pathlib import Path

import psycopg
import pytest

from api.postgres import EmbeddedPostgres, EmbeddedPostgresError, binaries, place
from api.postgres.account import Account, server_account
from tests.postgres_fixture import mode, read_back, remove_home, write_down

ROOT = os.geteuid() == 0
FOR_ROOT = pytest.mark.skipif(not ROOT, reason="only root's server runs as another account than its owner")
SOMEBODY = "nobody"


# --- Who may do what


def test_each_role_logs_in_with_its_own_password_and_none_without(durable_postgres: EmbeddedPostgres) -> None:
    for role in ("postgres", "ledger_migrator", "ledger_app", "ledger_eraser", "ledger_reader"):
        with psycopg.connect(durable_postgres.dsn(role, "postgres")) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)
    for wrong in ({"password": "guess"}, {"passfile": "/dev/null"}):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(durable_postgres.dsn("ledger_app", "postgres"), **wrong)
    assert len({line.rsplit(":", 1)[1] for line in durable_postgres.place.passfile.read_text().splitlines()}) == 5


def test_only_the_superuser_is_one_and_the_owner_cannot_log_in(durable_postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(durable_postgres.superuser_dsn("postgres")) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("ledger_app", False, False, True),
        ("ledger_eraser", False, False, True),
        ("ledger_migrator", False, False, True),
        ("ledger_owner", False, False, False),
        ("ledger_reader", False, False, True),
        ("postgres", True, True, True),
    ]


def test_a_database_is_made_once_and_belongs_to_the_owner_role(durable_postgres: EmbeddedPostgres) -> None:
    assert durable_postgres.create_database() is True
    assert durable_postgres.create_database() is False
    with psycopg.connect(durable_postgres.dsn("ledger_app")) as connection:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert connection.execute(owner).fetchone() == ("ledger_owner",)


def test_the_log_repeats_nothing_that_somebody_wrote(durable_postgres: EmbeddedPostgres, home: Path) -> None:
    write_down(home, "inappropriate laughter")
    with pytest.raises(psycopg.errors.UniqueViolation):
        write_down(home, "inappropriate laughter")
    log = durable_postgres.place.log.read_text()
    assert "duplicate key value" in log
    assert "laughter" not in log


def test_commits_are_durable_unless_somebody_asked_for_less(durable_postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(durable_postgres.superuser_dsn("postgres")) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            assert connection.execute("SELECT current_setting(%s)", [setting]).fetchone() == ("on",)


# --- Homes in strange places


def test_a_home_whose_path_is_too_long_for_a_socket_has_its_socket_elsewhere(home: Path) -> None:
    long = home.parent / ("a" * 120)
    with EmbeddedPostgres(long) as server:
        assert server.place.run.parent == Path("/tmp")
        assert mode(server.place.run) == 0o700
        write_down(long, "slept well")
    remove_home(long)


def test_a_short_socket_directory_that_somebody_made_first_is_refused(home: Path) -> None:
    long = home.parent / ("b" * 120)
    taken = Path("/tmp") / f"record-ledger-{hashlib.sha256(os.fsencode(long.resolve())).hexdigest()[:12]}"
    taken.mkdir()
    taken.chmod(0o777)
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"drwxrwxrwx .* wanted a directory drwx------"):
            EmbeddedPostgres(long).start()
    finally:
        taken.rmdir()


def test_a_home_with_spaces_commas_and_quotes_works(home: Path) -> None:
    odd = home.parent / 'Dr O\'Kafor, "notes" \\ 50%'
    with EmbeddedPostgres(odd):
        write_down(odd, "slept well")
        assert read_back(odd) == ["slept well"]
    remove_home(odd)


def test_a_home_in_which_others_may_write_is_refused(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match=r"mode 0777; wanted one .* in which nobody else may write"):
        EmbeddedPostgres(home).start()


def test_a_home_of_another_user_is_refused(home: Path) -> None:
    theirs = Path("/")
    if ROOT:
        theirs = home
        theirs.mkdir()
        os.chown(theirs, pwd.getpwnam(SOMEBODY).pw_uid, -1)
    with pytest.raises(EmbeddedPostgresError, match="Run the ledger as the home's owner"):
        EmbeddedPostgres(theirs).start()


def test_a_cluster_of_another_major_version_is_refused_untouched(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    server.stop()
    (server.place.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 16, .* are PostgreSQL 18"):
        server.start()


def test_programs_that_are_not_there_are_named(home: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"/nowhere do not run .* Set LEDGER_PG_BIN"):
        EmbeddedPostgres(home, binaries=Path("/nowhere")).start()


def test_a_setting_that_postgres_refuses_is_told_with_its_own_words(home: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"ended as it started: .*no_such_setting.*postgres\.log"):
        EmbeddedPostgres(home, options={"no_such_setting": "1"}).start()


@pytest.fixture
def system_place(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """A stand-in for /var/lib/record-ledger."""
    path = home.parent / "system"
    monkeypatch.setattr(place, "SYSTEM_PLACE", path)
    monkeypatch.setattr(binaries, "SYSTEM_PLACE", path)
    return path


@FOR_ROOT
def test_below_a_directory_that_only_root_may_enter_the_home_links_to_where_the_server_can(
    home: Path, system_place: Path
) -> None:
    home.parent.chmod(0o755)
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    hidden = closed / "home"
    with EmbeddedPostgres(hidden) as server:
        write_down(hidden, "slept well")
        assert server.place.cluster.parent == system_place
    assert [mode(path) for path in (closed, hidden)] == [0o700, 0o700]

    # What the home decided holds, whatever the permissions become.
    closed.chmod(0o755)
    hidden.chmod(0o755)
    with EmbeddedPostgres(hidden):
        assert read_back(hidden) == ["slept well"]

    # A home that was removed leaves its database, and a new one of that name does not take it up unasked.
    closed.chmod(0o700)
    shutil.rmtree(hidden)
    with pytest.raises(EmbeddedPostgresError, match=r"an earlier home .* ln -s"):
        EmbeddedPostgres(hidden).start()


@FOR_ROOT
def test_a_directory_that_was_there_before_is_never_opened(home: Path, system_place: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "letters").write_text("private")
    with EmbeddedPostgres(home) as server:
        assert server.place.cluster.parent == system_place
    assert mode(home) == 0o700


@FOR_ROOT
def test_programs_that_the_server_account_cannot_reach_are_copied_once(
    home: Path, system_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable = binaries.find_binaries(Account(0, 0), None).directory
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    package = reachable.parent.parent
    for name in (package.name, f"{package.name}.libs"):
        (closed / name).symlink_to(package.with_name(name))
    monkeypatch.setattr(binaries, "_bundled", lambda: closed / package.name / "pginstall" / "bin")
    first = binaries.find_binaries(server_account(), None)
    assert first.directory.is_relative_to(system_place)
    assert binaries.find_binaries(server_account(), None) == first
    assert [path.name for path in system_place.iterdir()] == [first.directory.parents[2].name]
    with EmbeddedPostgres(home):
        write_down(home, "slept well")
