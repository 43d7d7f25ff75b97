"""``vault``: the generations of the key that wraps everybody's keys."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import (
    AsJson,
    ExitCode,
    Failure,
    Group,
    err,
    out,
    print_json,
    print_table,
    progress_bar,
    the_house,
)

if TYPE_CHECKING:
    from ledger.store.generations import Generation

vault = typer.Typer(
    cls=Group, no_args_is_help=True, help="Rotate the key-encryption key, and see how far erasures have come."
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(vault, name="vault")


@vault.command()
def rotate(
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only make the next key, to copy it to the other servers of this ledger.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Open a new generation of the key-encryption key, and rewrap the vault under it.

    The ledger may be served meanwhile. Stop it at any point: run it again, and it goes on. The log does not change.
    """
    from api.rotating import prepare_next, rotate

    if prepare:
        with the_house() as house:
            file = prepare_next(house)
        print_json({"file": str(file)}) if as_json else out.print(f"file  {file}", markup=False)
        return
    with the_house() as house, progress_bar("Rewrapping", None) as tell:
        done = rotate(house, tell)
    if as_json:
        told = {"generation": done.generation, "opened": done.opened, "rewrapped": done.rewrapped}
        print_json(told | {"broken": list(done.broken)})
    else:
        how = "opened" if done.opened else "finished; it had been interrupted"
        out.print(f"Generation {done.generation} {how}. {done.rewrapped:,} keys rewrapped.")
    if done.broken:
        named = ", ".join(map(str, done.broken[:10]))
        raise Failure(f"vault: the keys at positions {named} do not open, and stay as they are. Run verify.")


@vault.command()
def status(as_json: AsJson = False) -> None:
    """Show the generations, how many keys are under each, and when each erasure is complete.

    An erasure is complete when every generation that ever wrapped one of its keys is destroyed.
    """
    from api.command_line.erase import read_erasures, told_completion
    from api.rotating import read_status

    with the_house() as house:
        erasures = read_erasures(house)
        generations, completions = read_status(house, erasures)
        held = set(house.keyring.key_encryption_keys)
    listed = [_told(one, one is generations[-1], one.generation in held) for one in generations]
    complete = [told_completion(erasure, completions[erasure.position]) for erasure in erasures]
    if as_json:
        print_json({"generations": listed, "erasures": complete})
        return
    names = ["generation", "state", "keys", "opened_at", "destroyed_at"]
    print_table([name.replace("_", " ").capitalize() for name in names], [_cells(one, names) for one in listed])
    if complete:
        names = ["position", "words_due", "complete_at", "waits_for"]
        print_table(["Erasure", "Not destroyed", "Complete", "Waits for"], [_cells(one, names) for one in complete])


@vault.command()
def destroy(
    generation: Annotated[int, typer.Argument(help="The generation, as in vault status.")],
    backups_gone: Annotated[
        bool, typer.Option("--backups-gone", help="Say that no backup holds this key, or a database that it opens.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the key of a generation for ever: what it wrapped, in whatever backup, opens no more.

    Refused while anything in the vault is wrapped under it. What only it wrapped is then erased for good.
    """
    from api.rotating import destroy as destroy_generation

    if not backups_gone:
        raise Failure(
            f"generation {generation}: its key opens old backups, and destroying it makes them useless. Make a backup"
            " of what is there now, remove the older ones with their keys, and say --backups-gone.",
            ExitCode.USAGE,
        )
    with the_house() as house:
        file = destroy_generation(house, generation)
    if as_json:
        print_json({"generation": generation, "file": str(file)})
    else:
        out.print(f"Generation {generation} is destroyed.")
        err.print(f"{file} is removed here. Remove it from every other server of this ledger.", markup=False)


def _told(one: "Generation", newest: bool, held: bool) -> dict[str, Any]:
    from ledger.core.instants import format_instant

    state = "destroyed" if one.destroyed_at is not None else "wraps what is new" if newest else "retired"
    return {
        "generation": one.generation,
        "state": state,
        "held": held,
        "keys": one.rows,
        "opened_at": format_instant(one.opened_at),
        "destroyed_at": None if one.destroyed_at is None else format_instant(one.destroyed_at),
    }


def _cells(told: dict[str, Any], names: list[str]) -> list[str]:
    shown = {None: "", (): ""}
    return [
        ", ".join(map(str, told[name])) if isinstance(told[name], list) else str(shown.get(told[name], told[name]))
        for name in names
    ]
