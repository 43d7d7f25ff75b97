"""What the environment tells the program; read once, at the start, and never changed."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A variable of the environment has a value that means nothing; the message names it and says what is wanted."""


def default_home() -> Path:
    """Return `record-ledger` in the user's data directory (XDG Base Directory 0.8: a relative one is ignored)."""
    chosen = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (chosen if chosen.is_absolute() else Path.home() / ".local" / "share") / "record-ledger"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """The settings, each the variable `LEDGER_` and its name in capitals; an empty variable counts as unset."""

    model_config = SettingsConfigDict(env_prefix="LEDGER_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: AbsolutePath = Field(default_factory=default_home)
    """The directory of this ledger's data and keys."""

    database_url: SecretStr | None = None
    """A PostgreSQL of one's own, as a URL or connection string; without it the ledger runs its own."""

    pg_bin: AbsolutePath | None = None
    """The directory of `initdb` and `postgres` to run, instead of those that come along."""

    origin: str = Field(default="record-ledger.localhost", pattern=r"^[!-*,-~]+$", max_length=255)
    """The log's name in its checkpoints: printable ASCII with neither a space nor a plus (C2SP signed-note)."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """The address that the service listens on."""

    url: str | None = Field(default=None, pattern=r"^(https://[a-z0-9.-]+(:[0-9]+)?|http://localhost(:[0-9]+)?)$")
    """The service as browsers reach it: https, or http on localhost. Passkeys are made for its host, cookies set by it.

    Left out, it is http://localhost at the port that the service listens on.
    """

    proxies: str = Field(default="", pattern=r"^([0-9a-f.:/]+(, *[0-9a-f.:/]+)*)?$")
    """Addresses or networks of reverse proxies whose X-Forwarded-For is believed, with commas between."""

    sign_in: AbsolutePath | None = None
    """A TOML file that names the OpenID providers by which people may sign in, and what their claims allow."""

    policy: AbsolutePath | None = None
    """A C2SP tlog-policy file: the witnesses of this log, where they are, and how many must have cosigned."""

    leaflets: AbsolutePath | None = None
    """A folder of leaflets, `NAME.md` each, to show instead of those that come along."""

    start_unwitnessed: bool = False
    """Start although too few witnesses answer to tell whether the database is behind what they have seen."""

    reader_url: SecretStr | None = None
    """With a PostgreSQL of one's own: a connection as `ledger_reader`, for verification, which the service's is not."""

    eraser_url: SecretStr | None = None
    """With a PostgreSQL of one's own: a connection as `ledger_eraser`, for erasing words and rewrapping their keys."""

    locales: AbsolutePath | None = None
    """A folder of gettext catalogues for the pages, as xx/LC_MESSAGES/messages.mo; English needs none."""

    time_zone: str = Field(default="Europe/London", pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$")
    """The zone in which the pages tell the time, by its name in the IANA database."""

    exit_to: str = Field(default="https://www.bbc.co.uk/weather", pattern=r"^https://[^\s\"'<>]+$")
    """Where *Leave this page quickly* leads: somewhere that tells nothing about who was here."""

    port: int = Field(default=8420, ge=0, le=65535)
    """The port that the service listens on; 0 for any free one."""


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises `SettingsError` naming every variable that is wrong, what it held and what is wanted.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"LEDGER_{str(fault['loc'][0]).upper()} is {fault['input']!r}: {fault['msg']}" for fault in error.errors()
        ]
        raise SettingsError("; ".join(faults) + ". Correct or unset it, and start again.") from None
