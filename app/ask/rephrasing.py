"""The same question in plainer words: us for the product, for by what it is narrowed down to."""

from __future__ import annotations

import functools
import re

from app.ask.lexicon import small_words

_TO_US = "returned to|came back to|signed up for|signed up to"
_NARROWED = r"(?:restrict|limit|confin|narrow|filter)(?:ed|ing|e)?(?: down)?"
_OF_A_KIND = "(?:new|active|churned|retained|resurrected)"
_OF_COHORT = r"\b(?:after|later|still|again|cohorts?|of (?:the |all |those )?(?:users|people|everyone))\b"
_NEWCOMERS = r"(?:newcomers|joiners|starters|newbies|arrivals|sign-?ups|new (?:users|people|members|customers|ones))\b"
_WITH = r"([^?.!]*?),?\s+(?:(?:with|over|on|in|using)\s+)?(?:an?\s+|the\s+)?(?:rolling\s+)?"
_WINDOW = r"[\s-]days?(?:\s+rolling)?\s+window\b"


@functools.cache
def _plain() -> dict[re.Pattern[str], str]:
    """What is written, and how it is read."""
    names, having, using = ("|".join(sorted(small_words(name))) for name in ("product_names", "having", "using"))
    ours = rf"(?:the|our|this) (?:{names})"
    written = {
        rf"\b(did|does|has|have|had) {ours} (?=(?:{having})\b)": r"\1 we ",
        rf"\b({using}|{_TO_US}) {ours}\b(?! (?:by|per|and|or)\b)": r"\1 us",
        rf"(?<!not )\b{_NARROWED} (?:(?:it|this|that|them) )?(?:(?:only|just) )?(?:to|on)\b(?! {_OF_A_KIND}\b)": "for",
        r"\b(?:considering|taking|counting|looking at) (?:only|just)\b": "only",
        r",?\s+(?:each|every|everyone|everybody)(?: (?:of them|one|person|user))? (?:(?:is|being|to be) )?"
        r"counted (?:(?:exactly|just|only) )?once\b": "",
        r"\bprior active(?: users)? (?:behind|underlying)\b": "prior active users of",
        rf"^(?!.*{_OF_COHORT})(.*?)\b(?:who|that) (?:arrived|came in|came to us|got here) (?:through|via)\b": r"\1via",
        r"\s+[-\u2013\u2014]\s+(?=(?:up|down|by how)\b)": ", ",
        r",\s*how (?:much|high|low|big|large|many) (?:is|was|are|were) (?:it|they|that)"
        r"(?=\s*(?:in total|overall)?\s*\?)": "",
        r"\b(?:as|where|the way) (?:it|they|things) (?:stood|stands|stand|was|were|looked) (?=(?:on|at|in|by)\b)": "",
        rf"\b(monthly|weekly|daily) (?:group|set|bunch)(s)? of (?={_NEWCOMERS})": r"\1 cohort\2 of ",
        rf"\b(?:class|wave|generation)(?:(e)s)? of (?={_NEWCOMERS})": "cohort of ",
        rf"\b(?:bunch|lot|chunk|load|crowd) of (?={_NEWCOMERS})": "",
        rf"\b(MAU|monthly active users?)\b{_WITH}28{_WINDOW}": r"\1\2",
        rf"\b(WAU|weekly active users?)\b{_WITH}(?:7|seven){_WINDOW}": r"\1\2",
    }
    return {re.compile(pattern, re.I): plain for pattern, plain in written.items()}


def rephrased(question: str) -> str:
    """The question in words that are read."""
    for written, plain in _plain().items():
        question = written.sub(plain, question)
    return question
