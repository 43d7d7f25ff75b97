"""Killed while a key of the vault is made: the keys that were there still open the ledger, and the next go makes it."""

import os
from pathlib import Path
from typing import Any

import pytest

from api.vault_keys import destroy_key_forever, make_key_encryption_key, read_key_encryption_keys


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die before the nth call that changes a file or makes it durable."""
    left = [step]
    for owner, name in ((os, "fdopen"), (os, "fsync"), (Path, "hardlink_to"), (Path, "unlink")):
        real = getattr(owner, name)

        def dying(*arguments: Any, _real: Any = real, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return _real(*arguments, **named)

        monkeypatch.setattr(owner, name, dying)


def test_a_key_that_was_half_made_keeps_nobody_out_and_no_copy_of_it_outlives_its_destruction(tmp_path: Path) -> None:
    make_key_encryption_key(tmp_path, 1)
    step, finished = 0, False
    while not finished:
        step += 1
        with pytest.MonkeyPatch.context() as patched:
            killed_at(step, patched)
            try:
                make_key_encryption_key(tmp_path, 2)
                finished = True
            except Killed:
                pass
        assert 1 in read_key_encryption_keys(tmp_path)
        make_key_encryption_key(tmp_path, 2)
        assert set(read_key_encryption_keys(tmp_path)) == {1, 2}
        destroy_key_forever(tmp_path, 2)
        assert os.listdir(tmp_path) == ["key-encryption.key"]
    assert step > 5
