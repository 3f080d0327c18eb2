"""A message in sentences and clauses, and what each of them does: ask, instruct, tell."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

from app.ask.catalogue import Catalogue
from app.ask.dates import DateReader
from app.ask.lexicon import Lexicon, fillers, vocabulary
from app.ask.spans import UNITS, WEEKDAYS
from app.ask.tokens import Token, spoken, tokenise

# Where one sentence ends and another begins; the points of abbreviations end none.
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bvs\.)(?<!cl\.)(?<!prox\.)(?<!\b[ap]\.m\.)\s+(?=[A-Za-z(\d'\"])"
    r"|\n+"
)
_SMILE = re.compile(r"\s*[:;]-?[)(D]")
_PARENTHESIS = re.compile(r"\([^()]*\)")
_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"  # where something stood in parentheses
_DASH = r"\s+[-\u2013\u2014]+\s+"
_COMMA = r"(?<=[,;:])\s+"
# Who needs something: what stands before it only leads there.
_NEEDY = (
    r"(?:i|we)(?:'d|'ll| would| do| will)?(?: (?:just|also|really|only|still|therefore))?"
    r" (?:need|want|like|love|appreciate)"
)
_OBJECT = (
    r"(?: it)?(?: if you could)? (?:to (?:know|see|have|get|learn|understand|show|present|report|compare|quote|cite"
    r"|share|mention|publish|print|include|hear|find)|the|a|an|our|all|how|what|which|whether|when|who|one|two|three"
    r"|each|every|some|number|numbers|total|monthly|weekly|daily|active|new)\b"
)
_NEEDING = re.compile(rf"{_NEEDY}{_OBJECT}", re.I)
_SEEKING = (
    r"(?:i|we)(?: am|'m| was| are|'re)?(?: just)?"
    r" (?:(?:wonder|wondering|curious)(?=,? (?:how|what|which|whether|if|when|who)\b)"
    r"|(?:looking for|hunting for|searching for|after)(?= (?:the|our|a|an|which|how|what)\b))"
)
_WONDERING = re.compile(_SEEKING, re.I)
# The same of somebody else: my boss wants to know which.
_WANTED = re.compile(
    r"\b(?:(?:would|'d) (?:like|love) to (?:know|see|have)\s+|(?:wants?|wanted|needs?|asks?|asked|asking|wonders?"
    r"|wondering|curious|(?:would|'d) (?:like|love)|hunting|looking|here is|is|are)(?: (?:me|us|you))?"
    r"(?: (?:to (?:know|see|have)|for|about|after))?\s+(?=(?:which|how|what|when|the|our)\b))",
    re.I,
)
# When somebody asks, and not what about.
OCCASIONS = {*WEEKDAYS, "today", "tonight", "tomorrow", "now", "on", "this", "day", "next", "since", "by", "before"}
_RELATIVE = {"who", "which", "where", "when", "whose"}
_LED_BY = {"in", "on", "by", "from", "of", "for", "at", "to", "since", "with", "and", "over"}
_STATING = {"i", "we", "he", "she", "they", "it", "this", "that", "there", "you", "nobody", "somebody", "everyone"}


_SUBJECT = (
    r"(?:i|we|he|she|they|it|this|that|there|the|my|our|his|her|their|everyone|everybody|people"
    r"|\w+ (?:is|are|isn't|has|have|wants?|needs?|asks?|likes?|keeps?))\b"
)


@functools.cache
def _everything() -> str:
    """What all of the data began with: since we launched is a time, and no reason."""
    return rf"(?:the )?(?:very )?(?:first|{'|'.join(map(re.escape, vocabulary()['everything']))})\b"


@functools.cache
def _cues() -> str:
    """The words by which a reason begins; because of something asks for an effect."""
    return "|".join(map(re.escape, fillers()["reasons"])).replace("because|", "because(?! of)|")


@functools.cache
def _reason() -> re.Pattern[str]:
    """How a clause begins that says why, or what for."""
    with_subject = rf"(?:since|as|before|while|although|though) (?!{_everything()}){_SUBJECT}"
    before = r"before (?:i|we|you|he|she|they|my|(?:the|our) \w+ (?:\w+s|is|are|has|have))\b"
    return re.compile(rf"(?:and |but )?(?:(?:{_cues()})\b|{with_subject}|{before})", re.I)


@functools.cache
def _boundary() -> re.Pattern[str]:
    """Where one clause ends and another begins."""
    goes_on = ("because", "since", "as", "that", "before", "when", "if", "what", "and", "though")
    needs = "".join(rf"(?<!\b{word})" for word in goes_on) + rf"\s+(?={_NEEDY}{_OBJECT}|{_SEEKING})"
    prompts = r"(?<=\w)\s+(?=(?:and|but|so) (?:could|can|would) (?:you|i|we)\b)"
    though = rf"\s+(?=(?:(?:although|though|since) (?!{_everything()}){_SUBJECT}|before my\b))"
    return re.compile(rf"{_DASH}|{_COMMA}|\s+(?=(?:{_cues()})\b)|{though}|{needs}|{prompts}", re.I)


@dataclass(frozen=True)
class Clause:
    """A piece of a sentence, with what parts it from the piece before."""

    text: str
    before: str
    is_aside: bool = False  # in parentheses

    @property
    def words(self) -> list[str]:
        """Its words, without those that only open a sentence."""
        words = [token.text for token in tokenise(self.text)]
        while words and words[0] in fillers()["openings"]:
            words.pop(0)
        return words


def sentences(message: str) -> list[list[Clause]]:
    """The sentences of a message, each in clauses."""
    message = _SMILE.sub(".", message)
    parted = (_clauses(sentence) for sentence in _SENTENCE.split(message) if sentence.strip(" .!?,"))
    return [clauses for clauses in parted if clauses]


def _clauses(sentence: str) -> list[Clause]:
    """The clauses of a sentence; what stands in parentheses comes after the clause it stands in."""
    asides = iter(_PARENTHESIS.findall(sentence))
    plain = _PARENTHESIS.sub(_MARK, sentence)
    result: list[Clause] = []
    begin, before = 0, ""
    for match in (*_boundary().finditer(plain), None):
        piece = plain[begin : match.start() if match else None]
        text = re.sub(rf"\s*{_MARK}", "", piece).strip()
        if text.strip(" .,;:"):
            result.append(Clause(text, before))
        elif result and text:
            result[-1] = replace(result[-1], text=result[-1].text + text)
        for _ in range(piece.count(_MARK)):
            inside = _boundary().split(next(asides))
            result += [Clause(one.strip(), " ", is_aside=True) for one in inside if one.strip(" ()")]
        if match:
            begin, before = match.end(), match.group() or " "
    return result


def joined(clauses: list[Clause]) -> str:
    """Clauses as one text."""
    return "".join((clause.before or " ") + clause.text for clause in clauses).strip(" ,;:-\u2013\u2014")


@dataclass(frozen=True)
class Named:
    """What a text names of the data."""

    figures: tuple[str, ...]
    times: tuple[str, ...]
    is_timeless: bool  # names all of the data, or a time to come
    values: dict[str, str]  # a segment, and how its value is written
    segments: frozenset[str]
    has_people: bool
    has_topic: bool
    has_unit: bool

    @property
    def says_what(self) -> bool:
        """Whether a figure can be meant."""
        return bool(self.figures) or self.has_people or self.has_topic

    @property
    def says_any(self) -> bool:
        """Whether anything of the data is named."""
        return self.says_what or bool(self.times or self.values or self.segments) or self.has_unit


class Naming:
    """Says what texts name."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.lexicon, self.catalogue = lexicon, catalogue
        self.named = functools.cache(self._named)  # a clause is looked at by itself and with others, several times

    def _named(self, text: str) -> Named:
        """What a text names of the data."""
        tokens, _ = self.lexicon.corrected(tokenise(text))
        figures: list[str] = []
        segments: set[str] = set()
        has_topic = False
        free = [True] * len(tokens)
        lexicon = self.lexicon
        for begin in range(len(tokens)):
            for phrases in (
                lexicon.metrics,
                lexicon.metric_groups,
                lexicon.days_active,
                lexicon.cohort,
                lexicon.ambiguous,
            ):
                match = phrases.at(tokens, begin, free)
                if match and not (
                    phrases is lexicon.ambiguous and lexicon.ambiguous_metrics[int(match[0])] in lexicon.yielding
                ):
                    figures.append(spoken(tokens[begin : match[1]]))
                    break
            if found := lexicon.segments.at(tokens, begin, free):
                segments.add(found[0])
            has_topic |= any(
                phrases.at(tokens, begin, free) for phrases in (lexicon.not_held, lexicon.individuals, lexicon.causes)
            )
        times, is_timeless = self._times(tokens)
        words = {token.text for token in tokens}
        return Named(
            tuple(figures),
            times,
            is_timeless,
            self._values(tokens),
            frozenset(segments),
            not words.isdisjoint(lexicon.nouns),
            has_topic,
            not words.isdisjoint({*UNITS, "daily", "weekly", "monthly"} - {"half"}),
        )

    def meant(self, text: str) -> set[str]:
        """The metrics that are named in a text."""
        tokens, _ = self.lexicon.corrected(tokenise(text))
        found = (self.lexicon.metrics.at(tokens, begin, [True] * len(tokens)) for begin in range(len(tokens)))
        return {match[0] for match in found if match}

    def _times(self, tokens: list[Token]) -> tuple[tuple[str, ...], bool]:
        """The times that are named of which there are figures, and whether others are."""
        catalogue = self.catalogue
        known: list[str] = []
        dates = DateReader(catalogue).find(tokens)
        for dated in dates:
            words = {token.text for token in tokens[dated.begin : dated.end]}
            is_everything = (dated.span.first, dated.span.last) == (catalogue.first, catalogue.as_of)
            if not (is_everything or words <= OCCASIONS or dated.span.first > catalogue.as_of):
                said = spoken(tokens[dated.begin : dated.end])
                known.append(said if dated.span.unit != "day" else f"on {said}")
        return tuple(dict.fromkeys(known)), len(known) < len(dates)

    def _values(self, tokens: list[Token]) -> dict[str, str]:
        """The values of segments that are named, also by a place in them, and the countries nobody is from."""
        texts = tuple(token.text for token in tokens)
        values: dict[str, str] = {}
        for phrase, meant in self.lexicon.values:
            for begin in range(len(texts) - len(phrase) + 1):
                if texts[begin : begin + len(phrase)] == phrase:
                    values.setdefault(meant[0][0], spoken(tokens[begin : begin + len(phrase)]))
        for n, token in enumerate(tokens):
            if token.original in self.lexicon.codes:
                values.setdefault(self.lexicon.codes[token.original][0][0], token.original)
            for phrase in self.lexicon.absent_places:
                is_name = texts[n : n + len(phrase)] == phrase and token.original[:1].isupper()
                if is_name and "country" in self.catalogue.segments:
                    values.setdefault("country", spoken(tokens[n : n + len(phrase)]))
            for length in (1, 2, 3):
                place = self.lexicon.cities.get(texts[n : n + length])
                if place and token.original[:1].isupper():
                    values.setdefault("country", place)
        return values


