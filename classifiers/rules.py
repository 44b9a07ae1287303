"""Plain rules for what is said outright: threats, calls to violence, private details. Each gives its reason.

They only ever raise what a model says, and are silent on quoted, reported, denied and figurative words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from classifiers.doxxing import Detail, private_details
from classifiers.normalise import View, clean
from classifiers.shape import Reason
from records.vocabulary import Label, Level


@dataclass(frozen=True)
class Finding:
    """What a rule found: the label, the least level it means, and why."""

    label: Label
    least: Level
    why: Reason
    needs_model: bool = False
    """True where the wording alone is not enough and the model must be leaning the same way."""


@dataclass(frozen=True)
class _Rule:
    code: str
    words: str
    label: Label
    least: Level
    pattern: re.Pattern[str]
    needs_model: bool = False


def rules(text: str, *, offset: int = 0) -> list[Finding]:
    """What the rules find in a text, each at most once. `offset` is added to the spans of the reasons."""
    view = clean(text, fold_case=True)
    plain = view.text.replace("’", "'").replace("‘", "'")
    found = []
    for rule in _RULES:
        meant = (match for match in rule.pattern.finditer(plain) if _meant(plain, match))
        if match := next(meant, None):
            why = Reason(rule.code, rule.words, (_shifted(view, match.span(), offset),))
            found.append(Finding(rule.label, rule.least, why, rule.needs_model))
    return found + [_exposed(detail, _shifted(view, detail.span, offset)) for detail in private_details(plain)]


def _exposed(detail: Detail, span: tuple[int, int]) -> Finding:
    least = Level.CRITICAL if detail.kind == "home" and detail.hostile else Level.SERIOUS
    what = {"home": "A home address", "plate": "A number plate"}.get(detail.kind, f"A private {detail.kind}")
    words = f"{what} is given" + (" and people are sent there" if least is Level.CRITICAL else "")
    why = Reason(f"private_{detail.kind.replace('-', '')}", words, (span,))
    return Finding(Label.DOXXING, least, why, needs_model=not detail.sure)


def _shifted(view: View, span: tuple[int, int], offset: int) -> tuple[int, int]:
    start, end = view.span(*span)
    return start + offset, end + offset


def _meant(text: str, match: re.Match[str]) -> bool:
    """Whether the words are the writer's own and literal: not reported, quoted, denied, of an election or a game."""
    before = text[max(0, match.start() - 90) : match.start()]
    after = text[match.end() : match.end() + 80]
    if _NEGATED.search(match.group()) or _REPORTED.search(before) or _DENIED.search(before):
        return False
    return not _FIGURATIVE.search(after) and not _GAME.search(before + match.group() + after)


_BODY = (
    r"(?:knee(?:cap)?s?|head|face|skull|legs?|arms?|neck|throat|jaw|teeth|nose|hands?|fingers|ribs|back|spine|eyes?"
    r"|guts|bones|brains?)"
)
_WEAPON = (
    r"(?:hammer|knife|blade|machete|gun|shotgun|rifle|crossbow|bat|crowbar|iron bar|axe|hatchet|noose|rope|petrol"
    r"|acid|baseball bat|brick|knuckle ?duster|screwdriver|chainsaw)"
)
_I = (
    r"(?:i|we|me (?:an|and|n) (?:the|my) \w+|(?:my|our) (?:lads?|boys|mates?|brothers?|cousins?|dogs?|husband|dad|son))"
)
_GOING = r"(?:going to|gonna|gonnae|gunna|goin to|coming to|on (?:my|our) way to|about to|intend to)"
_AUXILIARY = r"(?:'?ll|'?m|'?re| will| shall| am| are| is| swear(?: down)? (?:i'?ll|i will|i'?m)| promise (?:i'?ll|to))"
_ADVERB = r"(?: (?:be|personally|literally|actually|just|happily|gladly|all|both|still|then|\w{2,12}ing))"
_WILLING = rf"(?:{_I}(?:{_AUXILIARY}{_ADVERB}{{0,3}}(?: {_GOING})?| {_GOING})|(?<![\w'] )(?<![\w'])(?:will|{_GOING}))"
"""The writer, or someone acting for them, is about to act; a subject may be dropped at the start of a sentence."""
_YOU = (
    r"(?:you|u|ya|yous|ye|yer|him|her|them|that \w+|(?:cllr|councillor|coun)\.? [\w'-]+"
    r"|your (?:whole )?(?:family|wife|husband|kids|mum|dad))"
)
_YOUR = r"(?:your|ur|yer|his|her|their)"
_KILL = (
    r"(?:kill|murder|stab|shoot|strangl|knif|execut|rap|hurt|bury|bottl|glass|punch|batter|kneecap|behead|drown|gut"
    r"|burn|bray|deck|knock|hang)(?:e|b?ing|p?ing|t?ing)?"
)
_BREAK = (
    r"(?:break|smash|cav|kick|slit|cut|snap|crack|bash|stov|slash|shatter)(?:e|t?ing)?(?: in)?"
    rf" {_YOUR} (?:\w+ )?{_BODY}"
)
_HARM = (
    rf"(?:{_KILL} (?:every (?:last |single )?one of )?{_YOU}(?! (?:back|up|on the door|for six)\b)|{_BREAK}"
    r"|end(?:ing)? (?:you|him|her)\b|tak(?:e|ing) your life"
    rf"|(?:burn(?:ing)?|torch(?:ing)?|petrol bomb|fire ?bomb|brick) {_YOUR}"
    r" (?:house|home|car|office|place|windows?|gaff)"
    rf"|beat (?:the \w+ out of {_YOU}|{_YOU} (?:to death|up|senseless|black and blue|with))"
    rf"|(?:run|running|mow|mowing) {_YOU} (?:over|down)|throw(?:ing)? acid (?:at|in|on|over)"
    rf"|smash(?:ing)? {_YOUR} windows)"
)
_STRUCK = (
    r"(?:stabbed|shot|knifed|murdered|killed|raped|battered|strangled|hanged|kneecapped|beheaded|jumped"
    r"|burn(?:ed|t) out)"
)
_FETCH = (
    r"(?:bring(?:ing)?|fetch(?:ing)?|carry(?:ing)?|com(?:e|ing) with|got|have|has got|sharpen(?:ing)?|load(?:ing|ed)?)"
)
_OTHERS = (
    r"(?:(?:some ?(?:one|body)|any(?:one|body)|you lot|lads|we|people|every(?:one|body)) (?:\w+ ){0,2}?"
    r"(?:should|needs? to|ought to|wants? to|has (?:got )?to|please|go(?:es)? and|must|better))"
)
_TARGET = r"(?:you|u|ya|(?:cllr|councillor|coun)\.? [\w'-]+)"

