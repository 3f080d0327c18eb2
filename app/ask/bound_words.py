"""Bounds: above 30%, no new users, the first time that; and one figure above another."""

from __future__ import annotations

from app.ask.question import Question, Stop
from app.ask.spans import UNITS
from app.ask.tokens import Token

FRACTIONS = {
    ("a", "third"): 1 / 3, ("one", "third"): 1 / 3, ("two", "thirds"): 2 / 3, ("a", "quarter"): 0.25,
    ("one", "quarter"): 0.25, ("three", "quarters"): 0.75, ("a", "half"): 0.5, ("half", "of"): 0.5,
    ("a", "fifth"): 0.2, ("a", "tenth"): 0.1,
}  # fmt: skip
NONE = ("zero", "0", "no", "without", "nobody")
BOUND_WORDS = ("at_least", "at_most", "above", "below")
OR_BEYOND = dict.fromkeys(("more", "higher", "above", "over", "greater"), "at_least") | dict.fromkeys(
    ("less", "fewer", "lower", "below", "under"), "at_most"
)
OLDEST = 100  # years: users over 30 may be those of that age
GETTING = ("have", "had", "get", "got", "see", "saw", "count", "counted", "record", "recorded")
NEGATED = {"above": "at_most", "at_least": "below", "below": "at_least", "at_most": "above"}
BELOW = ("below", "behind", "trail", "trails", "trailed")


