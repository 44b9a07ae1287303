"""How many posts a second one core matches against every councillor in the country; prints, asserts nothing.

Run: python -m benchmarks.matching [--posts N] [--councillors N]. Same seed, same posts, same answer.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
import unicodedata
from collections.abc import Callable, Sequence

from monitor.matching import MatchText, Watched, build

_SEED = 20
_FIRST = "Ann Bea Cal Dee Eve Fay Gus Hal Ivy Jo Kit Lee Meg Ned Ola Pia Ray Sam Tia Uma Val Win Xan Yas Zoë".split()
_SYLLABLES = (
    "bar brough cot dale den elm fell field gar ham hold ing ker ley mar mere ness ock pen rod sel ton wick".split()
)
_FILLER = (
    "the bins on our street have not been collected for two weeks and nobody answers the phone about it so thanks "
    "again to everyone who came to the meeting about the bypass consultation last night what a waste of money when "
    "the library roof still leaks and the bus does not come can we please have the minutes published before Friday"
).split()
_MARKS = ("it’s", "café", "👏🏽", "😡😡", "naïve", "“quoted”", "£40k", "—")
_PARTIES = ("Orchard Party", "Harbour Party", "Independent", "Mill Street Residents")


def _councillors(count: int, chance: random.Random) -> list[Watched]:
    surnames = list(dict.fromkeys("".join(chance.choices(_SYLLABLES, k=3)).title() for _ in range(count // 2)))
    councils = count // 50
    people = []
    for number in range(count):
        first, surname = chance.choice(_FIRST), chance.choice(surnames)
        middle = chance.choice(_FIRST)
        people.append(
            Watched(
                councillor_id=number,
                council_id=number % councils,
                name=f"{first} {middle} {surname}",
                names=(f"{first} {surname}",),
                nicknames=(f"{surname}y {number}",),
                handles=(("bluesky", f"cllr{first.lower()}{number}.example.org"),),
                stable_ids=(("bluesky", f"did:example:{number}"),),
                context=(f"{chance.choice(_SYLLABLES).title()} Ward {number % 997}", chance.choice(_PARTIES)),
                exclusions=("darts final",),
            )
        )
    return people


def _posts(count: int, people: Sequence[Watched], chance: random.Random) -> list[MatchText]:
    """Posts of about 150 characters: half name somebody in one of eight ways, a quarter are not plain ASCII."""
    posts = []
    for number in range(count):
        words = chance.choices(_FILLER, k=chance.randint(12, 40))
        one = chance.choice(people)
        said = (
            f"Cllr {one.names[0]}",
            f"Councillor {one.name.split()[-1]}",
            f"{one.names[0]} of {one.context[0]}",
            one.names[0],
            f"@{one.handles[0][1]}",
            one.nicknames[0],
            "the councillor",
            "the town hall",
        )[number // 2 % 8]
        if number % 2:
            words.insert(chance.randrange(len(words)), said)
        if number % 4 == 0:
            words.insert(chance.randrange(len(words)), chance.choice(_MARKS))
        mentioned = (one.stable_ids[0][1],) if number % 10 == 0 else ()
        posts.append(MatchText(platform="bluesky", text=" ".join(words), mentioned=mentioned))
    return posts


def _fastest(work: Callable[[], int], rounds: int = 3) -> tuple[float, int]:
    """Seconds of the fastest round, in processor time, and what it counted."""
    best, counted = float("inf"), 0
    for _ in range(rounds):
        start = time.process_time()
        counted = work()
        best = min(best, time.process_time() - start)
    return best, counted


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--posts", type=int, default=200_000)
    ask.add_argument("--councillors", type=int, default=20_000)
    wanted = ask.parse_args()
    chance = random.Random(_SEED)
    people = _councillors(wanted.councillors, chance)
    posts = _posts(wanted.posts, people, chance)
    start = time.process_time()
    matcher = build(people)
    built = time.process_time() - start
    # The invented posts are this benchmark's own; the collector of a worker would not have to walk over them.
    gc.collect()
    gc.freeze()

    def plain() -> int:
        return sum(len(unicodedata.normalize("NFKC", post.text).casefold()) for post in posts)

    def matched() -> int:
        return sum(1 for found in matcher.matches_many(posts) if found)

    plain_seconds, characters = _fastest(plain)
    seconds, about = _fastest(matched)
    print(f"patterns             {matcher.patterns:>12,}  ({wanted.councillors:,} councillors, built in {built:.1f} s)")
    print(f"posts                {len(posts):>12,}  ({characters / len(posts):.0f} characters each, {about:,} matched)")
    print(f"matching             {len(posts) / seconds:>12,.0f}  posts/s on one core")
    print(f"NFKC + casefold only {len(posts) / plain_seconds:>12,.0f}  posts/s on one core")
    print(f"ratio                {seconds / plain_seconds:>12.1f}  times the cost of folding alone")


if __name__ == "__main__":
    main()
