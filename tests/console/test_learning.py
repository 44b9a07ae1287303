"""The page about the judge and the sample of unflagged posts, as people use them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor import sampling
from monitor.assessing import assess_due
from monitor.raising import raise_due
from monitor.shadowed import seat_everywhere
from records.incidents import Incident
from records.samples import Sample
from records.shadows import Bench
from records.vocabulary import IncidentState, Label, Level, Role
from takedown import reviewing
from tests.builders import NOW, a_post, found
from tests.console.conftest import Console
from tests.console.visitor import words
from tests.monitor.scored import Reads
from tests.takedown import steps
from wardkeeper.shadow import Shadow

WORDS = "gannet kittiwake fulmar"


def _judged(console: Console, *texts: str, shadow: Shadow | None = None) -> None:
    here = console.scene
    for text in texts:
        a_post(here.store, here.council_id, about=here.maud, post=found(f"{WORDS} {text}"))
    assess_due(here.store, classifier=Reads(), now=NOW, shadow=shadow)
    raise_due(here.store, line=Level.UNCIVIL, now=NOW)


def _drawn(console: Console, *texts: str) -> list[int]:
    _judged(console, *(texts or ("level 0 score 0.2",)))
    sampling.draw_due(console.scene.store, a_day=10, line=Level.UNCIVIL, now=NOW + timedelta(days=1))
    console.clock.later(days=1)
    with console.scene.store.reading(console.scene.council_id) as session:
        return list(session.scalars(select(Sample.id).order_by(Sample.id)))


def test_before_anything_was_judged_the_page_says_so(console: Console) -> None:
    page = words(console.signed_in(Role.ADMINISTRATOR).get("/learning"))
    for said in (
        "The worker has not judged anything yet",
        "Nothing has been flagged in the last 13 weeks",
        "No sample has been drawn yet",
        "No judge is in shadow",
        "The council has not consented",
        "No model is ever replaced by itself",
    ):
        assert said in page


def test_agreement_is_counted_by_week_and_model(console: Console) -> None:
    _judged(console, "level 2", "level 2", "level 2", "level 0")
    hugh = console.scene.desk(Role.ASSESSOR)
    reviewing.confirm(hugh, 1)
    reviewing.dismiss(hugh, 2, reason="about the vote")
    page = console.signed_in(Role.OFFICER).get("/learning")
    assert "people confirmed 1 and dismissed 1 of 3 flagged posts; 1 waits" in words(page)
    assert "1 of 2, 50% (9% to 91%)" in words(page)
    assert re.search(r'<rect width="50.0%"', page.text), "the bar beside the figure"
    assert "4 May 2026" in words(page)
    assert 'href="/incidents/3"' in page.text, "the open one is offered to be decided"


def test_the_page_shows_who_judges_and_what_a_shadow_would_change(console: Console) -> None:
    shadow = Shadow.load(lambda: Reads("shadow", 1), point="cautious", beside=Reads())
    _judged(console, "level 0", "level 1", shadow=shadow)
    bench = Bench("reads", "judge", "balanced", Level.UNCIVIL, "reads", "shadow", "cautious", "")
    seat_everywhere(console.scene.store, bench, now=NOW)
    page = console.signed_in(Role.OFFICER).get("/learning")
    assert "operating point “balanced”" in words(page)
    assert "It would newly flag: 1 at level 1. It would no longer flag: none." in words(page)
    assert "Incident 1 , open: judged level 1, in shadow level 2" in words(page)
    auditor = console.signed_in(Role.AUDITOR).get("/learning")
    assert 'href="/incidents/1"' not in auditor.text


def test_a_broken_shadow_is_told_in_plain_words(console: Console) -> None:
    bench = Bench("reads", "1", "balanced", Level.UNCIVIL, shadow_problem="The folder /nowhere is not there.")
    seat_everywhere(console.scene.store, bench, now=NOW)
    page = words(console.signed_in(Role.AUDITOR).get("/learning"))
    assert "The folder /nowhere is not there. The judging goes on." in page


def test_consent_is_given_and_withdrawn_by_those_who_may(console: Console) -> None:
    noor = console.signed_in(Role.DATA_PROTECTION)
    noor.get("/learning")
    assert noor.post("/learning/consent", {"consent-reason": ""}).status_code == 400
    page = noor.does("/learning/consent", {"consent-reason": "Standards Committee, minute 8"})
    assert "Noor Haddad said" in words(page)
    assert "Standards Committee, minute 8" in words(page)
    again = noor.post("/learning/consent", {"consent-reason": "once more"})
    assert (again.status_code, "It is given already" in words(again)) == (400, True)
    page = noor.does("/learning/consent/withdraw")
    assert "The council has not consented" in words(page)
    assert "withdrawn by Noor Haddad" in words(page)
    assert noor.post("/learning/consent/withdraw").status_code == 409
    acts = [entry.act for entry in steps.the_log(console.scene)]
    assert "consent to training" in acts
    assert "withdraw consent to training" in acts
    ines = console.signed_in(Role.OFFICER)
    assert "The council has decided: consent" not in re.findall(r"summary-text\">([^<]+)<", ines.get("/learning").text)
    assert ines.post("/learning/consent", {"consent-reason": "mine"}).status_code == 403


def test_the_sample_is_masked_and_a_look_is_audited(console: Console) -> None:
    first, second = _drawn(console, "level 0 score 0.2", "level 0 score 0.1")
    ines = console.signed_in(Role.OFFICER)
    page = ines.get("/sample")
    assert "gannet" not in page.text
    assert "•••••• •••••••••" in page.text
    assert "score" not in words(page).split("Would you")[1].replace("scored", ""), "the reviewer is not told"
    shown = ines.post(f"/sample/{second}/reveal")
    assert shown.text.count("gannet") == 1
    assert steps.the_log(console.scene)[-1].subject == f"sample {second}"
    assert ines.post("/sample/999/reveal").status_code == 404
    assert first < second


def test_an_answer_is_kept_and_leaves_the_list(console: Console) -> None:
    (number,) = _drawn(console)
    ines = console.signed_in(Role.OFFICER)
    ines.get("/sample")
    nothing = ines.post(f"/sample/{number}/answer")
    assert (nothing.status_code, f'href="#level-{number}"' in nothing.text) == (400, True)
    page = ines.does(f"/sample/{number}/answer", {f"level-{number}": "0"})
    assert "Your answer counts" in words(page)
    assert "Nothing waits" in words(page)
    assert ines.post(f"/sample/{number}/answer", {f"level-{number}": "2"}).status_code == 409
    assert "1 were drawn and 1 answered" in words(ines.get("/learning"))


def test_what_should_have_been_seen_becomes_an_incident(console: Console) -> None:
    (number,) = _drawn(console)
    ines = console.signed_in(Role.OFFICER)
    ines.get("/sample")
    wrong = ines.post(f"/sample/{number}/answer", {f"level-{number}": "3", f"url-{number}": "https://x.com/a/status/1"})
    assert (wrong.status_code, "The address of another post" in words(wrong)) == (400, True)
    page = ines.does(f"/sample/{number}/answer", {f"level-{number}": "3"})
    assert "It is an incident now" in words(page)
    with console.scene.store.reading(console.scene.council_id) as session:
        incident = session.scalars(select(Incident)).one()
    assert (incident.level, incident.state) == (Level.SERIOUS, IncidentState.OPEN)


def test_who_only_reads_cannot_answer(console: Console) -> None:
    (number,) = _drawn(console)
    noor = console.signed_in(Role.DATA_PROTECTION)
    assert "Answer" not in re.findall(r"<button[^>]*>(\w+)", noor.get("/sample").text)
    assert noor.post(f"/sample/{number}/answer", {f"level-{number}": "0"}).status_code == 403


def test_labels_are_corrected_with_a_reason(console: Console) -> None:
    number = console.scene.incident()
    ines = console.signed_in(Role.OFFICER)
    ines.get(f"/incidents/{number}")
    at = f"/incidents/{number}/labels"
    assert ines.post(at, {"labels": ["hate"], "labels-reason": ""}).status_code == 400
    assert ines.post(at, {"labels": ["insult"], "labels-reason": "the same"}).status_code == 400
    page = ines.does(at, {"labels": ["hate", "insult"], "labels-reason": "About her religion"})
    assert "The labels are changed" in words(page)
    assert steps.the_incident(console.scene, number).labels == frozenset({Label.HATE, Label.INSULT})
    assert "Labelled hate, insult" in words(page)


@pytest.mark.parametrize("path", ["/learning", "/sample"])
def test_another_councils_figures_are_not_shown(console: Console, path: str) -> None:
    from tests.builders import SALTMARSH, a_council

    _drawn(console)
    other = a_council(console.parts.store, SALTMARSH)
    them = console.signed_in(*Role, who=("Elin Prosser", "elin.prosser"), council_id=other)
    page = words(them.get(path))
    assert "were drawn" not in page
    assert "•••" not in page
