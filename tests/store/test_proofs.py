"""Proofs from a large stored log: few queries, and never a receipt that proves nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from api.bench.filling import Filling
from api.clock import clock
from api.postgres import EmbeddedPostgres
from ledger.core.checkpoint import CheckpointError
from ledger.core.edge import Edge
from ledger.core.merkle import InclusionError, check_consistency, check_inclusion, leaf_hash
from ledger.core.receipt import check_receipt
from ledger.core.tiles import TileError, TileId, narrow_tile, parse_bundle
from ledger.ledger import Ledger, open_ledger
from ledger.store.errors import NotPublished, NotRecorded
from ledger.use_cases.items import Draft
from tests.keyring import fixed_keyring
from tests.postgres_fixture import Database, new_database
from tests.store.cast import Cast, gather_cast

KEYRING = fixed_keyring()
SIZE = 66_300
"""A complete tile of level 1, and incomplete ones of three levels."""
PLACES = (0, 20, 255, 256, 300, 40_000, 65_535, 65_536, 66_299)


@dataclass(frozen=True)
class Filled:
    """A large log in its database, and its entries."""

    database: Database
    cast: Cast
    entries: list[bytes]

    def tamper(self, query: str, *values: Any) -> None:
        """As the database's owner, with every trigger off."""
        with psycopg.connect(self.database.superuser_dsn) as connection:
            tables = ("entry", "tile", "checkpoint")
            for table in tables:
                connection.execute(f"alter table ledger.{table} disable trigger all".encode())
            connection.execute(query.encode(), values)
            for table in tables:
                connection.execute(f"alter table ledger.{table} enable always trigger refuse_change".encode())


@pytest.fixture(scope="module")
def filled(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Filled]:
    async def begin(database: Database) -> tuple[Cast, int]:
        async with open_ledger(database.dsn(), KEYRING, clock) as ledger:
            cast = await gather_cast(ledger)
            return cast, (await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))).position

    with new_database(postgres, migrated_template) as name:
        database = Database(postgres, name)
        cast, like = asyncio.run(begin(database))
        Filling(database.superuser_dsn, KEYRING.log, like).fill(SIZE, clock())
        with psycopg.connect(database.superuser_dsn) as connection:
            rows = connection.execute("select entry from ledger.entry order by position").fetchall()
        yield Filled(database, cast, [entry for (entry,) in rows])


