"""Sessions of browsers: begun, used, renewed, ended."""

import pytest

from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_session_is_found_by_its_cookie(browser: Browser) -> None:
    amina = browser.served.story.amina
    await browser.begin(amina)
    session = await browser.service.doors.sessions.of(browser.cookie)
    assert (session.person, session.acting_as, session.means) == (amina.person, "patient", "persona")
