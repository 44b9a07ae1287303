"""What the real network has about a councillor is collected once, judged by its text, and only abuse is proposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from classifiers.shape import Classifier
from monitor.collecting import LEASE
from records.assessments import Assessment
from records.posts import Mention, Snapshot
from records.vocabulary import Level
from tests.real.install import Install, incident_of, posts_of
from tests.real.network import Network, Posted
from wardkeeper.build import Parts

pytestmark = pytest.mark.real

EXPECTED: Mapping[str, Level] = {
    "mention_abuse": Level.SERIOUS,
    "reply_abuse": Level.ABUSIVE,
    "quote_abuse": Level.SERIOUS,
    "name_only": Level.LAWFUL,
    "reply_benign": Level.LAWFUL,
    "to_delete": Level.LAWFUL,
    "self_labelled": Level.LAWFUL,
}
"""Each planted post that can be found by asking, and its level by the labelling guide: surveillance, degrading insult,
wish of death, criticism of a vote, thanks, and two without content."""
ABUSE = {key for key, level in EXPECTED.items() if level >= Level.ABUSIVE}
IN_A_PICTURE = "image_abuse"
"""The planted post whose words are all in a picture's alt text: a bare "go back", level 3."""

AFTER_A_CRASH = 2 * LEASE
"""When another process may take over what a killed one was reading."""

MakeInstall = Callable[..., Install]


