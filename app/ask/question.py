"""One question on its way to a reading: its words, which of them are taken, and what to say back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, cast

from app.ask.catalogue import GRAINS, Catalogue
from app.ask.dates import DateReader
from app.ask.examples import examples
from app.ask.lexicon import Lexicon, Phrases
from app.ask.metric_query import Clarify, Grain, Longer, Reading, Unanswerable
from app.ask.phrasing import at, span_name
from app.ask.spans import Dated, Span
from app.ask.tokens import spoken, tokenise


class Stop(Exception):
    """The reading is decided, before the question has been read to its end."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading


@dataclass
class Found:
    """What the words of a question were taken for."""

    metrics: list[str] = field(default_factory=list)
    ambiguous: list[tuple[str, ...]] = field(default_factory=list)
    spans: list[Dated] = field(default_factory=list)
    cohort_span: Dated | None = None
    age: tuple[int, Grain] | None = None
    age_place: tuple[int, int] = (0, 0)
    grain: Grain | None = None
    grains: list[Grain] = field(default_factory=list)
    within: Longer | None = None
    of_the_year: bool = False
    per_period: bool = False
    per_cohort: bool = False
    over_period: bool = False
    filters: dict[str, list[str]] = field(default_factory=dict)
    negated: set[str] = field(default_factory=set)
    value_positions: dict[str, int] = field(default_factory=dict)
    value_places: dict[str, int] = field(default_factory=dict)
    named_segments: list[str] = field(default_factory=list)
    segment_places: list[int] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    claimed: str | None = None
    within_each: bool = False
    each_segment: str | None = None
    operations: set[str] = field(default_factory=set)
    limit: int | None = None
    nth: int | None = None
    bounds: dict[str, float] = field(default_factory=dict)
    is_percent: bool = False
    bounds_change: bool = False
    metric_places: dict[str, tuple[int, int]] = field(default_factory=dict)
    beside: Literal["everybody", "others"] | None = None
    beside_place: int = 0
    asks_average: bool = False
    days_active: bool = False
    counts_power_users: bool = False
    asks_ago: bool = False
    in_a_row: bool = False
    only_complete: bool = False
    of_previous: bool = False
    asks_extremes: bool = False
    asks_ages: bool = False
    ages: list[int] = field(default_factory=list)
    asks_which_age: bool = False
    gone: bool = False
    is_cohort: bool = False
    still: bool = False
    or_later: bool = False
    has_noun: bool = False


