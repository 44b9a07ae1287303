"""Finds private details of a person in a text: home address, phone, e-mail, number plate. Grades nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

POSTCODE = re.compile(
    r"\b(?:gir ?0aa|[a-pr-uwyz](?:\d{1,2}|[a-hk-y]\d{1,2}|\d[a-hjkps-uw]|[a-hk-y]\d[abehmnprv-y])"
    r" ?\d[abd-hjlnp-uw-z]{2})\b"
)
"""A full UK postcode, case-folded, by the shapes of BS 7666."""

_STREET_KINDS = (
    "street|st|road|rd|lane|ln|avenue|ave|drive|close|crescent|cres|terrace|place|gardens|grove|way|court|row|rise|hill"
    "|view|walk|mews|square|park|green|croft|fold|gate|brow|bank|parade|wynd|brae|loan|vale|garth|mount|yard|end"
)
_NUMBERED = (
    rf"(?:flat \d+[a-z]?,? )?(?:number |no\.? ?|nr )?\d{{1,4}}[a-z]?,? (?:[a-z][\w'’-]*\s){{1,3}}?(?:{_STREET_KINDS})\b"
)
_PERSON = (
    r"(?:he|she|they|cllr\.? [\w'’-]+(?: [\w'’-]+)?|councillor [\w'’-]+(?: [\w'’-]+)?|coun\.? [\w'’-]+"
    r"|the (?:leader|mayor)|the councillor)"
)
_POSSESSIVE = (
    r"(?:his|her|their|your|(?:cllr|councillor|coun)\.? (?:[\w’'-]+ )?[\w’-]+?['’]?s['’]?|[a-z]{3,}['’]s"
    r"|the (?:leader|mayor|councillor)['’]s)"
)
_LIVES = re.compile(
    rf"\b(?:{_PERSON}(?: (?:still|now|actually|apparently))? live?s?(?: up| down)? (?:at|on|in)"
    rf"|{_POSSESSIVE} (?:house|home(?: address)?|address|place|gaff|drum|flat|bungalow)(?: is| =|:| at|,)?)"
    rf" ?:? ?(?P<at>{_NUMBERED})"
)
_ADDRESS = re.compile(rf"\b(?P<at>{_NUMBERED})")
_PUBLIC_PLACE = re.compile(
    r"\b(?:surger(?:y|ies)|hall|office|offices|library|centre|center|church|chapel|mosque|temple|gurdwara|school|club|pub|shop|cafe"
    r"|planning|application|consultation|hustings|drop[- ]?in|for sale|licen[cs]e|extension|hmo|registered office"
    r"|polling|hearing|committee|headquarters|hq)\b"
)
_HOSTILE = re.compile(
    r"\b(?:pay (?:him|her|them|it|the \w+)? ?a? ?(?:little )?visit"
    r"|go (?:and |on )?(?:round|tell|see|get|ask|knock|show|let)"
    r"|you know what to do|knock(?:ing)? on|(?:through|on) (?:his|her|their) (?:door|windows?)|front door|letter ?box"
    r"|burn|torch|brick|petrol|smash|sort (?:him|her|them) out|teach (?:him|her|them)"
    r"|let(?:'|’)?s (?:all )?(?:go|get|meet|give)"
    r"|get (?:him|her|them)|see (?:him|her|them) there|bring (?:your|the|a)|crack on|do what you (?:want|will|like)"
    r"|day and night|all hours|middle of the night|in the morning|keep (?:going|ringing|calling)"
    r"|make (?:his|her|their) life|don(?:'|’)?t let (?:him|her|them) sleep|give (?:him|her|them) hell)\b"
)
_PRIVATE_PHONE = re.compile(
    rf"\b{_POSSESSIVE} (?:(?:own|personal|private|home|actual|real) )+(?:mobile|number|phone|landline|line|tel)\b"
    rf"|\b{_POSSESSIVE} (?:mobile|mob)\b|\b(?:private|personal|home|own) (?:mobile|number|landline|phone)\b"
    r"|\b(?:ring|call|text|phone) (?:him|her)\b"
    r"|\b(?:here|that)(?:'|’)?s (?:his|her|their|the wife's) (?:number|mobile)\b"
    r"|\bthe (?:wife|husband|daughter|son|mother|mum)'s(?: (?:number|mobile))?\b"
)
_PRIVATE_MAIL = re.compile(
    rf"\b{_POSSESSIVE} (?:own|personal|private|home|work|actual|real) (?:e-?mail|gmail|hotmail|inbox)\b"
)
_PUBLISHED = re.compile(
    r"\b(?:office|the council|council's|ward|helpline|published|official|website|web ?page|switchboard"
    r"|customer services"
    r"|leaflets?|out of hours|reception|surgery|freephone|hotline|my (?:nan|mum|dad|neighbour)"
    r"|on the site|campaign|my (?:mobile|number)|call me|ring me|text me)\b"
)
_MAIL = re.compile(r"\b[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}\b")
_PLATE = re.compile(r"\b[a-z]{2}\d{2} ?[a-z]{3}\b")
_CAR = re.compile(
    rf"\b(?:{_POSSESSIVE} (?:\w+ ){{0,2}}(?:car|van|motor|reg|plate|audi|bmw|golf|jag|range rover|tesla)"
    rf"|{_PERSON} drives)\b"
)

_REACH = 160
"""Characters around a detail in which a word still belongs to it."""


@dataclass(frozen=True)
class Detail:
    """A private detail found: its kind, where it stands, and whether the text sends people there."""

    kind: str
    span: tuple[int, int]
    hostile: bool
    sure: bool = True
    """False where only the surroundings decide: an address or plate that may be anybody's."""


