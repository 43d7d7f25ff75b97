"""Kills the mirror before each step that it takes in its folder, one process for each: ``url key folder``.

Prints the sizes of the states that were found afterwards. The folder itself stays as it is: copies of it are used.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from api.clock import clock
from api.log_client import log_client
from api.mirroring import mirroring
from api.sign_in.key_file import KeyFile
from ledger.mirror import MirrorFolder
from tests.mirror.whole import assert_whole

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


async def follow(url: str, key: Path, folder: MirrorFolder) -> None:
    async with log_client(url, KeyFile.read(key), clock) as client:
        with mirroring(client, folder.path, folder.verifier()) as following:
            await following.follow()


def die_before(step: int, folder: Path) -> None:
    """Let this process be killed before its n-th step in the folder."""
    left = step

    def count(event: str, given: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and str(given[0]).startswith(str(folder)):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def killed_before(step: int, url: str, key: Path, folder: MirrorFolder) -> bool:
    """Whether the mirror had that many steps to take."""
    child = os.fork()
    if child == 0:
        die_before(step, folder.path)
        asyncio.run(follow(url, key, folder))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def entries_of(folder: MirrorFolder, size: int) -> list[bytes]:
    return [entry for entries in folder.bundles(size) for entry in entries]


def main(url: str, key: Path, at: Path, beside: Path) -> None:
    complete = MirrorFolder(beside / "complete")
    shutil.copytree(at, complete.path)
    asyncio.run(follow(url, key, complete))
    entries = entries_of(complete, complete.kept().size)
    sizes: list[int] = []
    going = True
    while going:
        copy = MirrorFolder(beside / f"copy-{len(sizes)}")
        shutil.copytree(at, copy.path)
        going = killed_before(len(sizes), url, key, copy)
        sizes.append(copy.kept().size)
        if sizes[-1]:
            assert_whole(copy, entries, sizes[-1], alone=False)
        asyncio.run(follow(url, key, copy))
        assert_whole(copy, entries, len(entries))
        shutil.rmtree(copy.path)
    print(json.dumps(sizes))  # noqa: T201


if __name__ == "__main__":
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as beside:
        main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(beside))
