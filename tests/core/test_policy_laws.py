"""Laws of the disclosure rule, for all stories: what one more statement changes, and what is over.

Each law is a function of one case; the test at the end tries every one on each of many cases.
"""

from collections.abc import Callable

from hypothesis import given

from ledger.core.directives import grantee_of, scope_of
from ledger.core.said import Said
from tests.core.laws import MANY, Case, Law, after, cases
from tests.core.random_stories import go_on
from tests.core.random_told import Told
from tests.core.seen import WHOLE, Seen
from tests.core.story import JOY, SAM

LAWS: list[Law] = []


def law(function: Law) -> Law:
    LAWS.append(function)
    return function


@law
def an_unconditional_share_where_there_was_no_directive_never_narrows(case: Case) -> None:
    told = case.told()
    scope, grantee = told.scope(case.dice[1]), told.grantee(case.dice[2])
    if _shares(case.before, grantee, scope) is None:
        told.story.share(scope, grantee)
        seen = after(told, case)
        for reader in case.readers():
            assert case.before.permitted(reader, case.at) <= seen.permitted(reader, case.at)


@law
def a_withhold_where_there_was_no_directive_never_widens(case: Case) -> None:
    told = case.told()
    scope, grantee = told.scope(case.dice[1]), told.grantee(case.dice[2])
    if _shares(case.before, grantee, scope) is None:
        told.story.withhold(scope, grantee)
        seen = after(told, case)
        for reader in case.readers():
            assert seen.permitted(reader, case.at) <= case.before.permitted(reader, case.at)


@law
def what_takes_away_never_widens(case: Case) -> None:
    told = case.told()
    length = len(told.story.said)
    readers = [reader for reader in case.readers() if reader[1] != "guardian"]  # oversees just what is taken away
    for say in _takes_away(case, told):
        say()
        seen = after(told, case)
        for reader in readers:
            more = seen.permitted(reader, case.at) - case.before.permitted(reader, case.at)
            assert not more, (reader, told.story.said[-1])
        del told.story.said[length:]


def _takes_away(case: Case, told: Told) -> tuple[Callable[[], object], ...]:
    byte, story = case.dice[3], told.story
    item, to, scope, carer = told.some(told.items, byte), told.grantee(byte), told.scope(byte), (SAM, JOY)[byte % 2]
    plain = told.some([one.facts["directive"] for one in story.said if _is_plain_share(one)], byte)
    over = {"until": story.now} if _shares(case.before, to, scope) else {}
    return (
        lambda: story.patient("directive-withdrawn/1", directive=plain),
        lambda: story.patient("sharing-stopped/1"),
        lambda: story.patient("carer-suspended/1", person=carer),
        lambda: story.patient("sharing-frozen/1", person=carer),
        lambda: story.withholding(item, ("patient", "carers", "screen")[byte % 3], "third-party"),
        lambda: story.clinician("item-marked-in-error/1", item=item, wrong_record=True),
        lambda: over and story.share(scope, to, **over),
        lambda: story.patient("after-death-wish-stated/1", wish="not-after-my-death"),
    )


def _is_plain_share(said: Said) -> bool:
    """A share with one person without terms. One that is not met hides wider shares until it is withdrawn."""
    facts = said.facts
    if said.type != "directive-made/1" or facts["effect"] != "share" or facts["grantee"]["kind"] != "person":
        return False
    return bool(facts["from"] is None and facts["until"] is None and facts["condition"] is None)


def _shares(seen: Seen, grantee: dict[str, str], scope: dict[str, str]) -> bool | None:
    """Does the current directive for this grantee and scope share? None if there is none."""
    key = {"grantee": grantee, "scope": scope}
    made = seen.record.current_directive(grantee_of(key), scope_of(key))
    return None if made is None else made.shares


@law
def an_erasure_widens_nothing_and_nobody_reads_the_words(case: Case) -> None:
    """Only guardians see more: what is erased, or is to be, is theirs to oversee."""
    told = case.told()
    erased = told.some(told.items, case.dice[1])
    told.story.erase(erased)
    seen = after(told, case)
    for reader in case.readers():
        guardian, permits = reader[1] == "guardian", seen.permits(reader, case.at)
        assert set(permits) - ({erased, WHOLE} if guardian else set()) <= case.before.permitted(reader, case.at)
        if erased in permits:
            assert permits[erased].rule == ("guardian" if guardian else "erased")
            assert reader[1] not in ("carer", "attorney")


@law
def what_is_withdrawn_or_stopped_counts_at_no_later_position(case: Case) -> None:
    """Whatever is said after it, and whoever asks, no decision rests on it any more."""
    told = case.told()
    story, stops = told.story, case.dice[1] % 3 == 0
    shares = [one for one in story.said if one.type == "directive-made/1" and one.facts["effect"] == "share"]
    gone = shares if stops else shares[case.dice[2] % len(shares) :][:1] if shares else []
    if stops:
        story.patient("sharing-stopped/1")
    for one in gone if not stops else []:
        story.patient("directive-withdrawn/1", directive=one.facts["directive"])
    go_on(told, case.dice)
    seen, positions = after(told, case), {one.position for one in gone}
    for reader in case.readers():
        found = seen.by(reader, told.story.now + case.span)
        assert not any(positions & set(decision.evidence) for decision in found.values())


@law
def death_ends_what_others_may_do_in_the_patients_name(case: Case) -> None:
    told = case.told()
    told.story.clinician("death-recorded/1", died="2026-05-04")
    go_on(told, case.dice)
    seen = after(told, case)
    if seen.record.representation.died is not None:  # nobody has taken it back
        for reader in case.readers():
            permits = seen.permits(reader, told.story.now + case.span)
            assert not ENDED_BY_DEATH & {permit.rule for permit in permits.values()}


ENDED_BY_DEATH = {
    *("own-record", "shared", "named-carer", "best-interests", "emergency"),
    *("attorney", "parent", "named-parent", "parent-reviewed"),
}


@MANY
@given(cases)
def test_the_laws_of_one_more_statement(case: Case) -> None:
    for one in LAWS:
        one(case)
