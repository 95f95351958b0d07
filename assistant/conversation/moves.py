"""What a turn does, by its words: plain English, nothing of medicine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.conversation.turns import Move

_ASIDE: tuple[tuple[Move, str], ...] = (
    (
        "greeting",
        r"(?:hi|hello|hey|greetings|good (?:morning|afternoon|evening|day))(?: (?:there"
        r"|all|everyone|doc|doctor|team))?",
    ),
    (
        "thanks",
        r"(?:(?:many |ok,? |okay,? |great,? |perfect,? |no,? |right,? )?(?:thanks?"
        r"|thank you|thx|cheers)(?: (?:a lot|so much|very much|again|you|all"
        r"|for (?:that|this|the help|your help)|that(?:'s| is) (?:all|it|helpful"
        r"|great)))*|ok(?:ay)?|great|perfect|got it"
        r"|(?:ok(?:ay)?|great|perfect|good|right|fine),? (?:that(?:'s| is) (?:all"
        r"|it|clear|helpful)|got it|understood|thanks?)(?: (?:for now|thanks?|thank you))?"
        r"|understood|i see|good|very helpful|that helps|bye|goodbye|see you|that(?:'s| is) (?:all|it|helpful|clear)"
        r"(?: (?:for now|thanks?|thank you))?)",
    ),
    (
        "repeat",
        r"(?:(?:can|could) you )?(?:please )?(?:repeat|say) (?:that|it|this|the (?:last )?answer)(?: again)?"
        r"(?: please)?"
        r"|repeat|(?:once )?again(?: please)?|come again|pardon|what did you (?:just )?say|what was that(?: again)?",
    ),
    (
        "shorter",
        r"(?:(?:and |ok |so )?(?:now )?(?:in short|in brief|briefly|in a nutshell"
        r"|in one (?:sentence|line)|tl ?dr|bottom line|short(?:er)?"
        r"(?: (?:version|answer))?|the short (?:version|answer)|make it short(?:er)?|keep it short)(?: please)?)"
        r"|(?:(?:can|could) you )?(?:please )?(?:summari[sz]e|sum up|shorten)(?: (?:that"
        r"|it|this|the answer))?(?: (?:up|in one sentence))?",
    ),
    (
        "certainty",
        r"how (?:sure|certain|confident|reliable|strong|solid|good)(?: (?:are you"
        r"|is (?:that|this|it|the evidence|that evidence))"
        r"(?: (?:about|of|for|behind) (?:that|this|it))?)?|(?:are you|you) (?:sure"
        r"|certain)(?: (?:about|of) (?:that|this|it))?"
        r"|(?:and )?(?:what(?:'s| is) the )?(?:level|strength|quality) of (?:the )?evidence(?: (?:for"
        r"|behind) (?:that|this|it))?"
        r"|what(?:'s| is) the evidence(?: (?:for|behind) (?:that|this|it))?",
    ),
    (
        "study",
        r"(?:and )?(?:from |in )?(?:which|what) (?:study|studies|paper|papers|trial"
        r"|trials|reference|references|work|publication)"
        r"(?: (?:is|was|are|were|does|did|do))?(?: (?:that|this|it|they))?(?: (?:say"
        r"|show|report|found|find))?(?: (?:that|this|it|so))?(?: (?:come|taken))?(?: from"
        r"| in)?"
        r"|who says(?: so| that| this)?|says who|where does (?:that|this|it) come from"
        r"|(?:what(?:'s| is) )?the (?:reference|citation)s?"
        r"(?: (?:for|behind) (?:that|this|it))?|(?:give|show) me the references?|references?",
    ),
    (
        "source",
        r"(?:and )?(?:can you |please )?(?:show|give|quote|read)(?: me)? (?:the "
        r"|that )?(?:source|sentence|original|passage|text|paragraph"
        r"|context|wording|exact words)(?: (?:\d+|please|of (?:that|this|it)|for (?:that|this|it)|around it))?"
        r"|(?:and )?(?:show )?(?:the )?source(?: \d+)?|(?:and )?citation \d+|(?:and )?where (?:does"
        r"|do) (?:it|they|the review) say (?:that|this|so)"
        r"|where is (?:that|this)(?: (?:written|stated|from))?|(?:in )?(?:which|what) section(?: is (?:that"
        r"|this|it)(?: in| from)?)?|quote it",
    ),
    (
        "more",
        r"(?:and )?(?:what else|anything else|something else|more|go on|continue"
        r"|tell me more|what more|more details?|further details?"
        r"|is there (?:more|anything else)|anything to add|what else (?:does|do) (?:it"
        r"|they|the review) say)(?: (?:about (?:that|this|it)|please|on (?:that|this"
        r"|it)))*",
    ),
    (
        "why",
        r"(?:and |but )?(?:why(?: (?:is that|so|that|not|is it|is this|exactly))?"
        r"|how come|what(?:'s| is) the reason|for what reason)",
    ),
)
_ASIDES = tuple((move, re.compile(rf"\W*+(?:{words})\W*+", re.IGNORECASE)) for move, words in _ASIDE)
_ORDINALS = {
    word: number
    for number, words in enumerate(
        (("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"), ("fifth", "5th")), 1
    )
    for word in words
}
_ORDINAL = re.compile(
    r"\W*+(?:and |ok |so )?(?:(?:the|take the|i mean the|what about the) )?(?:(?P<word>first"
    r"|1st|second|2nd|third|3rd|fourth|4th|fifth|5th|last)"
    r"(?: (?:one|option|choice))?|(?:number|no\.?|option) (?P<number>[1-9])|(?P<digit>[1-9]))\W*+",
    re.IGNORECASE,
)
_NEW_PATIENT = re.compile(
    r"\W*+(?:ok(?:ay)?|right|now|so|and|thanks?|next up|then)?\W*+(?:here(?:'s"
    r"| is) |i have |now )?(?:another|a (?:new|different|second|third)|the next"
    r"|next|new|different)"
    r" (?:patient|case|pt)\b\s*(?:[:,.;–—-]|is a|is an|has|with|now)?\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NTH_PATIENT = re.compile(
    r"\W*+(?:(?P<word>first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th) (?:patient"
    r"|case|pt)|(?:patient|case|pt) (?P<number>[1-9]))\s*[:,–—-]\s*(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_BACK = re.compile(
    r"\W*+(?:ok(?:ay)?|right|now|so|and|thanks?)?\W*+(?:(?:(?:going|coming|let'?s go"
    r"|let us go|return(?:ing)?|go) )?(?:back )?to|back|for|what about|and)"
    r" (?:the |my )?(?:(?P<which>first|previous|last|earlier|other|second|third"
    r"|1st|2nd|3rd|original|former) (?:patient|case|pt|one|man|woman|lady|gentleman)"
    r"|(?:patient|case) (?P<number>\d)|(?P<age>\d{2})[- ](?:year[- ]old|yo|y/o)(?: (?P<kind>man"
    r"|woman|lady|gentleman|male|female))?)"
    r"(?: (?:again|now|then))?\s*(?:[:,.;?–—-]|\s)\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SWITCH = re.compile(
    r"\W*+(?:ok(?:ay)?\W+|and\W+|now\W+|thanks?\W+)?(?:(?:an)?other|new|different"
    r"|next|separate|unrelated) (?:topic|question|subject|matter|thing)\b\W*+"
    r"|\W*+(?:changing|to change|let'?s change|switching) (?:the )?(?:topic|subject)s?\b\W*+"
    r"|\W*+(?:on (?:another|a different) (?:note|topic)|something else|unrelated"
    r"|separately)\s*[:,–—-]\s*",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"\W*+(?:ok(?:ay)?\W+|and\W+|now\W+|so\W+)?(?:(?:going|coming|let'?s go|let us go"
    r"|return(?:ing)?|go) )?(?:back )?to (?:the |what you said about )?(?P<what>[^,:;?.–—]{2,60}?)"
    r"(?: again| (?:you|we|i) (?:mentioned|had|asked)(?: (?:before|earlier|first))?)?"
    r"\s*(?:[,:;.–—]|\s-\s)\s*(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_RETURNING = re.compile(
    r"\W*+(?:ok(?:ay)?\W+|and\W+|now\W+|so\W+)?(?:going |coming |let'?s go |let us go |return(?:ing)? |go )?back\b",
    re.IGNORECASE,
)
_RECALL = re.compile(
    r"\b(?:remind me|again\b|what did i (?:say|tell|give)|did i (?:say|tell|give)"
    r"|have i (?:said|told|given)|you have (?:noted|recorded)|on record"
    r"|in (?:mg|µmol|umol|μmol|g/|mm|cm|u/|k/|x?10))",
    re.IGNORECASE,
)
_ALL_FACTS = re.compile(
    r"\W*+(?:and )?(?:(?:so )?what (?:do (?:you|we) know|have (?:you|we) (?:noted"
    r"|got|recorded)|have i (?:said|told you))(?: (?:so far|about (?:her|him"
    r"|them|this patient|the patient)))*"
    r"|(?:please )?(?:summari[sz]e|recap|repeat) (?:the |this )?(?:patient|case|facts)(?: (?:so far|again))?)\W*+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a turn begins with regard to the ones before: what it returns to, and what is left to read."""

    rest: str
    switched: bool = False
    returned_to: str = ""


