"""How somebody signs in: their own password, authenticator app and open sign-ins."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.forms import Answers
from console.visiting import Here, Visit
from records.audit import record
from records.people import Person, SignIn
from records.signing_in import (
    PasswordRefused,
    code_address,
    end_sign_ins,
    is_password_of,
    new_code_secret,
    set_password,
    use_codes,
)
from records.signing_in import stop_codes as codes_stopped
from records.vocabulary import NotAllowed

router = APIRouter()
_SECONDS_TO_ENROL = 900
_WRONG_PASSWORD = "Your current password is not right"  # noqa: S105


@router.get("/yourself", include_in_schema=False)
def yourself(visit: Here, said: str = "") -> Response:
    """Your own sign-in."""
    return _show(visit, Answers(), said=said)


def _show(visit: Visit, answers: Answers, *, said: str = "") -> Response:
    others = select(func.count()).where(
        SignIn.person_id == visit.me.person.id,
        SignIn.id != visit.me.sign_in_id,
        SignIn.revoked_at.is_(None),
        SignIn.expires_at > visit.now,
    )
    with visit.reading() as session:
        open_elsewhere = session.scalar(others) or 0
    return visit.page(
        "yourself.html",
        status=400 if answers.errors else 200,
        form=answers,
        said=said,
        person=visit.me.person,
        open_elsewhere=open_elsewhere,
    )


@router.post("/yourself/password", include_in_schema=False)
def change_password(visit: Here) -> Response:
    """Choose another password; every other sign-in of yours ends."""
    answers = visit.answers
    current = answers.secret("current", need="Enter your current password")
    new = answers.secret("new", need="Enter a new password")
    if current and not is_password_of(visit.parts.store, visit.me.person.id, current, now=visit.now):
        answers.wrong("current", _WRONG_PASSWORD)
    if not answers.errors:
        try:
            with visit.writing() as (session, person):
                set_password(session, person, password=new, now=visit.now, keep=visit.me.sign_in_id)
                _note(visit, session, person, "changed their password")
        except PasswordRefused as weak:
            answers.wrong("new", weak.why)
    return _show(visit, answers) if answers.errors else visit.to("yourself", said="password-changed")


@router.get("/yourself/codes", include_in_schema=False)
def codes_page(visit: Here) -> Response:
    """A fresh secret for an authenticator app. It counts only once a code has shown that the app works."""
    return _offer_codes(visit, Answers(), secret=new_code_secret())


@router.post("/yourself/codes", include_in_schema=False)
def start_codes(visit: Here) -> Response:
    """Ask this person for a code from now on."""
    answers = visit.answers
    code = answers.text("code", need="Enter the 6-digit code from the app", most=20)
    current = answers.secret("current", need="Enter your current password")
    try:
        owner, secret = _sealer(visit).loads(answers.value("sealed"), max_age=_SECONDS_TO_ENROL)
    except BadSignature:
        return visit.to("codes_page")
    if owner != visit.me.person.id:
        return visit.to("codes_page")
    if current and not is_password_of(visit.parts.store, owner, current, now=visit.now):
        answers.wrong("current", _WRONG_PASSWORD)
    if not answers.errors:
        try:
            with visit.writing() as (session, person):
                use_codes(session, person, secret=secret, code=code, now=visit.now)
                end_sign_ins(session, person.id, now=visit.now, keep=visit.me.sign_in_id)
                _note(visit, session, person, "began to use sign-in codes")
        except NotAllowed as refused:
            answers.wrong("code", refused.why[:1].upper() + refused.why[1:])
    return _offer_codes(visit, answers, secret=secret) if answers.errors else visit.to("yourself", said="codes-on")


def _offer_codes(visit: Visit, answers: Answers, *, secret: str) -> Response:
    me = visit.me.person
    return visit.page(
        "codes.html",
        status=400 if answers.errors else 200,
        form=answers,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=code_address(secret, email=me.email, council=visit.council_name),
        sealed=_sealer(visit).dumps([me.id, secret]),
    )


def _sealer(visit: Visit) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        visit.parts.signing_key, salt="enrolling codes", signer_kwargs={"digest_method": hashlib.sha256}
    )


@router.post("/yourself/codes/stop", include_in_schema=False)
def stop_codes(visit: Here) -> Response:
    """Sign in with the password alone again."""
    answers = visit.answers
    current = answers.secret("codes-current", need="Enter your current password")
    if current and not is_password_of(visit.parts.store, visit.me.person.id, current, now=visit.now):
        answers.wrong("codes-current", _WRONG_PASSWORD)
    if answers.errors:
        return _show(visit, answers)
    with visit.writing() as (session, person):
        codes_stopped(session, person)
        _note(visit, session, person, "stopped using sign-in codes")
    return visit.to("yourself", said="codes-off")


@router.post("/yourself/sign-ins", include_in_schema=False)
def end_other_sign_ins(visit: Here) -> Response:
    """Sign out everywhere else."""
    with visit.writing() as (session, person):
        end_sign_ins(session, person.id, now=visit.now, keep=visit.me.sign_in_id)
        _note(visit, session, person, "ended their other sign-ins")
    return visit.to("yourself", said="others-ended")


def _note(visit: Visit, session: Session, person: Person, act: str) -> None:
    record(session, visit.me.council_id, at=visit.now, by=person, act=act, subject=f"person {person.id}")
