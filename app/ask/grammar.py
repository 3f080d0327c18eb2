"""The grammar of growth questions: which words of a question are a metric, a date, an age, a segment, an operation."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from app import words
from app.ask.catalogue import GRAINS, Catalogue
from app.ask.dates import UNITS, Dated, DateReader, Span
from app.ask.lexicon import GRAIN_WORDS, Lexicon, Phrases, vocabulary
from app.ask.metric_query import Clarify, Grain, Reading, Unanswerable
from app.ask.phrasing import at, span_name
from app.ask.tokens import ORDINALS, Token, spoken, tokenise

CHANGES = frozenset({"rose", "fell", "change", "improved", "worsened"})
RANKING_WORDS = ("highest", "lowest", "best", "worst", "largest", "smallest", "biggest", "weakest", "strongest")


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
    grain: Grain | None = None
    per_period: bool = False
    over_period: bool = False
    filters: dict[str, list[str]] = field(default_factory=dict)
    negated: set[str] = field(default_factory=set)
    by: list[str] = field(default_factory=list)
    operations: set[str] = field(default_factory=set)
    limit: int | None = None
    above: float | None = None
    below: float | None = None
    is_cohort: bool = False
    still: bool = False
    or_later: bool = False
    has_noun: bool = False


class Grammar:
    """One question on its way to a reading."""

    def __init__(self, question: str, catalogue: Catalogue, lexicon: Lexicon) -> None:
        self.catalogue, self.lexicon = catalogue, lexicon
        self.raw = tokenise(question)
        self.tokens, self.notes = lexicon.corrected(self.raw)
        self.free = [True] * len(self.tokens)
        self.found = Found()
        self.dates = DateReader(catalogue)

    # words

    def text(self, position: int) -> str:
        return self.tokens[position].text if 0 <= position < len(self.tokens) else ""

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

    def read_words(self) -> None:
        """Takes every word for what it is, the surest first. Raises `Stop`."""
        self.read_previous()
        self.read_dates()
        self.read_out_of_reach()
        self.read_ages()
        self.read_cohorts()
        self.read_segments()
        self.read_grains()
        self.read_metrics()
        self.read_thresholds()
        self.read_operations()
        self.read_nouns()

    def read_previous(self) -> None:
        """Against the period before, or a year before: taken before the dates in it are."""
        for group in ("previous", "year_ago"):
            phrases = self.group(group)
            for _, begin, end in self.each(phrases):
                others = [*self.tokens[:begin], *self.tokens[end:]]
                is_alone = not self.dates.find(others)
                if (
                    is_alone
                    and self.text(end - 1) in UNITS
                    and self.text(end - 2) in ("previous", "preceding", "before")
                ):
                    continue  # in the previous month
                begin -= self.text(begin - 1) in ("the", "to", "a") and self.free[begin - 1]
                self.take(begin, end)
                self.found.operations.add(group)

    def group(self, name: str) -> Phrases:
        return Phrases(dict.fromkeys(self.lexicon.operation_groups[name], name))

    def read_dates(self) -> None:
        free = [token if self.free[n] else Token("", "") for n, token in enumerate(self.tokens)]
        found = [dated for dated in self.dates.find(free) if not self.is_age_at(dated)]
        for dated in found:
            before = dated.begin - 1 - (self.text(dated.begin - 1) == "the")
            is_during = self.text(before) in ("over", "during", "within", "across", "throughout")
            self.take(before if is_during else dated.begin, dated.end)
        # "in August 2026 from 4 to 10 August" and the like are two dates on purpose; a date said twice is one.
        spans = [d for n, d in enumerate(found) if d.span not in [e.span for e in found[:n]]]
        # "so far" and "in total" say nothing more beside another date
        everything = (self.catalogue.first, self.catalogue.as_of)
        narrower = [d for d in spans if (d.span.first, d.span.last) != everything]
        self.found.spans = narrower or spans

    def is_age_at(self, dated: Dated) -> bool:
        words_here = [token.text for token in self.tokens[dated.begin : dated.end]]
        return words_here in (["first", "day"], ["first", "week"], ["first", "month"])

    def read_out_of_reach(self) -> None:
        """What no metric query can express, by the words that say so."""
        if self.each(self.lexicon.individuals) and not self.each(self.group("explain")):
            raise Stop(self.no_answer("Single people are not named here. The Users page lists those behind a figure."))
        if self.each(self.lexicon.advice):
            raise Stop(self.no_answer("What to do is for people to decide; this box says what happened."))
        future = [d for d in self.found.spans if d.span.first > self.catalogue.as_of]
        if self.each(self.lexicon.forecast) or future:
            known = f"the data is complete up to, not including, {words.day(self.catalogue.as_of)}"
            when = f"{span_name(future[0].span)} is not yet known" if future else "What is to come is not yet known"
            raise Stop(self.no_answer(f"{when}: {known}, and nothing here forecasts."))
        if held := self.each(self.lexicon.not_held):
            name, begin, end = held[0]
            if not self.is_segment_value(begin):
                what = spoken(self.tokens[begin:end])
                raise Stop(self.no_answer(f"The warehouse holds nothing about {what} ({name})."))
        if self.each(self.lexicon.causes):
            raise Stop(
                self.no_answer("Causes are not in the data: it shows what changed and in which segments, not why.")
            )

    def is_segment_value(self, position: int) -> bool:
        return any(self.matches(phrase, position) for phrase, _ in self.lexicon.values)

    def matches(self, phrase: tuple[str, ...], position: int) -> bool:
        end = position + len(phrase)
        return all(self.free[position:end]) and tuple(t.text for t in self.tokens[position:end]) == phrase

    def read_ages(self) -> None:
        """After 3 months, month 3, day-7 retention, 30 days later, m1, in their first month."""
        for begin in range(len(self.tokens)):
            match = self.age_at(begin)
            if match:
                age, unit, end = match
                if unit in ("quarter", "year"):
                    age, unit = age * (3 if unit == "quarter" else 12), "month"
                if self.found.age and self.found.age != (age, cast(Grain, unit)):
                    raise Stop(self.unclear("Two ages are asked for at once: ask for one after the other."))
                self.found.age = (age, cast(Grain, unit))
                self.take(begin, end)
                if self.text(begin - 1) in ("at", "in", "on", "by") and self.free[begin - 1]:
                    self.take(begin - 1, begin)

    def age_at(self, begin: int) -> tuple[int, str, int] | None:
        if begin >= len(self.tokens) or not self.free[begin]:
            return None
        word, number = self.text(begin), self.tokens[begin].whole
        if match := re.fullmatch(r"([dwm])(\d{1,3})", word):
            return int(match[2]), {"d": "day", "w": "week", "m": "month"}[match[1]], begin + 1
        unit = UNITS.get(word)
        after = self.tokens[begin + 1].whole if begin + 1 < len(self.tokens) and self.free[begin + 1] else None
        dates_on = self.text(begin + 2) in ("of", "in") and self.text(begin + 3).isdigit()
        if unit in ("day", "week", "month") and after is not None and after <= 5000 and not dates_on:
            return after, unit, begin + 2
        if word == "after":
            number = self.tokens[begin + 1].whole if begin + 1 < len(self.tokens) else None
            number = 1 if self.text(begin + 1) in ("a", "an") else number
            unit = UNITS.get(self.text(begin + 2))
            if number is not None and unit and number <= 5000:
                return number, unit, begin + 3
            return None
        if (
            (ordinal := self.ordinal(word))
            and self.text(begin + 1) in ("day", "week", "month")
            and self.talks_of_retention
        ):
            end = begin + 2 + (self.text(begin + 2) in ("after",))
            return ordinal, UNITS[self.text(begin + 1)], end
        if word == "following" and self.text(begin + 1) in ("day", "week", "month") and self.talks_of_retention:
            return 1, UNITS[self.text(begin + 1)], begin + 2
        number = 1 if word in ("a", "an") else number
        unit = UNITS.get(self.text(begin + 1))
        if number is None or unit is None or number > 5000:
            return None
        following = self.text(begin + 2)
        if following in ("later", "on", "in") or (following == "after" and self.text(begin + 3) != ""):
            tail = begin + 3
            if following == "after":  # 3 months after joining
                while self.text(tail) in (
                    "they",
                    "joining",
                    "joined",
                    "signing",
                    "up",
                    "signup",
                    "sign",
                    "first",
                    "the",
                    "their",
                    "registration",
                    "being",
                    "seen",
                    "start",
                    "starting",
                    "visit",
                ):
                    tail += 1
            return number, unit, tail
        if following in ("retention", "cohort") or self.text(begin + 2) in ("retained",):
            return number, unit, begin + 2
        return None

    def ordinal(self, word: str) -> int | None:
        match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)
        return int(match[1]) if match else ORDINALS.get(word)

    @functools.cached_property
    def talks_of_retention(self) -> bool:
        texts = {token.text for token in self.tokens}
        return bool(texts & {"returned", "retention", "retained", "cohort", "cohorts", "survival", "still"})

    def read_cohorts(self) -> None:
        """Whether users of a cohort are followed; if so, which date says when they were new."""
        saw_cohort = any(token.text in ("cohort", "cohorts") for token in self.tokens)
        markers = [
            (begin, end)
            for _, begin, end in self.each(self.lexicon.cohort)
            if saw_cohort or self.follows_people(begin, end)
        ]
        still = [
            (begin, end)
            for _, begin, end in self.each(self.lexicon.still)
            if not any(b <= begin < e for b, e in markers)
        ]
        curve = any(token.text in ("curve", "curves", "triangle") for token in self.tokens) and self.talks_of_retention
        relevant = saw_cohort or self.found.age is not None or curve or (markers and still)
        if not relevant:
            return
        self.found.is_cohort = True
        for begin, end in markers:
            if self.text(begin) in ("cohort", "cohorts") and self.text(begin - 1) in ("by", "per", "each", "every"):
                self.found.per_period = True
                self.take(begin - 1, begin)
            self.take(begin, end)
        self.found.or_later = bool(later := self.each(self.lexicon.or_later))
        for _, begin, end in later:
            self.take(begin, end)
        for begin, end in still:
            self.found.still = True
            if self.text(begin) not in ("retention", "retained", "retain"):
                self.take(begin, end)
        marker_ends = [end for _, end in markers] or [
            n for n, token in enumerate(self.tokens) if token.text in ("cohort", "cohorts")
        ]
        spans = self.found.spans
        if len(spans) == 2 and not self.found.age and marker_ends and "compare" not in self.kinds_of_words():
            self.found.cohort_span = min(spans, key=lambda d: min(abs(d.begin - end) for end in marker_ends))
            target = next(d for d in spans if d is not self.found.cohort_span)
            self.age_between(self.found.cohort_span, target)
            self.found.spans = []
        elif spans:
            self.found.cohort_span = spans[0]
        if self.found.cohort_span and self.text(self.found.cohort_span.begin) == "from":
            # users from May: those who were new in May
            self.found.cohort_span = replace(self.found.cohort_span, span=without_since(self.found.cohort_span.span))
            self.found.spans = [replace(d, span=without_since(d.span)) for d in self.found.spans]

    def kinds_of_words(self) -> set[str]:
        return {meaning for meaning, _, _ in self.each(self.lexicon.operations)}

    def follows_people(self, begin: int, end: int) -> bool:
        """Whether a phrase such as "who joined in" is followed by when, or stands in a question about staying."""
        phrase = {token.text for token in self.tokens[begin:end]}
        return bool(
            phrase
            & {
                "joined",
                "signed",
                "started",
                "acquired",
                "registered",
                "arrived",
                "seen",
                "new",
                "users",
                "joining",
                "came",
                "signups",
                "joiners",
                "starters",
                "sign",
                "class",
                "were",
            }
        )

    def age_between(self, cohort: Dated, target: Dated) -> None:
        """Of those who joined in May, how many were there in July: age 2."""
        start, end = cohort.span, target.span
        if start.is_ambiguous or end.is_ambiguous:
            raise Stop(self.which_date(start if start.is_ambiguous else end))
        if start.grain != end.grain or start.unit not in ("day", "week", "month"):
            raise Stop(self.unclear("Cohort and later period have to be both months, weeks or days."))
        age = self.catalogue.periods_between(start.first, end.first, start.grain) - 1
        if age < 0:
            raise Stop(self.unclear("The cohort is younger than the period it is looked for in."))
        self.found.age = (age, start.grain)

    def read_segments(self) -> None:
        self.read_codes()
        for phrase, meanings in self.lexicon.values:
            for begin in range(len(self.tokens)):
                if self.matches(phrase, begin):
                    self.read_value(begin, begin + len(phrase), meanings)
        for phrase, code in self.lexicon.absent_places.items():
            for begin in range(len(self.tokens)):
                if self.matches(phrase, begin):
                    name = f"{spoken(self.tokens[begin : begin + len(phrase)])} ({code})"
                    raise Stop(Unanswerable(message=self.catalogue.no_such_value(name)))
        for segment, begin, end in self.each(self.lexicon.segments):
            if segment not in self.found.filters or self.text(begin - 1) in (
                "by",
                "per",
                "each",
                "every",
                "across",
                "which",
            ):
                self.found.by.append(segment)
            self.take(begin, end)

    def read_codes(self) -> None:
        """Two-letter values: in capitals, or after a word that leaves no doubt."""
        for position, token in enumerate(self.tokens):
            code = token.original.upper()
            if not self.free[position] or code not in self.lexicon.codes:
                continue
            is_capital = token.original == code
            is_plain_word = token.text in self.lexicon.glue or token.text in ("id", "my", "no", "us")
            if is_capital or (
                not is_plain_word and self.text(position - 1) in ("in", "from", "for", "and", "vs", "or", "is", "of")
            ):
                self.read_value(position, position + 1, self.lexicon.codes[code])

    def read_value(self, begin: int, end: int, meanings: Sequence[tuple[str, str]]) -> None:
        anywhere = [True] * len(self.tokens)
        near = range(max(0, begin - 2), min(len(self.tokens), end + 1))
        matches = [self.lexicon.segments.at(self.tokens, position, anywhere) for position in near]
        named = [meaning for meaning in meanings if meaning[0] in [match[0] for match in matches if match]]
        meanings = named or meanings
        if len(meanings) > 1:
            segments = " or ".join(words.title(segment) for segment, _ in meanings)
            what = spoken(self.tokens[begin:end])
            raise Stop(self.unclear(f"“{what}” is a value of several segments: {segments}?"))
        segment, value = meanings[0]
        negated = self.text(begin - 1) in ("not", "except", "excluding", "without", "outside", "non") or (
            self.text(begin - 2) in ("not", "other", "except", "excluding", "without", "outside")
            and self.free[begin - 2]
        )
        if negated:
            first = (
                begin - 1
                if self.text(begin - 1) in ("not", "except", "excluding", "without", "outside", "non")
                else begin - 2
            )
            self.take(first, end)
            self.found.filters[segment] = [v for v in self.catalogue.segments[segment] if v != value]
            self.found.negated.add(segment)
            self.notes.append(f"Everybody but {value}: {', '.join(self.found.filters[segment])}.")
            return
        chosen = self.found.filters.setdefault(segment, [])
        if value not in chosen:
            chosen.append(value)
        self.take(begin, end)

    def read_grains(self) -> None:
        """Monthly, by week, each day, which month."""
        for position, token in enumerate(self.tokens):
            if not self.free[position]:
                continue
            word, before = token.text, self.text(position - 1)
            if word in GRAIN_WORDS and self.text(position + 1) not in ("active", "actives", "users"):
                self.found.grain = cast(Grain, GRAIN_WORDS[word])
                self.take(position, position + 1)
            elif word in (
                "quarter",
                "quarters",
                "quarterly",
                "year",
                "years",
                "yearly",
                "annual",
                "annually",
                "hour",
                "hourly",
            ):
                raise Stop(
                    self.unclear(
                        f"Figures are kept by day, week and month, not by {word.removesuffix('s').removesuffix('ly')}; "
                        "a quarter or a year can be asked for by its name, such as Q2 2026."
                    )
                )
            elif word in UNITS and UNITS[word] in GRAINS:
                self.found.grain = cast(Grain, UNITS[word])
                self.found.over_period = True
                if before in ("by", "per", "each", "every", "a") and self.free[position - 1]:
                    self.found.per_period = True
                    self.take(position - 1, position)
                self.take(position, position + 1)

    def read_metrics(self) -> None:
        phrases = self.lexicon.metrics
        for number, begin, end in self.each(self.lexicon.ambiguous):
            longer = phrases.at(self.tokens, begin, self.free)
            if longer and longer[1] > end:
                continue
            if len(self.lexicon.ambiguous_metrics[int(number)]) == 1:
                continue  # growth: an operation as much as a metric
            self.found.ambiguous.append(self.lexicon.ambiguous_metrics[int(number)])
            self.take(begin, end)
        for group, begin, end in self.each(self.lexicon.metric_groups):
            self.found.metrics += vocabulary()["metric_groups"][group]["metrics"]
            self.take(begin, end)
        found = self.each(phrases)
        for name, begin, end in found:
            # the churn of users acquired from google: said of a segment, not asked for
            is_aside = name == "new_users" and len(found) > 1 and self.text(end) in ("from", "via", "through")
            if name not in self.found.metrics and not is_aside:
                self.found.metrics.append(name)
            self.take(begin, end)

    def read_thresholds(self) -> None:
        for name in ("above", "below"):
            for _, begin, end in self.each(self.group(name)):
                token = self.tokens[end] if end < len(self.tokens) else Token("", "")
                number, after = token.number, self.text(end + 1)
                if number is None or not self.free[end] or after in UNITS:
                    continue
                if after in ("percent", "%"):
                    number, end = number / 100, end + 1
                setattr(self.found, name, number)
                self.take(begin, end + 1)

    def read_operations(self) -> None:
        for group in (
            "define", "improved", "worsened", "split", "previous", "average", "explain", "compare", "change", "series",
            "total", "best", "worst", "highest", "lowest", "rose", "fell", "share", "more", "less",
        ):  # fmt: skip
            self.take_group(group)
        if "define" in self.found.operations:
            self.found.operations.discard("average")  # what does it mean
        for position, token in enumerate(self.tokens):
            if "compare" in self.found.operations and token.text == "between":
                self.take(position, position + 1)
            # top 3 countries, the 5 best months, which three months had the most
            if self.found.operations & {"highest", "lowest", "best", "worst"} and self.free[position]:
                number = token.whole
                before = self.text(position - 1)
                if number and number <= 100 and before in ("top", "bottom", "which", "the", "what", *RANKING_WORDS):
                    self.found.limit = number
                    self.take(position, position + 1)

    def take_group(self, name: str) -> None:
        for _, begin, end in self.each(self.group(name)):
            self.found.operations.add(name)
            self.take(begin, end)

    def read_nouns(self) -> None:
        for position, token in enumerate(self.tokens):
            if self.free[position] and token.text in self.lexicon.nouns:
                self.found.has_noun = True
                self.take(position, position + 1)

    # what is left

    def leftovers(self) -> list[int]:
        return [
            position
            for position, token in enumerate(self.tokens)
            if self.free[position] and token.text not in self.lexicon.glue
        ]

    def check_leftovers(self) -> None:
        left = self.leftovers()
        found = self.found
        if not left:
            return
        what = spoken([self.raw[n] for n in left])
        recognised = found.metrics or found.ambiguous or found.is_cohort or found.has_noun or found.operations
        if not recognised and not found.spans and not found.by:
            message = "This is no question about the growth of this product, or none that I can read."
            raise Stop(self.unread(self.no_answer(message)))
        position = left[0]
        before = [self.text(position - 1), self.text(position - 2)]
        is_place = before[0] in ("in", "on", "from", "for", "via", "through", "and", "vs", "than", "with") or before[
            1
        ] in ("in", "on", "from", "via")
        is_word = self.tokens[position].number is None and self.tokens[position].text not in self.lexicon.known
        if recognised and is_place and is_word and len(left) <= 3:
            raise Stop(self.unread(Unanswerable(message=self.catalogue.no_such_value(what))))
        after = self.text(left[-1] + 1)
        if (
            not found.metrics
            and is_word
            and (after in ("rate", "ratio", "score", "index", "users") or not found.has_noun)
        ):
            raise Stop(self.unread(self.no_answer(f"There is no metric called “{what}” here.")))
        raise Stop(self.unread(self.unclear(f"I did not understand “{what}”.")))

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

    def which_date(self, span: Span) -> Clarify:
        names = [span_name(one) for one in (span, *span.others)]
        label = self.catalogue.metrics[self.found.metrics[0]].label.lower() if self.found.metrics else "active users"
        return Clarify(
            message=f"Which one is meant: {' or '.join(names)}?", options=tuple(f"{label} {at(name)}" for name in names)
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


def without_since(span: Span) -> Span:
    """A span without the readings that go on to the as-of date."""
    return replace(span, others=tuple(one for one in span.others if one.unit != "range"))


def examples(catalogue: Catalogue) -> list[str]:
    """Questions to click, each made from what is in the data, and each one that is answered."""
    latest = catalogue.latest_complete("month")
    cohort = catalogue.shifted(latest, -3, "month")
    shown: list[Callable[[], str | None]] = [
        lambda: f"What was the churn rate in {words.period(latest, 'month')}?",
        lambda: "Which month had the highest churn rate?",
        lambda: _by_segment(catalogue),
        lambda: f"How many of the {words.period(cohort, 'month')} cohort were there after 3 months?",
        lambda: f"Why did the quick ratio change in {words.period(latest, 'month')}?",
        lambda: "New and churned users by month",
        lambda: _compared(catalogue),
    ]
    return [question for make in shown if (question := make())]


def _by_segment(catalogue: Catalogue) -> str | None:
    segment = next(iter(catalogue.segments), None)
    return f"Active users by {words.title(segment).lower()} last month" if segment else None


def _compared(catalogue: Catalogue) -> str | None:
    for values in catalogue.segments.values():
        if len(values) > 1:
            return f"Compare the retention rate of {values[0]} and {values[1]} last month"
    return None
