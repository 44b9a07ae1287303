"""From the queue to a report that the platform has, over real HTTP and with the real rules behind it."""

from __future__ import annotations

import dataclasses
import re

import pytest
from sqlalchemy import update

from platforms.shape import Found
from records.incidents import Incident, IncidentGroup
from records.vocabulary import IncidentState, Level, Presence, Role, TakedownState
from tests.builders import IDRIS, NOW, TOM, a_call, a_councillor, found
from tests.console.conftest import Console
from tests.console.visitor import words
from tests.takedown import steps
from tests.takedown.townboard import NOTICEBOARD

WORDS = "gannet kittiwake fulmar"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def _confirmed(console: Console, *, level: Level = Level.ABUSIVE, post: Found | None = None) -> int:
    return steps.confirmed(console.scene, level=level, post=post or found(WORDS))


def test_the_queue_is_masked_and_worst_first(console: Console) -> None:
    for level in (Level.ABUSIVE, Level.CRITICAL, Level.UNCIVIL, Level.SERIOUS):
        console.scene.incident(level, post=found(WORDS))
    page = console.signed_in(Role.OFFICER).get("/queue")

    assert re.findall(r"data-row>.*?Level (\d)", page.text, re.DOTALL) == ["4", "3", "2", "1"]
    assert "gannet" not in page.text
    assert "•••••• ••••••••• ••••••" in page.text


def test_the_queue_is_narrowed_by_level_state_councillor_and_trouble(console: Console) -> None:
    idris = a_councillor(console.parts.store, console.scene.council_id, IDRIS)
    console.scene.incident(Level.CRITICAL)
    steps.opened(console.scene, about=idris)
    _confirmed(console)
    ines = console.signed_in(Role.OFFICER)

    def rows(query: str) -> int:
        return ines.get(f"/queue?{query}").text.count("data-row")

    assert rows("") == 3
    assert rows("level=4") == 1
    assert rows("state=confirmed") == 1
    assert rows(f"councillor={idris}") == 1
    assert rows("state=dismissed") == 0
    assert rows("needs_person=yes") == 0
    assert rows("level=9&state=nonsense&councillor=x") == 3
    assert ines.get("/queue?after=99999999999999999999").status_code == 404


def test_the_queue_has_pages(console: Console) -> None:
    for _ in range(27):
        console.scene.incident()
    ines = console.signed_in(Role.OFFICER)
    first = ines.get("/queue")
    assert first.text.count("data-row") == 25
    onward = re.search(r'href="(/queue\?after=\d+)" rel="next"', first.text)
    assert onward
    second = ines.get(onward[1])
    assert second.text.count("data-row") == 2
    assert "Back to the worst" in words(second)


def test_a_pile_on_is_one_line_that_leads_to_all_of_it(console: Console) -> None:
    numbers = [console.scene.incident() for _ in range(3)]
    with console.parts.store.writing(console.scene.council_id) as session:
        group = IncidentGroup(councillor_id=console.scene.maud, reason="Many in one hour", first_at=NOW, last_at=NOW)
        session.add(group)
        session.flush()
        session.execute(update(Incident).values(group_id=group.id))
    ines = console.signed_in(Role.OFFICER)
    page = ines.get("/queue")
    assert page.text.count("data-row") == 1
    assert "Pile-on: 3" in words(page)
    shown = ines.get(f"/incidents/{numbers[0]}")
    assert "Many in one hour. 2 more" in words(shown)
    assert f'href="/incidents/{numbers[1]}"' in shown.text


def test_words_are_shown_when_asked_for_and_every_look_is_audited(console: Console) -> None:
    number = console.scene.incident(post=found(WORDS, parent_text="The ferry timetable"))
    ines = console.signed_in(Role.OFFICER)
    assert "gannet" not in ines.get(f"/incidents/{number}").text

    shown = ines.post(f"/incidents/{number}/reveal")

    assert WORDS in shown.text
    assert "The ferry timetable" in shown.text
    looks = [entry for entry in steps.the_log(console.scene) if entry.act == "reveal text"]
    assert [entry.subject for entry in looks] == [f"incident {number}"]
    assert "gannet" not in ines.get(f"/incidents/{number}").text


@pytest.mark.parametrize("text", [SCRIPT, "\u202egnp.exe\x00\x1b[2J", "a" * 60_000, "{{ 7 * 7 }}"])
def test_hostile_text_is_only_ever_text(console: Console, text: str) -> None:
    author = {"author_handle": SCRIPT, "url": "javascript:alert(3)"}
    number = console.scene.incident(post=found(text, **author))
    ines = console.signed_in(Role.OFFICER)
    for page in (ines.get("/queue"), ines.get(f"/incidents/{number}"), ines.post(f"/incidents/{number}/reveal")):
        assert page.status_code == 200
        assert "<img src=x" not in page.text
        assert "<script>alert" not in page.text
        assert 'href="javascript:' not in page.text
        assert "\x1b" not in page.text
        assert "\u202e" not in page.text
        assert ">49<" not in page.text


