"""The logs that this one continues, as files: ``LEDGER_HOME/keys/earlier-logs/1.txt`` and so on, the first first.

They hold public keys only, but the ledger cannot be opened without them: back them up with the keys. While a
recovery has been begun and not finished there is ``keys/continuing`` (``api.recovery``), and nothing else may open
the ledger.
"""

from pathlib import Path
from typing import Final

from api.secret_files import SecretsError, replace_text
from ledger.core.earlier import EarlierLog, check_chain
from ledger.core.errors import CoreError

CONTINUING: Final = "continuing"
_FOLDER: Final = "earlier-logs"


def read_earlier_logs(keys: Path, origin: str) -> tuple[EarlierLog, ...]:
    """The earlier logs of the log ``origin``; ``keys`` is the directory of its keys.

    Raises SecretsError where one is missing, damaged, or was continued under another name than ``origin``, and while a
    recovery is unfinished.
    """
    if (keys / CONTINUING).exists():
        raise SecretsError(f"{keys / CONTINUING}: a recovery was begun; run record-ledger recover again to finish it")
    earlier = list_earlier_logs(keys)
    try:
        check_chain(earlier, origin)
    except CoreError as error:
        raise SecretsError(str(error)) from error
    return earlier


def list_earlier_logs(keys: Path) -> tuple[EarlierLog, ...]:
    """What the files say, whatever the log is called now; raises SecretsError."""
    count = len(list((keys / _FOLDER).glob("[0-9]*.txt")))
    return tuple(_read(_file(keys, n)) for n in range(1, count + 1))


def keep_earlier_log(keys: Path, earlier: EarlierLog) -> None:
    """Keep one more, unless it is the last one that is kept."""
    kept = list_earlier_logs(keys)
    if kept[-1:] == (earlier,):
        return
    (keys / _FOLDER).mkdir(mode=0o700, exist_ok=True)
    replace_text(_file(keys, len(kept) + 1), str(earlier))


def _read(file: Path) -> EarlierLog:
    try:
        return EarlierLog.parse(file.read_text())
    except (CoreError, OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{file}: {error}; restore it from your backup of the keys") from error


def _file(keys: Path, n: int) -> Path:
    return keys / _FOLDER / f"{n}.txt"