def is_greeting(clause: Clause) -> bool:
    """Whether a clause begins as a greeting or thanks."""
    text = re.sub(r"\s+", " ", clause.text.lower().strip(" '\""))
    return any(re.match(rf"{re.escape(cue)}\b", text) for cue in fillers()["greetings"])


def is_reason(clause: Clause) -> bool:
    """Whether a clause says why or what for."""
    return bool(_reason().match(clause.text.strip("( ")))


def says_since_when(clause: Clause) -> bool:
    """Whether it says since when: since we launched."""
    return bool(re.match(rf"\W*since {_everything()}", clause.text, re.I))


def is_gloss(clause: Clause) -> bool:
    """Whether a clause only says again, or more exactly, what stands before it."""
    text = clause.text.lower()
    begins = any(re.match(rf"{re.escape(cue)}(?=\W|$)", text) for cue in fillers()["glosses"])
    return clause.is_aside or begins or re.search(r"\w\W+(?:i mean|that is)\W*$", text) is not None


def judges(clauses: list[Clause]) -> bool:
    """Whether a question is for an opinion: was Christmas week bad for us."""
    words = [word for clause in clauses for word in clause.words]
    return words[:1] in (["was"], ["were"], ["is"]) and not {*fillers()["opinions"]}.isdisjoint(words)