def test_links_to_posts_give_nothing_away(console: Console) -> None:
    number = console.scene.incident()
    page = console.signed_in(Role.OFFICER).get(f"/incidents/{number}").text
    outward = re.findall(r'<a [^>]*href="https?://[^>]*>', page)
    assert outward
    assert all('rel="noreferrer noopener"' in link for link in outward)


def test_confirming_drafting_approving_and_sending(console: Console) -> None:
    number = console.scene.incident(post=found(WORDS), level=Level.ABUSIVE)
    # The builder's posts are on Bluesky; the townboard's have a way to send.
    number = steps.opened(console.scene, post=found(WORDS))
    ines = console.signed_in(Role.OFFICER)

    assert "Confirmed as abuse" in words(ines.does(f"/incidents/{number}/confirm", {"confirm-reason": "Personal"}))
    page = ines.does(f"/incidents/{number}/draft", {"harm": "harassment"})
    at = page.url.path
    assert "gannet" not in page.text
    shown = ines.post(f"{at}/reveal")
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown.text, re.DOTALL)
    assert text
    assert "gannet" in text[1]
    with_link = f"Please remove this. {steps.the_request(console.scene, 1).items[0].snapshot.post.url}"
    assert "Approved" in words(ines.does(f"{at}/approve", {"text": with_link}))
    assert console.board.reports == 0
    assert "Sent. We check" in words(ines.does(f"{at}/send"))

    assert console.board.reports == 1
    assert console.board.arrived[0]["text"] == with_link
    assert steps.the_request(console.scene, 1).state is TakedownState.SENT
    again = ines.post(f"{at}/send")
    assert again.status_code == 400
    assert console.board.reports == 1


def test_a_text_too_long_for_the_platform_comes_back_with_what_to_change(console: Console) -> None:
    request = steps.drafted(console.scene, console.board)
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/takedowns/{request}")
    answer = ines.post(f"/takedowns/{request}/approve", {"text": "longword " * 200})
    assert answer.status_code == 400
    assert "too long for the platform" in words(answer)
    assert "longword longword" in answer.text
    assert ines.post(f"/takedowns/{request}/approve", {"text": "  "}).status_code == 400


def test_whoever_answers_for_a_level_3_cannot_send_and_the_page_says_why(console: Console) -> None:
    incident = _confirmed(console, level=Level.SERIOUS)
    request = steps.approved(console.scene, console.board, [incident])
    hugh = console.signed_in(Role.ASSESSOR)
    hugh.get(f"/takedowns/{request}")

    answer = hugh.post(f"/takedowns/{request}/send")

    assert answer.status_code == 400
    assert "somebody else must send" in words(answer)
    assert "start sending takedown" in steps.refusals(console.scene)
    tom = console.signed_in(Role.OFFICER, who=TOM)
    tom.get(f"/takedowns/{request}")
    tom.does(f"/takedowns/{request}/send")
    assert console.board.reports == 1


def test_an_answer_that_never_came_is_settled_by_a_person(console: Console) -> None:
    request = steps.approved(console.scene, console.board)
    console.board.garbled = True
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/takedowns/{request}")
    page = ines.does(f"/takedowns/{request}/send")
    assert "It may or may not have arrived" in words(page)
    assert ines.get("/queue?needs_person=yes").text.count("data-row") == 1

    ines.get(f"/takedowns/{request}")
    assert ines.post(f"/takedowns/{request}/settle").status_code == 400
    page = ines.does(f"/takedowns/{request}/settle", {"arrived": "yes", "settle-reference": "T-19"})
    assert "T-19" in words(page)
    assert steps.the_request(console.scene, request).state is TakedownState.SENT


def test_a_form_report_is_copied_field_by_field_and_noted_as_filed(console: Console) -> None:
    incident = steps.confirmed(console.scene, platform=NOTICEBOARD, post=found(WORDS))
    request = steps.approved(console.scene, console.board, [incident])
    ines = console.signed_in(Role.OFFICER)
    page = ines.get(f"/takedowns/{request}")
    assert "takes this report only from a person" in words(page)
    assert 'data-copies="copy-category"' in page.text
    shown = ines.post(f"/takedowns/{request}/reveal")
    assert re.search(r'<textarea[^>]*id="copy-text"[^>]*readonly>[^<]*gannet', shown.text)

    page = ines.does(f"/takedowns/{request}/filed", {"reference": "N-7"})
    assert "N-7" in words(page)
    page = ines.does(f"/takedowns/{request}/look", {"seen": Presence.REMOVED_BY_PLATFORM.value})
    assert "Removed, most likely by the platform" in words(page)
    assert "a person looked" in words(page)