def aside(text: str) -> Move | None:
    """Return what a turn does that is about the conversation itself; ``None`` for anything else."""
    flat = " ".join(text.replace("’", "'").split())
    return next((move for move, pattern in _ASIDES if pattern.fullmatch(flat)), None)


def ordinal(text: str, of: int) -> int | None:
    """Return the place, from 0, that a turn names in a list of ``of`` choices ("the second one")."""
    found = _ORDINAL.fullmatch(text)
    if found is None or of == 0:
        return None
    word = (found["word"] or "").lower()
    place = of - 1 if word == "last" else _ORDINALS.get(word, int(found["number"] or found["digit"] or 0)) - 1
    return place if 0 <= place < of else None


def new_patient(text: str) -> str | None:
    """Return what is said of a new patient; ``None`` where the turn announces none."""
    found = _NEW_PATIENT.fullmatch(text)
    return None if found is None else found["rest"].strip()


def numbered_patient(text: str) -> tuple[int, str] | None:
    """Return the number of a patient that a turn begins with ("Third patient: …"), and what is said of them."""
    found = _NTH_PATIENT.fullmatch(text)
    if found is None:
        return None
    return _ORDINALS.get((found["word"] or "").lower()) or int(found["number"]), found["rest"].strip()


def back_to_patient(text: str) -> re.Match[str] | None:
    """Return how an earlier patient is named: groups ``which``, ``number``, ``age``, ``kind`` and the ``rest``."""
    return _BACK.fullmatch(text + " ")


def opening(text: str) -> Opening:
    """Read an announced change of topic, or a return to an earlier one."""
    found = _SWITCH.match(text)
    if found is not None and text[found.end() :].strip():
        return Opening(text[found.end() :].strip(), switched=True)
    if _RETURNING.match(text) and (back := _RETURN.fullmatch(text)):
        return Opening(back["rest"].strip(), returned_to=back["what"].strip())
    return Opening(text)


def asks_back(text: str) -> bool:
    """Whether a turn asks for what was said of the patient before."""
    return _RECALL.search(text) is not None


def asks_all_facts(text: str) -> bool:
    """Whether a turn asks for everything known of the patient."""
    return _ALL_FACTS.fullmatch(text) is not None
