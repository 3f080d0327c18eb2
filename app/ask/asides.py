"""What stands around a question and is no part of it: for whom it is asked, and why."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import pairwise

from app.ask.lexicon import Lexicon, fillers, vocabulary
from app.ask.rephrasing import rephrased
from app.ask.spans import MONTHS, UNITS, WEEKDAYS
from app.ask.tokens import Token, tokenise

_CLAUSE = re.compile(
    r"(?<=[,:;!?\n])\s+|(?<=[.])\s+(?=[A-Za-z])|\s+[-\u2013\u2014]+\s+"
    r"|\s+(?=because\b|so that\b|so (?:i|we) (?:can|know)\b|so as to\b|in order\b|as if\b)",
    re.I,
)
# Where one sentence ends and another begins; a colon, a dash and "so" part what is told from what is asked.
_SENTENCE = re.compile(r"(?<=[.!?:;\n])\s+(?=[A-Za-z])|\s+[-\u2013\u2014]+\s+|(?<=,)\s+(?=so\b)", re.I)
# Words that point to something said before, and words that narrow a question down from outside.
_POINTING = {"their", "theirs", "they", "them", "its", "those", "these", "this", "both", "same", "then"}
_BEFORE_THAT = {"was", "is", "were", "are", "did", "about", "like", "than"}
_NARROWING = {
    *("only", "just", "exclude", "excluding", "except", "without", "ignore", "ignoring", "limit", "restrict", "focus"),
    *("consider", "considering", "assume", "suppose", "let", "look", "looking", "mean", "not", "no", "say"),
    *("versus", "vs", "against", "compared"),
}
# Words of time that say when somebody asks, not what about.
_OCCASIONS = {"tomorrow", "today", "tonight", "morning", "afternoon", "weekly", "monthly", "quarterly", *WEEKDAYS}

_NEEDING = re.compile(r"\W*(?:i|we)(?: need| want|'d like| would like) (?:to know|to see|the|a|an|our)\b", re.I)
# An unknown word right after one of these may be the name of a segment.
_LEADING = {"from", "in", "on", "about", "at", "for", "with", "via", "by", "of", "to"}


@functools.cache
def _audience() -> re.Pattern[str]:
    """For my board deck, for tomorrow's weekly business review, preparing a slide."""
    inner = "|".join(map(re.escape, fillers()["audience_words"]))
    nouns = "|".join(re.escape(noun).replace(r"\ ", r"[\s-]") for noun in fillers()["audiences"])
    people = "|".join(map(re.escape, vocabulary()["nouns"]))  # for our team accounts: no audience
    when = r"next\s+(?:week|month|quarter|year)(?:'s)?|this\s+(?:week|month|quarter|year)'s"
    making = "|".join(map(re.escape, fillers()["making"]))
    before = rf"\b(?:for|ahead of|before|{making})\s+(?:(?:{when}|(?:{inner})(?:'s)?)[\s-]+){{0,6}}"
    return re.compile(rf"{before}(?:{nouns})\b(?!\s+(?:{people})\b)", re.I)