def starts_question(clause: Clause, *, is_question: bool) -> bool:
    """Whether a clause begins as a question or a request; `is_question`: its sentence ends with a question mark."""
    words = clause.words
    while words[:1] == ["please"]:
        words = words[1:]
    if not words or clause.is_aside:
        return False
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first == "may":
        return second in _STATING
    if first in _LED_BY and second in ("which", "what", "how", "whom", "whose"):
        return True  # in which month
    if first in _RELATIVE:
        return not clause.before or (is_question and not is_reason(clause))
    return first in fillers()["requests"]


def starts_need(clause: Clause) -> bool:
    """Whether somebody begins to say what figure is needed."""
    text = clause.text.lstrip("( ")
    while (word := re.match(r"(\w+)\W+", text)) and word[1].lower() in fillers()["openings"]:
        text = text[word.end() :]
    return bool(_NEEDING.match(text) or _WONDERING.match(text))


def without_seeking(clause: Clause) -> Clause:
    """The same without the words of looking for it: I'm hunting for."""
    return Clause(_WONDERING.sub("", clause.text, count=1), clause.before)


def wanted(sentence: str) -> re.Match[str] | None:
    """Where a sentence begins to say what somebody else wants to know."""
    return _WANTED.search(sentence)


def states(clause: Clause) -> bool:
    """Whether a clause is a statement: it has a subject, and a verb that tells."""
    words = clause.words
    if words[:1] and words[0] in _STATING:
        return words[:2] != ["that", "is"]
    told = fillers()["telling"]
    return any(word in told or word.endswith("n't") for word in words[1:])
