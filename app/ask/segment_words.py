"""Segments and their values: by platform, on ios, from tiktok, not in SG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app import words
from app.ask.lexicon import small_words
from app.ask.metric_query import Unanswerable
from app.ask.question import Question, Stop
from app.ask.spans import UNITS
from app.ask.tokens import spoken

MOST_BETWEEN = 7  # words from the one that excludes to the value
EVERYBODY = (
    "everything",
    "everyone",
    "everybody",
    "all",
    "anything",
    "anyone",
    "any",
    "every",
    "anywhere",
    "everywhere",
)
BEFORE_VALUES = ("on", "in", "from", "than", "for", "the", "of", "by", "via", "all", "any", "those", "who", "came")
BESIDE = ("vs", "versus", "than", "to", "with", "against", "and", "above", "below", "from")
SPLITTING = ("by", "per", "each", "every", "across", "which")
TAKING = ("take", "taking", "took", "leave", "leaving", "strip", "stripping", "cut", "cutting", "keep", "keeping")
Meanings = Sequence[tuple[str, str]]  # segment and value


class SegmentWords(Question):
    """The words that say of whom a figure is."""

    def is_segment_value(self, position: int) -> bool:
        """Whether a value of a segment begins here."""
        return any(self.matches(phrase, position) for phrase, _ in self.lexicon.values)

    def read_segments(self) -> None:
        """Takes values and segments, whether they are wanted or not. Raises `Stop`."""
        comes_from = self.text(len(self.tokens) - 2) in ("come", "came") and self.kinds_of_words() & {
            "rose",
            "fell",
            "change",
        }
        if segment := self.place_segment():
            self.found.named_segments.append(segment)
            self.found.by.append(segment)
        # where does churn stand: no segment is asked for
        asks_where = self.text(0) == "where" and self.free[0] and not self.text_has(*small_words("standing"))
        if asks_where and comes_from:
            self.found.operations.add("explain")
            self.take(len(self.tokens) - 2, len(self.tokens))
        elif asks_where and self.catalogue.segments and not self.each(self.lexicon.segments):
            segments = " or ".join(words.title(name).lower() for name in self.catalogue.segments)
            metric = next((name for name, _, _ in self.each(self.lexicon.metrics)), "new_users")
            label = self.catalogue.metrics[metric].label.lower()
            options = tuple(f"{label} by {words.title(name).lower()}" for name in self.catalogue.segments)
            raise Stop(self.unclear(f"Where by what: {segments}?", options=options))
        negated_until = -1
        for begin, end, meanings in sorted(self.mentions()):
            goes_on = self.text(begin - 1) in ("and", "or", "nor") and negated_until == begin - 1
            aside = self.aside_end(end)
            is_aside = aside > end
            first = begin - goes_on if goes_on or is_aside else self.negation_of(begin)
            if self.text(end) == "out" and (led := self.taken_from(begin)) is not None:
                first, aside = led, end + 1
            if first is None:
                self.choose(*self.meant(begin, end, meanings))
            else:
                self.exclude(*self.meant(begin, end, meanings))
                negated_until = aside
            self.take(begin if first is None else first, aside + (self.text(aside) == "side"))  # the android side
        self.check_places()
        for segment, begin, end in self.each(self.lexicon.segments):
            is_bounded = any(self.each(self.group(name)) for name in ("above", "below", "at_least", "at_most"))
            if (self.text(begin - 2), self.text(begin - 1)) == ("how", "many") and not is_bounded:
                raise Stop(self.help(self.values_of([segment])))
            self.found.named_segments.append(segment)
            self.found.segment_places.append(begin)
            if segment not in self.found.filters or self.text(begin - 1) in SPLITTING:
                self.found.by.append(segment)
            if self.text(begin - 1) in ("each", "every", "per"):
                self.found.within_each = True
                is_alone = not {self.text(begin - 2), self.text(end)} & {"and", "or", "&"}
                self.found.each_segment = segment if is_alone else None  # of each country and platform: neither
            is_number_of_all = begin > 0 and self.tokens[begin - 1].whole == len(self.catalogue.segments[segment])
            self.take(begin - is_number_of_all, end)  # the three platforms

    def place_segment(self) -> str | None:
        """Where on the map, where do they live: the segment whose values are countries; the words are taken."""
        if self.text(0) != "where" or not self.text_has(*small_words("places")) or len(self.coded) != 1:
            return None
        for place, token in enumerate(self.tokens):
            if token.text in small_words("places") and self.free[place]:
                self.take(place, place + 1)
                self.take(place - (self.text(place - 1) == "the"), place)
                is_led = self.text(place - 2) in ("on", "in") and self.free[place - 2]
                self.take(place - 2, place - 2 + is_led)
        self.take(0, 1)
        return next(iter(self.coded))

    @property
    def coded(self) -> set[str]:
        """The segments whose values are countries."""
        return {name for found in self.lexicon.codes.values() for name, _ in found}

    def values_of(self, segments: Sequence[str]) -> str:
        """Country: SG, MY."""
        return " ".join(f"{words.title(one)}: {', '.join(self.catalogue.segments[one])}." for one in segments)

    def read_besides(self) -> None:
        """Against everybody, than the average, vs the rest: what a value, or each one, is put beside."""
        if not (list(self.mentions()) or self.each(self.lexicon.segments)):
            return
        for name, begin, end in self.each(self.lexicon.beside):
            before = begin - 1
            while self.text(before) in ("the", "our", "all", "in", "on"):
                before -= 1
            is_side = self.text(before) in BESIDE or self.text(end) in ("vs", "versus", "against", "compared")
            if is_side and self.text(end) not in (*UNITS, "of", "per"):
                self.found.beside = "others" if name == "others" else "everybody"
                self.found.beside_place = begin
                self.found.asks_average = "average" in {token.text for token in self.tokens[begin:end]}
                self.take(before + 1, end)

    def mentions(self) -> Iterator[tuple[int, int, Meanings]]:
        """Where values are named; two-letter ones in capitals, or after a word that leaves no doubt."""
        taken: set[int] = set()
        for phrase, meanings in self.lexicon.values:
            for begin in range(len(self.tokens)):
                end = begin + len(phrase)
                if self.matches(phrase, begin) and taken.isdisjoint(range(begin, end)):
                    taken.update(range(begin, end))
                    yield begin, end, meanings
        for position, token in enumerate(self.tokens):
            code = token.original.upper()
            if not self.free[position] or code not in self.lexicon.codes:
                continue
            is_plain_word = token.text in self.lexicon.glue or token.text in ("id", "my", "no", "us")
            follows = self.text(position - 1) in (
                "in",
                "from",
                "for",
                "and",
                "vs",
                "or",
                "is",
                "of",
                *self.lexicon.excluding.words,
            )
            if token.original == code or (follows and not is_plain_word):
                yield position, position + 1, self.lexicon.codes[code]

    def aside_end(self, end: int) -> int:
        """Where the words end that leave out the value before them: tiktok aside, if tiktok is taken out."""
        begin = end + (self.text(end) in ("is", "are", "was", "were", "being"))
        anywhere = [True] * len(self.tokens)  # left out: of a cohort, left was taken for who is left
        match = self.lexicon.excluded.at(self.tokens, begin, anywhere) if begin < len(self.tokens) else None
        if match is None or self.text(match[1]) == "from" or (begin == end and self.text(begin) == "dropped"):
            return end
        return match[1]

    def taken_from(self, begin: int) -> int | None:
        """Where the words begin that take out the value after them: take tiktok out, leaving the ios users out."""
        while self.text(begin - 1) in ("the", "all", "our"):
            begin -= 1
        return begin - 1 if self.text(begin - 1) in TAKING else None

    def negation_of(self, begin: int) -> int | None:
        """Where the words begin that exclude a value: not from tiktok, other than the ios."""
        for position in range(begin - 1, max(begin - MOST_BETWEEN, -1), -1):
            match = self.lexicon.excluding.at(self.tokens, position, self.free)
            ends = match[1] if match else position + 1
            between = {self.text(n) for n in range(ends, begin)}
            if ends > begin or not between <= {*BEFORE_VALUES, *self.lexicon.nouns}:
                continue
            everybody = [n for n in range(position - 3, position) if self.text(n) in EVERYBODY]
            if match:
                return position
            if self.text(position) == "but" and everybody:
                return everybody[0]  # everything but android, all channels but tiktok
        return None

    def meant(self, begin: int, end: int, meanings: Meanings) -> tuple[str, str]:
        """The one segment and value that is meant. Raises `Stop` if several are, or if another segment is."""
        said = " ".join(token.text for token in self.tokens[begin:end])
        is_kind = self.text(begin - 1) in SPLITTING and said in self.lexicon.aliases
        is_kind &= self.text(begin - 2) not in ("acquired", "brought", "won", "gained", "referred", "driven")
        if is_kind and self.text(end) not in self.lexicon.nouns:  # by browser
            known = ", ".join(map(words.title, self.catalogue.segments))
            raise Stop(Unanswerable(message=f"Users are not grouped by {said!r}. Segments: {known}."))
        anywhere = [True] * len(self.tokens)
        near = range(max(0, begin - 2), min(len(self.tokens), end + 1))
        matches = [self.lexicon.segments.at(self.tokens, position, anywhere) for position in near]
        named = [meaning for meaning in meanings if meaning[0] in [match[0] for match in matches if match]]
        meanings = named or meanings
        if len(meanings) > 1:
            segments = " or ".join(words.title(segment) for segment, _ in meanings)
            what = spoken(self.tokens[begin:end])
            raise Stop(self.unclear(f"“{what}” is a value of several segments: {segments}?"))
        self.found.value_positions[meanings[0][0]] = begin
        self.found.value_places[meanings[0][1]] = begin
        return meanings[0]

    def choose(self, segment: str, value: str) -> None:
        """Wants a value."""
        if segment in self.found.negated:
            raise Stop(self.unclear(f"Some values of {words.title(segment).lower()} are wanted and some are not."))
        chosen = self.found.filters.setdefault(segment, [])
        if value not in chosen:
            chosen.append(value)

    def exclude(self, segment: str, value: str) -> None:
        """Wants every other value."""
        if segment in self.found.filters and segment not in self.found.negated:
            if value not in self.found.filters[segment]:
                return  # android and ios, not web
            raise Stop(self.unclear(f"Some values of {words.title(segment).lower()} are wanted and some are not."))
        left = self.found.filters.get(segment, list(self.catalogue.segments[segment]))
        self.found.filters[segment] = [one for one in left if one != value]
        self.found.negated.add(segment)
        self.notes.append(f"Everybody but {value}.")

    def check_places(self) -> None:
        """Raises `Stop` for a country in which nobody is."""
        coded = self.coded
        segment = next(iter(coded)) if len(coded) == 1 else None
        for begin, token in enumerate(self.tokens):
            code = token.original if token.original in {"UK", *self.lexicon.absent_places.values()} else None
            if coded and code and self.free[begin] and self.text(begin - 1) in ("in", "from", "the", "for"):
                raise Stop(Unanswerable(message=self.catalogue.no_such_value(code, segment)))
            for phrase, place in self.lexicon.absent_places.items():
                if self.matches(phrase, begin):
                    name = f"{spoken(self.tokens[begin : begin + len(phrase)])} ({place})"
                    raise Stop(Unanswerable(message=self.catalogue.no_such_value(name, segment)))