_RULES: tuple[_Rule, ...] = (
    _Rule(
        "threat_of_violence",
        "The writer says that they will harm a person",
        Label.THREAT,
        Level.CRITICAL,
        re.compile(rf"\b{_WILLING} (?:\w+ )?{_HARM}"),
    ),
    _Rule(
        "harm_foretold",
        "The writer tells a person that violence will be done to them",
        Label.THREAT,
        Level.CRITICAL,
        re.compile(
            rf"\b(?:you(?:'re| are|r)? {_GOING}|you(?:'ll| will)|ur gonna) (?:get|be) (?:\w+ )?{_STRUCK}\b",
        ),
        needs_model=True,
    ),
    _Rule(
        "weapon_for_a_person",
        "The writer says that they will bring a weapon for a person",
        Label.THREAT,
        Level.CRITICAL,
        re.compile(
            rf"\b{_I}(?:'?m|'?ll|'?re|'?ve)? (?:\w+ ){{0,3}}?{_FETCH} (?:\w+ ){{0,3}}?{_WEAPON}s? (?:\w+ ){{0,2}}?"
            rf"(?:for|with) (?:{_YOUR} (?:\w+ )?{_BODY}\b|{_YOU}(?! (?:to|as|since|if|and)\b)|{_YOUR} name on)"
        ),
    ),
    _Rule(
        "call_to_violence",
        "The writer urges others to harm a person",
        Label.INCITEMENT,
        Level.CRITICAL,
        re.compile(rf"\b{_OTHERS} (?:\w+ )?{_HARM}"),
    ),
    _Rule(
        "urged_to_self_harm",
        "The writer urges a person to harm themselves",
        Label.INCITEMENT,
        Level.SERIOUS,
        re.compile(
            r"\b(?:(?:just|please|and) kys|kys (?:you|u|mate|cllr|councillor)|(?:you|u) (?:should|need to) kys"
            r"|(?:go (?:and )?|just |please |should |do us a favour and )(?:kill|hang|top|drown|neck)"
            r" (?:yourself|urself|yoursel))\b"
        ),
    ),
    _Rule(
        "knows_the_home",
        "The writer says that they know where a person lives",
        Label.INTIMIDATION,
        Level.SERIOUS,
        re.compile(rf"\b{_I}(?: all)? know (?:exactly )?where {_TARGET} (?:live|sleep)s?\b"),
        needs_model=True,
    ),
)
_NEGATED = re.compile(r"\b(?:not|never|won't|wouldn't)\b|n't\b")
_FIGURATIVE = re.compile(
    r"^(?:[^.!?\n]{0,40}?\b(?:(?:at|in|on|over|during|for) (?:the |this |our |next |a |every )?(?:\w+ )?"
    r"(?:polls?|ballot|vote|count|elections?|turnout|night|debate|hustings|may|auction|raffle|pitch|court|committee"
    r"|chamber)|electorally|politically|with (?:kindness|facts|love|questions|paperwork|cake|leaflets)|laugh\w*"
    r"|metaphor\w*)\b|[^.!?\n]{0,12}[.!] (?:on turnout|at the polls|in may|metaphorically)\b)"
)
_GAME = re.compile(
    r"\b(?:quiz|darts|dominoes|chess|scrabble|monopoly|cluedo|fifa|mario kart|bake[- ]?off|tug of war|panto(?:mime)?"
    r"|parkrun|rehears\w+|novel|murder mystery|am[- ]?dram|laser ?(?:quest|tag)|paintball|metaphor\w*)\b"
)
_REPORTED = re.compile(
    r"(?:\b(?:said|says|told|wrote|messaged|texted|shout(?:ed|ing|s)|scream(?:ed|ing)|received|sent|saying"
    r"|threaten(?:ed|ing|s)?|got|reading|posted|quote[sd]?|called|reported|when (?:people|someone|they|men)|jailed"
    r"|arrested|court|comments? like|messages? like|things like|who (?:say|write|post|think))\b[^.!?]{0,60}"
    r"|[\"“'«]\s*)$"
)
_DENIED = re.compile(r"\b(?:not|never|wouldn't|won't|nobody|no one|don't|if i ever|if we ever)\s+(?:\w+\s+){0,2}$")
