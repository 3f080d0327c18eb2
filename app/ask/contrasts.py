"""What is asked, set against something else of its kind: September 2025, not this year's; a headcount, not a rate."""

from __future__ import annotations

import re

from app.ask.clauses import Naming
from app.ask.dates import DateReader
from app.ask.lexicon import small_words, vocabulary
from app.ask.spans import Span
from app.ask.tokens import Token, tokenise

_CONTRAST = re.compile(r"\s*[,;(\u2013\u2014]\s*(?:and )?not ((?:[^,;()?!.]|\.(?=\d))+)\)?(?=\s*(?:[,;.?!]|$))", re.I)


def without_contrast(question: str, naming: Naming) -> str:
    """The question without what it is set against, where that only says again what is meant."""
    match = _CONTRAST.search(question)
    if match is None:
        return question
    rest = f"{question[: match.start()]}{question[match.end() :]}"
    return rest if _differs(match[1], rest, naming) else question


def _differs(other: str, asked: str, naming: Naming) -> bool:
    """Whether all that a contrast names is apart from what is asked.

    Of 2026, not June, and active users, not new ones, leave something out of what is asked: they are no such contrast.
    """
    words = {token.text for token in tokenise(other) if token.text.isalpha()}
    there = naming.named(other)
    is_plain = words <= naming.lexicon.known and words.isdisjoint(vocabulary()["not_understood"])
    if not is_plain or there.values or there.segments or there.is_timeless:
        return False
    kinds = words & (small_words("rates") | small_words("numbers"))
    if there.times and not _are_apart(_spans(other, naming), _spans(asked, naming)):
        return False
    if (there.figures or kinds) and not _is_of_other_kind(other, asked, naming):
        return False
    return bool(there.times or there.figures or kinds)


def _spans(text: str, naming: Naming) -> list[Span]:
    """The times a text can mean."""
    tokens: list[Token] = naming.lexicon.corrected(tokenise(text))[0]
    return [span for dated in DateReader(naming.catalogue).find(tokens) for span in (dated.span, *dated.span.others)]


def _are_apart(some: list[Span], others: list[Span]) -> bool:
    """Whether there are times on both sides, and none in common."""
    apart = (one.last < two.first or two.last < one.first for one in some for two in others)
    return bool(some and others) and all(apart)


def _is_of_other_kind(other: str, asked: str, naming: Naming) -> bool:
    """Whether a rate is set against numbers, or numbers against a rate."""
    here, there = _is_rate(asked, naming), _is_rate(other, naming)
    return here is not None and there is not None and here != there


def _is_rate(text: str, naming: Naming) -> bool | None:
    """Whether a rate is named in a text, or a number; None: neither, or both."""
    words = {token.text for token in tokenise(text)}
    counted = {naming.catalogue.metrics[name].is_count for name in naming.meant(text)}
    is_rate = False in counted or bool(words & small_words("rates"))
    is_number = (True in counted and not is_rate) or bool(words & small_words("numbers"))
    return None if is_rate == is_number else is_rate