def test_every_planted_post_is_collected_once_over_three_restarts(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    council = install()
    first = council.scanned(judge, now=now)
    later = [council.scanned(judge, now=now + timedelta(minutes=5 * restart)) for restart in (1, 2, 3)]

    assert first.collected.failed == 0
    assert first.collected.new_posts >= len(EXPECTED)
    for again in later:
        assert (again.collected.sources, again.collected.failed) == (1, 0)
        assert (again.collected.new_posts, again.collected.new_versions) == (0, 0)
        assert again.assessed.judged == 0
        assert again.raised.opened == 0
    with council.opened() as parts:
        for key in EXPECTED:
            assert kept(parts, council, network.planted[key]) == (1, 1, 1, 1), key
        assert kept(parts, council, network.planted["own"]) == (0, 0, 0, 0), "the councillor's own post was collected"


def test_killed_while_collecting_it_loses_nothing_and_keeps_nothing_twice(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    council = install()
    for number, answers in enumerate((1, 3, 6)):
        council.killed("collect", answers, now=now + number * AFTER_A_CRASH)
    council.scanned(judge, now=now + 3 * AFTER_A_CRASH)
    with council.opened() as parts:
        for key in EXPECTED:
            assert kept(parts, council, network.planted[key]) == (1, 1, 1, 1), key


def test_a_restart_collects_only_what_is_new(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    council = install()
    council.scanned(judge, now=now)
    new = network.post("passerby", "@councillor.test thank you for mending the swings")
    after = council.scanned(judge, now=now + timedelta(minutes=5))
    with council.opened() as parts:
        assert kept(parts, council, new) == (1, 1, 1, 1)
    assert (after.collected.new_posts, after.assessed.judged) == (1, 1)


def test_an_edited_post_is_kept_and_judged_again_as_another_version(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    council = install()
    posted = network.post("changeling", "@councillor.test see you at the library")
    council.scanned(judge, now=now)
    network.edit(posted, "@councillor.test I will kill you at the library", by="changeling")
    council.scanned(judge, now=now + timedelta(minutes=5))
    council.scanned(judge, now=now + timedelta(minutes=10))
    with council.opened() as parts:
        assert kept(parts, council, posted) == (1, 2, 1, 2)
        assert proposed(parts, council, posted) is Level.CRITICAL


def test_planted_posts_are_proposed_when_they_are_abuse_and_only_then(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    """To propose or not must be right for each; the level may miss the guide's by one, which a person then corrects."""
    council = install()
    council.scanned(judge, now=now)
    with council.opened() as parts:
        levels = {key: proposed(parts, council, network.planted[key]) for key in EXPECTED}
    assert {key for key, level in levels.items() if level >= Level.ABUSIVE} == ABUSE
    assert {key: level for key, level in levels.items() if abs(level - EXPECTED[key]) > 1} == {}


def test_words_in_a_picture_are_collected_and_judged_when_the_search_gives_them(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    """This network's search looks for its words in texts only, and takes % for anything. Asked for that, it answers
    like a search that reads alt texts too, and with everybody else's posts besides: the product picks out its own."""
    unrelated = network.post("passerby", "The bins were emptied on time today")
    council = install(nicknames=["%%"])
    council.scanned(judge, now=now)
    again = council.scanned(judge, now=now + timedelta(minutes=5))
    assert again.collected.new_posts == 0
    with council.opened() as parts:
        assert kept(parts, council, network.planted[IN_A_PICTURE]) == (1, 1, 1, 1)
        assert proposed(parts, council, network.planted[IN_A_PICTURE]) >= Level.ABUSIVE
        for key in EXPECTED:
            assert kept(parts, council, network.planted[key]) == (1, 1, 1, 1), key
        assert kept(parts, council, network.planted["own"]) == (0, 0, 0, 0)
        with parts.store.reading(council.council_id) as session:
            held = posts_of(session, parts, unrelated)
            assert [(post.external_id, post.author_id, post.mentions) for post in held] == [(None, None, [])]


def test_six_abusive_posts_are_proposed_and_criticism_is_not(
    network: Network, install: MakeInstall, judge: Classifier, now: datetime
) -> None:
    own = network.planted["own"]
    abuse = {
        "mention": network.post("foe1", "@councillor.test I am going to kill you, you will not see Friday"),
        "reply": network.post("foe2", "You stupid fat slag, crawl off and die", reply_to=own),
        "quote": network.post("foe3", "Somebody should rape this bitch and burn her house down", quoting=own),
        "name": network.post("foe4", "Anna Nowak at the library again. Filthy foreign vermin, go back to Poland"),
        "title": network.post("foe5", "I am coming round to Cllr Nowak's house tonight to smash her skull in"),
        "alt text": network.post(
            "foe6", "@councillor.test", picture="A noose round her neck, captioned: we will hang you from this tree"
        ),
    }
    criticism = {
        "mention": network.post("critic1", "@councillor.test closing the library is a disgrace. You should resign"),
        "reply": network.post("critic2", "Empty promises again, the car park still costs a fortune", reply_to=own),
        "name": network.post("critic3", "Anna Nowak voted for the car park charges. Shameful. Vote her out in May"),
    }
    council = install()
    council.scanned(judge, now=now)
    with council.opened() as parts:
        levels = {how: proposed(parts, council, post) for how, post in abuse.items()}
        spared = {how: proposed(parts, council, post) for how, post in criticism.items()}
        assert all(kept(parts, council, post) == (1, 1, 1, 1) for post in (*abuse.values(), *criticism.values()))
        lawful = proposed(parts, council, network.planted["name_only"])
    assert [how for how, level in levels.items() if level < Level.ABUSIVE] == []
    assert [how for how, level in spared.items() if level >= Level.ABUSIVE] == []
    assert lawful < Level.ABUSIVE


def kept(parts: Parts, council: Install, posted: Posted) -> tuple[int, int, int, int]:
    """How often a post, its versions, whom it is about, and judgements of it are on record."""
    with parts.store.reading(council.council_id) as session:
        ids = [post.id for post in posts_of(session, parts, posted)]
        versions = select(func.count()).select_from(Snapshot).where(Snapshot.post_id.in_(ids))
        mentions = select(func.count()).select_from(Mention).where(Mention.post_id.in_(ids))
        judged = select(func.count()).select_from(Assessment).join(Assessment.snapshot).where(Snapshot.post_id.in_(ids))
        counts = [session.scalar(question) or 0 for question in (versions, mentions, judged)]
        return len(ids), counts[0], counts[1], counts[2]


def proposed(parts: Parts, council: Install, posted: Posted) -> Level:
    """The level at which a post waits for a person; lawful when nothing was raised."""
    with parts.store.reading(council.council_id) as session:
        incident = incident_of(session, parts, posted)
        return Level.LAWFUL if incident is None else incident.level
