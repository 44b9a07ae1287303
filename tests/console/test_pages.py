"""What holds for every page: headers, nothing kept or fetched from elsewhere, pages that are not there, failures."""

from __future__ import annotations

import dataclasses
import re

import pytest

from console.forms import LARGEST_PICTURE
from console.looks import ROOM
from console.parts import ConsoleParts
from console.sayings import SAID
from records.store import Store, migrate
from records.vocabulary import Role
from tests.console.conftest import Console, serving
from tests.console.visitor import Visitor, words

PAGES = (
    *("/sign-in", "/queue", "/takedowns", "/councillors", "/sources", "/audit", "/report", "/people", "/yourself"),
    *("/learning", "/sample"),
)
EVERYTHING = tuple(Role)


def test_every_page_has_the_headers_that_keep_it_safe(console: Console) -> None:
    visitor = console.signed_in(*EVERYTHING)
    for path in (*PAGES, "/nowhere", "/incidents/99"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store", path
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers or headers["server"] == "uvicorn"


def test_no_page_holds_inline_scripts_or_styles_or_fetches_from_elsewhere(console: Console) -> None:
    number = console.scene.incident()
    visitor = console.signed_in(*EVERYTHING)
    for path in (*PAGES, f"/incidents/{number}"):
        page = visitor.get(path).text
        assert not re.search(r"<script(?![^>]*src=\"/static/)", page), path
        assert not re.search(r"\sstyle=|<style|\son\w+=", page), path
        assert not re.search(r"(src|action)=\"(?!/)", page), path
        assert page.count("<h1") == (0 if path == "/sign-in" else 1), path
        assert re.search(r"<title>[^<]+ – Larkford District Council – Wardkeeper</title>", page) or path == "/sign-in"
        assert 'lang="en-GB"' in page or path == "/sign-in"


def test_the_static_files_are_there_and_ask_nobody_else(console: Console) -> None:
    visitor = console.visitor()
    page = visitor.get("/sign-in").text
    listed = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(listed) >= 5
    for path in listed:
        answer = visitor.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers.get("cache-control") != "no-store"
    for path in (ROOM / "static").rglob("*.css"):
        assert not re.search(r"url\((?!\"?data:)|GDS Transport|@import", path.read_text()), path.name


def test_a_page_that_is_not_there_is_a_page(console: Console) -> None:
    visitor = console.signed_in(*EVERYTHING)
    lost = ("/nowhere", "/incidents/0", "/incidents/99", "/incidents/x", f"/incidents/{2**70}", "/takedowns/5")
    for path in (*lost, "/councillors/99", "/people/99", "/static/../app.py", "/docs", "/openapi.json"):
        answer = visitor.client.get(path)
        assert answer.status_code == 404, path
    assert "Page not found" in words(visitor.get("/nowhere"))
    assert visitor.client.put("/queue").status_code in (403, 404, 405)


def test_sayings_come_from_the_list_and_never_from_the_address(console: Console) -> None:
    visitor = console.signed_in(Role.OFFICER)
    assert "gannet" not in visitor.get("/queue?said=gannet").text
    assert SAID["dismissed"] in words(visitor.get("/queue?said=dismissed"))


def test_readiness_tells_what_is_wrong(parts: ConsoleParts, store: Store) -> None:
    migrate(store, to="base")
    with serving(parts) as address:
        visitor = Visitor(address)
        assert visitor.client.get("/healthz").json() == {"ok": True}
        answer = visitor.client.get("/readyz")
        visitor.client.close()
    assert answer.status_code == 503
    assert answer.json()["wrong"] == ["The database is not at the newest version; run the migrations."]


def test_a_failure_is_a_page_that_tells_nothing(parts: ConsoleParts) -> None:
    class Clock:
        calls = 0

        def __call__(self) -> object:
            Clock.calls += 1
            if Clock.calls == 1:
                raise ZeroDivisionError("secret detail")
            return parts.clock()

    with serving(dataclasses.replace(parts, clock=Clock())) as address:  # type: ignore[arg-type]
        visitor = Visitor(address)
        answer = visitor.client.get("/queue")
        visitor.client.close()
    assert answer.status_code == 500
    assert "problem with the service" in words(answer)
    assert "secret detail" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"proof=%ff%fe%00", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"&".join(b"a=1" for _ in range(5000)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_with_a_page(console: Console, body: bytes, kind: str) -> None:
    visitor = console.signed_in(Role.OFFICER)
    answer = visitor.client.post("/yourself/sign-ins", content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 403)
    assert "text/html" in answer.headers["content-type"]


def test_a_body_without_end_is_cut_off(console: Console) -> None:
    visitor = console.signed_in(Role.OFFICER)
    piece = b"a" * 1024 * 1024
    pieces = (piece for _ in range(LARGEST_PICTURE // len(piece) + 4))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = visitor.client.post("/yourself/sign-ins", content=pieces, headers=kind)
    assert answer.status_code in (400, 413)
