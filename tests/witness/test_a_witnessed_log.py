"""Three witnesses as processes, a service that asks them, and a log that tries to show two histories."""

import asyncio

import pytest

from api.witnesses import Stand, sizes_known
from ledger.core.trust_policy import NotWitnessed
from ledger.core.witnessing import AddCheckpoint
from tests.continuity.service import served
from tests.witness.witnessed import Surgery, checkpoint_of, size_of, soon


def test_three_witnesses_cosign_one_is_shown_another_history_and_with_too_few_nothing_is_witnessed(
    surgery: Surgery,
) -> None:
    policy = surgery.policy
    with served(surgery.installation) as service:
        # Two of three make the quorum; the shown checkpoint carries their lines behind the log's.
        soon(lambda: size_of(checkpoint_of(service.url)) == surgery.installation.size())
        witnessed = checkpoint_of(service.url)
        assert witnessed is not None
        policy.check_witnessed(witnessed)
        size = surgery.keys.verifier.open_checkpoint(witnessed).size

        # One of them is shown another history of the same size, signed with the log's own keys.
        witness = surgery.witnesses["patients"]
        known = witness.ask(AddCheckpoint(0, (), witnessed))
        assert (known.status_code, known.text) == (409, f"{size}\n")
        answer = witness.ask(AddCheckpoint(size, (), surgery.forged(size)))
        assert answer.status_code == 409
        assert "two histories" in answer.json()["detail"]

        # With one witness left, what is new is recorded, and not called witnessed.
        surgery.stop("regulator", "college")
        # (Another process would not start now, because two who are silent could know more than the database.)
        surgery.installation.more["LEDGER_START_UNWITNESSED"] = "true"
        surgery.installation.add_people("Sam Diallo")
        grown = surgery.installation.size()
        soon(lambda: size_of(checkpoint_of(service.url, "/recorded")) == grown)
        soon(lambda: "got cosignatures of patients, wanted the quorum 'most'" in service.told())
        assert size_of(checkpoint_of(service.url)) == size
        recorded = checkpoint_of(service.url, "/recorded")
        assert recorded is not None
        with pytest.raises(NotWitnessed):
            policy.check_witnessed(recorded)

        # One comes back, with what it remembers, and it is witnessed.
        with surgery.started_again("college"):
            soon(lambda: size_of(checkpoint_of(service.url)) == grown)
        shown = checkpoint_of(service.url)
        assert shown is not None
        assert set(policy.witnessed_by(shown)) == {"patients", "college"}


def test_what_each_witness_knows_is_asked_without_moving_any_of_them(surgery: Surgery) -> None:
    witnesses = surgery.witnesses
    for name, size in (("patients", 7), ("regulator", 5)):
        assert witnesses[name].ask(AddCheckpoint(0, (), surgery.forged(size))).status_code == 200
    surgery.stop("college")
    note = surgery.forged(7)
    for _ in range(2):  # asked twice: the first question has moved nobody
        told = {known.witness: known for known in asyncio.run(sizes_known(surgery.policy, note))}
        stands = {name: (known.stand, known.size) for name, known in told.items()}
        assert stands == {
            "patients": (Stand.SAME, 7),
            "regulator": (Stand.OTHER_SIZE, 5),
            "college": (Stand.UNREACHABLE, None),
        }
        assert told["college"].why.startswith("witness college at http")
    other = surgery.forged(7, b"y")
    told = {known.witness: known for known in asyncio.run(sizes_known(surgery.policy, other))}
    assert told["patients"].stand is Stand.CONFLICTS
    assert "two histories" in told["patients"].why