@functools.cache
def _phrases() -> re.Pattern[str]:
    """Dig up, put together."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, fillers()['phrases']))})\b", re.I)


# Cheers, Anna.
_SIGNED = re.compile(r"\b(?:[Cc]heers|[Tt]hanks|[Tt]hank you|[Tt]hx|[Rr]egards)[,!.]*\s+[A-Z][a-z]+\W*$")


# Support here, how many users left?
_SPEAKING = re.compile(r"^\W*(?:(?:hi|hello|hey)\W+)?(?:it'?s\s+)?(?:\w+\s+){1,3}here\s*[,;:.!\u2013\u2014-]+\s", re.I)


def without_audience(question: str, lexicon: Lexicon) -> str:
    """The question without saying for whom it is; a value of a segment is never taken for one of these."""
    values = {word for phrase, _ in lexicon.values for word in phrase}

    def cut(match: re.Match[str]) -> str:
        return match.group() if values & {token.text for token in tokenise(match.group())} else " "

    question = question.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    question = rephrased(question, lexicon)
    question = _without_glosses(question, lexicon)
    for pattern in (_SPEAKING, _audience(), _phrases(), _SIGNED):
        question = pattern.sub(cut, question)
    return question


# Gained users (new + resurrected).
_OPERATORS = re.compile(r"[+/\u00f7\u2212*]|\s[-\u2013]\s|(?<=\w)\s+(?:plus|minus|over|divided|and|less)\b", re.I)
_EXPLAINED = re.compile(  # gained users, i.e. new plus resurrected, in May
    r",\s*(?:i\.?\s?e\.?|viz\.?|namely|that is|that is to say|in other words)\b[.,]*\s+([^,()?]+?)"
    r"(?:,|(?=\s+in\s+\w+\s+20))",
    re.I,
)

_GLOSS = re.compile(r"\(([^()]*)\)")


def _without_glosses(question: str, lexicon: Lexicon) -> str:
    """The question without what only says, in parentheses, of what a metric that is named is made."""

    def cut(match: re.Match[str]) -> str:
        before, inside = tokenise(question[: match.start()]), tokenise(match[1])
        is_named = any(lexicon.metrics.at(before, n, [True] * len(before)) for n in range(len(before)))
        is_made_of = _OPERATORS.search(match[1]) and {token.text for token in inside} <= lexicon.of_formulas
        is_made_of = is_made_of or _says_again(before, inside, lexicon)
        return " " if is_named and is_made_of else match.group()

    return _GLOSS.sub(cut, _EXPLAINED.sub(r" (\1)", question))


def _says_again(before: list[Token], inside: list[Token], lexicon: Lexicon) -> bool:
    """Whether what stands in parentheses only names again the metric before them."""
    named, again = (
        {match[0] for n in range(len(said)) if (match := lexicon.metrics.at(said, n, [True] * len(said)))}
        for said in (before, inside)
    )
    plain = lexicon.of_formulas | lexicon.plain | {"for", "example"}
    return bool(again) and again <= named and {token.text for token in inside} <= plain


def asides(question: str, lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """Without the clauses that only say why one asks: what is kept, and what is left out if it is worth a word."""
    clauses = [clause for clause in _CLAUSE.split(question) if clause.strip()]
    idle = [is_purpose(clause) or _is_idle(clause, lexicon) or _is_reason(clause, lexicon) for clause in clauses]
    if any(idle) and not all(idle):
        yield _parted(clauses, idle, lexicon)
    sentences = [sentence for sentence in _SENTENCE.split(question) if sentence.strip()]
    told = [not _asks(sentence) for sentence in sentences]
    if all(told):
        told = [not _NEEDING.match(sentence) for sentence in sentences]
    if len(sentences) == 2 and _judges(sentences[0]) and _names_time(sentences[1]):
        told = [True, False]  # was June bad, and then the question
    if any(told) and not all(told) and _stands_alone(sentences, told, lexicon):
        kept, left_out = _parted(sentences, told, lexicon)
        yield kept, left_out
        clauses = [clause for clause in _CLAUSE.split(kept) if clause.strip()]
        idle = [is_purpose(clause) or _is_idle(clause, lexicon) for clause in clauses]
        if any(idle) and not all(idle):
            kept, idly = _parted(clauses, idle, lexicon)
            yield kept, "; ".join(part for part in (left_out, idly) if part)


def _parted(parts: list[str], leaves: list[bool], lexicon: Lexicon) -> tuple[str, str]:
    """What is kept, and what is left out if any word in it could matter."""
    kept, left_out = ([p for p, out in zip(parts, leaves, strict=True) if out is left] for left in (False, True))
    says_more = {token.text for part in left_out for token in tokenise(part)} - lexicon.glue - _cue_words()
    return " ".join(kept), " ".join(left_out).strip(" ,:;.!?") if says_more else ""


def _asks(sentence: str) -> bool:
    """Whether a sentence is a question or a request."""
    words = [token.text for token in tokenise(sentence)]
    while words and words[0] in fillers()["openings"]:
        words.pop(0)
    return bool(words) and (sentence.rstrip().endswith("?") or words[0] in fillers()["requests"])


def _judges(sentence: str) -> bool:
    """Whether a question is for an opinion: was Christmas week bad for us."""
    words = [token.text for token in tokenise(sentence)]
    opinions = {*fillers()["opinions"]}
    return (
        sentence.rstrip().endswith("?") and words[:1] in (["was"], ["were"], ["is"]) and not opinions.isdisjoint(words)
    )


def _names_time(sentence: str) -> bool:
    """Whether a sentence says of when it is."""
    return not {*MONTHS, *UNITS, "yesterday"}.isdisjoint(token.text for token in tokenise(sentence))


def has_belief(question: str) -> bool:
    """Whether a sentence only tells what somebody thinks to know, which has no bearing on the answer."""
    sentences = [sentence for sentence in _SENTENCE.split(question) if sentence.strip()]
    beliefs = set(fillers()["beliefs"])
    told = [s for s in sentences if not _asks(s) and beliefs & {token.text for token in tokenise(s)}]
    return bool(told) and len(told) < len(sentences)


def _stands_alone(sentences: list[str], told: list[bool], lexicon: Lexicon) -> bool:
    """Whether what is asked points to nothing that is only told, and what is told narrows nothing down."""
    asked, said = (
        [token.text for s, out in zip(sentences, told, strict=True) if out is left for token in tokenise(s)]
        for left in (False, True)
    )
    pairs = {*pairwise(asked)}
    points = not _POINTING.isdisjoint(asked) or any(
        (one == "that" and two in UNITS) or (one in _BEFORE_THAT and two == "that") for one, two in pairs
    )
    is_there = any(two == "there" and one not in ("were", "are", "was", "is") for one, two in pairs)
    of_oneself = said[:1] == ["i"]  # I can not find it myself
    narrows = not (_NARROWING - ({"not"} if of_oneself else set())).isdisjoint(said)
    # Whoever names a segment without an opinion about it may mean only those users.
    names = {word for phrase, _ in lexicon.values for word in phrase}
    names |= {word for phrase in lexicon.absent_places for word in phrase} | {code.lower() for code in lexicon.codes}
    names |= {*MONTHS, "cohort", "cohorts"} - {"may"}
    if _judges(sentences[0]) and told[0]:
        names = {word for phrase, _ in lexicon.values for word in phrase}
    names -= {*asked}  # that referral push: how many did referral bring
    beliefs = set(fillers()["beliefs"])
    plain = [s for s, out in zip(sentences, told, strict=True) if out]
    plain = [s for s in plain if beliefs.isdisjoint(token.text for token in tokenise(s))]
    names_some = any(not (names - lexicon.glue).isdisjoint(token.text for token in tokenise(s)) for s in plain)
    first = [token.text for token in tokenise(sentences[0])]
    is_label = (
        told[0] and len(first) == 1 and first[0].isalpha() and first[0] not in lexicon.known
    )  # pinterest: how many
    return not (points or is_there or narrows or names_some or is_label)


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


def _is_reason(clause: str, lexicon: Lexicon) -> bool:
    """Whether a clause says why one asks, and names no segment, no time and nothing that narrows the question down."""
    words = [token.text for token in tokenise(clause)]
    names = {word for phrase, _ in lexicon.values for word in phrase} | lexicon.segments.words | {*MONTHS, *UNITS}
    bears = (names | _NARROWING | _POINTING - {"their"}) - {"may", "look", "looking", "let", "say", "then", "it"}
    is_reason = re.match(
        r"\s*(?:because(?! of)|since (?:the|we|i|our|my)|as (?:the|we|i|our|my|\w+ (?:wants?|needs?|asks?)))\b",
        clause,
        re.I,
    )
    wants = {*fillers()["reasoning"]} & {*words}
    return bool(is_reason and (wants or words[0] == "because")) and bears.isdisjoint(words)


def _is_idle(clause: str, lexicon: Lexicon) -> bool:
    """Whether a clause begins as a reason or a greeting, and no word in it could bear on a figure."""
    text = re.sub(r"\s+", " ", clause.lower().strip())
    cues = [cue for cue in fillers()["asides"] if re.match(rf"{re.escape(cue)}\b", text)]
    words = [token.text for token in tokenise(clause)]
    bears = lexicon.known - lexicon.glue - _cue_words()
    names = (two for one, two in pairwise(words) if one in _LEADING and two not in lexicon.glue | _OCCASIONS)
    return bool(cues) and bears.isdisjoint(words) and not any(names)
