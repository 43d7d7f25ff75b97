"""A patient's NHS number: checked, sealed with the name, and shown to the patient and to those who care for them."""

import pytest
from psycopg import sql

from ledger.core.errors import MalformedStatement
from ledger.core.identifiers import NHS_NUMBER, nhs_number_of
from ledger.core.vocabulary import check_said
from ledger.saying import By
from tests.http.living import asked
from tests.http.served import Served, problem

NUMBER = "9434765919"
WRITTEN = "943 476 5919"
WRONG = (
    "9434765918",  # another check digit
    "943476591",  # a digit too few
    "94347659190",  # and one too many
    "943-476 5919",  # grouped in two ways
    "",
    "९४३४७६५९१९",  # digits, of another script
    "9434765919\n9434765919",
    "AMINA",
)
_TABLES = """
    select table_schema, table_name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
"""


async def registered(served: Served) -> tuple[By, str]:
    """A patient with a number, Okafor's practice in care and Sam a carer; and the path of the record."""
    story, care = served.story, served.story.ledger.care
    ada = await served.sign_in(story.ada)
    person = (await ada.say("/people", name="Amina Diallo", nhs_number=WRITTEN))["ids"]["person"]
    record = str((await care.open_record(story.ada, person)).facts["record"])
    await care.start(story.ada, record, ground="referral", team=story.practice)
    await care.name_carer(By(person, "patient"), record, story.sam.person, "son")
    return By(person, "patient"), f"/records/{record}"


async def test_the_patient_and_who_cares_for_them_see_the_number_and_a_carer_does_not(served: Served) -> None:
    patient, record = await registered(served)
    for by in (patient, served.story.okafor):
        shown = await asked(await served.sign_in(by), record)
        assert shown["patient"]["identifiers"] == [{"system": NHS_NUMBER, "value": NUMBER}]
    carers = await asked(await served.sign_in(served.story.sam), record)
    assert carers["patient"].keys() == {"id", "name"}
    assert NUMBER not in str(carers)
    await served.story.assert_sound()


async def test_the_number_stands_in_no_table_no_log_and_no_answer_to_who_wrote_it(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await registered(served)
    ada = await served.sign_in(served.story.ada)
    told = (await ada.post("/people", name="Noor", nhs_number="9434765918")).text
    kept = [caplog.text, told]
    async with served.app.state.service.doors.pool.connection() as connection:
        for schema, table in await (await connection.execute(_TABLES)).fetchall():
            if schema in ("ledger", "projections", "sign_in"):
                every = sql.SQL("select t::text from {} t").format(sql.Identifier(schema, table))
                kept += [row[0] for row in await (await connection.execute(every)).fetchall()]
    assert len(kept) > 50
    for written in (NUMBER, WRITTEN, NUMBER.encode().hex(), "9434765918"):
        assert not [where for where in kept if written in where]


@pytest.mark.parametrize("typed", WRONG)
async def test_what_is_no_nhs_number_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(MalformedStatement, match="ten digits") as refused:
        nhs_number_of(typed)
    assert not typed or typed not in str(refused.value)
    words = {"name": "Amina", "identifiers": [{"system": NHS_NUMBER, "value": typed or " "}]}
    with pytest.raises(MalformedStatement, match=r"NHS number|text that is not blank") as refused:
        check_said("person-registered/1", {"person": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"}, words)
    assert not typed or typed not in str(refused.value)


async def test_a_wrong_number_is_told_by_its_member_and_nobody_is_registered(served: Served) -> None:
    ada, before = await served.sign_in(served.story.ada), await served.size()
    told = problem(await ada.post("/people", name="Noor", nhs_number="943 476 5918"), 422, "malformed")
    assert told["errors"][0]["pointer"] == "/nhs_number"
    assert await served.size() == before
