"""The words of the product, each defined once: labels, harms, levels, states.

Pure standard library; every other room may read it and nothing here knows a table, a platform or a model.
"""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum


class Word(StrEnum):
    """A member is stored by its value and carries a one-line meaning for people."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Word:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class Level(IntEnum):
    """How serious a post is, by its text alone; a person or a pattern only ever raises it."""

    LAWFUL = 0
    UNCIVIL = 1
    ABUSIVE = 2
    SERIOUS = 3
    CRITICAL = 4

    @property
    def meaning(self) -> str:
        return _LEVEL_MEANINGS[self]


_LEVEL_MEANINGS = {
    Level.LAWFUL: "Not abusive: includes lawful criticism, however harsh",
    Level.UNCIVIL: "Uncivil: a mild personal insult, logged and never reported",
    Level.ABUSIVE: "Abusive: report to the platform",
    Level.SERIOUS: "Serious: a person looks the same day; may go to the police",
    Level.CRITICAL: "Critical: police at once",
}


class Verdict(Word):
    """What a judgement says in one word."""

    LAWFUL = "lawful", "Level 0: nothing is kept about the author"
    UNCIVIL = "uncivil", "Level 1: logged, never reported"
    ABUSIVE = "abusive", "Level 2 to 4: proposed to a person"

    @classmethod
    def of(cls, level: Level) -> Verdict:
        if level is Level.LAWFUL:
            return cls.LAWFUL
        return cls.UNCIVIL if level is Level.UNCIVIL else cls.ABUSIVE


class Label(Word):
    """What the model says about a text; a text may carry several or none."""

    THREAT = "threat", "Harm to a person, family or property will be caused, said outright or veiled"
    INTIMIDATION = "intimidation", "Meant to frighten or wear down, without a stated act"
    DOXXING = "doxxing", "Private address, phone, car, routine, family or health detail exposed"
    HATE = "hate", "Attacks a person or group for a protected characteristic"
    SEXUAL = "sexual", "Sexual comment, demand or threat directed at a person"
    INSULT = "insult", "Attacks the person, not what they did"
    INCITEMENT = "incitement", "Urges others to harm or hound someone, or the target to self-harm"
    SMEAR = "smear", "Asserts a serious crime with no stated basis"


class Harm(Word):
    """What a person reports to a platform; each platform maps it to its own category."""

    THREAT = "threat", "Threat of violence"
    INCITEMENT = "incitement", "Incitement to violence or to hound someone"
    HATE = "hate", "Hateful conduct about a protected characteristic"
    HARASSMENT = "harassment", "Targeted harassment"
    DOXXING = "doxxing", "Private information published"
    IMPERSONATION = "impersonation", "Account pretending to be the councillor"
    SEXUAL_HARASSMENT = "sexual_harassment", "Sexual harassment"
    INTIMATE_IMAGE = "intimate_image", "Intimate image or deepfake shared without consent"
    SELF_HARM = "self_harm", "Encouragement of suicide or self-harm"
    SPAM = "spam", "Spam or a coordinated pile-on"
    ELECTION_FALSEHOOD = "election_falsehood", "Falsehood about where, when or how to vote"
    EXTREMISM = "extremism", "Terrorist or extremist content"


LIKELY_HARMS: dict[Label, tuple[Harm, ...]] = {
    Label.THREAT: (Harm.THREAT,),
    Label.INCITEMENT: (Harm.INCITEMENT, Harm.SELF_HARM),
    Label.DOXXING: (Harm.DOXXING,),
    Label.HATE: (Harm.HATE,),
    Label.SEXUAL: (Harm.SEXUAL_HARASSMENT,),
    Label.INTIMIDATION: (Harm.HARASSMENT,),
    Label.INSULT: (Harm.HARASSMENT,),
    Label.SMEAR: (Harm.HARASSMENT,),
}
"""Label to the harms a person would most likely report it as, likeliest first; listed most urgent first."""


class Presence(Word):
    """Whether a reported post can still be seen, as the platform itself answers."""

    UP = "up", "Still there"
    UP_LABELLED = "up_labelled", "Still there, behind a moderation label"
    LIMITED_IN_UK = "limited_in_uk", "Withheld in the United Kingdom only"
    REMOVED_BY_PLATFORM = "removed_by_platform", "Removed, most likely by the platform"
    REMOVED_BY_AUTHOR = "removed_by_author", "Deleted by its author"
    REMOVED_BY_MODERATOR = "removed_by_moderator", "Removed by a community's moderator"
    AUTHOR_SUSPENDED = "author_suspended", "The author's account is suspended"
    AUTHOR_DEACTIVATED = "author_deactivated", "The author has deactivated the account; posts may come back"
    PRIVATE_OR_BLOCKED = "private_or_blocked", "Made private, or we are blocked; not removed"
    UNKNOWN = "unknown", "The platform gave no clear answer"
    RATE_LIMITED = "rate_limited", "We asked too often; ask again later"

    @property
    def gone(self) -> bool:
        """True only for the platform's own clear answer that the post is no longer published."""
        return self in _GONE

    @property
    def known(self) -> bool:
        """False when the answer says nothing about the post itself."""
        return self not in (Presence.UNKNOWN, Presence.RATE_LIMITED, Presence.PRIVATE_OR_BLOCKED)


_GONE = frozenset(
    {
        Presence.REMOVED_BY_PLATFORM,
        Presence.REMOVED_BY_AUTHOR,
        Presence.REMOVED_BY_MODERATOR,
        Presence.AUTHOR_SUSPENDED,
    }
)


