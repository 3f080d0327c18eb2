"""What stands around a question and is no part of it: for whom it is asked, and why."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import pairwise

from app.ask.lexicon import Lexicon, fillers, vocabulary
from app.ask.spans import WEEKDAYS
from app.ask.tokens import tokenise

_CLAUSE = re.compile(
    r"(?<=[,:;!?\n])\s+|(?<=[.])\s+(?=[A-Za-z])|\s+[-\u2013\u2014]+\s+"
    r"|\s+(?=because\b|so that\b|so (?:i|we) (?:can|know)\b|so as to\b|in order\b)",
    re.I,
)
# Words of time that say when somebody asks, not what about.
_OCCASIONS = {"tomorrow", "today", "tonight", "morning", "afternoon", "weekly", "monthly", "quarterly", *WEEKDAYS}

# An unknown word right after one of these may be the name of a segment.
_LEADING = {"from", "in", "on", "about", "at", "for", "with", "via", "by", "of", "to"}


@functools.cache
def _audience() -> re.Pattern[str]:
    """For my board deck, for tomorrow's weekly business review."""
    inner = "|".join(map(re.escape, fillers()["audience_words"]))
    nouns = "|".join(map(re.escape, fillers()["audiences"]))
    people = "|".join(map(re.escape, vocabulary()["nouns"]))  # for our team accounts: no audience
    when = r"next\s+(?:week|month|quarter|year)(?:'s)?|this\s+(?:week|month|quarter|year)'s"
    before = rf"\b(?:for|ahead of|before)\s+(?:(?:{when}|(?:{inner})(?:'s)?)[\s-]+){{0,6}}"
    return re.compile(rf"{before}(?:{nouns})\b(?!\s+(?:{people})\b)", re.I)


@functools.cache
def _phrases() -> re.Pattern[str]:
    """Dig up, put together."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, fillers()['phrases']))})\b", re.I)


# Cheers, Anna.
_SIGNED = re.compile(r"\b(?:[Cc]heers|[Tt]hanks|[Tt]hank you|[Tt]hx|[Rr]egards)[,!.]*\s+[A-Z][a-z]+\W*$")


def without_audience(question: str, lexicon: Lexicon) -> str:
    """The question without saying for whom it is; a value of a segment is never taken for one of these."""
    values = {word for phrase, _ in lexicon.values for word in phrase}

    def cut(match: re.Match[str]) -> str:
        return match.group() if values & {token.text for token in tokenise(match.group())} else " "

    question = question.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for pattern in (_phrases(), _audience(), _SIGNED):
        question = pattern.sub(cut, question)
    return question


def asides(question: str, lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """Without the clauses that only say why one asks: what is kept, and what is left out if it is worth a word."""
    clauses = [clause for clause in _CLAUSE.split(question) if clause.strip()]
    idle = [is_purpose(clause) or _is_idle(clause, lexicon) for clause in clauses]
    if any(idle) and not all(idle):
        kept, left_out = ([c for c, i in zip(clauses, idle, strict=True) if i is is_idle] for is_idle in (False, True))
        says_more = {token.text for clause in left_out for token in tokenise(clause)} - lexicon.glue - _cue_words()
        yield " ".join(kept), " ".join(left_out).strip(" ,:;.!?") if says_more else ""


@functools.cache
def _cue_words() -> frozenset[str]:
    """The words by which such a clause begins, and those of its time."""
    return frozenset(
        _OCCASIONS | {token.text for cue in (*fillers()["asides"], *fillers()["purposes"]) for token in tokenise(cue)}
    )


def is_purpose(text: str) -> bool:
    """Whether a clause says what for: whatever stands in it, it is no part of what is asked."""
    return any(re.match(rf"\s*{re.escape(cue)}\b", text, re.I) for cue in fillers()["purposes"])


def has_purpose(question: str) -> bool:
    """Whether one of the clauses of a question says what for."""
    return any(map(is_purpose, _CLAUSE.split(question)))


def _is_idle(clause: str, lexicon: Lexicon) -> bool:
    """Whether a clause begins as a reason or a greeting, and no word in it could bear on a figure."""
    text = re.sub(r"\s+", " ", clause.lower().strip())
    cues = [cue for cue in fillers()["asides"] if re.match(rf"{re.escape(cue)}\b", text)]
    words = [token.text for token in tokenise(clause)]
    bears = lexicon.known - lexicon.glue - _cue_words()
    names = (two for one, two in pairwise(words) if one in _LEADING and two not in lexicon.glue | _OCCASIONS)
    return bool(cues) and bears.isdisjoint(words) and not any(names)
