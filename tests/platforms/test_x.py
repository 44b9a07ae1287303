"""X: who somebody is, how permission is given and taken back, and servers that answer anything at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from platforms.routes import RouteError, read
from platforms.shape import Access, Application, Found, PostRef, Subject
from platforms.x import X
from platforms.x.posts import beside, read_post
from records.vocabulary import Harm
from tests.platforms.x_cast import BACK, Held, World, a_world, agree, asked_of, granted
from wardkeeper.demo.serving import Fault, Serving
from wardkeeper.demo.x import addresses
from wire.errors import Refused, SignInNeeded, TryLater, WireError
from wire.http import Wire


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as running:
        yield running


def test_who_am_i(world: World) -> None:
    assert X.identify is not None
    by_token = X.identify(world.wire, replace(world.access(), handle="@cllrada"))
    by_owner = X.identify(world.wire, replace(world.access(secret=granted(world)), handle=""))
    assert by_token == by_owner
    assert (by_owner.handle, by_owner.stable_id) == ("CllrAda", world.ada.user_id)
    for access, error, words in (
        (world.access(permitted=False), Refused, "Enterprise"),
        (replace(world.access(), handle="nobody"), Refused, "resource-not-found"),
        (replace(world.access(), handle="not a name"), Refused, "no name on X"),
        (world.access(secret="wrong"), SignInNeeded, "connect the account"),
    ):
        with pytest.raises(error, match=words):
            X.identify(world.wire, access)


def test_x_says_as_a_value_that_it_takes_no_reports() -> None:
    assert X.report is None
    assert X.rules is None


ROUTE = Path(__file__).parents[2] / "config" / "platforms" / "x.toml"


def test_the_promise_about_illegal_hate_and_terrorist_posts_is_part_of_the_route() -> None:
    route = read(ROUTE.read_bytes(), where="x.toml")
    for harm in Harm:
        promise = route.promised(harm)
        assert (promise is not None) == (harm in (Harm.HATE, Harm.EXTREMISM))
        assert promise is None or (promise.within == timedelta(hours=48) and "Ofcom" in promise.source)
    assert read(ROUTE.read_bytes(), where="x.toml", overlay=b"promises = []").promises == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hours = 48", "hours = 0", "1 or more"),
        ("hours = 48", "", "missing"),
        ("hours = 48", "hour = 48", 'did you mean "hours"'),
        ('harms = ["hate",', 'harms = ["hatred",', 'did you mean "hate"'),
    ],
)
def test_a_mistake_in_a_promise_is_named(old: str, new: str, words: str) -> None:
    document = ROUTE.read_text("utf-8")
    assert old in document
    with pytest.raises(RouteError, match=words):
        read(document.replace(old, new, 1).encode(), where="x.toml")


def test_permission_is_asked_for_with_the_least_scopes_and_proof_and_taken_back(world: World) -> None:
    assert X.grant is not None
    assert X.grant.begin_as is not None
    begun = X.grant.begin_as(world.wire, world.access(), BACK, False)
    asked = asked_of(begun.url)
    assert asked["scope"] == "tweet.read users.read offline.access"
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", BACK)
    assert "secret-of-the-application" not in begun.url
    assert json.loads(begun.keep)["verifier"] not in begun.url
    secret = X.grant.finish(world.wire, begun.keep, agree(world, begun.url))
    assert len(world.network.user_tokens) == len(world.network.refresh_tokens) == 1
    access = world.access(secret=secret, permitted=False)  # withdrawing needs no permission on file
    X.grant.revoke(world.wire, access)
    assert world.network.user_tokens == world.network.refresh_tokens == {}
    X.grant.revoke(world.wire, access)  # twice does no harm
    with pytest.raises(Refused, match="Connected apps"):
        X.grant.revoke(world.wire, world.access(secret="pasted-token"))


def test_revoking_after_a_renewal_withdraws_the_newest_tokens(world: World) -> None:
    assert X.grant is not None
    assert X.mentions is not None
    access = world.access(secret=granted(world))
    world.pass_time(timedelta(hours=3))
    page = next(X.mentions(world.wire, access, world.subject(), "", Held()))
    X.grant.revoke(world.wire, replace(access, session=page.session))
    assert world.network.user_tokens == world.network.refresh_tokens == {}


def test_a_public_application_without_a_secret_works_too(world: World) -> None:
    assert X.grant is not None
    assert X.grant.begin_as is not None
    world.network.register("public-client", "", BACK)
    access = replace(world.access(), application=Application("public-client"))
    begun = X.grant.begin_as(world.wire, access, BACK, False)
    assert X.grant.finish(world.wire, begun.keep, agree(world, begun.url))


def test_an_answer_that_is_not_ours_or_says_no_gives_no_permission(world: World) -> None:
    assert X.grant is not None
    assert X.grant.begin_as is not None
    begun = X.grant.begin_as(world.wire, world.access(), BACK, False)
    back = agree(world, begun.url)
    for brought, words in (
        (back.replace("state=", "state=forged"), "does not belong"),
        (agree(world, begun.url, account="nobody-agrees"), "did not agree"),
        ("not-the-code", "did not accept the code"),
        ("https://[broken/?a=b", "Copy it whole"),
    ):
        with pytest.raises(Refused, match=words):
            X.grant.finish(world.wire, begun.keep, brought)
    X.grant.finish(world.wire, begun.keep, back)
    with pytest.raises(Refused, match="did not accept the code"):
        X.grant.finish(world.wire, begun.keep, back)
    with pytest.raises(Refused, match="Begin again"):
        X.grant.finish(world.wire, "{}", back)


def test_what_is_missing_before_anybody_is_sent_to_x_is_said(world: World) -> None:
    assert X.grant is not None
    assert X.grant.begin_as is not None
    with pytest.raises(Refused, match="registered applications"):
        X.grant.begin(world.wire, "", BACK, False)
    for access, reporting, back, words in (
        (world.access(permitted=False), False, BACK, "Enterprise"),
        (replace(world.access(), application=None), False, BACK, "client id"),
        (world.access(), False, "urn:ietf:wg:oauth:2.0:oob", "registered address"),
        (world.access(), True, BACK, "no reports by program"),
    ):
        with pytest.raises(Refused, match=words):
            X.grant.begin_as(world.wire, access, back, reporting)
    named = replace(world.access(), addresses={**addresses(world.base), "redirect": BACK})
    begun = X.grant.begin_as(world.wire, named, "urn:ietf:wg:oauth:2.0:oob", False)
    assert asked_of(begun.url)["redirect_uri"] == BACK


def test_a_token_that_may_have_been_given_is_not_asked_for_again(world: World) -> None:
    assert X.grant is not None
    assert X.grant.begin_as is not None
    begun = X.grant.begin_as(world.wire, world.access(), BACK, False)
    back = agree(world, begun.url)
    world.faults.fail(Fault.ERROR_AFTER_ACTING, path="/2/oauth2/token", times=1)
    with pytest.raises(TryLater):
        X.grant.finish(world.wire, begun.keep, back)
    assert len(world.network.user_tokens) == 1


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_POST: dict[str, object] = {
    "id": "1859900000000000001",
    "text": "@CllrAda hi &amp; https://t.co/a",
    "author_id": "7",
    "created_at": "2024-11-22T12:00:00.000Z",
    "lang": "en",
    "in_reply_to_user_id": "8",
    "referenced_tweets": [{"type": "replied_to", "id": "5"}],
    "referenced_posts": [{"type": "quoted", "id": "6"}],
    "edit_history_tweet_ids": ["1859900000000000000", "1859900000000000001"],
    "note_post": {"text": "@CllrAda hi"},
    "attachments": {"media_keys": ["3_1"]},
    "entities": {"mentions": [{"username": "CllrAda", "id": "8"}], "urls": [{"url": "https://t.co/a"}]},
}
_BODY: dict[str, object] = {
    "data": [_POST],
    "includes": {"users": [{"id": "7", "username": "pete"}], "media": [{"media_key": "3_1", "alt_text": "x"}]},
    "meta": {"next_token": "n", "newest_id": "9"},
    "errors": [{"type": "https://api.x.com/2/problems/resource-not-found", "value": "1859900000000000001"}],
}


@dataclass
class Hostile:
    """A server that answers every request with the same bytes."""

    base: str
    wire: Wire
    body: bytes = b""
    status: int = 200


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with (
        Serving(("hostile",)) as serving,
        Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=()) as wire,
    ):
        server = Hostile(serving.urls["hostile"], wire)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(server.body, status_code=server.status)(scope, receive, send)

        serving.start({"hostile": answer})
        yield server


_ANSWERS = st.one_of(
    _json.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.dictionaries(st.sampled_from(sorted(_POST)), _json, max_size=3).map(
        lambda changes: json.dumps({**_BODY, "data": [{**_POST, **changes}]}).encode()
    ),
    st.dictionaries(st.sampled_from([*sorted(_BODY), "type", "title", "status", "access_token", "url"]), _json).map(
        lambda changes: json.dumps({**_BODY, **changes}).encode()
    ),
)
_KEEP = {"client_id": "c", "client_secret": "s", "redirect": BACK, "verifier": "v", "state": "s"}
_SECRET = {"grant": "g", "client_id": "c", "client_secret": "s", "access": "token-not-to-be-shown", "refresh": "r"}


@settings(max_examples=15)
@given(_ANSWERS, st.sampled_from([200, 200, 200, 400, 401, 402, 403, 404]))
@example(b"[" * 50_000, 200)
@example(json.dumps({**_BODY, "data": [_POST] * 3}).encode(), 200)
@example(b'{"errors": [{"message": "tweet.fields post.fields since_id next_token"}]}', 400)
def test_whatever_x_answers_only_the_four_errors_come_of_it(hostile: Hostile, body: bytes, status: int) -> None:
    hostile.body, hostile.status = body, status
    access = Access(
        addresses=addresses(hostile.base),
        handle="CllrAda",
        stable_id="8",
        secret=json.dumps(_SECRET),
        application=Application("c", "s", token="app-token-not-to-be-shown"),
        permission_on_file=True,
    )
    post = PostRef("1859900000000000001", "1859900000000000001", "https://x.com/pete/status/1859900000000000001", "7")
    keep = json.dumps({**_KEEP, "api": hostile.base})

    def give_back() -> None:
        assert X.grant is not None
        X.grant.revoke(hostile.wire, access)

    everything: list[Callable[[], object]] = [
        give_back,
        lambda: X.identify and X.identify(hostile.wire, access),
        lambda: X.grant and X.grant.finish(hostile.wire, keep, "code"),
        lambda: X.mentions and list(X.mentions(hostile.wire, access, Subject("a", "8", ("Ada",)), "", Held())),
    ]
    for act in everything:
        said = ""
        try:
            act()
        except WireError as problem:
            said = repr(problem)
        assert "not-to-be-shown" not in said
    assert X.look is not None
    seen = X.look(hostile.wire, access, post)
    assert not seen.presence.gone or b"resource-not-found" in body


@given(st.dictionaries(st.sampled_from(sorted(_POST)), _json, max_size=4), _json)
def test_a_post_of_any_shape_is_read_or_left_out(changes: dict[str, object], includes: object) -> None:
    for along in (beside(_BODY), beside({"includes": includes})):
        post = read_post({**_POST, **changes}, along)
        assert post is None or (isinstance(post, Found) and post.external_id and post.version and post.author_id)


@given(_json | st.text(), _json)
def test_a_cursor_or_session_of_any_shape_means_starting_afresh(world_less: object, session: object) -> None:
    kept = world_less if isinstance(world_less, str) else json.dumps(world_less)
    access = Access(addresses=addresses("http://127.0.0.1:9"), session=json.dumps(session), permission_on_file=True)
    with Wire(user_agent="Wardkeeper tests", admit_loopback=True, pauses=()) as wire:
        assert X.mentions is not None
        pages = X.mentions(wire, access, Subject("a", "8"), kept, Held())
        with pytest.raises(SignInNeeded):
            list(pages)
