"""A clinician who is only registered with the patient, in a real browser, with a key of their own."""

from tests.browser.town import Town


def test_a_note_for_an_appointment_is_signed_by_whoever_is_only_registered(town: Town) -> None:
    with town.at(town.ada) as ada:
        ada.post(f"/people/{town.bert.id}/roles", {"role": "clinician"})
        ada.post(f"/records/{town.record}/care", {"person": town.bert.id, "ground": "registration"})
    with town.at(town.bert, acting_as="clinician") as bert:
        bert.go(f"/record/{town.record}?purpose=appointment")
        bert.page.get_by_role("link", name="Add", exact=True).click()
        bert.page.get_by_label("Note", exact=True).check()
        bert.page.get_by_label("Title, if you like").fill("Review")
        bert.page.get_by_label("What you write").fill("Seen at the practice.")
        bert.press("Add it")
        bert.page.wait_for_url("**said=*")
        assert "Signed by you." in bert.page.locator("main").inner_text()