def private_details(text: str) -> list[Detail]:
    """The details in a case-folded text. Addresses of halls, surgeries and sites, and published contacts, are none."""
    return [*_homes(text), *_phones(text), *_mails(text), *_plates(text)]


def _homes(text: str) -> list[Detail]:
    found = []
    for lives in _LIVES.finditer(text):
        if not _own(text, lives.start()):
            found.append(Detail("home", lives.span("at"), hostile=bool(_HOSTILE.search(_near(text, lives.span())))))
    if found:
        return found
    for address in _ADDRESS.finditer(text):
        near = _near(text, address.span("at"))
        postcode = POSTCODE.search(text, address.end(), address.end() + 60)
        hostile = bool(_HOSTILE.search(near))
        if (postcode or hostile) and not _PUBLIC_PLACE.search(near) and not _own(text, address.start()):
            found.append(Detail("home", address.span("at"), hostile=hostile, sure=bool(postcode) and hostile))
    return found


def _phones(text: str) -> list[Detail]:
    private = _PRIVATE_PHONE.search(text)
    hostile = bool(_HOSTILE.search(text))
    if not private or not any(character.isdigit() for character in text):
        return []
    leniency = phonenumbers.Leniency.POSSIBLE
    return [
        Detail("phone", (match.start, match.end), hostile=hostile)
        for match in phonenumbers.PhoneNumberMatcher(text, "GB", leniency=leniency, max_tries=50)
        if not _PUBLISHED.search(_near(text, (match.start, match.end)))
    ]


def _mails(text: str) -> list[Detail]:
    if not _PRIVATE_MAIL.search(text):
        return []
    return [
        Detail("e-mail", mail.span(), hostile=bool(_HOSTILE.search(text)))
        for mail in _MAIL.finditer(text)
        if not mail.group().endswith(".gov.uk") and not _PUBLISHED.search(_near(text, mail.span()))
    ]


def _plates(text: str) -> list[Detail]:
    if not _CAR.search(text):
        return []
    return [Detail("plate", plate.span(), hostile=bool(_HOSTILE.search(text))) for plate in _PLATE.finditer(text)]


def _near(text: str, span: tuple[int, int]) -> str:
    return text[max(0, span[0] - _REACH) : span[1] + _REACH]


def _own(text: str, at: int) -> bool:
    """Whether the writer speaks of an own home just before: `I live at`, `my mum's at`."""
    return re.search(r"\b(?:i|we|i'm|im|we're|my|our|me)\b[^.!?]{0,30}$", text[max(0, at - 40) : at]) is not None
