"""Checks the civic corpus: what a line must be, how often a wording may come back, and that both sides are balanced."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from classifiers.training.sources import CivicPost
from records.vocabulary import Label, Level

MOST_IN_A_FRAME = 3
"""Posts that may share one sentence, names, places and numbers masked."""

SAME_FRAME = 0.6
"""Part of the word triples that two posts of one frame share."""

NEARLY_THE_SAME = 0.85
"""From this part on two posts are the same post written twice, even as twins."""

FEWEST = 100
"""Posts of every tested function, and twins of the opposite verdict."""

_LEAST: Mapping[Label, Level] = {
    Label.THREAT: Level.SERIOUS,
    Label.DOXXING: Level.SERIOUS,
    Label.HATE: Level.ABUSIVE,
    Label.SEXUAL: Level.ABUSIVE,
    Label.SMEAR: Level.ABUSIVE,
    Label.INCITEMENT: Level.ABUSIVE,
    Label.INTIMIDATION: Level.ABUSIVE,
}
_FOR_CRITICAL = frozenset({Label.THREAT, Label.DOXXING, Label.INCITEMENT})
_COMMON = 150
"""A triple in more posts than this says nothing about a frame and would make the search slow."""

_SHORTEST = 5
"""A text of fewer words has no frame, only its words."""

_WORD = re.compile(r"[\w'’@#]+")
_OWN = frozenset({"I", "I'm", "I'll", "I've", "I'd", "I’m"})

Triples = frozenset[tuple[str, ...]]


def faults(posts: Sequence[CivicPost]) -> list[str]:
    """Everything wrong with these posts, a sentence each; empty when the corpus is sound."""
    return [*_repeated_ids(posts), *_inconsistent(posts), *_repeated_frames(posts)]


def shared(posts: Sequence[CivicPost], others: Sequence[str]) -> list[str]:
    """Ids of posts that are the same as, or nearly the same as, one of the other texts."""
    index = defaultdict(set)
    theirs = [triples(text) for text in others]
    for at, one in enumerate(theirs):
        for triple in one:
            index[triple].add(at)
    whole = {_plain(text) for text in others}
    found = []
    for post in posts:
        own = triples(post.text)
        near = Counter(at for triple in own for at in index.get(triple, ()))
        alike = any(count / len(own | theirs[at]) >= NEARLY_THE_SAME for at, count in near.most_common(5))
        if alike or _plain(post.text) in whole:
            found.append(post.id)
    return found


def coverage(posts: Sequence[CivicPost], functions: Mapping[str, bool]) -> dict[str, tuple[int, int]]:
    """Per tested function (name to abusive or not): how many posts test it, and how many twins of opposite verdict."""
    paired = defaultdict(list)
    for post in posts:
        if post.pair:
            paired[post.pair].append(post)
    found = {}
    for function, abusive in functions.items():
        own = [post for post in posts if post.function == function and (post.level > Level.LAWFUL) is abusive]
        twins = {
            twin.id for post in own for twin in paired.get(post.pair, ()) if (twin.level > Level.LAWFUL) is not abusive
        }
        found[function] = (len(own), len(twins))
    return found


def lean(posts: Sequence[CivicPost], words: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Per word: in how many posts to be reported it stands, and in how many posts at all."""
    found = {}
    for word in words:
        pattern = re.compile(rf"\b(?:{word})\b", re.IGNORECASE)
        holding = [post for post in posts if pattern.search(post.text)]
        found[word] = (sum(post.level >= Level.ABUSIVE for post in holding), len(holding))
    return found


def triples(text: str) -> Triples:
    """The triples of neighbouring words, with names, places, handles and numbers made alike; a few words stay whole."""
    words = _WORD.findall(text)
    shouted = sum(word.isupper() for word in words) > len(words) / 2
    if len(words) < _SHORTEST:
        return frozenset({(_plain(text),)})
    masked = ["X" if _is_name(word, shouted=shouted) else word.casefold() for word in words]
    return frozenset(tuple(masked[at : at + 3]) for at in range(len(masked) - 2))


def _is_name(word: str, *, shouted: bool) -> bool:
    if word[0] in "@#" or any(letter.isdigit() for letter in word):
        return True
    return word[0].isupper() and not shouted and word not in _OWN


def _repeated_ids(posts: Sequence[CivicPost]) -> Iterator[str]:
    for name, count in Counter(post.id for post in posts).items():
        if count > 1:
            yield f"{name}: {count} posts have this id"


def _inconsistent(posts: Sequence[CivicPost]) -> Iterator[str]:
    for post in posts:
        if (post.level is Level.LAWFUL) != (not post.labels):
            yield f"{post.id}: level {int(post.level)} with labels {sorted(post.labels)}"
        if post.level is Level.UNCIVIL and post.labels != {Label.INSULT}:
            yield f"{post.id}: level 1 is an insult and nothing else"
        for label in post.labels:
            if post.level < _LEAST.get(label, Level.UNCIVIL):
                yield f"{post.id}: {label.value} is at least level {int(_LEAST[label])}"
        if post.level is Level.CRITICAL and not post.labels & _FOR_CRITICAL:
            yield f"{post.id}: level 4 needs a threat, private details or a call to harm"
        if not post.text.strip():
            yield f"{post.id}: no text"


def _repeated_frames(posts: Sequence[CivicPost]) -> Iterator[str]:
    own = [triples(post.text) for post in posts]
    index = defaultdict(list)
    for at, some in enumerate(own):
        for triple in some:
            index[triple].append(at)
    for at, some in enumerate(own):
        near = Counter(i for triple in some if len(index[triple]) < _COMMON for i in index[triple] if i != at)
        alike = {i: count / len(some | own[i]) for i, count in near.items() if count * 3 >= len(some)}
        same = [i for i, part in alike.items() if part >= SAME_FRAME]
        if len(same) >= MOST_IN_A_FRAME:
            yield f"{posts[at].id}: shares its sentence with {', '.join(posts[i].id for i in same[:5])}"
        for i, part in alike.items():
            if i < at and part >= NEARLY_THE_SAME and not _told_apart(posts[i], posts[at]):
                yield f"{posts[at].id}: nearly the same as {posts[i].id}"


def _told_apart(one: CivicPost, other: CivicPost) -> bool:
    """Twins: of opposite verdict, told apart by a word or two, or by the post they answer."""
    return one.level != other.level or one.parent != other.parent


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold())) or text
