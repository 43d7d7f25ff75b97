"""What the environment may say, and what happens when it says nonsense."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import SettingsError, read_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "DATABASE_URL", "PG_BIN", "ORIGIN", "HOST", "PORT"):
        monkeypatch.delenv(f"LEDGER_{name}", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/amina")


def test_an_environment_that_says_nothing_is_enough() -> None:
    settings = read_settings()
    assert settings.home == Path("/home/amina/.local/share/record-ledger")
    assert settings.database_url is None
    assert settings.pg_bin is None
    assert (settings.origin, settings.host, settings.port) == ("record-ledger.localhost", "127.0.0.1", 8420)


@pytest.mark.parametrize(
    ("said", "home"),
    [
        pytest.param({"XDG_DATA_HOME": "/data"}, "/data/record-ledger", id="in the user's data directory"),
        pytest.param(
            {"XDG_DATA_HOME": "data"}, "/home/amina/.local/share/record-ledger", id="a relative one is ignored"
        ),
        pytest.param(
            {"XDG_DATA_HOME": ""}, "/home/amina/.local/share/record-ledger", id="an empty one counts as unset"
        ),
        pytest.param({"LEDGER_HOME": "/srv/ledger", "XDG_DATA_HOME": "/data"}, "/srv/ledger", id="ours comes first"),
        pytest.param({"LEDGER_HOME": "~/ledger"}, "/home/amina/ledger", id="a tilde is the user's home"),
        pytest.param(
            {"LEDGER_HOME": ""}, "/home/amina/.local/share/record-ledger", id="empty counts as unset here too"
        ),
    ],
)
def test_where_the_home_is(said: dict[str, str], home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert read_settings().home == Path(home)


def test_a_relative_home_does_not_move_with_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_HOME", "ledger")
    settings = read_settings()
    monkeypatch.chdir("/")
    assert settings.home == tmp_path / "ledger"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PROXIES", "*"),
        ("PROXIES", "10.0.0.1,*"),
        ("PROXIES", "proxy.example"),
        ("ORIGIN", "a log"),
        ("ORIGIN", "log+key"),
        ("ORIGIN", "l\nog"),
        ("ORIGIN", "lög"),
        ("ORIGIN", "x" * 256),
    ],
)
def test_nonsense_is_named_with_its_variable_and_value(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LEDGER_{name}", value)
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert str(refused.value).startswith(f"LEDGER_{name} is {value!r}: ")
    assert str(refused.value).endswith("Correct or unset it, and start again.")


def test_the_password_of_ones_own_server_is_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", "postgresql://app:secret@db/ledger")
    settings = read_settings()
    assert "secret" not in repr(settings)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://app:secret@db/ledger"


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read_settings().port = 1
