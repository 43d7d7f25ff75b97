"""A mirror's folder, held file by file to what tlog-tiles says of the entries that should be in it."""

from ledger.core.edge import Edge
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import TILE_WIDTH, bundle_path, parse_bundle, tile_path
from ledger.mirror import MirrorFolder


def assert_whole(folder: MirrorFolder, entries: list[bytes], size: int, *, alone: bool = True) -> None:
    """The mirror has exactly the files that tlog-tiles names for a tree of this size, and they are right.

    Not ``alone``, there may be others beside them.
    """
    edge, wanted = Edge.empty(), {"checkpoint", "verifier.txt"}
    for n in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
        mine = entries[n * TILE_WIDTH : size][:TILE_WIDTH]
        name = bundle_path(n, len(mine))
        assert parse_bundle((folder.path / name).read_bytes()) == mine
        extension = edge.extend([leaf_hash(entry) for entry in mine], paths=False)
        for tile in extension.tiles:
            assert (folder.path / tile_path(tile.tile.level, tile.tile.n)).read_bytes() == tile.hashes
            wanted.add(tile_path(tile.tile.level, tile.tile.n))
        edge = extension.edge
        wanted.add(name)
    for tile_id, hashes in edge.tiles().items():
        name = tile_path(tile_id.level, tile_id.n, tile_id.width)
        assert (folder.path / name).read_bytes() == hashes
        wanted.add(name)
    there = {file.relative_to(folder.path).as_posix() for file in folder.path.rglob("*") if file.is_file()}
    assert there == wanted if alone else there >= wanted
    assert folder.checkpoint().checkpoint.root == edge.root()
