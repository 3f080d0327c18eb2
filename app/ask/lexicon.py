"""The words of growth questions: vocabulary.yml, and what the warehouse itself calls its metrics and segments."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytz
import yaml

from app.ask import spans
from app.ask.catalogue import Catalogue
from app.ask.tokens import NUMBERS, ORDINALS, Token, tokenise

# Of shorter words nothing is a typo.
SHORTEST_TYPO = 3
LIKENESS = 0.8
# Up to this length two slips make another word: raining is no ranking.
LONGEST_WITH_ONE_SLIP = 8


@functools.cache
def vocabulary() -> dict[str, Any]:
    """The vocabulary file."""
    return dict(yaml.safe_load(Path(__file__).with_name("vocabulary.yml").read_text(encoding="utf-8")))


@functools.cache
def small_words(name: str) -> frozenset[str]:
    """The words of one small group, by its name in the vocabulary file."""
    return frozenset(vocabulary()["small_words"][name].split())


@functools.cache
def fillers() -> dict[str, Any]:
    """General English around a question, which changes nothing in it."""
    return dict(yaml.safe_load(Path(__file__).with_name("fillers.yml").read_text(encoding="utf-8")))


@functools.cache
def _hostile() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.DOTALL) for pattern in vocabulary()["hostile"])


def is_hostile(question: str) -> bool:
    """Whether a text asks for something other than an answer: a statement, a change, a secret, other instructions."""
    text = unicodedata.normalize("NFKC", question).lower()
    for harmless in vocabulary()["harmless"]:
        text = text.replace(harmless, " ")
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")  # invisible letters
    return any(pattern.search(text) for pattern in _hostile())


@dataclass(frozen=True)
class Phrases:
    """Phrases and what each stands for; the longest at a position counts."""

    meanings: dict[tuple[str, ...], str]
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "longest", max(map(len, self.meanings), default=0))

    @classmethod
    def of_verbs(cls, groups: Mapping[str, Iterable[str]]) -> Phrases:
        """The same with every form of a verb for each other one: bringing in, where brought in is listed."""
        listed = cls.of(groups)
        forms = {form: verb for verb in vocabulary()["verbs"] for form in verb}
        others = {
            (*words[:n], form, *words[n + 1 :]): meaning
            for words, meaning in listed.meanings.items()
            for n, word in enumerate(words)
            for form in forms.get(word, ())
        }
        return cls(others | listed.meanings)

    @classmethod
    def of(cls, groups: Mapping[str, Iterable[str]]) -> Phrases:
        """From meaning -> phrases; of a phrase with two meanings the first stays."""
        meanings: dict[tuple[str, ...], str] = {}
        for meaning, phrases in groups.items():
            for phrase in phrases:
                words = tuple(token.text for token in tokenise(phrase)) or (phrase,)
                meanings.setdefault(words, meaning)
        return cls(meanings)

    def at(self, tokens: Sequence[Token], begin: int, free: Sequence[bool]) -> tuple[str, int] | None:
        """The meaning of the longest phrase that begins here and whose words are all free, and where it ends."""
        for length in range(min(self.longest, len(tokens) - begin), 0, -1):
            end = begin + length
            if all(free[begin:end]):
                words = tuple(token.text for token in tokens[begin:end])
                if words in self.meanings:
                    return self.meanings[words], end
        return None

    @property
    def words(self) -> set[str]:
        return {word for phrase in self.meanings for word in phrase}


class Lexicon:
    """All that a question about one warehouse can be made of."""

    def __init__(self, catalogue: Catalogue) -> None:
        words = vocabulary()
        listed = {
            name: [filled for phrase in phrases for filled in _filled(phrase)]
            for name, phrases in words["metrics"].items()
            if name in catalogue.metrics
        }
        for name, metric in catalogue.metrics.items():
            listed.setdefault(name, []).extend((metric.label, name))
        self.metrics = Phrases.of_verbs(listed)
        self.ambiguous = Phrases.of({str(n): entry["phrases"] for n, entry in enumerate(words["ambiguous"])})
        self.yielding = [tuple(entry["metrics"]) for entry in words["ambiguous"] if entry.get("yields")]
        self.ambiguous_metrics = [tuple(entry["metrics"]) for entry in words["ambiguous"]]
        self.weak_metrics = Phrases.of(words["weak_metrics"])
        self.ordering = Phrases.of(words["ordering"])
        self.signed = Phrases.of(words["signed"])
        self.judging = Phrases.of({"judging": words["judging"]})
        self.as_much = Phrases.of({"as_much": words["as_much"]})
        self.away, self.absence = set(words["away"]), set(words["absence"])
        self.excluding = Phrases.of({"excluding": words["excluding"]})
        self.excluded = Phrases.of({"excluded": words["excluded"]})
        self.busy = Phrases.of(words["busy"])
        self.about_segments = Phrases.of({"about_segments": words["about_segments"]})
        self.moving = set(words["moving"].split())
        self.metric_groups = Phrases.of({name: group["phrases"] for name, group in words["metric_groups"].items()})
        self.operations = Phrases.of(words["operations"])
        self.operation_groups = {
            name: {tuple(t.text for t in tokenise(p)) or (p,) for p in phrases}
            for name, phrases in words["operations"].items()
        }
        self.cohort = Phrases.of({"cohort": words["cohort"]})
        self.still = Phrases.of({"still": words["still"]})
        self.or_later = Phrases.of({"or_later": words["or_later"]})
        self.not_held = Phrases.of(words["not_held"])
        self.forecast = Phrases.of({"forecast": words["forecast"]})
        self.causes = Phrases.of({"causes": words["causes"]})
        self.courtesies = Phrases.of({"courtesy": words["courtesies"]})
        self.days_active = Phrases.of({"days_active": words["days_active"]})
        self.about_data = Phrases.of({"about_data": words["about_data"]})
        self.advice = Phrases.of({"advice": words["advice"]})
        self.individuals = Phrases.of({"individuals": words["individuals"]})
        self.nouns = set(words["nouns"])
        self.doings = set(words["doings"])
        self.plain = set(words["plain"].split())
        self.of_the_figure = set(words["of_the_figure"].split())
        self.follow_ups = [tuple(phrase.split()) for phrase in words["follow_up"]]
        self.fillers = set(fillers()["fillers"].split())
        self.glue = {*words["glue"].split(), *self.fillers}
        # Right before users these may name a segment: team accounts.
        self.describing = {*self.fillers, *fillers()["audiences"], *words["describing"].split()}
        self.segment_words = set(words["segment_words"])
        self.segments = Phrases.of(
            {name: [name, f"{name}s", *words["segments"].get(name, ())] for name in catalogue.segments}
        )
        others = [f"other {' '.join(phrase)}" for phrase in self.segments.meanings]
        self.beside = Phrases.of(words["beside"] | {"others": [*words["beside"]["others"], *others]})
        self.values, self.codes, self.absent_places = _values(catalogue, words["values"])
        self.cities = _cities(catalogue)
        self.of_formulas = {*self.metrics.words, *self.nouns, *words["of_formulas"]}
        self.rated = {
            phrase[0] for phrase in self.metrics.meanings if phrase[-1] in ("rate", "ratio") and len(phrase) == 2
        }
        self.aliases = set(words["values"])
        self.understood = self._understood()
        self.known = self.understood | self._refused()
        # what a slip of the pen can be meant for; of the shortest words only letters that changed places
        self.meant = sorted(word for word in self.understood - self.fillers if len(word) > SHORTEST_TYPO)
        self.meant_short = sorted(word for word in self.glue - self.fillers if len(word) == SHORTEST_TYPO)

    def _understood(self) -> set[str]:
        """The words that can be part of an answer."""
        words = {
            *self.glue,
            *self.away,
            *self.absence,
            *self.nouns,
            *self.segment_words,
            *spans.WORDS,
            *NUMBERS,
            *ORDINALS,
            *spans.GRAIN_WORDS,
        }
        words |= small_words("still_open") | small_words("skipping")
        words |= {word for phrase in vocabulary()["everything"] for word in phrase.split()}
        words |= {"q", "h", "hourly", "quarterly", "yearly", "annual", "annually", *vocabulary()["not_understood"]}
        read = (self.metrics, self.metric_groups, self.ambiguous, self.operations, self.cohort, self.still)
        beside = (self.segments, self.beside, self.excluding, self.excluded)
        other = (self.busy, self.as_much, self.ordering, self.signed, self.or_later, self.courtesies)
        for phrases in (*read, *beside, *other):
            words |= phrases.words
        return words | {word for phrase, _ in self.values for word in phrase}

    def _refused(self) -> set[str]:
        """The words for what is out of reach: known, but no slip of the pen is taken for one of them."""
        refusing = (self.not_held, self.forecast, self.causes, self.about_data, self.days_active, self.advice)
        words = {word for phrases in (*refusing, self.individuals) for word in phrases.words}
        return words | {word for phrase in self.absent_places for word in phrase}

    def corrected(self, tokens: list[Token]) -> tuple[list[Token], list[str]]:
        """The tokens with slips of the pen read as the word they resemble, and a note for each."""
        value_words = {word for phrase, _ in self.values for word in phrase}
        fixed: list[Token] = []
        notes: list[str] = []
        same = vocabulary()["same"]
        for position, said in enumerate(tokens):
            token = said.read_as(same[said.text]) if said.text in same else said
            word = token.text
            if word in self.known or len(word) < SHORTEST_TYPO or not word.isalpha() or token.original in self.codes:
                fixed.append(token)
                continue
            after = tokens[position + 1].text if position + 1 < len(tokens) else ""
            if after in ("rate", "rates", "ratio"):  # what stands here is a metric: churm rate
                alike = difflib.get_close_matches(word, sorted(self.rated), n=1, cutoff=LIKENESS)
                if alike and alike[0][0] == word[0]:
                    notes.append(f"Read “{token.original}” as “{alike[0]}”.")
                    fixed.append(token.read_as(alike[0]))
                    continue
            swapped = [other for other in (*self.meant, *self.meant_short) if _is_swapped(word, other)]
            alike = swapped or difflib.get_close_matches(word, self.meant, n=3, cutoff=LIKENESS)
            # A slip seldom hits the first letter; what is left must look like a slip, not like another word.
            alike = [other for other in alike if self._is_meant(word, other) and self._is_safe(word, other)]
            if after in self.nouns and not swapped:  # tablet users are no table of users
                alike = [other for other in alike if other in self.metrics.words | self.segments.words | value_words]
            if alike and not _is_inflection(word, alike[0]):
                notes.append(f"Read “{token.original}” as “{alike[0]}”.")
            fixed.append(token.read_as(alike[0]) if alike else token)
        return fixed, notes

    def _is_safe(self, word: str, other: str) -> bool:
        """Whether no meaning is lost: a word that carries nothing is read where one letter is missing or too many."""
        return other not in self.glue or _is_swapped(word, other) or _lacks_a_letter(word, other)

    def _is_meant(self, word: str, other: str) -> bool:
        """Whether a word can be another one that is known; a plural only of what has one: roses never rose."""
        if _is_inflection(word, other):
            return other in self.metrics.words | self.segments.words | self.nouns
        return _is_slip(word, other)


def _filled(phrase: str) -> list[str]:
    """A phrase with each of the words that a name in braces stands for: use {product}, {walked_out} away."""
    name = re.search(r"{(\w+)}", phrase)
    return [phrase.replace(name[0], one) for one in vocabulary()["stands_for"][name[1]]] if name else [phrase]


def _is_slip(word: str, other: str) -> bool:
    """Whether a word is another one mistyped. Two short words that differ by one letter are mostly two words."""
    if _is_swapped(word, other):
        return True
    if other[0] != word[0] or abs(len(word) - len(other)) > 1:
        return False  # a slip seldom hits the first letter, or two
    if len(word) <= 5:
        return _lacks_a_letter(word, other)
    return len(word) > LONGEST_WITH_ONE_SLIP or _edits(word, other) < 2


def _is_swapped(word: str, other: str) -> bool:
    """Whether two letters have changed places."""
    return any(word[:n] + word[n + 1] + word[n] + word[n + 2 :] == other for n in range(len(word) - 1))


def _edits(word: str, other: str) -> int:
    """How many letters have to be changed, left out or put in to make one word of another."""
    row = list(range(len(other) + 1))
    for n, letter in enumerate(word, start=1):
        before, row = row, [n]
        for m, wanted in enumerate(other, start=1):
            row.append(min(before[m] + 1, row[m - 1] + 1, before[m - 1] + (letter != wanted)))
    return row[-1]


def _lacks_a_letter(word: str, other: str) -> bool:
    """Whether one word is the other without one letter."""
    longer, shorter = sorted((word, other), key=len, reverse=True)
    return any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))


def _is_inflection(word: str, other: str) -> bool:
    return word.rstrip("s") == other.rstrip("s")


def _cities(catalogue: Catalogue) -> dict[tuple[str, ...], str]:
    """The best known cities of the countries in the data, and their country."""
    countries = [code for values in catalogue.segments.values() for code in values if code in pytz.country_names]
    zones = ((code, zone) for code in countries for zone in pytz.country_timezones.get(code, ()))
    cities = {tuple(zone.split("/")[-1].lower().split("_")): pytz.country_names[code] for code, zone in zones}
    return {words: country for words, country in cities.items() if words != tuple(country.lower().split())}


def _values(
    catalogue: Catalogue, aliases: dict[str, str]
) -> tuple[
    list[tuple[tuple[str, ...], tuple[tuple[str, str], ...]]],
    dict[str, tuple[tuple[str, str], ...]],
    dict[tuple[str, ...], str],
]:
    """Names of segment values, longest first; two-letter codes, which count in capitals only; places nobody is from."""
    phrases: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    codes: dict[str, list[tuple[str, str]]] = {}
    places = {code: tuple(t.text for t in tokenise(name.split(" (")[0])) for code, name in pytz.country_names.items()}
    for segment, values in catalogue.segments.items():
        for value in values:
            if re.fullmatch(r"[A-Z]{2}", value):
                codes.setdefault(value, []).append((segment, value))
                if value in places:
                    phrases.setdefault(places[value], []).append((segment, value))
            elif words := tuple(token.text for token in tokenise(value)):
                phrases.setdefault(words, []).append((segment, value))
    for alias, value in aliases.items():
        words = tuple(alias.split())
        if (value,) in phrases and words not in phrases:
            phrases[words] = phrases[value,]
    present = {value for values in catalogue.segments.values() for value in values}
    absent = {words: code for code, words in places.items() if code not in present and words not in phrases}
    absent |= {tuple(alias.split()): absent[value,] for alias, value in aliases.items() if (value,) in absent}
    ordered = sorted(phrases.items(), key=lambda item: -len(item[0]))
    return [(words, tuple(found)) for words, found in ordered], {c: tuple(f) for c, f in codes.items()}, absent