class Question:
    """The words of a question and what they were taken for."""

    def __init__(self, question: str, catalogue: Catalogue, lexicon: Lexicon) -> None:
        self.catalogue, self.lexicon = catalogue, lexicon
        self.question = question
        self.raw = tokenise(question)
        self.tokens, self.notes = lexicon.corrected(self.raw)
        self.free = [True] * len(self.tokens)
        self.found = Found()
        self.ignored: list[str] = []  # words left out of account, to be said
        self.first_of_all: list[str] = []  # what has to be said before the figure
        self.dates = DateReader(catalogue)

    # words

    def text(self, position: int) -> str:
        return self.tokens[position].text if 0 <= position < len(self.tokens) else ""

    def text_has(self, *texts: str) -> bool:
        """Whether one of these words is in the question."""
        return any(token.text in texts for token in self.tokens)

    def take(self, begin: int, end: int) -> None:
        for position in range(begin, end):
            self.free[position] = False

    def each(self, phrases: Phrases) -> list[tuple[str, int, int]]:
        """Every phrase in the free words: meaning, begin, end; nothing is taken."""
        result: list[tuple[str, int, int]] = []
        position = 0
        while position < len(self.tokens):
            match = phrases.at(self.tokens, position, self.free)
            if match:
                result.append((match[0], position, match[1]))
                position = match[1]
            else:
                position += 1
        return result

    def each_anywhere(self, phrases: Phrases) -> list[str]:
        """What phrases mean wherever they stand, in words that are taken as well."""
        anywhere = [True] * len(self.tokens)
        found = (phrases.at(self.tokens, begin, anywhere) for begin in range(len(self.tokens)))
        return list(dict.fromkeys(match[0] for match in found if match))

    def group(self, name: str) -> Phrases:
        return Phrases(dict.fromkeys(self.lexicon.operation_groups[name], name))

    def matches(self, phrase: tuple[str, ...], position: int) -> bool:
        end = position + len(phrase)
        return all(self.free[position:end]) and tuple(t.text for t in self.tokens[position:end]) == phrase

    def kinds_of_words(self) -> set[str]:
        return {meaning for meaning, _, _ in self.each(self.lexicon.operations)}

    def is_of_each(self, begin: int) -> bool:
        """Whether words are led by each of users: for every one that left, per user lost."""
        place = begin - 1
        while self.text(place) in {*self.lexicon.nouns, "one", "single", "who", "that", "which", "we"}:
            place -= 1
        is_each = self.text(place) in ("every", "each") and (self.text(place - 1) == "for" or place == 0)
        is_person = self.text(place) == "for" and self.text(place + 1) in ("everyone", "everybody")
        return is_each or is_person or self.text(place) == "per"

    # dates

    def period_span(self, start: date, grain: Grain) -> Span:
        """A period as a span."""
        return Span(start, self.catalogue.shifted(start, 1, grain) - timedelta(days=1), grain)

    def ended(self, span: Span, unit: str) -> Span:
        """By September, where one period is meant: September."""
        if span.unit != "range" or span.first > self.catalogue.first or unit not in GRAINS:
            return span
        grain = cast(Grain, unit)
        spans = [self.period_span(self.catalogue.period_start(one.last, grain), grain) for one in (span, *span.others)]
        return replace(spans[0], others=tuple(spans[1:]))

    # words back

    def which_metric(self, names: Sequence[str]) -> Clarify:
        known = [name for name in names if name in self.catalogue.metrics]
        labels = [self.catalogue.metrics[name].label for name in known]
        spans = [dated.span for dated in self.found.spans if not dated.span.is_ambiguous]
        when = f" {at(span_name(spans[0]))}" if len(spans) == 1 else ""
        return Clarify(
            message=f"Which figure is meant: {', '.join(labels)}?",
            options=tuple(f"{label.lower()}{when}" for label in labels),
        )

    def which_date(self, dated: Dated) -> Clarify:
        """The same question with each of the dates it could mean."""
        names = [span_name(span) for span in (dated.span, *dated.span.others)]
        begin = dated.begin
        if self.text(begin) == "from" and self.text(begin + 1) != "the":
            said = [at(name) for name in names]  # from July: in July, or from then on
        else:
            said = names
            while self.text(begin) in ("in", "on", "at", "the", "during", "for", "of", "from"):
                begin += 1  # what leads to it stays: the July cohort, how did July go
        before, after = spoken(self.raw[:begin]), spoken(self.raw[dated.end :])
        return Clarify(
            message=f"Which one is meant: {' or '.join(names)}?",
            options=tuple(f"{before} {one} {after}".strip() for one in said),
        )

    def unclear(self, message: str, options: tuple[str, ...] = (), within: Span | None = None) -> Clarify:
        if not options and self.found.metrics:
            label = self.catalogue.metrics[self.found.metrics[0]].label.lower()
            options = (f"{label} last month", f"{label} by month")
            if within:
                options = tuple(
                    f"which {grain} in {span_name(within)} had the highest {label}" for grain in ("day", "week")
                )
        return Clarify(message=message, options=options)

    def no_answer(self, message: str) -> Unanswerable:
        return Unanswerable(message=message, options=tuple(examples(self.catalogue)[:3]))

    def unread(self, reading: Clarify | Unanswerable) -> Clarify | Unanswerable:
        """The same, said without having read every word."""
        return reading.model_copy(update={"is_certain": False})

    def help(self, message: str) -> Clarify:
        return Clarify(message=message, options=tuple(examples(self.catalogue)[:4]))