def test_withdrawing_and_drafting_anew(console: Console) -> None:
    request = steps.approved(console.scene, console.board)
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/takedowns/{request}")
    ines.does(f"/takedowns/{request}/withdraw")
    assert steps.the_request(console.scene, request).state is TakedownState.WITHDRAWN
    ines.does(f"/takedowns/{request}/redraft")
    assert steps.the_request(console.scene, request).approved_by is None


@pytest.mark.parametrize(
    ("act", "field", "message"),
    [
        ("dismiss", "dismiss-reason", "Enter why this is not abuse"),
        ("level", "level-to", "Select the new level"),
    ],
)
def test_a_missing_reason_is_an_error_summary_beside_an_open_form(
    console: Console, act: str, field: str, message: str
) -> None:
    number = console.scene.incident()
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/incidents/{number}")
    answer = ines.post(f"/incidents/{number}/{act}")
    assert answer.status_code == 400
    assert f'<a href="#{field}">{message}</a>' in re.sub(r"\s+<", "<", re.sub(r">\s+", ">", answer.text))
    assert f'id="{field}"' in answer.text
    assert '<details class="govuk-details" open>' in answer.text


def test_dismissing_reopening_raising_lowering_and_closing(console: Console) -> None:
    number = console.scene.incident()
    ines = console.signed_in(Role.OFFICER, Role.ASSESSOR)
    at = f"/incidents/{number}"
    ines.get(at)

    ines.does(f"{at}/dismiss", {"dismiss-reason": "Satire about the bins"})
    assert steps.the_incident(console.scene, number).state is IncidentState.DISMISSED
    ines.does(f"{at}/reopen", {"reopen-reason": "Read it again"})
    ines.does(f"{at}/level", {"level-to": "3", "level-reason": "Names the street"})
    assert steps.the_incident(console.scene, number).level is Level.SERIOUS
    ines.does(f"{at}/level", {"level-to": "2", "level-reason": "The street is public"})
    ines.does(f"{at}/confirm", {"confirm-level": "", "confirm-reason": ""})
    page = ines.does(f"{at}/close", {"close-reason": "The author apologised"})
    assert steps.the_incident(console.scene, number).state is IncidentState.CLOSED
    for told in ("Satire about the bins", "Read it again", "Names the street", "The author apologised"):
        assert told in words(page)


def test_an_act_the_rules_forbid_says_why_and_changes_nothing(console: Console) -> None:
    number = console.scene.incident(Level.CRITICAL)
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/incidents/{number}")
    answer = ines.post(f"/incidents/{number}/confirm")
    assert answer.status_code == 400
    assert "needs one of these roles" in words(answer)
    assert steps.the_incident(console.scene, number).state is IncidentState.OPEN


def test_a_referral_to_the_police_is_noted_step_by_step(console: Console) -> None:
    number = a_call(console.parts.store, console.scene.council_id, about=console.scene.maud)
    hugh = console.signed_in(Role.ASSESSOR)
    at = f"/incidents/{number}"
    assert "call 999" in words(hugh.get(at))

    hugh.does(f"{at}/referrals")
    assert hugh.post(f"{at}/referrals/1/report", {"police-route": "101"}).status_code == 400
    hugh.get(at)
    page = hugh.does(f"{at}/referrals/1/report", {"police-route": "101", "police-reference": "OP-1188"})
    assert "OP-1188" in words(page)
    hugh.does(f"{at}/referrals/1/acknowledge")
    assert "Advice given" in words(hugh.does(f"{at}/referrals/1/close", {"police-outcome": "Advice given"}))
    assert hugh.post(f"{at}/referrals/77/acknowledge").status_code == 404


def test_evidence_is_listed_with_its_hashes_and_can_be_checked(console: Console) -> None:
    request = steps.sent(console.scene, console.board)
    incident = steps.the_request(console.scene, request).incidents[0].incident_id
    ines = console.signed_in(Role.OFFICER)
    page = ines.get(f"/incidents/{incident}?check=1")
    assert re.search(r"wk-hash\">[0-9a-f]{64}<", page.text)
    assert "The evidence is whole" in words(page)


def test_an_edited_post_shows_its_earlier_version(console: Console) -> None:
    post = found("first wording here")
    number = steps.opened(console.scene, post=post)
    steps.opened(console.scene, post=dataclasses.replace(post, text="second wording here", version="v2"))
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/incidents/{number}")
    shown = words(ines.post(f"/incidents/{number}/reveal"))
    assert "Earlier versions" in shown
    assert "first wording here" in shown
    assert "second wording here" in shown
