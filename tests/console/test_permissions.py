"""Every page says who may open it, and opens for nobody else; councils never see each other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from starlette.routing import BaseRoute, Mount, Route

from console.app import create_app
from console.parts import ConsoleParts
from console.permissions import PAGES, Anyone, allows
from records.vocabulary import Level, Role
from tests.builders import PEOPLE, SALTMARSH, a_council, a_councillor, an_incident, found
from tests.console.conftest import Console
from tests.takedown import steps

WORDS = "gannet kittiwake fulmar"


def routes(listed: Sequence[BaseRoute]) -> Iterator[Route]:
    """Every route there is, also those of the routers taken in."""
    for route in listed:
        if isinstance(route, Route):
            yield route
        elif not isinstance(route, Mount):
            yield from routes(route.original_router.routes)  # type: ignore[attr-defined]


def test_every_route_declares_its_permission(parts: ConsoleParts) -> None:
    names = [route.name for route in routes(create_app(parts).routes)]

    assert len(names) > 50
    assert sorted(names) == sorted(set(names)), "two routes share a name, and so a permission"
    assert set(names) == set(PAGES), "a route without a permission, or a permission without a route"


def test_only_the_entrance_is_open_to_everybody() -> None:
    open_pages = {page for page, permission in PAGES.items() if permission is Anyone.EVERYBODY}
    assert open_pages == {"healthz", "readyz", "sign_in_page", "sign_in", "set_up_page", "set_up"}


def test_a_page_nobody_declared_is_closed_to_all() -> None:
    assert not allows("a page that is not there", None)


def _address(route: Route, console: Console, request: int, incident: int) -> str:
    values = {
        "incident_id": incident,
        "request_id": request,
        "referral_id": 1,
        "item_id": 1,
        "sample_id": 1,
        "councillor_id": console.scene.maud,
        "account_id": 1,
        "person_id": 1,
        "platform_key": "townboard",
    }
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), route.path)


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_for_the_roles_in_the_table_and_for_no_other(console: Console, role: Role) -> None:
    console.email(Role.OFFICER)
    incident = steps.confirmed(console.scene, level=Level.ABUSIVE, post=found(WORDS))
    request = steps.drafted(console.scene, console.board, [incident])
    visitor = console.signed_in(role)
    closed = {}
    for route in routes(create_app(console.parts).routes):
        if "GET" in (route.methods or set()):
            address = _address(route, console, request, incident)
            answer = visitor.client.get(address)
            expected = PAGES[route.name]
            may = isinstance(expected, Anyone) or role in expected
            if (answer.status_code != 403) != may or answer.status_code >= 500:
                closed[route.name] = answer.status_code
            assert not any(word in answer.text for word in WORDS.split()), route.name
        else:
            answer = visitor.client.post(_address(route, console, request, incident), data={"proof": visitor.proof})
            expected = PAGES[route.name]
            if isinstance(expected, frozenset) and role not in expected and answer.status_code != 403:
                closed[route.name] = answer.status_code
            if route.name == "sign_out":
                visitor.signs_in(console.email(role))
    assert closed == {}


def test_nothing_but_the_entrance_opens_without_signing_in(console: Console) -> None:
    visitor = console.visitor()
    visitor.get("/sign-in")
    for route in routes(create_app(console.parts).routes):
        if PAGES[route.name] is Anyone.EVERYBODY:
            continue
        address = _address(route, console, 1, 1)
        posts = "POST" in (route.methods or set())
        answer = visitor.client.post(address, data={"proof": visitor.proof}) if posts else visitor.client.get(address)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in"), route.name


def test_an_administrator_sees_no_post_and_no_way_to_one(console: Console) -> None:
    console.scene.incident(post=found(WORDS))
    sol = console.signed_in(Role.ADMINISTRATOR)

    assert sol.get("/").headers["location"] == "/councillors"
    assert "/queue" not in sol.get("/councillors").text
    for path in ("/queue", "/incidents/1", "/takedowns"):
        assert sol.get(path).status_code == 403
    assert sol.post("/incidents/1/reveal").status_code == 403


def test_another_councils_things_are_not_found(console: Console) -> None:
    store = console.parts.store
    other = a_council(store, SALTMARSH)
    theirs = an_incident(store, other, about=a_councillor(store, other, "Elin Prosser"), platform="townboard")
    ours = console.scene.incident()
    everything = tuple(Role)
    ines = console.signed_in(*everything)
    them = console.signed_in(*everything, who=("Elin Prosser", "elin.prosser"), council_id=other)

    assert ines.get(f"/incidents/{ours}").status_code == 200
    assert them.get(f"/incidents/{theirs}").status_code == 200
    assert ines.get(f"/incidents/{theirs}").status_code == 404
    assert them.get(f"/incidents/{ours}").status_code == 404
    them.get("/queue")
    for act in ("reveal", "confirm", "dismiss", "level", "draft", "referrals"):
        answer = them.post(f"/incidents/{ours}/{act}", {"dismiss-reason": "x", "level-to": "4", "level-reason": "x"})
        assert answer.status_code == 404, act
    assert them.get(f"/councillors/{console.scene.maud}").status_code == 404
    assert them.post(f"/councillors/{console.scene.maud}/pause").status_code == 404
    assert them.post("/accounts/1/withdraw").status_code == 404
    assert them.get("/people/1").status_code == (404 if PEOPLE else 0)
    assert "Ellery" not in them.get("/queue").text


def test_the_console_never_loads_a_model() -> None:
    heavy = ["torch", "transformers", "classifiers", "onnxruntime", "numpy"]
    script = f"import sys, console.app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
