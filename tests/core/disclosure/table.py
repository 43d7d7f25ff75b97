"""All rows, in the order of the rule."""

from tests.core.disclosure import (
    around_the_record,
    bounded_secrets,
    carer,
    clinician,
    facts,
    law,
    over_time,
    oversight,
    own_words_and_patient,
    proxies,
    rows,
)

SECTIONS = (
    facts,
    around_the_record,
    own_words_and_patient,
    clinician,
    carer,
    proxies,
    oversight,
    over_time,
    bounded_secrets,
    law,
)
ROWS = [row for section in SECTIONS for row in rows.ROWS if row.check.__module__ == section.__name__]
