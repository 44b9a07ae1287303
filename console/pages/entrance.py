"""Coming in and going out: the first administrator's set-up page, sign-in and sign-out."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from console.forms import Answers, options
from console.permissions import PAGES, REVIEWS
from console.visiting import Here, Visit, cookie_name, signed_mark, token_of
from records.signing_in import PasswordRefused, SetupRefused, SignInRefused, setup_link_is_good
from records.signing_in import set_up as make_council
from records.signing_in import sign_in as open_sign_in
from records.signing_in import sign_out as end_sign_in
from records.vocabulary import Nation, Role, Tier

router = APIRouter()
FIRST_PAGES = ("queue", "councillors", "audit_log", "yourself")
"""Where somebody lands, the first of these that their roles open."""


@router.get("/", include_in_schema=False)
def front(visit: Here) -> Response:
    """The page a person works from."""
    return visit.to(next(page for page in FIRST_PAGES if visit.may(page)))


@router.get("/sign-in", include_in_schema=False)
def sign_in_page(visit: Here, back: str = "", said: str = "") -> Response:
    """The sign-in form; somebody signed in goes on."""
    if visit.signed is not None:
        return visit.to("front")
    return _ask(visit, Answers().propose(back=_own_path(back)), said=said)


@router.post("/sign-in", include_in_schema=False)
def sign_in(visit: Here) -> Response:
    """Sign in, with a new cookie: one that somebody planted before is worth nothing afterwards."""
    answers = visit.answers
    email = answers.text("email", need="Enter your e-mail address", most=254)
    password = answers.secret("password", need="Enter your password")
    code = answers.text("code", most=20)
    if answers.errors:
        return _ask(visit, answers)
    try:
        opened = open_sign_in(
            visit.parts.store,
            email=email,
            password=password,
            totp=code,
            now=visit.now,
            lasts=visit.parts.absolute,
        )
    except SignInRefused as refused:
        answers.wrong("email", refused.why)
        return _ask(visit, answers)
    before = token_of(visit.mark)
    if before is not None:
        end_sign_in(visit.parts.store, before, now=visit.now)
    response = RedirectResponse(_own_path(answers.value("back")) or "/", status_code=303)
    visit.keep(response, signed_mark(opened.token))
    return response


def _ask(visit: Visit, answers: Answers, *, said: str = "") -> Response:
    return visit.page("sign_in.html", status=400 if answers.errors else 200, form=answers, said=said)


def _own_path(back: str) -> str:
    """A path of this console, or "": nobody is sent to another site after signing in."""
    if not back.startswith("/") or back.startswith(("//", "/\\")) or any(ord(letter) < 33 for letter in back):
        return ""
    return back.replace("\\", "")


@router.post("/sign-out", include_in_schema=False)
def sign_out(visit: Here) -> Response:
    """End the sign-in itself, not only this browser's memory of it."""
    token = token_of(visit.mark)
    if token is not None:
        end_sign_in(visit.parts.store, token, now=visit.now)
    response = RedirectResponse("/sign-in?said=signed-out", status_code=303)
    response.delete_cookie(cookie_name(visit.parts), path="/", secure=visit.parts.secure_cookies, httponly=True)
    return response


@router.get("/set-up", include_in_schema=False)
def set_up_page(visit: Here, token: str = "") -> Response:
    """The form behind a one-time link. Opening it uses nothing up."""
    if not setup_link_is_good(visit.parts.store, token, now=visit.now):
        return _no_link(visit)
    return _ask_for_council(visit, Answers().propose(token=token, tier=Tier.PRINCIPAL, nation=Nation.ENGLAND))


@router.post("/set-up", include_in_schema=False)
def set_up(visit: Here) -> Response:
    """Make the council and its first administrator, and use up the link."""
    answers = visit.answers
    council_name = answers.text("council_name", need="Enter the council's name", most=120)
    tier = answers.choice("tier", Tier, need="Select what kind of council it is")
    nation = answers.choice("nation", Nation, need="Select the nation")
    name = answers.text("name", need="Enter your full name", most=120)
    email = answers.email("email")
    password = answers.secret("password", need="Enter a password")
    also = answers.choices("also", Role) & REVIEWS
    if answers.errors or tier is None or nation is None:
        return _ask_for_council(visit, answers)
    try:
        make_council(
            visit.parts.store,
            token=answers.value("token"),
            council_name=council_name,
            tier=tier,
            nation=nation,
            email=email,
            name=name,
            password=password,
            now=visit.now,
            also=also,
        )
    except PasswordRefused as weak:
        answers.wrong("password", weak.why)
    except SetupRefused as refused:
        if not refused.field:
            return _no_link(visit)
        answers.wrong(refused.field, refused.why)
    if answers.errors:
        return _ask_for_council(visit, answers)
    return visit.to("sign_in_page", said="set-up")


def _ask_for_council(visit: Visit, answers: Answers) -> Response:
    return visit.page(
        "set_up.html",
        status=400 if answers.errors else 200,
        form=answers,
        tiers=options(Tier, ticked=[answers.value("tier")]),
        nations=options(Nation, ticked=[answers.value("nation")]),
        other_roles=options((role for role in Role if role in REVIEWS), ticked=answers.values("also")),
    )


def _no_link(visit: Visit) -> Response:
    why = "A set-up link works once and for a short time. Ask whoever runs Wardkeeper for you to print a new one."
    return visit.page("message.html", status=404, title="This set-up link cannot be used", why=why, back="")


assert all(page in PAGES for page in FIRST_PAGES)
