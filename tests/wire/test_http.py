"""The wire against a real server on loopback: answers, errors in plain words, retries, doubt, pace, limits."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from wardkeeper.demo.serving import Fault, FaultSwitch, Faulty, Serving
from wire.errors import Changed, Refused, SignInNeeded, TryLater
from wire.http import Wire

SECRET = "token-that-must-not-appear"


@dataclass
class Echo:
    """A server that repeats what it was asked, counts, and fails on request."""

    url: str
    other: str
    switch: FaultSwitch
    seen: list[Request] = field(default_factory=list)
    retry_after: str = "0"


async def big(request: Request) -> Response:
    async def pieces() -> object:
        for _ in range(64):
            yield b"x" * 65536

    return StreamingResponse(pieces())  # type: ignore[arg-type]


async def latin(request: Request) -> Response:
    return Response("caf\u00e9".encode("latin-1"), media_type="text/plain; charset=iso-8859-1")


async def nested(request: Request) -> Response:
    return Response(b"[" * 100_000, media_type="application/json")


def echo_app(echo: Echo) -> Starlette:
    async def repeat(request: Request) -> Response:
        echo.seen.append(request)
        body = (await request.body()).decode()
        return JSONResponse({"headers": dict(request.headers), "query": request.url.query, "body": body})

    async def status(request: Request) -> Response:
        echo.seen.append(request)
        return JSONResponse({"error": "Named"}, status_code=int(request.path_params["code"]))

    async def hop(request: Request) -> Response:
        echo.seen.append(request)
        return RedirectResponse(request.query_params.get("to", "/hop"), status_code=302)

    async def cookie(request: Request) -> Response:
        echo.seen.append(request)
        answer = JSONResponse({})
        answer.set_cookie("who", "councillor-a")
        return answer

    return Starlette(
        routes=[
            Route("/repeat", repeat, methods=["GET", "POST"]),
            Route("/status/{code}", status, methods=["GET", "POST"]),
            Route("/hop", hop, methods=["GET", "POST"]),
            Route("/big", big),
            Route("/cookie", cookie),
            Route("/latin", latin),
            Route("/nested", nested),
        ]
    )


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Serving(("one", "two")) as serving:
        found = Echo(serving.urls["one"], serving.urls["two"], switch=None)  # type: ignore[arg-type]
        found.switch = FaultSwitch(
            limit_headers=lambda: {"Retry-After": found.retry_after},
            error_body=lambda status: b'{"error":"Broken"}',
        )
        app = Faulty(echo_app(found), found.switch)
        serving.start({"one": app, "two": app})
        yield found


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(
        user_agent="Wardkeeper/test (+https://council.example)", admit_loopback=True, timeout=5.0, pauses=(0.05, 0.05)
    ) as wire:
        yield wire


def test_a_get_carries_user_agent_query_and_token(echo: Echo, wire: Wire) -> None:
    answer = wire.get(echo.url + "/repeat?kept=1", params={"q": "Cllr Zoë", "id[]": ["1", "2"]}, bearer=SECRET)
    heard = answer.json()
    assert isinstance(heard, dict)
    assert answer.status == 200
    assert heard["headers"]["user-agent"].startswith("Wardkeeper/test")
    assert heard["headers"]["authorization"] == f"Bearer {SECRET}"
    assert heard["query"] == "kept=1&q=Cllr+Zo%C3%AB&id%5B%5D=1&id%5B%5D=2"
    assert answer.headers["content-type"] == "application/json"
    assert SECRET not in repr(answer)
    assert "Zo" not in repr(answer)


def test_posts_send_json_or_a_form_even_with_broken_characters(echo: Echo, wire: Wire) -> None:
    sent = wire.post(echo.url + "/repeat", json={"reason": "half \ud83d"}).json()
    assert isinstance(sent, dict)
    assert sent["body"] == '{"reason": "half ?"}'
    form = wire.post(echo.url + "/repeat", form={"status_ids[]": ["1", "2"], "comment": "é"}).json()
    assert isinstance(form, dict)
    assert form["body"] == "status_ids%5B%5D=1&status_ids%5B%5D=2&comment=%C3%A9"


def test_statuses_below_500_come_back_for_the_platform_to_read(echo: Echo, wire: Wire) -> None:
    for code in (304, 400, 401, 403, 404, 410, 422):
        assert wire.get(f"{echo.url}/status/{code}").status == code
        assert wire.post(f"{echo.url}/status/{code}").status == code


def test_gets_are_tried_three_times_and_then_given_up(echo: Echo, wire: Wire) -> None:
    echo.switch.fail(Fault.UNAVAILABLE, times=2)
    assert wire.get(echo.url + "/repeat").status == 200
    echo.switch.fail(Fault.ERROR, times=3)
    with pytest.raises(TryLater, match=r"127\.0\.0\.1:\d+ has a fault of its own \(status 500\)") as caught:
        wire.get(echo.url + "/repeat", params={"access_token": SECRET})
    assert SECRET not in str(caught.value)
    assert not caught.value.maybe_received
    assert wire.get(echo.url + "/repeat").status == 200


@pytest.mark.parametrize(
    ("fault", "doubt"),
    [
        (Fault.RATE_LIMITED, False),
        (Fault.ERROR, True),
        (Fault.ERROR_AFTER_ACTING, True),
        (Fault.CUT, True),
        (Fault.SLOW, True),
    ],
)
def test_a_post_is_sent_once_and_says_whether_it_may_have_arrived(echo: Echo, fault: Fault, doubt: bool) -> None:
    echo.switch.fail(fault, seconds=1.0)
    with (
        Wire(user_agent="t", admit_loopback=True, timeout=0.5) as hurried,
        pytest.raises(TryLater) as caught,
    ):
        hurried.post(echo.url + "/repeat", json={"reason": "x"})
    assert caught.value.maybe_received is doubt
    assert caught.value.rate_limited is (fault is Fault.RATE_LIMITED)
    assert len(echo.seen) == (0 if fault in (Fault.RATE_LIMITED, Fault.ERROR) else 1)


def test_a_post_goes_over_a_connection_of_its_own(echo: Echo, wire: Wire) -> None:
    wire.get(echo.url + "/repeat")
    wire.get(echo.url + "/repeat")
    for _ in range(2):
        wire.post(echo.url + "/repeat", json={})
    ports = [request.client.port for request in echo.seen if request.client is not None]
    assert ports[0] == ports[1]
    assert len(set(ports)) == 3


def test_an_idempotent_post_is_tried_again(echo: Echo, wire: Wire) -> None:
    echo.switch.fail(Fault.CUT, times=1)
    assert wire.post(echo.url + "/repeat", json={"a": 1}, idempotent=True).status == 200
    assert len(echo.seen) == 2


def test_a_short_wait_is_honoured_and_a_long_one_handed_on(echo: Echo, wire: Wire) -> None:
    echo.retry_after = "1"
    echo.switch.fail(Fault.RATE_LIMITED, times=1)
    began = time.monotonic()
    assert wire.get(echo.url + "/repeat").status == 200
    assert time.monotonic() - began >= 1.0
    echo.retry_after = "120"
    echo.switch.fail(Fault.RATE_LIMITED)
    began = time.monotonic()
    with pytest.raises(TryLater) as caught:
        wire.get(echo.url + "/repeat")
    assert time.monotonic() - began < 1.0
    assert caught.value.after == timedelta(seconds=120)
    assert caught.value.rate_limited


def test_a_cut_answer_is_fetched_again(echo: Echo, wire: Wire) -> None:
    echo.switch.fail(Fault.CUT, times=1)
    assert isinstance(wire.get(echo.url + "/repeat").json(), dict)


def test_nobody_listening_is_said_in_plain_words(wire: Wire) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        port = held.getsockname()[1]
        with pytest.raises(
            TryLater, match=rf"^127\.0\.0\.1:{port} could not be reached: connection refused\.$"
        ) as caught:
            wire.post(f"http://127.0.0.1:{port}/x", json={})
    assert not caught.value.maybe_received


def test_an_unknown_name_is_said_in_plain_words() -> None:
    def nobody(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with (
        Wire(user_agent="t", admit_loopback=False, resolve=nobody) as wire,
        pytest.raises(TryLater, match=r"council\.example could not be reached: no such name could be found"),
    ):
        wire.get("https://council.example/feed")


def test_a_server_without_a_certificate_is_said_in_plain_words(echo: Echo, wire: Wire) -> None:
    with pytest.raises(TryLater, match="could not be reached: no secure connection could be made"):
        wire.get(echo.url.replace("http://", "https://"))


@pytest.mark.parametrize("fault", [Fault.WRONG_TYPE, Fault.MALFORMED])
def test_json_that_is_none_keeps_the_answer(echo: Echo, wire: Wire, fault: Fault) -> None:
    echo.switch.fail(fault)
    with pytest.raises(Changed, match=r"127\.0\.0\.1/repeat answered with something that is not JSON") as caught:
        wire.get(echo.url + "/repeat", params={"q": SECRET}).json()
    assert caught.value.answer
    assert SECRET not in str(caught.value)


def test_endless_brackets_are_no_crash(echo: Echo, wire: Wire) -> None:
    with pytest.raises(Changed):
        wire.get(echo.url + "/nested").json()


def test_text_follows_the_named_charset(echo: Echo, wire: Wire) -> None:
    assert wire.get(echo.url + "/latin").text() == "café"


def test_a_body_beyond_the_limit_is_not_read(echo: Echo, wire: Wire) -> None:
    with pytest.raises(Changed, match="more than 100,000 bytes"):
        wire.get(echo.url + "/big", max_bytes=100_000)


def test_a_drip_of_bytes_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(60):
                    try:
                        connection.sendall(b"X-More: 1\r\n")
                    except OSError:
                        return
                    time.sleep(0.1)

        worker = threading.Thread(target=drip)
        worker.start()
        began = time.monotonic()
        with (
            Wire(user_agent="t", admit_loopback=True, timeout=1.0) as wire,
            pytest.raises(TryLater, match="did not answer in time"),
        ):
            wire.get(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - began < 3.0
        worker.join()


def test_redirects_are_followed_without_the_credential_across_hosts(echo: Echo, wire: Wire) -> None:
    for target, kept in ((echo.url, True), (echo.other, False)):
        heard = wire.get(
            echo.url + "/hop", params={"to": target + "/repeat"}, bearer=SECRET, headers={"X-Key": SECRET}
        ).json()
        assert isinstance(heard, dict)
        assert (SECRET in str(heard["headers"])) is kept
        assert heard["headers"]["user-agent"].startswith("Wardkeeper/test")


def test_endless_redirects_end_and_posts_follow_none(echo: Echo, wire: Wire) -> None:
    with pytest.raises(Refused, match="without end"):
        wire.get(echo.url + "/hop", params={"to": "/hop"})
    echo.seen.clear()
    assert wire.post(echo.url + "/hop?to=/repeat", json={}).status == 302
    assert len(echo.seen) == 1


def test_no_cookie_travels_from_one_account_to_the_next(echo: Echo, wire: Wire) -> None:
    wire.get(echo.url + "/cookie")
    heard = wire.get(echo.url + "/repeat").json()
    assert isinstance(heard, dict)
    assert "cookie" not in heard["headers"]


def test_pace_is_shared_by_everybody_with_the_same_key(echo: Echo, wire: Wire) -> None:
    first = wire.paced("bluesky", requests=2, per=timedelta(milliseconds=700))
    second = wire.paced("bluesky", requests=1000, per=timedelta(seconds=1))
    began = time.monotonic()
    for view in (first, second, first):
        assert view.get(echo.url + "/repeat").status == 200
    assert time.monotonic() - began >= 0.6
    assert wire.get(echo.url + "/repeat").status == 200


def test_a_pace_that_would_take_too_long_is_try_later(echo: Echo) -> None:
    with Wire(user_agent="t", admit_loopback=True, timeout=0.3) as wire:
        slow = wire.paced("x", requests=1, per=timedelta(minutes=5))
        slow.get(echo.url + "/repeat")
        with pytest.raises(TryLater, match="Our own limit"):
            slow.get(echo.url + "/repeat")


def test_a_token_that_cannot_stand_in_a_header_needs_a_new_sign_in(echo: Echo, wire: Wire) -> None:
    for token in ("töken", "two\r\nlines"):
        with pytest.raises(SignInNeeded) as caught:
            wire.get(echo.url + "/repeat", bearer=token)
        assert token not in str(caught.value)


def test_neither_tokens_nor_queries_reach_the_log(echo: Echo, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        wire.get(echo.url + "/repeat", params={"access_token": SECRET}, bearer=SECRET)
        echo.switch.fail(Fault.CUT)
        with pytest.raises(TryLater):
            wire.get(echo.url + "/repeat", params={"access_token": SECRET})
    assert SECRET not in caplog.text


def test_the_environment_cannot_route_requests_elsewhere(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Wire(user_agent="t", admit_loopback=True) as wire:
        assert wire.get(echo.url + "/repeat").status == 200
