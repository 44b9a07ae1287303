"""What the three of Meta share: permission, signed pushes, limits, errors; and hosts that answer anything at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms import facebook, instagram, threads
from platforms.facebook.posts import COMMENT_FIELDS
from platforms.graph import pages
from platforms.graph.asking import error_for
from platforms.graph.deliveries import KEPT_FOR, opened
from platforms.graph.granted import ending, secret_of
from platforms.graph.signature import handshake, signed
from platforms.graph.usage import Usage, usage_of
from platforms.shape import Platform
from tests.platforms.graph_cast import PETE, PLATFORMS, REDIRECT, Town, a_town
from wardkeeper.demo.graph import signature_of
from wire.errors import Changed, Refused, SignInNeeded, TryLater, WireError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "an-application-secret"
each_platform = pytest.mark.parametrize("platform", PLATFORMS, ids=lambda each: each.key)


@pytest.fixture
def town() -> Iterator[Town]:
    with a_town() as running:
        yield running


def agree(town: Town, url: str, *, person: str = "Ada Adeyemi") -> str:
    return town.wire.post(url, form={"person": person}).headers["location"]


def granted(town: Town, platform: Platform, *, address: str = "", redirect: str = REDIRECT) -> str:
    assert platform.grant is not None
    assert platform.grant.begin_as is not None
    access = replace(town.access(platform, secret=""), handle="", stable_id="", address=address)
    start = platform.grant.begin_as(town.wire, access, redirect, False)
    return platform.grant.finish(town.wire, start.keep, agree(town, start.url))


@each_platform
def test_permission_is_given_and_used_for_the_right_account(town: Town, platform: Platform) -> None:
    assert platform.identify is not None
    access = town.access(platform, secret=granted(town, platform))
    who = platform.identify(town.wire, access)
    assert (who.handle, who.stable_id) == (access.handle, access.stable_id)
    town.scan(platform, access=access)
    secret = secret_of(access.secret)
    assert secret.until is not None
    assert timedelta(days=50) < secret.until - town.now < timedelta(days=95)
    assert secret.token not in repr(secret)


@each_platform
def test_an_answer_that_is_not_ours_or_says_no_gives_no_permission(town: Town, platform: Platform) -> None:
    assert platform.grant is not None
    assert platform.grant.begin_as is not None
    start = platform.grant.begin_as(town.wire, town.access(platform, secret=""), REDIRECT, False)
    assert town.host(platform).app_secret not in start.url
    back = agree(town, start.url)
    for answer, words in (
        (re.sub("state=[^&#]+", "state=forged", back), "does not belong"),
        (agree(town, start.url, person="Nobody"), "did not agree"),
        ("not-the-code", "was not accepted"),
    ):
        with pytest.raises(Refused, match=words):
            platform.grant.finish(town.wire, start.keep, answer)
    platform.grant.finish(town.wire, start.keep, back)
    with pytest.raises(Refused, match="was not accepted"):
        platform.grant.finish(town.wire, start.keep, back)
    with pytest.raises(Refused, match="cannot be read"):
        platform.grant.finish(town.wire, "{}", back)


@each_platform
def test_without_an_application_or_an_address_nothing_is_begun(town: Town, platform: Platform) -> None:
    assert platform.grant is not None
    assert platform.grant.begin_as is not None
    with pytest.raises(Refused, match="registered by hand"):
        platform.grant.begin(town.wire, "", REDIRECT, False)
    access = replace(town.access(platform, secret=""), application=None)
    with pytest.raises(Refused, match="application at Meta is not set"):
        platform.grant.begin_as(town.wire, access, REDIRECT, False)
    with pytest.raises(Refused, match="address only"):
        platform.grant.begin_as(town.wire, town.access(platform), "urn:something", False)


def test_without_an_address_of_ours_facebook_shows_one_to_copy(town: Town) -> None:
    town.facebook.host.redirects.add(pages.DESKTOP_REDIRECT)
    assert granted(town, facebook.FACEBOOK, redirect="urn:ietf:wg:oauth:2.0:oob")


def test_withdrawing_takes_back_what_this_platform_needs_and_nothing_else(town: Town) -> None:
    assert facebook.FACEBOOK.grant is not None
    assert instagram.INSTAGRAM.grant is not None
    assert threads.THREADS.grant is not None
    ours, theirs = granted(town, facebook.FACEBOOK), granted(town, instagram.INSTAGRAM)
    facebook.FACEBOOK.grant.revoke(town.wire, town.access(facebook.FACEBOOK, secret=ours))
    with pytest.raises(Refused, match="permission is missing"):
        town.scan(facebook.FACEBOOK, access=town.access(facebook.FACEBOOK, secret=ours))
    town.cursor = ""
    access = town.access(instagram.INSTAGRAM, secret=theirs)
    assert town.scan(instagram.INSTAGRAM, access=access) == []
    instagram.INSTAGRAM.grant.revoke(town.wire, access)
    with pytest.raises(Refused, match="permission is missing"):
        town.scan(instagram.INSTAGRAM, access=access)
    with pytest.raises(Refused, match="not given through Wardkeeper"):
        facebook.FACEBOOK.grant.revoke(town.wire, town.access(facebook.FACEBOOK))
    with pytest.raises(Refused, match="Website permissions"):
        threads.THREADS.grant.revoke(town.wire, town.access(threads.THREADS))


def test_the_right_page_is_chosen_among_several(town: Town) -> None:
    second = town.facebook.add_page("Harrow Library", "harrowlibrary", person="Ada Adeyemi")
    with pytest.raises(Refused, match="several Pages were allowed"):
        granted(town, facebook.FACEBOOK)
    for address in ("https://www.facebook.com/HarrowLibrary/", "@harrowlibrary", second.graph_id):
        access = town.access(facebook.FACEBOOK, secret=granted(town, facebook.FACEBOOK, address=address))
        assert facebook.identify(town.wire, access).stable_id == second.graph_id
    instagram_access = town.access(instagram.INSTAGRAM, secret=granted(town, instagram.INSTAGRAM))
    assert instagram.identify(town.wire, instagram_access).handle == "cllr.ada"


def test_a_permission_left_out_or_a_missing_task_is_said_at_once(town: Town) -> None:
    person = town.facebook.host.people["Ada Adeyemi"]
    person.declines = frozenset({"pages_read_user_content"})
    with pytest.raises(Refused, match="pages_read_user_content"):
        granted(town, facebook.FACEBOOK)
    person.declines, person.tasks = frozenset(), ("ANALYZE",)
    with pytest.raises(Refused, match="may moderate"):
        granted(town, facebook.FACEBOOK)


def test_a_person_s_token_is_not_a_page_s(town: Town) -> None:
    person = town.facebook.host.people["Ada Adeyemi"]
    token = town.facebook.host.issue(None, {"pages_show_list"}, person=person)
    with pytest.raises(SignInNeeded, match="person's token"):
        facebook.identify(town.wire, town.access(facebook.FACEBOOK, secret=token))


def test_meta_is_asked_to_push_only_with_the_permission_for_it(town: Town) -> None:
    instagram.subscribe(town.wire, town.access(instagram.INSTAGRAM, secret=granted(town, instagram.INSTAGRAM)))
    assert town.facebook.host.subscribed == {town.page.graph_id: "feed"}
    narrow = town.facebook.host.issue(town.page, {"pages_read_engagement"})
    with pytest.raises(Refused, match="permission is missing"):
        facebook.subscribe(town.wire, town.access(facebook.FACEBOOK, secret=narrow))


def test_a_handshake_is_answered_only_to_who_knows_the_word() -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "our-word", "hub.challenge": "1158201444"}
    assert handshake(asked, verify_token="our-word") == "1158201444"
    for changes in (
        {"hub.verify_token": "another"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": "<script>"},
        {"hub.challenge": ""},
        {"hub.verify_token": ""},
    ):
        assert handshake({**asked, **changes}, verify_token="our-word") is None
    assert handshake({**asked, "hub.verify_token": ""}, verify_token="") is None


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(1, 255))
def test_only_the_very_bytes_that_were_signed_are_believed(body: bytes, place: int, change: int) -> None:
    signature = signature_of(body, SECRET)
    assert signed(body, signature, app_secret=SECRET)
    assert not signed(body, signature, app_secret="another-secret")
    assert not signed(body, signature, app_secret="")
    assert not signed(body + b" ", signature, app_secret=SECRET)
    for wrong in ("", "sha1=" + signature[7:47], signature[:-1], signature.removeprefix("sha256="), signature.upper()):
        assert not signed(body, wrong, app_secret=SECRET)
    if body:
        changed = bytearray(body)
        changed[place % len(body)] ^= change
        assert not signed(bytes(changed), signature, app_secret=SECRET)


def a_push(*, at: datetime = NOON, times: int = 1, milliseconds: bool = False) -> bytes:
    moment = int(at.timestamp()) * (1000 if milliseconds else 1)
    value = {"item": "comment", "verb": "add", "post_id": "11_22", "comment_id": "22_33", "message": "x", "from": PETE}
    entry = {"id": "11", "time": moment, "changes": [{"field": "feed", "value": value}] * times}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def test_a_push_is_taken_once_however_often_it_comes() -> None:
    taken: set[str] = set()

    def seen(keys: object) -> set[str]:
        assert isinstance(keys, tuple)
        return taken & set(keys)

    first = opened(a_push(times=2), signature_of(a_push(times=2), SECRET), app_secret=SECRET, now=NOON, seen=seen)
    assert (len(first.changes), first.replayed) == (1, 0)
    taken |= {change.key for change in first.changes}
    later = a_push(at=NOON + timedelta(hours=30), milliseconds=True)
    again = opened(later, signature_of(later, SECRET), app_secret=SECRET, now=NOON + timedelta(hours=30), seen=seen)
    assert (again.changes, again.replayed) == ((), 1)


@pytest.mark.parametrize("shift", [-KEPT_FOR - timedelta(seconds=1), timedelta(minutes=11)])
def test_a_push_too_old_or_from_the_future_is_not_taken(shift: timedelta) -> None:
    body = a_push(at=NOON + shift)
    found = opened(body, signature_of(body, SECRET), app_secret=SECRET, now=NOON, seen=lambda keys: set())
    assert (found.changes, found.stale) == ((), 1)


def test_an_unsigned_push_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused) as raised:
        opened(b"not even JSON", "sha256=" + "0" * 64, app_secret=SECRET, now=NOON, seen=lambda keys: set())
    assert raised.value.code == "signature"
    with pytest.raises(Changed):
        opened(b"[]", signature_of(b"[]", SECRET), app_secret=SECRET, now=NOON, seen=lambda keys: set())


def test_the_tightest_count_of_all_headers_is_what_counts() -> None:
    business = {"1": [{"call_count": 12, "total_cputime": 71.2, "estimated_time_to_regain_access": 0}], "2": "odd"}
    headers = {"x-app-usage": '{"call_count":28}', "x-business-use-case-usage": json.dumps(business)}
    assert usage_of(headers) == Usage(percent=72)
    business["1"][0]["estimated_time_to_regain_access"] = 19  # type: ignore[index]
    assert usage_of({"x-business-use-case-usage": json.dumps(business)}).regain == timedelta(minutes=19)
    assert usage_of({"x-app-usage": "{{{"}) == usage_of({}) == Usage()
    assert Usage(percent=90).nearly_spent
    assert not Usage(percent=89).nearly_spent


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        *((code, 0, TryLater) for code in (1, 2, 4, 17, 32, 341, 613, 80001, 80002)),
        *((190, subcode, SignInNeeded) for subcode in (0, 458, 460, 463, 467)),
        *((code, 0, SignInNeeded) for code in (102, 104, 2500)),
        *((code, 0, Refused) for code in (3, 10, 200, 299, 100, 368, 12345)),
        (100, 33, Refused),
    ],
)
def test_every_error_is_named_for_the_next_act(code: int, subcode: int, kind: type[WireError]) -> None:
    fault = {"code": code, "error_subcode": subcode, "message": "words of a stranger"}
    problem = error_for(fault, "Facebook", Usage(regain=timedelta(minutes=5)))
    assert type(problem) is kind
    assert "stranger" not in problem.why
    if isinstance(problem, TryLater):
        assert problem.rate_limited == (code not in (1, 2))
        assert problem.after == (timedelta(minutes=5) if problem.rate_limited else None)
    if isinstance(problem, Refused):
        assert (problem.code == "100/33") == (subcode == 33)


def test_people_are_told_in_time_that_a_permission_ends() -> None:
    assert ending(NOON + timedelta(days=15), now=NOON, name="Threads") == ()
    assert ending(None, now=NOON, name="Threads") == ending(NOON, now=None, name="Threads") == ()
    [note] = ending(NOON + timedelta(days=3), now=NOON, name="Threads")
    assert "25 November 2026" in note


def test_only_fields_that_the_schema_knows_are_asked_for(town: Town) -> None:
    """The simulated host refuses any other; here it is seen that it does."""
    host = town.facebook.host
    post = town.facebook.post(town.page, "news")
    town.facebook.comment(post, "hello", PETE)
    headers = {"Authorization": f"Bearer {town.facebook.token(town.page)}"}
    for fields, status in ((COMMENT_FIELDS, 200), ("id,secret_field", 400), ("id,from{", 400), ("id,,", 400)):
        answer = town.wire.get(f"{host.base}/{post.graph_id}/comments", params={"fields": fields}, headers=headers)
        assert answer.status == status
    for path, params, code in (
        (f"{post.graph_id}/comments", {"limit": 101}, 100),
        (f"{post.graph_id}/comments", {"after": "made-up"}, 100),
        (f"{post.graph_id}/likes", {}, 100),
        ("me", {"appsecret_proof": "0" * 64}, 100),
    ):
        answer = town.wire.get(f"{host.base}/{path}", params=params, headers=headers)
        assert json.loads(answer.body)["error"]["code"] == code
    assert json.loads(town.wire.get(f"{host.base}/me").body)["error"]["code"] == 104
    old = host.base.replace("v26.0", "v9.0")
    assert json.loads(town.wire.get(f"{old}/me", headers=headers).body)["error"]["code"] == 2635