class BoundWords(Question):
    """The words that bound a figure."""

    def read_picks(self) -> None:
        """The first time that, the last month with: one period of those within bounds, and no date."""
        is_bounded = any(self.each(self.group(name)) for name in (*BOUND_WORDS, "exactly", "rose", "fell"))
        is_bounded |= any(token.text in NONE for token in self.tokens)
        for begin in range(len(self.tokens)):
            is_recent = self.text(begin) == "most" and self.text(begin + 1) == "recent"
            noun = begin + 1 + is_recent
            pick = "first" if self.text(begin) == "first" else "last"
            if not is_recent and self.text(begin) not in ("first", "last", "latest"):
                continue
            if self.text(begin - 1) in UNITS:
                continue  # the days last month on which nobody came
            goes_on = self.text(noun + 1) in ("with", "when", "that", "where", "in", "we", "on")
            is_time = self.text(noun) == "time" and self.text(noun + 1) not in self.lexicon.nouns  # first time users
            if is_bounded and (is_time or (self.text(noun) in UNITS and goes_on)):
                self.found.operations.add(pick)
                self.take(begin, noun)

    def read_bounds(self) -> None:
        """Above 30%, at least 5, 100 or more, between 20% and 30%, no new users at all."""
        self.read_either_side()
        for name in (*BOUND_WORDS, "exactly"):
            for _, begin, end in self.each(self.group(name)):
                value = self.bound_at(end)
                if value is None:
                    continue
                is_said = self.text(begin - 1) in ("are", "were", "is") and self.text(begin - 2) in self.lexicon.nouns
                is_age = self.text(begin) in ("over", "under") and self.text(begin - 1) in self.lexicon.nouns
                is_said |= (
                    is_age and value <= OLDEST and self.text(0) in self.lexicon.metrics.words | self.lexicon.nouns
                )
                if is_said or (self.text(begin - 1) in self.lexicon.nouns and self.free[begin - 1]):
                    raise Stop(self.unclear("Users are not told apart by a number: which figure is bounded?"))
                negation = self.negation_before(begin) if name != "exactly" else None
                bound = name if negation is None else NEGATED[name]
                self.found.bounds |= {"at_least": value, "at_most": value} if name == "exactly" else {bound: value}
                if negation is not None:
                    self.take(negation, negation + 1)
                before = begin - 1
                self.found.bounds_change |= self.text(before) == "by" and self.free[before]
                if self.free[before] and self.group("rose").words | self.group("fell").words >= {self.text(before)}:
                    self.take(before, begin)  # fell below 1: under it, and no change
                self.take(begin, end)
        for position, token in enumerate(self.tokens):
            after = (self.text(position + 1), self.text(position + 2))
            if token.text == "between" and self.free[position] and after[1] == "and":
                least, most = self.bound_at(position + 1), self.bound_at(position + 3)
                if least is not None and most is not None:
                    self.found.bounds |= {"at_least": least, "at_most": most}
                    self.take(position, position + 3)
            for name, bound in (("rose", "at_least"), ("fell", "at_most")):
                moves_to = self.group(name).words >= {token.text} and after[0] == "to" and self.free[position]
                if moves_to and (value := self.bound_at(position + 2)) is not None:
                    self.found.bounds[bound] = value  # did it ever drop to zero
                    self.take(position, position + 2)
            is_first = token.text in ("first", "ever") and after[0] in GETTING and not self.found.bounds
            if is_first and (value := self.bound_at(position + 2)) is not None:
                self.found.bounds["at_least"] = value  # when did we first have 100 new users, did we ever have them
            if after[0] == "or" and after[1] in OR_BEYOND and (value := self.bound_at(position)) is not None:
                self.found.bounds[OR_BEYOND[after[1]]] = value
                self.take(position, position + 3)
            noun = position + 1 + (after[0] in ("any", "single"))
            is_none = token.text in NONE and (self.is_counted(noun) or token.text == "nobody")
            if is_none and self.free[position] and self.text(noun) == "activity":
                self.found.metrics.append("active_users")
                self.take(noun, noun + 1)
            if is_none and self.free[position]:
                self.found.bounds |= {"at_least": 0, "at_most": 0}
                self.take(position, noun)

    def negation_before(self, begin: int) -> int | None:
        """Where a bound is negated: did not have more than 100. What is never so is so of every one: not this."""
        place = begin - 1
        while self.text(place) in {
            *GETTING,
            "be",
            "been",
            "go",
            "gone",
            "come",
            "stay",
            "even",
            "ever",
            "quite",
            "rise",
        }:
            place -= 1
        return place if self.text(place) == "not" and self.free[place] else None

    def read_either_side(self) -> None:
        """Is it above or below 1: the figure says so."""
        above, below = ({begin: end for _, begin, end in self.each(self.group(name))} for name in ("above", "below"))
        for one, other in ((above, below), (below, above)):
            for begin, end in one.items():
                after = other.get(end + 1)
                if (
                    self.text(end) == "or"
                    and after
                    and self.tokens[after : after + 1]
                    and self.tokens[after].number is not None
                ):
                    self.take(begin, after + 1)

    def is_counted(self, position: int) -> bool:
        """Whether a count is named here: no new users, without any activity."""
        named = self.lexicon.metrics.at(self.tokens, position, [True] * len(self.tokens))
        is_count = named is not None and self.catalogue.metrics[named[0]].is_count
        return is_count or self.text(position) in {*self.lexicon.nouns, "activity"}

    def bound_at(self, position: int) -> float | None:
        """The number that stands here and bounds a figure; its words are taken."""
        if fraction := FRACTIONS.get((self.text(position), self.text(position + 1))):
            self.found.is_percent = True
            self.take(position, position + 2 + (self.text(position + 2) == "of"))
            return fraction  # more than a third of our users
        token = self.tokens[position] if position < len(self.tokens) else Token("", "")
        number, after = token.number, self.text(position + 1)
        is_of_time = after in (*UNITS, "of", "out", "times") and not token.text.endswith("%")
        if number is None or not self.free[position] or is_of_time:
            return None
        is_percent = after in ("percent", "pct", "percentage", "points", "pp")
        self.found.is_percent |= is_percent or token.text.endswith("%")
        self.take(position, position + 1 + is_percent + (after == "percentage" and self.text(position + 2) == "points"))
        return number / 100 if is_percent else number

    @property
    def sides(self) -> set[str]:
        """The words that put one figure above or below another."""
        return self.group("sides").words

    def read_sides(self) -> None:
        """Above or below, with no number: of two dates, two values, or a value and everybody."""
        is_against = bool(self.found.operations & {"previous", "year_ago"})
        is_against |= any(
            self.text(dated.begin - 1 - (self.text(dated.begin - 1) == "the")) in self.sides
            for dated in self.found.spans
        )
        has_sides = self.found.beside or len(self.found.spans) == 2 or is_against
        has_sides = has_sides or len(self.found.metrics) == 2
        if not (has_sides or any(len(values) > 1 for values in self.found.filters.values())):
            return
        for position, token in enumerate(self.tokens):
            if self.free[position] and token.text in self.sides:
                self.found.operations |= {"compare", "less" if token.text in BELOW else "more"}
                self.take(position, position + 1)
