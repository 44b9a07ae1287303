"""A person with a browser that knows nothing but HTTP: keeps cookies, fills in forms, follows no redirect by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

import httpx

from tests.builders import PASSWORD

_PROOF = re.compile(r'name="proof" value="([0-9a-f]{64})"')


@dataclass
class Visitor:
    """One browser. `page` is the last answer, which holds the proof the next form needs."""

    base: str
    client: httpx.Client = field(init=False)
    page: httpx.Response = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.base, timeout=20)

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        self.page = self.client.get(path)
        return self.page

    @property
    def proof(self) -> str:
        """The proof in the last page."""
        found = _PROOF.search(self.page.text)
        return found[1] if found else ""

    def post(self, path: str, answers: Mapping[str, object] | None = None, **rest: object) -> httpx.Response:
        """Send a form with the proof of the last page."""
        filled = {"proof": self.proof, **(answers or {})}
        answer = self.client.post(path, data=filled, **rest)  # type: ignore[arg-type]
        if "text/html" in answer.headers.get("content-type", "") and _PROOF.search(answer.text):
            self.page = answer
        return answer

    def does(self, path: str, answers: Mapping[str, object] | None = None, **rest: object) -> httpx.Response:
        """Send a form that must work, and open the page it leads to."""
        answer = self.post(path, answers, **rest)
        assert answer.status_code == 303, (answer.status_code, words(answer))
        return self.get(answer.headers["location"])

    def signs_in(self, email: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
        """Fill in the sign-in form."""
        self.get("/sign-in")
        answer = self.post("/sign-in", {"email": email, "password": password, "code": code})
        if answer.status_code == 303:
            self.get("/yourself")
        return answer


def words(page: httpx.Response) -> str:
    """What a person reads on a page."""
    body = re.sub(r"<(script|style|title).*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