class Origin(Word):
    """How a post reached the council."""

    COLLECTED = "collected", "Found by a scheduled collector"
    HAND = "hand", "Reported by a person"
    CSV = "csv", "Imported from a listening tool's export"

    @property
    def by_person(self) -> bool:
        """A person's report is never discarded by machine nor graded below level 1."""
        return self is Origin.HAND


class MatchKind(Word):
    """How a post was found to be about a councillor."""

    MENTION = "mention", "The platform says the account is mentioned"
    REPLY = "reply", "Reply to the councillor's account"
    QUOTE = "quote", "Quotes the councillor's post"
    HANDLE = "handle", "The handle stands in the text"
    NAME = "name", "Full name"
    TITLE_SURNAME = "title_surname", "Cllr, Councillor or Coun with the surname"
    NICKNAME = "nickname", "A nickname or misspelling the council added"
    HAND = "hand", "A person said so"


class TermKind(Word):
    """What a search term of a councillor is for."""

    NAME = "name", "Full name"
    SURNAME = "surname", "Surname, matched after a title"
    NICKNAME = "nickname", "Nickname or misspelling"
    HASHTAG = "hashtag", "Hashtag about the councillor"
    CONTEXT = "context", "Ward, council, party or topic that makes a name match surer"
    EXCLUSION = "exclusion", "Words that mean a namesake"


class AccountUse(Word):
    """What an account was connected for."""

    COLLECT = "collect", "Find public posts that mention its councillor"
    REPORT = "report", "Send the council's reports"


class IncidentKind(Word):
    """What happened."""

    POST = "post", "A public post"
    MESSAGE = "message", "A private message or e-mail"
    CALL = "call", "A phone call"
    LETTER = "letter", "A letter or parcel"
    VISIT = "visit", "A visit in person"


class IncidentState(Word):
    """Where an incident stands."""

    OPEN = "open", "Waits for a person to review"
    CONFIRMED = "confirmed", "A person agreed that it is abuse"
    DISMISSED = "dismissed", "A person decided that it is not abuse"
    CLOSED = "closed", "Dealt with"


class Decided(Word):
    """What a person decided about an incident; kept beside what the model had said."""

    CONFIRMED = "confirmed", "Agreed that it is abuse"
    DISMISSED = "dismissed", "Found that it is not abuse"
    RAISED = "raised", "Raised the level"
    LOWERED = "lowered", "Lowered the level"
    RELABELLED = "relabelled", "Corrected the labels"


class Stratum(Word):
    """Which part of a day's unflagged posts a sampled one was drawn from."""

    NEAR = "near", "Among the tenth of the day's unflagged posts that scored highest"
    REST = "rest", "Among all the others"


class TakedownState(Word):
    """Where a request to a platform stands."""

    DRAFTED = "drafted", "Waits for a named person's approval"
    APPROVED = "approved", "Approved; its text is frozen; waits to be sent"
    SENDING = "sending", "Being sent now"
    IN_DOUBT = "in_doubt", "May or may not have arrived; a person must find out"
    SENT = "sent", "The platform has it"
    REMOVED = "removed", "Two checks agreed that the post is gone"
    REFUSED = "refused", "The platform refused, or the post was still up at the last check"
    WITHDRAWN = "withdrawn", "Taken back by a person"


class ReferralState(Word):
    """Where a referral to the police stands."""

    DRAFTED = "drafted", "Prepared; not yet reported"
    REPORTED = "reported", "Reported by a person, with time and reference"
    ACKNOWLEDGED = "acknowledged", "The police have answered"
    CLOSED = "closed", "Outcome known"


class PoliceRoute(Word):
    """How the report reaches the police."""

    EMERGENCY = "999", "Danger now"
    NON_EMERGENCY = "101", "Phone, not urgent"
    ONLINE = "online", "The force's online form"


class RouteKind(Word):
    """How a report reaches the platform."""

    API = "api", "Sent by this product after approval"
    FORM = "form", "Filed by a person on the platform's own pages"


class EvidenceKind(Word):
    """What an evidence item holds."""

    TEXT = "text", "Verbatim text as shown, with its alt texts and warnings"
    RAW = "raw", "The platform's own answer"
    SCREENSHOT = "screenshot", "Picture supplied by a person"


class Role(Word):
    """What a signed-in person may do; a person may hold several."""

    OFFICER = "officer", "Communications officer: reviews, drafts and sends"
    MEMBERS_SERVICES = "members_services", "Logs incidents and manages councillors"
    ASSESSOR = "assessor", "Health and safety assessor: decides levels 3 and 4"
    MONITORING_OFFICER = "monitoring_officer", "Samples decisions and meets the police"
    DATA_PROTECTION = "data_protection", "Data protection officer: reads what must be read"
    AUDITOR = "auditor", "Reads the audit log"
    ADMINISTRATOR = "administrator", "Manages people and settings; sees no post text"


class Tier(Word):
    """A council's tier; Operation Ford does not cover parish and town councils."""

    PRINCIPAL = "principal", "County, district, borough, unitary or metropolitan council"
    PARISH = "parish", "Parish, town or community council"


class Nation(Word):
    """Whose law the wording follows."""

    ENGLAND = "england", "England"
    WALES = "wales", "Wales"
    SCOTLAND = "scotland", "Scotland"
    NORTHERN_IRELAND = "northern_ireland", "Northern Ireland"


class SourceState(Enum):
    """How a source is doing, for people."""

    NEVER = "never tried"
    WELL = "working"
    FAILING = "failing"
    STOPPED = "stopped"


class NotAllowed(Exception):
    """A change of state, or an act, that the rules forbid; nothing was changed."""

    def __init__(self, what: str, *, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
