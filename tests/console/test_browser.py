"""The console in Chromium, with scripts and without: a person reads, decides, approves and sends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import select

from monitor.assessing import assess_due
from monitor.raising import raise_due
from monitor.sampling import draw_due
from records.counts import Scored, add_scores, day_of
from records.incidents import Incident
from records.vocabulary import Level, Role
from takedown import reviewing
from tests.builders import PASSWORD, a_post, found
from tests.console.conftest import Console
from tests.monitor.scored import Reads
from tests.takedown import steps
from wardkeeper.shadow import Shadow

pytestmark = pytest.mark.browser
WORDS = "gannet kittiwake fulmar"
LEFT = "net::ERR_ABORTED"
"""What Chromium says of a request that it gave up because the page was left; a slow machine leaves icons unread."""
WIDTHS = ({"width": 1280, "height": 900}, {"width": 375, "height": 740})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium."""
    where = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert where, "Chromium is not installed; leave the browser tests out with -m 'not browser'"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def context(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser, with and without scripts."""
    opened = chromium.new_context(java_script_enabled=request.param)
    yield opened
    opened.close()


def _open(context: BrowserContext, complaints: list[str]) -> Page:
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda failed: complaints.append(str(failed)))
    page.on("requestfailed", lambda lost: complaints.append(lost.url) if lost.failure != LEFT else None)
    return page


def _sign_in(page: Page, console: Console, *roles: Role, who: tuple[str, str] | None = None) -> None:
    page.goto(f"{console.address}/sign-in")
    page.get_by_label("E-mail address").fill(console.email(*roles, who=who))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


@pytest.fixture
def database_url(sqlite_ready: object, tmp_path: object) -> str:
    """One kind of database is enough to see that pages work in a browser."""
    target = f"{tmp_path}/test.db"
    shutil.copyfile(str(sqlite_ready), target)
    return f"sqlite:///{target}"


def test_a_person_reads_confirms_approves_and_sends(console: Console, context: BrowserContext) -> None:
    number = steps.opened(console.scene, post=found(WORDS))
    complaints: list[str] = []
    page = _open(context, complaints)
    _sign_in(page, console, Role.OFFICER)

    expect(page.get_by_text("gannet")).to_have_count(0)
    page.get_by_role("link", name="Maud Ellery").click()
    page.get_by_role("button", name="Show the words").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page.goto(f"{console.address}/incidents/{number}")
    page.get_by_role("button", name="Confirm: this is abuse").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirmed as abuse")
    page.get_by_text("Draft a report", exact=True).first.click()
    page.get_by_role("button", name="Draft a report").click()
    page.get_by_role("button", name="Show the words to check and approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Approved")
    assert console.board.reports == 0
    page.get_by_role("button", name="Send to Townboard").click()
    expect(page.get_by_role("alert")).to_contain_text("Sent")

    assert console.board.reports == 1
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Wardkeeper")).to_be_visible()
    assert complaints == []


def test_an_error_summary_takes_the_focus_and_leads_to_the_field(console: Console, chromium: Browser) -> None:
    number = console.scene.incident()
    context = chromium.new_context()
    page = _open(context, [])
    _sign_in(page, console, Role.OFFICER)
    page.goto(f"{console.address}/incidents/{number}")
    page.get_by_text("Not abuse: dismiss it").click()
    page.get_by_role("button", name="Dismiss").click()

    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter why this is not abuse").click()
    expect(page.locator("#dismiss-reason")).to_be_focused()
    context.close()


def test_the_queue_works_by_keyboard_and_the_keys_can_be_turned_off(console: Console, chromium: Browser) -> None:
    for level in (Level.CRITICAL, Level.ABUSIVE):
        console.scene.incident(level, post=found(WORDS))
    context = chromium.new_context()
    complaints: list[str] = []
    page = _open(context, complaints)
    _sign_in(page, console, Role.OFFICER)

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert "Level 2" in page.locator(".wk-row--at").inner_text()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*")
    page.keyboard.press("r")
    expect(page.get_by_text(WORDS)).to_be_visible()

    page.goto(f"{console.address}/queue")
    page.get_by_text("About this page").click()
    page.get_by_label("Use keys").uncheck()
    page.keyboard.press("j")
    expect(page.locator(".wk-row--at")).to_have_count(0)
    assert complaints == []
    context.close()


def test_a_sampled_post_is_shown_and_answered(console: Console, context: BrowserContext) -> None:
    learnt(console)
    complaints: list[str] = []
    page = _open(context, complaints)
    _sign_in(page, console, Role.OFFICER, Role.MONITORING_OFFICER, who=("Ada Brook", "ada.brook"))
    page.get_by_role("link", name="The judge").click()
    expect(page.get_by_role("table", name="By week and model version")).to_contain_text("1 of 1, 100%")
    expect(page.get_by_role("table", name="Posts by the judge’s level")).to_be_visible()
    page.get_by_text("The council has decided: consent").click()
    page.get_by_label("Who in the council decided so, and when?").fill("Standards Committee, minute 8")
    page.get_by_role("button", name="Consent").click()
    expect(page.get_by_role("alert")).to_contain_text("Noted")

    page.get_by_role("link", name="Review the sample").click()
    expect(page.get_by_text("gannet")).to_have_count(0)
    page.get_by_role("button", name="Show the words").first.click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page.get_by_label("Report, level 2: abusive").first.check()
    page.get_by_role("button", name="Answer").first.click()
    expect(page.get_by_role("alert")).to_contain_text("It is an incident now")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maud Ellery")
    assert complaints == []


def learnt(console: Console) -> None:
    """A decided incident, a judge in shadow, weeks of scores, and a sample that waits; it is the next day."""
    here, shadow = console.scene, Shadow.load(lambda: Reads("shadow", 1), point="cautious", beside=Reads())
    for text in (f"{WORDS} level 0 score 0.3", "level 2"):
        a_post(here.store, here.council_id, about=here.maud, post=found(text))
    assess_due(here.store, classifier=Reads(), now=here.now, shadow=shadow)
    raise_due(here.store, line=Level.UNCIVIL, now=here.now)
    with here.store.reading(here.council_id) as session:
        number = session.scalars(select(Incident.id).order_by(Incident.id.desc())).first()
    reviewing.confirm(here.desk(), number or 0)
    draw_due(here.store, a_day=5, line=Level.UNCIVIL, now=here.now + timedelta(days=1))
    days = (here.now - timedelta(days=at) for at in range(1, 60))
    with here.store.writing(here.council_id) as session:
        add_scores(session, {Scored(day_of(day), "bluesky", "reads", "judge", 0): 50 for day in days})
    console.clock.later(days=1)


def test_every_page_is_quiet_labelled_and_fits_a_phone(console: Console, chromium: Browser) -> None:
    incident = steps.confirmed(console.scene, post=found("longword" * 60))
    request = steps.approved(console.scene, console.board, [incident])
    context = chromium.new_context()
    complaints: list[str] = []
    page = _open(context, complaints)
    _sign_in(page, console, *Role, who=("Ada Brook", "ada.brook"))
    paths = ["/queue", f"/incidents/{incident}", "/takedowns", f"/takedowns/{request}", "/report", "/report/event"]
    paths += ["/councillors", "/councillors/1", "/councillors/new", "/accounts/new", "/accounts/new/townboard"]
    paths += ["/people", "/people/1", "/people/new", "/sources", "/audit", "/yourself", "/yourself/codes"]
    learnt(console)
    paths += ["/learning", "/sample"]
    unlabelled = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
        .filter(field => !field.labels.length && !field.ariaLabel).map(field => field.outerHTML)"""
    twice = """Object.entries([...document.querySelectorAll('[id]')].reduce((seen, one) =>
        ({...seen, [one.id]: (seen[one.id] || 0) + 1}), {})).filter(([, count]) => count > 1).map(([id]) => id)"""
    for path in paths:
        for width in WIDTHS:
            page.set_viewport_size(width)  # type: ignore[arg-type]
            page.goto(f"{console.address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], path
        assert page.evaluate(unlabelled) == [], path
        assert page.evaluate(twice) == [], path
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith("arial"), path
    assert complaints == []
    context.close()
