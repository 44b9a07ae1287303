"""Nothing inside our own network can be reached through an address that somebody typed."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from wardkeeper.demo.serving import Serving
from wire.dialling import is_public, plain_address
from wire.errors import Refused, TryLater, WireError
from wire.http import Wire

INSIDE = [
    "10.1.2.3",
    "172.16.0.9",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "::ffff:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:0a00:0001::1",
]
OUTSIDE = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
ITSELF = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]


def refused(address: str, *, admit_loopback: bool = False, scheme: str = "https") -> str:
    """What a wire says about a name with this one address."""
    with (
        Wire(user_agent="t", admit_loopback=admit_loopback, resolve=lambda host: [address]) as wire,
        pytest.raises(Refused) as caught,
    ):
        wire.get(f"{scheme}://feeds.council.example/news?token=abc")
    return caught.value.why


@pytest.mark.parametrize("address", INSIDE)
def test_every_address_that_is_not_of_the_open_internet_is_refused(address: str) -> None:
    for admit_loopback in (False, True):
        why = refused(address, admit_loopback=admit_loopback)
        assert (
            why
            == "feeds.council.example leads into a private network, not to the public internet; it is not contacted."
        )
    assert not is_public(plain_address(address))


@pytest.mark.parametrize("address", ITSELF)
def test_this_computer_is_refused_unless_admitted(address: str) -> None:
    assert "is this computer itself" in refused(address)
    assert "is this computer itself" in refused(address, scheme="http")


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are_public_but_plain_http_is_not_used(address: str) -> None:
    assert is_public(plain_address(address))
    for admit_loopback in (False, True):
        assert "only https:// addresses" in refused(address, admit_loopback=admit_loopback, scheme="http")


def test_one_inner_address_among_several_is_enough_to_refuse() -> None:
    with (
        Wire(user_agent="t", admit_loopback=False, resolve=lambda host: ["1.1.1.1", "10.0.0.1"]) as wire,
        pytest.raises(Refused),
    ):
        wire.get("https://mixed.example/")


@given(st.ip_addresses(v=6) | st.ip_addresses(v=4))
def test_no_address_outside_the_global_range_is_ever_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    plain = plain_address(str(address))
    if is_public(plain):
        assert plain.is_global
        assert not plain.is_private
        assert not plain.is_loopback


@pytest.fixture
def served() -> Iterator[str]:
    async def where(request: Request) -> Response:
        return PlainTextResponse(request.headers["host"])

    async def hop(request: Request) -> Response:
        return RedirectResponse(request.query_params["to"])

    with Serving(("one",)) as serving:
        serving.start({"one": Starlette(routes=[Route("/", where), Route("/hop", hop)])})
        yield serving.urls["one"]


def test_the_checked_address_is_contacted_with_the_name_kept(served: str) -> None:
    port = served.rpartition(":")[2]
    with Wire(user_agent="t", admit_loopback=True, resolve=lambda host: ["127.0.0.1"]) as wire:
        assert wire.get(f"http://pds.council.example:{port}/").text() == f"pds.council.example:{port}"


def test_a_name_that_changes_its_address_is_checked_at_each_connection(served: str) -> None:
    answers = iter(["127.0.0.1", "169.254.169.254"])
    port = served.rpartition(":")[2]
    with Wire(user_agent="t", admit_loopback=True, resolve=lambda host: [next(answers)]) as wire:
        target = f"http://rebinding.example:{port}"
        wire.get(target + "/")
        assert list(answers) == ["169.254.169.254"], "one look-up is used for both check and connection"
    answers = iter(["127.0.0.1", "169.254.169.254"])
    with (
        Wire(user_agent="t", admit_loopback=True, resolve=lambda host: [next(answers)]) as wire,
        pytest.raises(Refused, match=r"second\.example leads into a private network"),
    ):
        wire.get(f"http://first.example:{port}/hop", params={"to": f"https://second.example:{port}/"})


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/meta-data/"]
)
def test_a_redirect_into_the_private_network_is_refused(served: str, target: str) -> None:
    with Wire(user_agent="t", admit_loopback=True) as wire, pytest.raises(Refused):
        wire.get(served + "/hop", params={"to": target})


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x/", "https://a:b@council.example/"])
def test_a_redirect_to_something_else_than_a_web_address_is_refused(served: str, target: str) -> None:
    with Wire(user_agent="t", admit_loopback=True) as wire, pytest.raises(Refused):
        wire.get(served + "/hop", params={"to": target})


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://localhost./", "http://127.1/"])
def test_odd_spellings_of_this_computer_do_not_slip_through(url: str) -> None:
    with Wire(user_agent="t", admit_loopback=False) as wire, pytest.raises((Refused, TryLater)) as caught:
        wire.get(url)
    assert not isinstance(caught.value, TryLater) or "no such name" in caught.value.why


@pytest.mark.parametrize(
    "url",
    ["", "council.example", "ftp://council.example", "https://", "javascript:alert(1)", "https://u:p@council.example"],
)
def test_what_is_no_web_address_is_refused_with_a_reason(url: str) -> None:
    with Wire(user_agent="t", admit_loopback=False) as wire, pytest.raises(Refused):
        wire.get(url)


def nobody(host: str) -> list[str]:
    """A resolver that knows no name at all."""
    raise socket.gaierror(socket.EAI_NONAME, "no")


UNCONNECTED = Wire(user_agent="t", admit_loopback=False, resolve=nobody, pauses=())


@given(st.text(max_size=60) | st.text(max_size=60).map(lambda rest: "https://" + rest))
def test_any_text_as_an_address_gives_one_of_our_errors(url: str) -> None:
    with pytest.raises(WireError):
        UNCONNECTED.get(url)
