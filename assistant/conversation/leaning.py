"""How turns lean on the ones before: the English of openers, corrections, pronouns, ellipsis; no medicine."""

from __future__ import annotations

import re

OPENER = re.compile(
    r"""^\W*+(?:(?:ok(?:ay)?|so|well|right|thanks?|thank\ you|great|now|then|hm+|and|but|also|or|plus)\b
      [\s,.:!–-]*)*""",
    re.IGNORECASE | re.VERBOSE,
)
CONTINUES = re.compile(
    r"""^\W*+(?:(?:ok(?:ay)?|so|well|right|now)\b[\s,.:!–-]*)*
    (?:and\b|but\b|also\b|or\b|what\ (?:about|of|if)\b|how\ about\b|same\ (?:question\ )?for\b|versus\b|vs\b
      |compared\ (?:with|to)\b
      |for\b|in\b|with\b|without\b|after\b|before\b|then\b|instead\b)""",
    re.IGNORECASE | re.VERBOSE,
)
ELLIPSIS = re.compile(
    r"^\W*+(?:(?:and|but|or|so|ok(?:ay)?|also|then|now)\b[\s,]*)*(?:what (?:about"
    r"|of|if)|how about|(?:the )?same (?:question )?(?:for|with|in)|for|in|with"
    r"|after|before|during|by)?\b"
    r"[\s,:]*",
    re.IGNORECASE,
)
AGAINST = re.compile(
    r"^\W*+(?:and\s+)?(?:versus|vs\.?|compared (?:with|to)|against|rather than|instead of|or)(?!\w)\W*+", re.IGNORECASE
)
CORRECTION = re.compile(
    r"""^\W*+(?:(?:(?:no(?=\s*[,.;:!–—-]|\s+(?:wait|sorry|actually|rather|i\ meant|i\ mean|make\ that|not\ that)\b)
      |sorry|wait|oops|pardon|apologies|correction|actually|rather
      |i\ meant(?:\ to\ (?:say|ask))?|i\ mean|make\ that|my\ mistake
      |that\ was\ wrong|i\ misspoke|not\ that)\b[\s,.:;!–—-]*(?:but\ |about\ )?)+)""",
    re.IGNORECASE | re.VERBOSE,
)
COMPARE = re.compile(
    r"\W*+(?:(?:can|could) you |please |now )*compare"
    r"(?: (?:them|both|the two|these|those|these two|the two of them))?\W*+"
    r"|\W*+how do (?:they|these|the two) compare\W*+",
    re.IGNORECASE,
)
SINGULAR = re.compile(
    r"\b(?:(?P<own>its)|(?P<it>it)\b|(?P<that>(?:(?:that|this|the same|the other) (?:one"
    r"|treatment|therapy|drug|procedure|technique|approach|method|trial|study"
    r"|tracer|option)|the one))"
    r"|(?P<such>such (?:a )?(?:treatment|therapy|procedure))|(?P<bare>that|this)(?=\s*(?:[?,.]"
    r"|$|\b(?:is|was|work|works|help|helps|have|has|do|does|cause|causes|compare"
    r"|compares|better|safe|worse|one|out|for|in|with|to|by|from|be|have|at)\b)))(?!\w)",
    re.IGNORECASE,
)
PLURAL = re.compile(
    r"\b(?:(?P<own>their)|(?P<they>they|them|these|those)\b(?! (?:patient|people|who|with))"
    r"|(?P<each>both|either|neither)\b(?=\W*+$|\s*[?,.;]|\s+(?:of|is|are|was|were|do|does|have|has|can|be|work)\b)"
    r"|(?P<two>(?:of )?(?:the )?two(?: of them)?|the former|the latter|the (?:first"
    r"|second) one|each other)(?=\W|$)(?! [a-z]{3,}s\b))",
    re.IGNORECASE,
)
ONE = re.compile(r"\b(?:that|this|the other) one\b|\bthe other\b", re.IGNORECASE)
EXPLETIVE = re.compile(
    r"\b(?:is|was|would|could|can|may|might)\s+it\s+(?:ever\s+|be\s+)?(?:safe"
    r"|possible|ok(?:ay)?|better|necessary|useful|true|worth|reasonable|advisable"
    r"|important"
    r"|recommended|allowed|common|usual|known|clear|proven|right|wrong|best|enough"
    r"|sensible|sure|shown|the case)(?:\s+\w+){0,1}?\s+(?:to|that|whether|for)\b"
    r"|\bit\s+(?:is|was|would be)\s+\w+\s+(?:to|that)\b|\bdoes\s+it\s+take\b|\bis\s+it\s+(?:true|correct)\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(
    r"[,;.?!]|\b(?:and|but|or|so|if|when|because|since|while|although|after which|which|who)\b", re.IGNORECASE
)
SOURCE_ITSELF = re.compile(
    r"\b(?:this|that|the) (?:review|paper|article|work|publication|text|source"
    r"|tool|assistant|service|page|guideline)\b",
    re.IGNORECASE,
)
NAMING = re.compile(
    r"\b(?:what(?: is|'s) (?:this|that|it|going on|wrong)|what (?:could|can|might) (?:this"
    r"|that|it) be|what causes|what explains)\b",
    re.IGNORECASE,
)
"""A question that asks for the name of a thing: its answer brings in what the next turn is about."""
PEOPLE = re.compile(
    r"\b(?:they|them|these|those)\b(?=\s+(?:live|survive|die|feel|tolerate|recover|relapse|fare|stay|suffer|get|need)\b)",
    re.IGNORECASE,
)
"""A pronoun for people: they live, treatments do not."""
WANTS_NAME = re.compile(r"^\W*+(?:which|what|name|is there|are there)\b", re.IGNORECASE)
DEFINES = re.compile(
    r"^\W*+(?:what (?:is|are)|what's|define|explain|describe)\b(?! (?:the|its|their)\b)", re.IGNORECASE
)
TOGETHER = re.compile(r"\b(?:combin\w+|together|plus|added? to|on top of|alongside|and then)\b", re.IGNORECASE)
ONES = re.compile(
    r"\b(?:ones?|version|variant|kind|type|sort|group|arm|patients?|people|those"
    r"|the|a|an|of|is|it|any|about|then|too|as well|instead|please)\b",
    re.IGNORECASE,
)
PHRASE = re.compile(
    r"^\W*+(?:for|in|with|without|after|before|during|by|under|over|above|below|from|at|on)\b", re.IGNORECASE
)
"""A turn that only narrows the last question: "without the PRRT?"."""
QUESTION = re.compile(
    r"^\W*+(?:what|which|who|whom|whose|how|why|when|where|is|are|was|were|do"
    r"|does|did|can|could|should|would|will|has|have|had|may|might|list|name"
    r"|define"
    r"|explain|describe|compare|tell|show|give)\b",
    re.IGNORECASE,
)
EARLIER = re.compile(r"\b(?:begin|beginning|start|first|earlier|before)\b", re.IGNORECASE)
