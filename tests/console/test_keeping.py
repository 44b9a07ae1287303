"""Councillors, accounts, people, sources, intake and the audit log, over real HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from records.audit import AuditEntry
from records.evidence import EvidenceItem
from records.incidents import Incident
from records.people import Account, Councillor, Person, SearchTerm, Source
from records.posts import Post
from records.vocabulary import IncidentKind, Level, Role
from tests.builders import NOW, PASSWORD, an_account
from tests.console.conftest import Console
from tests.console.visitor import words

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
WHEN = {"at-day": "3", "at-month": "5", "at-year": "2026", "at-time": "2:30pm"}


def test_a_councillor_is_taken_in_with_who_agreed_and_the_words_to_find_them(console: Console) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    bea.get("/councillors/new")
    empty = bea.post("/councillors/new", {"name": ""})
    assert empty.status_code == 400
    assert "Enter the councillor’s full name" in words(empty).replace("'", "’")

    page = bea.does(
        "/councillors/new",
        {
            "name": "Elin Prosser",
            "ward": "Quay",
            "opted_in_by": "Herself, by e-mail",
            "nicknames": "Elin P\r\n\r\nProzzer",
            "hashtags": "#ProsserOut",
        },
    )
    assert "The councillor is added" in words(page)
    for term in ("Elin Prosser", "Prozzer", "ProsserOut", "Herself, by e-mail"):
        assert term in words(page)
    again = bea.get("/councillors/new") and bea.post(
        "/councillors/new", {"name": "Elin Prosser", "ward": "Quay", "opted_in_by": "Herself"}
    )
    assert again.status_code == 400


def test_terms_pausing_resuming_and_opting_out(console: Console) -> None:
    maud = console.scene.maud
    an_account(console.parts.store, console.scene.council_id, councillor_id=maud)
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    at = f"/councillors/{maud}"
    bea.get(at)
    bea.does(f"{at}/terms", {"kind": "nickname", "text": "Maudie"})
    assert bea.post(f"{at}/terms", {"kind": "nickname", "text": "x"}).status_code == 400
    bea.does(f"{at}/pause")
    assert bea.post(f"{at}/pause").status_code == 409
    bea.get(at)
    bea.does(f"{at}/resume")
    assert bea.post(f"{at}/withdraw").status_code == 400
    assert "has opted out" in words(bea.does(f"{at}/withdraw", {"sure": "yes"}))

    with console.parts.store.reading(console.scene.council_id) as session:
        councillor = session.get_one(Councillor, maud)
        account = session.scalars(select(Account).where(Account.councillor_id == maud)).one()
        terms = list(session.scalars(select(SearchTerm.text)))
    assert councillor.withdrawn_at == NOW
    assert account.secret == ""
    assert "Maudie" in terms
    assert bea.get("/councillors").status_code == 200


def test_an_account_is_connected_with_its_consent_and_its_credential_never_shown(console: Console) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    page = bea.get(f"/accounts/new/townboard?councillor={console.scene.maud}")
    assert 'value="2027"' in page.text
    answers = {
        "use": "report",
        "councillor": "",
        "handle": "@larkford-two",
        "secret": "correct horse credential",
        "consent_by": "Head of communications, in writing",
        "purposes": "Send reports",
        "until-day": "1",
        "until-month": "2",
        "until-year": "2027",
    }
    for wrong, message in (
        ({"until-year": "2001"}, "must be in the future"),
        ({"until-day": "31"}, "Enter a real date"),
        ({"until-month": "zwei"}, "must include a day"),
        ({"consent_by": ""}, "Enter who agreed and how"),
        ({"handle": ""}, "Enter the account"),
        ({"use": "collect"}, "Select what the account is for"),
        ({"councillor": "4711"}, "Page not found"),
    ):
        answer = bea.post("/accounts/new/townboard", answers | wrong)
        assert answer.status_code in (400, 404)
        assert message in words(answer)
        assert "correct horse" not in answer.text
        bea.get("/accounts/new/townboard")

    page = bea.does("/accounts/new/townboard", answers)
    assert "@larkford-two" in words(page)
    assert "until 1 February 2027" in words(page)
    assert "correct horse" not in page.text
    assert bea.get("/accounts/new/nowhere").status_code == 404


def test_an_account_is_withdrawn_and_its_credential_erased(console: Console) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    bea.get("/councillors")
    assert "Consent is withdrawn" in words(bea.does("/accounts/1/withdraw"))
    with console.parts.store.reading(console.scene.council_id) as session:
        assert session.get_one(Account, 1).secret == ""


def test_people_are_added_given_roles_and_a_new_password(console: Console) -> None:
    sol = console.signed_in(Role.ADMINISTRATOR)
    sol.get("/people/new")
    bad = sol.post("/people/new", {"name": "", "email": "nobody", "password": "short"})
    assert bad.status_code == 400
    for message in ("full name", "correct format", "at least one role"):
        assert message in words(bad)
    answers = {"name": "Ada Brook", "email": "Ada.Brook@larkford.example", "roles": ["auditor"], "password": PASSWORD}
    assert "Added" in words(sol.does("/people/new", answers))
    sol.get("/people/new")
    assert "already signs in" in words(sol.post("/people/new", answers))

    ada = console.visitor()
    assert ada.signs_in("ada.brook@larkford.example").status_code == 303
    assert ada.get("/audit").status_code == 200
    with console.parts.store.reading(console.scene.council_id) as session:
        number = session.scalars(select(Person.id).where(Person.email == "ada.brook@larkford.example")).one()
    sol.get(f"/people/{number}")
    sol.does(f"/people/{number}/roles", {"roles": ["officer"]})
    assert ada.get("/audit").status_code == 403
    sol.does(f"/people/{number}/password", {"password": "ferry over the weir"})
    assert ada.get("/queue").status_code == 303
    assert console.visitor().signs_in("ada.brook@larkford.example", "ferry over the weir").status_code == 303


def test_the_last_administrator_stays(console: Console) -> None:
    sol = console.signed_in(Role.ADMINISTRATOR)
    with console.parts.store.reading(console.scene.council_id) as session:
        number = session.scalars(select(Person.id).where(Person.name == "Sol Marsh")).one()
    sol.get(f"/people/{number}")
    answer = sol.post(f"/people/{number}/left")
    assert answer.status_code == 409
    assert "without an administrator" in words(answer)
    assert "without an administrator" in words(sol.post(f"/people/{number}/roles", {"roles": ["auditor"]}))


def test_a_source_in_trouble_says_so_in_words(console: Console) -> None:
    an_account(console.parts.store, console.scene.council_id, councillor_id=console.scene.maud)
    visitor = console.signed_in(Role.AUDITOR)
    assert "Never tried" in words(visitor.get("/sources"))
    with console.parts.store.writing(console.scene.council_id) as session:
        session.execute(
            update(Source).values(
                last_try_at=NOW,
                last_success_at=NOW - timedelta(hours=3),
                failures=2,
                problem="The server could not be reached.",
                due_at=NOW + timedelta(minutes=4),
                blind_spots="Only the newest 1,000 posts were looked at.",
            )
        )
    page = words(visitor.get("/sources"))
    for said in ("Failing", "could not be reached", "3 hours ago", "in 4 minutes", "newest 1,000", "4 May 2027"):
        assert said in page
    console.clock.later(days=366)
    visitor = console.signed_in(Role.AUDITOR)
    assert "The consent has run out" in words(visitor.get("/sources"))


def test_the_audit_log_is_listed_narrowed_and_checked(console: Console) -> None:
    viktor = console.signed_in(Role.AUDITOR)
    assert "The log is whole" in words(viktor.get("/audit?check=1"))
    assert words(viktor.get("/audit?about=Signed+In")).count("Signed in") >= 1
    assert "No entries about that" in words(viktor.get("/audit?about=incident+9"))
    with console.parts.store.writing(console.scene.council_id) as session:
        session.execute(update(AuditEntry).where(AuditEntry.position == 2).values(detail="altered"))
    assert "Entry 2 does not follow" in words(viktor.get("/audit?check=1"))


def test_a_post_somebody_saw_is_logged_with_its_screenshot(console: Console) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    bea.get("/report")
    answers = {
        "councillor": str(console.scene.maud),
        "link": "https://www.facebook.com/larkfordnews/posts/1234567890",
        "text": "gannet kittiwake",
        "author": "@somebody",
        "fit": "yes",
        **WHEN,
    }
    page = bea.post("/report", answers, files={"screenshot": ("seen.png", PNG, "image/png")})
    assert page.status_code == 303, words(page)

    with console.parts.store.reading(console.scene.council_id) as session:
        post = session.scalars(select(Post)).one()
        kept = session.scalars(select(EvidenceItem)).one()
    assert (post.author_handle, kept.media_type, kept.content) == ("somebody", "image/png", PNG)


@pytest.mark.parametrize(
    ("changes", "files", "message"),
    [
        ({"link": ""}, {}, "Enter the link"),
        ({"link": "https://example.org/"}, {}, ""),
        ({"link": "javascript:alert(1)"}, {}, "Not the address"),
        ({"councillor": ""}, {}, "Select the councillor"),
        ({"councillor": "999"}, {}, "no such councillor"),
        ({"text": ""}, {}, "Enter what the post says"),
        ({"at-year": "2999"}, {}, "must be in the past"),
        ({"at-year": "1970"}, {}, "after 2000"),
        ({"at-time": "half past"}, {}, "Enter a time"),
        ({}, {"screenshot": ("seen.png", b"GIF89a....", "image/png")}, "must be a PNG or JPEG"),
        ({}, {"screenshot": ("seen.png", PNG + b"\0" * 5_300_000, "image/png")}, "smaller than 5MB"),
        ({"fit": ""}, {"screenshot": ("seen.png", PNG, "image/png")}, "shows no sexual picture"),
    ],
)
def test_a_report_that_cannot_be_stored_says_what_to_correct(
    console: Console, changes: dict[str, str], files: dict[str, object], message: str
) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    bea.get("/report")
    answers = {
        "councillor": str(console.scene.maud),
        "link": "https://x.com/somebody/status/1234567890123456789",
        "text": "gannet",
        "fit": "yes",
        **WHEN,
    } | changes
    answer = bea.post("/report", answers, files=files or None)
    if message:
        assert answer.status_code == 400, words(answer)
        assert message in words(answer)
        assert "There is a problem" in words(answer)
    else:
        assert answer.status_code == 303


def test_a_whole_request_too_large_is_refused_on_a_page(console: Console) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    bea.get("/report")
    answer = bea.post("/report", files={"screenshot": ("seen.png", PNG + b"\0" * 7_000_000, "image/png")})
    assert answer.status_code == 413


def test_a_visit_is_logged_without_any_post(console: Console) -> None:
    bea = console.signed_in(Role.MEMBERS_SERVICES)
    bea.get("/report/event")
    assert bea.post("/report/event", {"kind": "post"}).status_code == 400
    answers = {"kind": "visit", "councillor": str(console.scene.maud), "account": "Shouted at the door", "level": "3"}
    page = bea.does("/report/event", answers | WHEN)
    assert "Shouted" not in page.text
    with console.parts.store.reading(console.scene.council_id) as session:
        incident = session.scalars(select(Incident)).one()
    assert (incident.kind, incident.level) == (IncidentKind.VISIT, Level.SERIOUS)
    assert incident.occurred_at.isoformat() == "2026-05-03T13:30:00+00:00", "2:30pm in British summer time"
    shown = bea.post(f"/incidents/{incident.id}/reveal")
    assert "Shouted at the door" in words(shown)
    assert re.search(r"2:30pm on 3 May 2026", words(shown))