@pytest.fixture
async def ledger(filled: Filled) -> AsyncIterator[Ledger]:
    async with open_ledger(filled.database.dsn(), KEYRING, clock) as opened:
        yield opened


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every query that is asked within."""
    asked: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def told(cursor: Any, query: Any, *values: Any, **named: Any) -> Any:
        asked.append(str(query))
        return await execute(cursor, query, *values, **named)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncCursor, "execute", told)
        yield asked


async def test_a_receipt_takes_four_queries_at_most_and_one_once_the_edge_is_known(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for place in PLACES:
        with counted(monkeypatch) as asked:
            receipt = await ledger.receipts.receipt_at(place)
        check_receipt(receipt, KEYRING.log.verifier)
        counts.append(len(asked))
    assert counts[0] == 3  # the newest checkpoint, its edge, the tiles above the entry
    assert set(counts[1:]) == {1}


async def test_a_receipt_under_a_new_checkpoint_reads_what_is_new(
    filled: Filled, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.receipts.receipt_at(0)
    for _ in range(3):
        added = await ledger.items.add(filled.cast.doctor, filled.cast.record, Draft("note", "Slept well."))
        with counted(monkeypatch) as asked:
            receipts = [await ledger.receipts.receipt_at(place) for place in (added.position, 3, 70)]
        for receipt in receipts:
            check_receipt(receipt, KEYRING.log.verifier)
            assert KEYRING.log.verifier.open_checkpoint(receipt.checkpoint_note).size == added.position + 1
        assert len(asked) == 4


async def test_proofs_by_index_hold_at_any_size(
    filled: Filled, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves = [leaf_hash(entry) for entry in filled.entries]
    sizes = (1, 255, 256, 257, 5_000, 65_535, 65_536, 65_537, SIZE)
    roots = {size: Edge.empty().extend(leaves[:size], paths=False).edge.root() for size in sizes}
    for size in sizes:
        for index in {0, size // 2, size - 1}:
            with counted(monkeypatch) as asked:
                path = await ledger.published.inclusion(index, size)
            check_inclusion(index, size, leaves[index], path, roots[size])
            assert len(asked) <= 2
        for old in (old for old in sizes if old <= size):
            path = await ledger.published.consistency(old, size)
            check_consistency(old, roots[old], size, roots[size], path)


async def test_tiles_and_bundles_are_those_of_the_entries(filled: Filled, ledger: Ledger) -> None:
    leaves = [leaf_hash(entry) for entry in filled.entries]
    grown = Edge.empty().extend(leaves, paths=False)
    complete = {tile.tile: tile.hashes for tile in grown.tiles}
    for tile in (TileId(0, 0), TileId(0, 255), TileId(1, 0)):
        assert await ledger.published.tile(tile) == complete[tile]
    # An incomplete tile, now complete or not, is the beginning of what it grows into.
    for tile, hashes in grown.edge.tiles().items():
        for width in {1, tile.width}:
            assert await ledger.published.tile(TileId(tile.level, tile.n, width)) == narrow_tile(hashes, width)
    assert await ledger.published.tile(TileId(0, 7, 100)) == complete[TileId(0, 7)][:3200]
    for n, width in ((0, 256), (7, 100), (SIZE // 256, SIZE % 256)):
        bundle = await ledger.published.bundle(TileId(0, n, width))
        assert parse_bundle(bundle) == filled.entries[n * 256 : n * 256 + width]


async def test_what_no_checkpoint_covers_is_not_published(filled: Filled, ledger: Ledger) -> None:
    size = await ledger.rows.size()
    for tile in (TileId(0, size // 256), TileId(0, size // 256 + 1, 1), TileId(2, 0, 2), TileId(3, 0, 1)):
        with pytest.raises(NotPublished, match=f"wanted one of a tree of {size}"):
            await ledger.published.tile(tile)
    with pytest.raises(NotPublished):
        await ledger.published.inclusion(0, size + 1)
    with pytest.raises(NotPublished):
        await ledger.published.consistency(1, size + 1)
    with pytest.raises(NotRecorded, match=f"covers entry {size}"):
        await ledger.receipts.receipt_at(size)
    assert await ledger.published.note_at(size - 1) is None or size > SIZE
    note = await ledger.published.note_at(SIZE)
    assert note is not None
    assert KEYRING.log.verifier.open_checkpoint(note).size == SIZE


async def test_no_receipt_is_given_that_proves_nothing(filled: Filled, ledger: Ledger) -> None:
    flip = "update ledger.tile set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = %s and n = %s"
    for level, n, place in ((0, 100, 100 * 256), (1, 0, 50_000)):
        filled.tamper(flip, level, n)
        async with open_ledger(filled.database.dsn(), KEYRING, clock) as reopened:
            with pytest.raises(InclusionError, match="was altered"):
                await reopened.receipts.receipt_at(place)
            filled.tamper(flip, level, n)
            check_receipt(await reopened.receipts.receipt_at(place), KEYRING.log.verifier)
    entry = "update ledger.entry set entry = set_byte(entry, 40, get_byte(entry, 40) # 1) where position = %s"
    filled.tamper(entry, 777)
    with pytest.raises(InclusionError, match="was altered"):
        await ledger.receipts.receipt_at(777)
    filled.tamper(entry, 777)
    check_receipt(await ledger.receipts.receipt_at(777), KEYRING.log.verifier)


async def test_a_tile_that_was_taken_out_is_missed_by_name(filled: Filled, ledger: Ledger) -> None:
    filled.tamper("update ledger.tile set level = 9 where level = 0 and n = 50")
    with pytest.raises(TileError, match="tile/0/050"):
        await ledger.receipts.receipt_at(50 * 256)
    with pytest.raises(TileError):
        await ledger.published.tile(TileId(0, 50))
    filled.tamper("update ledger.tile set level = 0 where level = 9")
    check_receipt(await ledger.receipts.receipt_at(50 * 256), KEYRING.log.verifier)


async def test_a_checkpoint_that_the_log_has_not_signed_is_not_relied_on(filled: Filled, ledger: Ledger) -> None:
    size = await ledger.rows.size()
    [(note,)] = await ledger.rows.select("select note from ledger.checkpoint where size = %s::bigint", [size])
    middle = len(note) // 2
    other = note[:middle] + (b"B" if note[middle : middle + 1] == b"A" else b"A") + note[middle + 1 :]
    filled.tamper("update ledger.checkpoint set note = %s where size = %s", other, size)
    with pytest.raises(CheckpointError):
        await ledger.receipts.receipt_at(3)
    filled.tamper("update ledger.checkpoint set note = %s where size = %s", note, size)
    check_receipt(await ledger.receipts.receipt_at(3), KEYRING.log.verifier)
