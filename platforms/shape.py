"""The shape every platform has: frozen values and plain functions, absence being a value (None).

Nobody outside `platforms/` compares a platform's name; what a platform can and cannot do is read from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from records.vocabulary import Harm, Presence, RouteKind
from wire.http import Wire


@dataclass(frozen=True)
class Application:
    """The council's own application, registered at a platform by hand; from the settings.

    `contact` is who answers for it there, where the platform wants that in every request (an account's name).
    `token` is what the platform gave the application itself to read with (an app-only token, an API key).
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    contact: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Access:
    """How we reach a platform: base addresses from the settings, who we are there, and the secret.

    `address` is the account's own server where that differs per account (a Mastodon instance, a feed's URL), else "".
    `secret` is an app password or token, "" when none. `session` is opaque to everybody but the platform's module:
    what it returned last time (cached tokens), kept encrypted between runs. `application` is None where the council
    has registered none. `permission_on_file` says that the council ticked `Platform.needs_permission`.
    `budget` is how much of what the platform counts this account may use in a day, by its name there (empty: the
    module's own share).
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    handle: str = ""
    stable_id: str = ""
    secret: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    application: Application | None = None
    permission_on_file: bool = False
    budget: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """Whom to look for: an opted-in councillor's account and the names the council wrote down. Never an author."""

    handle: str = ""
    stable_id: str = ""
    names: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """One public post as the platform gave it.

    `external_id` is stable and unique on the platform; `version` changes when the text does (a CID, an edit time).
    `text` is plain text; `warning` a content warning; `alt_texts` the descriptions of pictures, all of them judged.
    `mentioned`, `parent_author` and `quoted_author` hold stable ids. `posted_at` is UTC, None when unknown or absurd.
    """

    external_id: str
    version: str
    url: str
    author_id: str
    author_handle: str
    author_name: str = ""
    text: str = ""
    warning: str = ""
    alt_texts: tuple[str, ...] = ()
    quoted_text: str = ""
    quoted_author: str = ""
    parent_id: str = ""
    parent_author: str = ""
    parent_text: str = ""
    mentioned: tuple[str, ...] = ()
    language: str = ""
    posted_at: datetime | None = None
    raw: bytes = field(default=b"", repr=False)


Known = Callable[[Sequence[tuple[str, str]]], set[tuple[str, str]]]
"""Given (external id, version) pairs, those already held. A collector pages until a whole page is known."""


@dataclass(frozen=True)
class Allowance:
    """Something a platform counts: `spent` of `limit` of it (such as "units") are used until `renews_at`, in UTC."""

    what: str
    spent: int
    limit: int
    renews_at: datetime


@dataclass(frozen=True)
class Page:
    """One page of findings. After it has been stored, `cursor` is where to go on, also after a crash.

    `unreadable` counts items that were skipped because their shape was wrong; `notes` are blind spots in plain words;
    `spent` is the account's budget as it stands, where the platform counts.
    """

    posts: tuple[Found, ...]
    cursor: str
    session: str = field(default="", repr=False)
    unreadable: int = 0
    notes: tuple[str, ...] = ()
    spent: tuple[Allowance, ...] = ()


@dataclass(frozen=True)
class PostRef:
    """One version of one post, enough to ask after it or report it."""

    external_id: str
    version: str
    url: str
    author_id: str


@dataclass(frozen=True)
class Sighting:
    """Whether a post is still up and which answers said so, in plain words without post text."""

    presence: Presence
    how_known: str


@dataclass(frozen=True)
class Report:
    """An approved report: posts by one author, the platform's own category word, the frozen text."""

    posts: tuple[PostRef, ...]
    category: str
    text: str
    rule_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """The platform's own answer to a report. `stored_as` is the category it says it stored, which may differ."""

    reference: str
    stored_as: str
    session: str = field(default="", repr=False)
    note: str = ""


@dataclass(frozen=True)
class ServerRule:
    """One rule of the server a report goes to, where each server has its own; `rule_id` is what the report names."""

    rule_id: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Identity:
    """Who a handle or credential is on the platform."""

    handle: str
    stable_id: str
    session: str = field(default="", repr=False)


@dataclass(frozen=True)
class GrantStart:
    """The page where the account's owner agrees, and what must be kept (encrypted) until they come back."""

    url: str
    keep: str = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """Permission by OAuth: `begin(wire, server address, redirect, for reporting?)` gives the page to open,
    `finish(wire, keep, code)` the secret; `revoke(wire, access)` withdraws it at the platform.

    Where a platform knows only applications that were registered by hand, `begin_as(wire, access, redirect, for
    reporting?)` stands in for `begin`: the access carries the council's application.
    """

    begin: Callable[[Wire, str, str, bool], GrantStart]
    finish: Callable[[Wire, str, str], str]
    revoke: Callable[[Wire, Access], None]
    begin_as: Callable[[Wire, Access, str, bool], GrantStart] | None = None


@dataclass(frozen=True)
class Pace:
    """At most `requests` in `per`, and how long to leave between two scans of one source."""

    requests: int
    per: timedelta
    between_scans: timedelta


@dataclass(frozen=True)
class Consent:
    """What the councillor or council must grant, how, and what this product can then see; shown before they agree."""

    needs: str
    how: str
    sees: str
    blind_spots: tuple[str, ...] = ()


class Unit(StrEnum):
    """What a platform counts when it limits a text."""

    GRAPHEMES = "graphemes"
    CHARACTERS = "characters"
    BYTES = "bytes"


@dataclass(frozen=True)
class TextLimit:
    """A text fits when it is within every limit of its route."""

    length: int
    unit: Unit


@dataclass(frozen=True)
class Category:
    """How one harm is reported here: the label users see, the API's own word, the platform's rule and its link."""

    harm: Harm
    label: str
    token: str
    rule: str
    rule_url: str
    form_url: str = ""


@dataclass(frozen=True)
class Promise:
    """What a platform has promised a regulator: reports of these harms, filed `by` this way, are dealt with `within`
    this time. `source` says who made it known and when."""

    harms: tuple[Harm, ...]
    within: timedelta
    by: str
    source: str


@dataclass(frozen=True)
class ReportRoute:
    """How abuse is reported on one platform; data from `config/platforms/<key>.toml`, overlaid by a council.

    `categories` maps each harm or leaves it out (`unmapped` says why). `steps` is the checklist for a person filing
    by hand; `posts_per_report` 1 or more; `checked_on` the day a person last compared it with the platform.
    """

    platform: str
    kind: RouteKind
    categories: Mapping[Harm, Category]
    unmapped: Mapping[Harm, str]
    limits: tuple[TextLimit, ...]
    posts_per_report: int
    steps: tuple[str, ...]
    asks_for: tuple[str, ...]
    policy_url: str
    uk_law_form: str
    checked_on: date
    verified: bool
    source: str
    promises: tuple[Promise, ...] = ()

    def promised(self, harm: Harm) -> Promise | None:
        """The promise that covers reports of this harm, None when there is none."""
        return next((promise for promise in self.promises if harm in promise.harms), None)


@dataclass(frozen=True)
class Platform:
    """All that is known of one platform. None means that there is no lawful way; the rest still works.

    parse_url(url) gives the external id of a post on this platform, or None for any other address.
    identify(wire, access) checks a handle or credential. mentions(wire, access, subject, cursor, known) yields pages;
    look(wire, access, post) asks whether a post is up and never needs the councillor's credential.
    report(wire, access, report) sends an approved report. rules(wire, access) reads the rules of the reporter's server,
    for platforms where each server has its own. Each raises only the errors of wire/errors.py.
    `needs_permission` is the sentence a council must tick before anything but hand intake is used, "" where none.
    `hold_for` is how long what was read may be held before it must be looked at again or deleted, None: no such duty.
    """

    key: str
    name: str
    parse_url: Callable[[str], str | None]
    pace: Pace
    consent: Consent
    identify: Callable[[Wire, Access], Identity] | None = None
    mentions: Callable[[Wire, Access, Subject, str, Known], Iterator[Page]] | None = None
    look: Callable[[Wire, Access, PostRef], Sighting] | None = None
    report: Callable[[Wire, Access, Report], Receipt] | None = None
    grant: Grant | None = None
    rules: Callable[[Wire, Access], tuple[ServerRule, ...]] | None = None
    needs_permission: str = ""
    hold_for: timedelta | None = None

    @property
    def needs_application(self) -> bool:
        """The platform answers only to an application that the council registered there by hand."""
        return self.grant is not None and self.grant.begin_as is not None

    @property
    def connectable(self) -> bool:
        """An account can be connected with what this install has: no application of the council's own is needed."""
        return bool(self.mentions or self.report) and not self.needs_application


@dataclass(frozen=True)
class Reach:
    """Every platform this install knows, the way to each, and how abuse is reported there; handed to the steps.

    `addresses` are the base addresses per platform key, from the settings.
    """

    wire: Wire
    platforms: Mapping[str, Platform]
    addresses: Mapping[str, Mapping[str, str]]
    routes: Mapping[str, ReportRoute]

    def paced(self, key: str) -> Wire:
        """The wire at this platform's own pace, shared by everybody in this process."""
        pace = self.platforms[key].pace
        return self.wire.paced(key, requests=pace.requests, per=pace.per)

    def anonymous(self, key: str) -> Access:
        """Access with no credential: enough to ask whether a post is still up."""
        return Access(addresses=self.addresses.get(key, {}))

    def by(self, key: str, *, address: str, handle: str, stable_id: str, secret: str, session: str) -> Access:
        """Access with one account's credential."""
        return Access(
            addresses=self.addresses.get(key, {}),
            address=address,
            handle=handle,
            stable_id=stable_id,
            secret=secret,
            session=session,
        )
