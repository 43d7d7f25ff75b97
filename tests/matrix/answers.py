"""Who may call what: the answer of every operation to every caller, in groups.

A new operation is put here before the tests pass: with whom it answers (``may``), for whom what it is asked about is
not there (``absent``, 404), and everybody else is refused (403). ``python -m tests.matrix.page`` then writes the page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.matrix.callers import CALLERS

ALL: Final = frozenset(CALLERS)
CARERS: Final = frozenset({"carer", "carer-shared-nothing", "carer-suspended", "carer-ended"})
CLINICIANS: Final = frozenset({"clinician", "clinician-elsewhere", "clinician-in-emergency"})
NOT_LET_IN: Final = frozenset(
    {"carer-ended", "clinician-who-left", "auditor-without-case", "stranger", "claims-clinician"}
)
"""For whom the record itself is not there."""
SEE_NO_ITEM: Final = frozenset(
    {
        "carer-shared-nothing", "carer-suspended", "carer-ended", "clinician-elsewhere", "auditor",
        "auditor-without-case", "guardian", "administrator", "registrar",
    }
)  # fmt: skip
"""For whom an ordinary item is not there when they say something about it."""
SPEAK_FOR_PATIENT: Final = frozenset({"patient", "parent"})
READ: Final = frozenset(
    {
        "patient", "carer", "carer-shared-nothing", "carer-suspended", "attorney", "parent", "clinician",
        "clinician-in-emergency", "auditor", "guardian",
    }
)  # fmt: skip
"""Who opens the record. What they then see is decided item by item."""


@dataclass(frozen=True)
class Row:
    """The answers to all callers. ``public``: to those who are not signed in as well.

    ``heard`` is how an operation of sign-in answers those who may call it but bring nothing that it could let in.
    """

    may: frozenset[str]
    absent: frozenset[str] = frozenset()
    public: bool = False
    heard: int | None = None

    def __post_init__(self) -> None:
        """A row names callers that there are, each once."""
        assert self.may | self.absent <= ALL
        assert not self.may & self.absent

    def status(self, caller: str) -> tuple[int, ...]:
        """The statuses of which one is the answer."""
        if caller in self.may:
            return (200, 201) if self.heard is None else (self.heard,)
        return (404,) if caller in self.absent else (403,)


def row(*may: str | Iterable[str], absent: Iterable[str] = (), heard: int | None = None) -> Row:
    """A row by the names of callers and groups of them."""
    named = [{one} if isinstance(one, str) else set(one) for one in may]
    return Row(frozenset[str]().union(*named), frozenset(absent), heard=heard)


def public(heard: int | None = None) -> Row:
    """The row of what anybody may call."""
    return Row(ALL, public=True, heard=heard)


_ROWS: Final[tuple[tuple[Row, str], ...]] = (
    # signing in
    (public(), "sign_in.passkey_options sign_in.providers"),
    (public(401), "sign_in.token invitations.open invitations.accept recovery.use_code"),
    (public(404), "sign_in.at_provider sign_in.from_provider"),
    (public(422), "sign_in.passkey invitations.accept_at_provider"),
    (
        row(ALL),
        "session.show sessions.list session.again_options session.nonces session.end sessions.end_others"
        " sessions.end_all sessions.end_one:own passkeys.list passkeys.options passkeys.rename:own passkeys.end:own"
        " identities.list recovery.code recovery.make_code",
    ),
    (row(ALL - {"carer-ended", "clinician-who-left", "claims-clinician", "claims-administrator"}), "session.act_as"),
    (row(ALL, heard=404), "identities.end"),
    (row(ALL, heard=422), "identities.link session.again passkeys.make"),
    (row(absent=ALL), "sessions.end_one passkeys.rename passkeys.end"),
    (row("registrar"), "passkeys.waiting"),
    # people, teams, roles and keys
    (row("administrator", "registrar"), "people.register people.invite people.ask_recovery people.approve_recovery"),
    (
        row("administrator"),
        "people.grant people.approve people.end_role people.form_team people.join_team people.leave_team"
        " people.revoke_key people.revoke_passkey people.leave people.set_policy care.start care.end care.transfer",
    ),
    (row(), "people.enrol_key people.enrol_key:own people.enrol_passkey"),
    (row(ALL), "people.keys:own people.statements:own people.recoveries:own"),
    (row(ALL - {"clinician-who-left", "claims-clinician", "claims-administrator"}), "people.revoke_key:own"),
    (row(absent=ALL), "people.keys people.statements people.recoveries"),
    (row(CLINICIANS, "administrator", "registrar"), "care.open_record"),
    (row("administrator", "registrar"), "directory.people directory.person directory.teams"),
    # reading a record
    (row("patient", CARERS, "attorney", "parent", CLINICIANS, "stranger"), "records.list"),
    (row(READ, absent=NOT_LET_IN), "trail.open matters.list"),
    (
        row("patient", "carer", "attorney", "parent", "clinician", "auditor",
            absent={*NOT_LET_IN, "carer-shared-nothing", "carer-suspended", "clinician-in-emergency", "guardian"}),
        "trail.open_item",
    ),
    (
        row("patient", "parent", "clinician",
            absent={*(NOT_LET_IN - {"auditor-without-case"}), *CARERS, "attorney", "clinician-in-emergency"}),
        "items.receipts",
    ),
    (
        row("patient", "parent", "clinician", "clinician-in-emergency",
            absent={*(NOT_LET_IN - {"auditor-without-case"}), *CARERS, "attorney"}),
        "matters.receipts",
    ),
    (
        row(READ - {"auditor", "guardian"}, absent=NOT_LET_IN - {"auditor-without-case"}),
        "search.items",
    ),
    (
        row("patient", CARERS - {"carer-ended"}, "clinician", "clinician-in-emergency",
            absent=NOT_LET_IN - {"auditor-without-case"}),
        "exports.bundle",
    ),
    (row("patient", absent=ALL - {"patient"}), "preview.view preview.outline preview.of_item"),
    (
        row("patient", "parent", "clinician", "clinician-in-emergency",
            absent={*NOT_LET_IN, *CARERS, "attorney", "auditor", "guardian"}),
        "sharing.read",
    ),
    (
        row("patient", "parent", absent={*NOT_LET_IN, *CARERS, "attorney", "auditor", "guardian"}),
        "sharing.read_as_fhir",
    ),
    (row(SPEAK_FOR_PATIENT), "presets.plan presets.carry_out"),
    # who looked
    (
        row("patient", "auditor", "guardian", absent={*CARERS, "attorney", "auditor-without-case", "stranger"}),
        "trail.who_looked trail.days trail.as_of",
    ),
    (
        row("patient", "auditor", absent={*CARERS, "attorney", "auditor-without-case", "guardian", "stranger"}),
        "trail.seen_by trail.in_full",
    ),
    (row("auditor", "guardian"), "trail.who_looked_across trail.export"),
    (row("auditor"), "trail.replay"),
    (row(CLINICIANS, "guardian"), "worklist.read worklist.count"),
    (row("patient", "stranger"), "notices.read"),
    # what the patient decides, and who stands in their place
    (row("patient", "parent", "attorney"), "care.name_carer people.register_carer items.agree"),
    (
        row(SPEAK_FOR_PATIENT),
        "care.end_carer sharing.direct sharing.withdraw sharing.wish_results sharing.suspend sharing.restore"
        " sharing.stop sharing.freeze sharing.unfreeze sharing.question_access statements.submit",
    ),
    (row(SPEAK_FOR_PATIENT, "clinician"), "sharing.start_together sharing.end_together"),
    (row("patient"), "representation.wish_after_death wishes.sign wishes.review wishes.withdraw"),
    # who decides where the patient cannot
    (
        row("administrator", "registrar"),
        "representation.state_birth representation.register_power representation.register_parent",
    ),
    (row("attorney"), "representation.exercise_power"),
    (row("patient", "attorney", "administrator", "registrar"), "representation.end_power"),
    (row("guardian", "administrator", "registrar"), "representation.end_parent"),
    (
        row("clinician"),
        "representation.assess_capacity representation.review_parent representation.disclose_in_best_interests",
    ),
    (row("clinician", "guardian"), "representation.withdraw_assessment representation.record_death"),
    (row("patient", "clinician", "guardian"), "representation.end_best_interests"),
    (row("guardian"), "representation.retract_death representation.release_after_death"),
    # items
    (
        row("clinician"),
        "items.add items.answer_dispute items.review_dispute items.withhold items.hold items.release items.ask_leave"
        " sharing.hold_conversation",
    ),
    (row("patient", CARERS - {"carer-ended"}), "items.add:contribution"),
    (row("clinician", absent=SEE_NO_ITEM), "items.amend items.mark_in_error items.set_topics"),
    (
        row("patient", "carer", "attorney", "parent", "clinician", absent=SEE_NO_ITEM),
        "items.comment items.reply",
    ),
    (row("patient", "attorney", "parent", absent=SEE_NO_ITEM), "items.dispute"),
    (row("clinician", "guardian"), "items.lift"),
    (row("carer", absent=CARERS - {"carer"}), "items.answer_leave"),
    (row("patient", "clinician"), "wishes.draft"),
    (row("patient", "guardian"), "erasing.ask"),
    (row("guardian"), "erasing.erase"),
    # emergencies, questions and cases
    (row(CLINICIANS), "sharing.open_emergency"),
    (row("clinician-in-emergency"), "sharing.open_emergency_item"),
    (row("guardian"), "sharing.review_emergency sharing.delay_notice"),
    (row("clinician", "guardian"), "sharing.answer_access"),
    (row("guardian", "administrator"), "cases.assign"),
    (row("auditor", "auditor-without-case", "guardian", "administrator"), "cases.list log.integrity"),
    (row("auditor", "guardian", "administrator"), "cases.close"),
    (row("auditor"), "cases.open_topics"),
    # statements and the log
    (
        public(),
        "log.checkpoint log.checkpoint_recorded log.verifier log.tile log.prove_inclusion log.prove_consistency",
    ),
    (row("clinician", absent=ALL - {"clinician"}), "statements.receipt"),
    (row("auditor", "auditor-without-case"), "log.entries"),
)  # fmt: skip
ANSWERS: Final[Mapping[str, Row]] = {name: of for of, names in _ROWS for name in names.split()}
"""The row of each operation. After a colon stands what it is asked about, where that makes a difference."""
BESIDE: Final[Mapping[str, tuple[str, int, int]]] = {
    "/openapi.json": ("GET", 200, 200),
    "/static": ("GET", 200, 200),
    "/": ("GET", 303, 303),
    "/account": ("GET", 303, 200),
    "/again": ("GET", 303, 200),
    "/invitation": ("GET", 200, 200),
    "/recovery": ("GET", 200, 200),
    "/sign-in": ("GET", 200, 303),
    "/waiting": ("GET", 303, 403),
    "/forms/language": ("POST", 422, 403),
    "/accessibility": ("GET", 200, 200),
    "/check": ("GET", 200, 200),
    "/information": ("GET", 200, 200),
    "/information/{leaflet}": ("GET", 404, 404),
}
"""Pages that are there for everybody, and of one's own account: the answer to who is not signed in, then to a patient.

Every other page leads who is not signed in to the door (303), and every form is refused: 401 to who is not signed in,
403 to a browser that another site has send it.
"""
