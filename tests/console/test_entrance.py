"""Coming in and going out over real HTTP: what opens the console, what keeps it closed, and for how long."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest

from console.parts import ConsoleParts
from records.signing_in import new_setup_link
from records.vocabulary import Role
from tests.builders import NOW, PASSWORD
from tests.console.conftest import Console, serving
from tests.console.visitor import Visitor, words


def test_signing_in_leads_to_the_queue(console: Console) -> None:
    visitor = console.visitor()
    answer = visitor.signs_in(console.email(Role.OFFICER))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitor.get("/").headers["location"] == "/queue"
    assert "Ines Calder" in visitor.get("/queue").text


def test_whoever_has_not_signed_in_is_sent_to_sign_in_and_comes_back(console: Console) -> None:
    number = console.scene.incident()
    visitor = console.visitor()
    away = visitor.get(f"/incidents/{number}")
    assert (away.status_code, away.headers["location"]) == (303, f"/sign-in?back=%2Fincidents%2F{number}")

    visitor.get(away.headers["location"])
    email = console.email(Role.OFFICER)
    back = visitor.post("/sign-in", {"email": email, "password": PASSWORD, "back": f"/incidents/{number}"})
    assert back.headers["location"] == f"/incidents/{number}"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "\t//evil.example"])
def test_nobody_is_sent_to_another_site_after_signing_in(console: Console, back: str) -> None:
    visitor = console.visitor()
    visitor.get("/sign-in")
    answer = visitor.post("/sign-in", {"email": console.email(Role.OFFICER), "password": PASSWORD, "back": back})
    assert answer.headers["location"] == "/"


def test_a_refusal_is_an_error_summary_and_never_shows_the_password_again(console: Console) -> None:
    visitor = console.visitor()
    answer = visitor.signs_in(console.email(Role.OFFICER), "not the password")

    assert answer.status_code == 400
    assert "There is a problem" in words(answer)
    assert "is not right" in words(answer)
    assert "<title>Error: Sign in" in answer.text
    assert "not the password" not in answer.text


def test_five_wrong_tries_lock_the_person_out(console: Console) -> None:
    email = console.email(Role.OFFICER)
    visitor = console.visitor()
    for _ in range(5):
        assert visitor.signs_in(email, "not the password").status_code == 400
    assert visitor.signs_in(email).status_code == 400
    console.clock.later(minutes=16)
    assert visitor.signs_in(email).status_code == 303


def test_the_cookie_is_worth_nothing_after_sign_out(console: Console) -> None:
    visitor = console.signed_in(Role.OFFICER)
    stolen = dict(visitor.client.cookies)
    visitor.does("/sign-out")

    thief = console.visitor()
    thief.client.cookies.update(stolen)
    assert thief.get("/queue").status_code == 303
    assert "signed out" in words(visitor.get("/sign-in?said=signed-out"))


def test_signing_in_changes_the_cookie_so_that_a_planted_one_is_worthless(console: Console) -> None:
    visitor = console.visitor()
    visitor.get("/sign-in")
    before = visitor.client.cookies["wardkeeper"]
    visitor.post("/sign-in", {"email": console.email(Role.OFFICER), "password": PASSWORD})

    assert visitor.client.cookies["wardkeeper"] != before
    planted = console.visitor()
    planted.client.cookies["wardkeeper"] = before
    assert planted.get("/queue").status_code == 303


def test_a_sign_in_ends_when_idle_and_at_the_latest_after_its_whole_time(console: Console) -> None:
    visitor = console.signed_in(Role.OFFICER)
    for _ in range(23):
        console.clock.later(minutes=25)
        assert visitor.get("/queue").status_code == 200
    console.clock.later(minutes=26)
    assert visitor.get("/queue").status_code == 303

    idle = console.signed_in(Role.OFFICER)
    console.clock.later(minutes=31)
    assert idle.get("/queue").status_code == 303


@pytest.mark.parametrize("mark", ["s.guess", "", "x" * 4000, "s.abc.deadbeef"])
def test_a_made_up_cookie_opens_nothing(console: Console, mark: str) -> None:
    visitor = console.visitor()
    visitor.client.cookies["wardkeeper"] = mark
    assert visitor.get("/queue").status_code == 303
    assert visitor.get("/sign-in").status_code == 200


def test_a_form_without_proof_or_with_somebody_elses_is_refused(console: Console) -> None:
    ines, hugh = console.signed_in(Role.OFFICER), console.signed_in(Role.ASSESSOR)
    number = console.scene.incident()

    for proof in ("", hugh.proof, "0" * 64, "ñ"):
        answer = ines.client.post(f"/incidents/{number}/confirm", data={"proof": proof})
        assert answer.status_code == 403, proof
    missing = ines.client.post(f"/incidents/{number}/confirm", data={})
    assert missing.status_code == 403
    assert "Nothing was changed" in words(missing)
    assert "Open" in words(ines.get(f"/incidents/{number}"))


def test_a_form_sent_from_another_site_is_refused_even_with_its_proof(console: Console) -> None:
    ines = console.signed_in(Role.OFFICER)
    answer = ines.post("/yourself/sign-ins", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_a_sign_in_form_from_nowhere_is_refused(console: Console) -> None:
    answer = console.visitor().client.post("/sign-in", data={"email": "a@b.example", "password": PASSWORD})
    assert answer.status_code == 403


def test_cookies_are_out_of_scripts_reach_and_sealed_to_the_host_over_https(parts: ConsoleParts) -> None:
    from dataclasses import replace

    with serving(replace(parts, secure_cookies=True)) as address:
        visitor = Visitor(address)
        cookie = visitor.get("/sign-in").headers["set-cookie"]
        assert visitor.page.headers["strict-transport-security"]
        visitor.client.close()
    assert cookie.startswith("__Host-wardkeeper=")
    for wanted in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert wanted in cookie
    assert "Domain" not in cookie


def test_codes_are_enrolled_with_a_first_code_and_asked_for_afterwards(console: Console) -> None:
    visitor = console.signed_in(Role.OFFICER)
    page = visitor.get("/yourself/codes")
    shown = re.search(r'id="key" value="([A-Z2-7 ]+)"', page.text)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page.text)
    assert shown
    assert sealed
    assert "otpauth://totp/" in page.text
    otp = pyotp.TOTP(shown[1].replace(" ", ""))

    wrong = visitor.post("/yourself/codes", {"sealed": sealed[1], "code": "000000", "current": "no"})
    assert wrong.status_code == 400
    assert shown[1] in wrong.text
    answers = {"sealed": sealed[1], "code": otp.at(NOW), "current": PASSWORD}
    assert "with your password and a code" in words(visitor.does("/yourself/codes", answers))

    email = console.email(Role.OFFICER)
    assert console.visitor().signs_in(email).status_code == 400
    console.clock.later(minutes=2)
    assert console.visitor().signs_in(email, code=otp.at(console.clock.now)).status_code == 303


def test_changing_the_password_needs_the_old_one_and_ends_other_sign_ins(console: Console) -> None:
    here, elsewhere = console.signed_in(Role.OFFICER), console.signed_in(Role.OFFICER)
    new = "ferry over the weir"

    assert here.post("/yourself/password", {"current": "wrong", "new": new}).status_code == 400
    assert here.post("/yourself/password", {"current": PASSWORD, "new": "short"}).status_code == 400
    here.does("/yourself/password", {"current": PASSWORD, "new": new})

    assert here.get("/queue").status_code == 200
    assert elsewhere.get("/queue").status_code == 303
    assert console.visitor().signs_in(console.email(Role.OFFICER), new).status_code == 303


def test_a_set_up_link_makes_a_council_once(console: Console) -> None:
    token = new_setup_link(console.parts.store, now=NOW, lasts=timedelta(hours=1))
    visitor = console.visitor()
    assert visitor.get(f"/set-up?token={token}").status_code == 200
    answers = {
        "token": token,
        "council_name": "Saltmarsh Town Council",
        "tier": "parish",
        "nation": "wales",
        "name": "Sol Marsh",
        "email": "sol.marsh@saltmarsh.example",
        "password": PASSWORD,
    }

    weak = visitor.post("/set-up", answers | {"password": "short", "name": ""})
    assert weak.status_code == 400
    assert "Enter your full name" in words(weak)
    assert 'value="Saltmarsh Town Council"' in weak.text
    assert "short" not in weak.text.replace("shortcuts", "")
    assert "The council is set up" in words(visitor.does("/set-up", answers))

    assert visitor.get(f"/set-up?token={token}").status_code == 404
    sol = console.visitor()
    assert sol.signs_in("sol.marsh@saltmarsh.example").status_code == 303
    assert sol.get("/").headers["location"] == "/councillors"
    assert sol.get("/queue").status_code == 403


def test_somebody_who_left_is_out_at_once(console: Console) -> None:
    ines, sol = console.signed_in(Role.OFFICER), console.signed_in(Role.ADMINISTRATOR)
    page = sol.get("/people").text
    number = re.search(r'/people/(\d+)">Ines Calder', page)
    assert number
    sol.does(f"/people/{number[1]}/left")
    assert ines.get("/queue").status_code == 303
