"""What is of high stakes in the log is of high stakes in a browser: one list follows the other."""

from pathlib import Path

from api.http.app import create_app
from api.http.fresh import FRESH
from api.settings import Settings
from api.wiring import House
from ledger.core.high_stakes import HIGH_STAKES
from tests.keyring import fixed_keyring

SAID_BY = {
    "directive-made/1": "sharing.direct",
    "care-started/1": "care.start",
    "care-transferred/1": "care.transfer",
    "team-joined/1": "people.join_team",
    "case-assigned/2": "cases.assign",
    "topics-opened/1": "cases.open_topics",
    "carer-named/1": "care.name_carer",
    "carer-restored/1": "sharing.restore",
    "together-started/1": "sharing.start_together",
    "sharing-unfrozen/1": "sharing.unfreeze",
    "best-interests-made/1": "representation.disclose_in_best_interests",
    "role-granted/1": "people.grant",
    "role-approved/1": "people.approve",
    "passkey-enrolled/1": "people.enrol_passkey",
    "recovery-asked/1": "people.ask_recovery",
    "recovery-approved/1": "people.approve_recovery",
    "policy-set/2": "people.set_policy",
    "capacity-assessed/1": "representation.assess_capacity",
    "capacity-withdrawn/1": "representation.withdraw_assessment",
    "power-registered/1": "representation.register_power",
    "power-exercised/1": "representation.exercise_power",
    "birth-stated/1": "representation.state_birth",
    "parent-registered/1": "representation.register_parent",
    "parent-reviewed/1": "representation.review_parent",
    "emergency-opened/2": "sharing.open_emergency",
    "wish-signed/1": "wishes.sign",
    "wish-withdrawn/1": "wishes.withdraw",
    "after-death-wish-stated/1": "representation.wish_after_death",
    "after-death-released/1": "representation.release_after_death",
    "death-retracted/1": "representation.retract_death",
}
"""The operation that says each statement of high stakes through the service's key."""


def test_a_browser_shows_again_who_it_is_before_it_says_what_is_of_high_stakes() -> None:
    assert SAID_BY.keys() == HIGH_STAKES
    assert set(SAID_BY.values()) <= FRESH


def test_every_operation_that_asks_again_is_there(tmp_path: Path) -> None:
    made = create_app(House(Settings(home=tmp_path), fixed_keyring(), "", "")).openapi()
    there = {operation["operationId"] for methods in made["paths"].values() for operation in methods.values()}
    assert there >= FRESH
