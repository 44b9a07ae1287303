"""People who sign in and their roles. An administrator keeps them and sees no post."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.forms import Answers, options
from console.visiting import Here, Missing, Number, Visit
from records import signing_in
from records.audit import record
from records.people import Person
from records.signing_in import PasswordRefused
from records.vocabulary import NotAllowed, Role

router = APIRouter()


@router.get("/people", include_in_schema=False)
def people(visit: Here, said: str = "") -> Response:
    """Everybody who can sign in, and who has left."""
    with visit.reading() as session:
        everybody = session.scalars(select(Person).order_by(Person.left_at.is_not(None), Person.name, Person.id)).all()
    return visit.page("people.html", people=everybody, said=said)


@router.get("/people/new", include_in_schema=False)
def new_person_page(visit: Here) -> Response:
    """The form that adds a person."""
    return _ask(visit, Answers())


@router.post("/people/new", include_in_schema=False)
def new_person(visit: Here) -> Response:
    """Add a person with a first password, which they change when they sign in."""
    answers = visit.answers
    name = answers.text("name", need="Enter the person's full name", most=120)
    email = answers.email("email")
    roles = answers.choices("roles", Role, need="Select at least one role")
    password = answers.secret("password", need="Enter a first password")
    if answers.errors:
        return _ask(visit, answers)
    try:
        with visit.writing() as (session, by):
            added = signing_in.add_person(
                session,
                visit.me.council_id,
                email=email,
                name=name,
                roles=roles,
                password=password,
                now=visit.now,
            )
            _note(visit, session, added, by=by, act="added a person", detail=_listed(roles))
    except PasswordRefused as weak:
        answers.wrong("password", weak.why)
    except NotAllowed as refused:
        answers.wrong("email", refused.why[:1].upper() + refused.why[1:])
    return _ask(visit, answers) if answers.errors else visit.to("people", said="person-added")


def _ask(visit: Visit, answers: Answers) -> Response:
    return visit.page(
        "new_person.html",
        status=400 if answers.errors else 200,
        form=answers,
        roles=options(Role, ticked=answers.values("roles")),
    )


@router.get("/people/{person_id}", include_in_schema=False)
def person(visit: Here, person_id: Number, said: str = "") -> Response:
    """One person."""
    return _show(visit, person_id, Answers(), said=said)


def _found(session: Session, person_id: int) -> Person:
    one = session.scalar(select(Person).where(Person.id == person_id))
    if one is None:
        raise Missing
    return one


def _show(visit: Visit, person_id: int, answers: Answers, *, said: str = "") -> Response:
    with visit.reading() as session:
        one = _found(session, person_id)
    ticked = answers.values("roles") or [role.value for role in one.roles]
    return visit.page(
        "person.html",
        status=400 if answers.errors else 200,
        form=answers,
        person=one,
        roles=options(Role, ticked=ticked),
        said=said,
    )


@router.post("/people/{person_id}/roles", include_in_schema=False)
def change_roles(visit: Here, person_id: Number) -> Response:
    """Give other roles; they count from the person's next page on."""
    answers = visit.answers
    roles = answers.choices("roles", Role, need="Select at least one role")
    if not answers.errors:
        try:
            with visit.writing() as (session, by):
                one = _found(session, person_id)
                signing_in.set_roles(session, one, roles=roles)
                _note(visit, session, one, by=by, act="changed roles", detail=_listed(roles))
        except NotAllowed as refused:
            answers.wrong("roles", refused.why[:1].upper() + refused.why[1:])
    if answers.errors:
        return _show(visit, person_id, answers)
    return visit.to("person", person_id=person_id, said="roles-changed")


@router.post("/people/{person_id}/password", include_in_schema=False)
def reset_password(visit: Here, person_id: Number) -> Response:
    """A new first password for somebody who forgot theirs; authenticator codes and open sign-ins end with it."""
    answers = visit.answers
    password = answers.secret("password", need="Enter a new password")
    if not answers.errors:
        try:
            with visit.writing() as (session, by):
                one = _found(session, person_id)
                signing_in.set_password(session, one, password=password, now=visit.now)
                signing_in.stop_codes(session, one)
                _note(visit, session, one, by=by, act="reset a password")
        except PasswordRefused as weak:
            answers.wrong("password", weak.why)
    if answers.errors:
        return _show(visit, person_id, answers)
    return visit.to("person", person_id=person_id, said="password-reset")


@router.post("/people/{person_id}/left", include_in_schema=False)
def person_left(visit: Here, person_id: Number) -> Response:
    """They no longer work here: they are signed out everywhere at once; what they did stays under their name."""
    with visit.writing() as (session, by):
        one = _found(session, person_id)
        signing_in.leave(session, one, now=visit.now)
        _note(visit, session, one, by=by, act="marked a person as left")
    return visit.to("people", said="person-left")


def _listed(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(role.value for role in roles))


def _note(visit: Visit, session: Session, one: Person, *, by: Person, act: str, detail: str = "") -> None:
    record(session, visit.me.council_id, at=visit.now, by=by, act=act, subject=f"person {one.id}", detail=detail)
