"""Ages and cohorts: after 3 months, of those who joined in March."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from itertools import pairwise
from typing import cast

from app.ask.catalogue import GRAINS
from app.ask.date_forms import FOLLOWING
from app.ask.lexicon import small_words
from app.ask.metric_query import Grain
from app.ask.question import Question, Stop
from app.ask.spans import CONNECTORS, GRAIN_WORDS, LAST, MONTHS, MONTHS_IN, NOW, UNITS, Dated, Span, Unit, year_in
from app.ask.tokens import ORDINALS, spoken

# From when on an age counts: after they signed up, after their first visit.
JOINED = small_words("joined")
JOINING = JOINED | small_words("around_joining")

SINCE_JOINING = JOINED | small_words("since_joining")
LATER = small_words("later")


# What is said of users who were there at a time: active in May, the users we had in May.
ACTIVE_AT = small_words("active_at")
# Three months later, in a figure.
DOWN_THE_ROAD = [("down", "the", way) for way in ("road", "line", "track")] + [("hence",), ("further", "on")]
LONGEST_AGE = 400  # a larger number beside a unit is a year


class CohortWords(Question):
    """The words that say who is followed, and for how long."""

    def read_ever_back(self) -> None:
        """Ever came back after signing up, after their first month: in any period after the first one."""
        texts = [*(token.text for token in self.tokens), ""]
        joining = [n for n, (one, two) in enumerate(pairwise(texts)) if one in JOINED and two != "again"]
        is_back = self.text_has("ever", "never") and self.text_has("back", "returned", "return", "again")
        ages = [match for match in map(self.age_at, range(len(self.tokens))) if match and match[0] != 1]
        if not (is_back and joining) or ages:
            return
        self.found.age, self.found.or_later = (1, "month"), True
        self.found.gone = self.text_has("never")
        for begin, token in enumerate(self.tokens):
            is_after = token.text == "after" and any(begin < place <= begin + 4 for place in joining)
            if token.text in ("ever", "never") or is_after:
                self.take(begin, begin + 1)
            if is_after:
                end = self.after_joining(begin + 1)
                self.take(begin + 1, end + (end > begin + 1 and self.text(end) in ("month", "week", "day")))
        for place in joining:
            self.take(place, place + 1)

    @functools.cached_property
    def follows_active(self) -> bool:
        """Whether users are followed who were there at a time, new or not: active in May, around in May."""
        for position, token in enumerate(self.tokens):
            place = position + 1
            while self.text(place) in ("in", "during", "the", "on", "month", "of", "back", "users", "we", "had"):
                place += 1
            if token.text in ACTIVE_AT and place > position and self.text(place) in {*MONTHS, *LAST, *NOW}:
                return not self.text_has("cohort", "cohorts", *JOINED - {"seen", "start"})
            end = position + 1 + bool(year_in(self.text(position + 1)))
            if token.text in MONTHS and self.text(position - 1) == "of" and self.text(end) in self.lexicon.nouns:
                texts = [one.text for one in self.tokens]
                is_next = any(
                    {one, two} & {"after", "next", "following"} and {one, two} & {"week", "month"}
                    for one, two in pairwise(texts)
                )
                return is_next and not self.text_has("cohort", "cohorts", "new", *JOINED)  # of May's users
        return False

    def read_ages(self) -> None:
        """After 3 months, month 3, day-7 retention, 30 days later, m1, in their first month."""
        self.check_within()
        self.read_age_axis()
        self.read_following()
        self.read_age_question()
        ended = 0  # where the age before ends
        for begin in range(len(self.tokens)):
            match = self.ages_at(begin) or self.age_at(begin)
            if match:
                age, unit, end = match
                first, ended, between = self.found.age, end, range(ended, begin)
                is_named = self.text(begin) in UNITS and self.tokens[end - 1].whole == age
                if is_named and not self.talks_of_retention and not self.text_has(*SINCE_JOINING):
                    raise Stop(self.unclear(f"{unit.capitalize()} {age} of the calendar, or after users joined?"))
                if unit in ("quarter", "half", "year"):
                    age, unit = age * MONTHS_IN[cast(Unit, unit)], "month"
                if self.follows_active and len(self.found.spans) == 1:
                    later = self.dates.shifted(self.found.spans[0].span, age, cast(Unit, unit))
                    self.found.spans.append(Dated(later, begin, end))
                    self.take(begin, end)
                    continue
                if self.found.age and self.found.age != (age, cast(Grain, unit)):
                    self.found.ages = [*(self.found.ages or [self.found.age[0]]), age]  # D1, D7 and D28
                    self.found.asks_ages = True
                    if self.found.age[1] != unit:
                        raise Stop(self.unclear("Two ages are asked for at once: ask for one after the other."))
                    if first and self.is_age_range(between):
                        self.found.ages = [*range(first[0], age + 1)] if first[0] else []
                self.found.age, self.found.age_place = (age, cast(Grain, unit)), (begin, end)
                self.take(begin, end)
                if self.text(begin - 1) == "from" and self.text(end) in ("on", "onward", "onwards"):
                    if not self.text_has("any", "ever", "again", "once"):  # at any point from month 3 on
                        message = f"Each {unit} from {unit} {age} on, or there in {unit} {age} or any later one?"
                        raise Stop(self.unclear(message))
                    self.found.or_later = True
                    self.take(begin - 1, end + 1)
                if self.text(begin - 1) in ("at", "in", "on", "by") and self.free[begin - 1]:
                    self.take(begin - 1, begin)

    def is_age_range(self, between: range) -> bool:
        """Whether two ages are the ends of a range, whose words are taken: from month 0 up to month 6."""
        leads = [n for n in (between.start - 3, between.start - 4) if self.text(n) in ("from", "between")]
        links = {self.text(n) for n in between}
        is_range = bool(links & {*CONNECTORS} or (links & {"and"} and leads and self.text(leads[0]) == "between"))
        if not (between and is_range and links <= {*CONNECTORS, "up", "and", "including"}):
            return False
        for place in (*leads, *between):
            self.take(place, place + 1)
        return True

    def check_within(self) -> None:
        """Raises `Stop` for what users did within a month: it is known in which period they did it."""
        for begin, token in enumerate(self.tokens[:-2]):
            number = 1 if self.text(begin + 1) in ("a", "an") else self.tokens[begin + 1].whole
            unit = UNITS.get(self.text(begin + 2))
            if token.text == "within" and number and unit and all(self.free[begin : begin + 3]):
                after = f"{number} {unit}{'s' if number > 1 else ''}"
                message = f"Within {after} of what? Of those who joined it is known who is there after {after}."
                raise Stop(self.unclear(message))

    def read_age_axis(self) -> None:
        """By month since acquisition, per week of age: every age."""
        for begin, token in enumerate(self.tokens):
            unit, after = UNITS.get(token.text), self.text(begin + 2)
            is_axis = (self.text(begin + 1) == "since" and after in SINCE_JOINING) or (
                self.text(begin + 1) == "of" and after in ("age", "life", "tenure")
            )
            # who was still there each month since
            is_since_then = self.text(begin + 1) == "since" and after in ("", "then", "that") and self.free[begin]
            is_axis |= is_since_then and self.text_has("cohort", "remain", "remained", "stayed", "still")
            if is_axis and self.text(begin + 1) == "since" and self.text(begin - 1) == "every":
                self.first_of_all.append(f"Each {unit} by itself; who was there in every one is not kept.")
            if unit in ("day", "week", "month") and is_axis:
                self.found.asks_ages, self.found.grain = True, cast(Grain, unit)
                self.take(
                    begin - (self.text(begin - 1) in ("by", "per", "each", "every")), min(begin + 3, len(self.tokens))
                )

    def read_following(self) -> None:
        """Over the following months: every age."""
        for begin in range(len(self.tokens) if self.talks_of_retention else 0):
            unit = self.text(begin + 1)
            before = begin - 1 - (self.text(begin - 1) == "the")
            adds = self.text(before) == "or" and self.text(begin) in ("following", "next")
            if adds and unit in ("day", "week", "month"):  # month 1 or the following month
                raise Stop(self.unclear("Two ages are asked for at once: ask for one after the other."))
            leads = self.text(begin) in ("following", "subsequent", "next", "coming", "later") and self.free[begin]
            if leads and unit in ("days", "weeks", "months") and UNITS.get(unit):
                self.found.asks_ages, self.found.grain = True, cast(Grain, UNITS[unit])
                self.take(begin, begin + 2)

    def read_age_question(self) -> None:
        """After how many months is less than a third there, at which age does it fall below 30%."""
        for begin in range(len(self.tokens) if self.talks_of_retention else 0):
            one, two, three, four = (self.text(begin + n) for n in range(4))
            asks_age = one in ("which", "what") and two == "age"
            asks_number = (one, two) == ("how", "many") and three in ("days", "weeks", "months")
            if asks_age or (asks_number and (self.text(begin - 1) == "after" or four in ("until", "till", "before"))):
                self.found.asks_ages = self.found.asks_which_age = True
                if asks_number:
                    self.found.grain = cast(Grain, UNITS[three])
                leads = self.text(begin - 1) in ("after", "at")
                self.take(begin - leads, begin + (2 if asks_age else 3 + (four in ("until", "till", "before"))))

    def ages_at(self, begin: int) -> tuple[int, str, int] | None:
        """After 1, 2 and 3 months, the first 6 months: several ages; the last one, and where they end."""
        if self.text(begin) == "first" and self.free[begin] and self.talks_of_retention:
            number = self.tokens[begin + 1].whole if begin + 1 < len(self.tokens) else None
            unit = UNITS.get(self.text(begin + 2))
            if number and number > 1 and unit in ("day", "week", "month"):
                self.found.asks_ages = True
                end = begin + 3 + (self.text(begin + 3) in ("after", "since"))
                return number, unit, self.after_joining(end)
        unit, position, numbers = UNITS.get(self.text(begin)), begin + 1, []
        if unit is None and self.text(begin) != "after":
            return None
        while position < len(self.tokens) and self.free[position]:
            number = self.tokens[position].whole
            if number is None and self.text(position) not in ("and", "or", "to"):
                break
            numbers += [] if number is None else [number]
            position += 1
        if unit is None:
            unit, position = UNITS.get(self.text(position)), position + 1
        if len(numbers) < 2 or unit not in ("day", "week", "month") or max(numbers) > LONGEST_AGE:
            return None
        self.found.asks_ages = True
        self.found.ages = numbers if "to" not in {self.text(n) for n in range(begin, position)} else []
        return numbers[-1], unit, position

    def age_at(self, begin: int) -> tuple[int, str, int] | None:
        if begin >= len(self.tokens) or not self.free[begin]:
            return None
        word, number = self.text(begin), self.tokens[begin].whole
        if (match := re.fullmatch(r"([dwm])(\d{1,3})", word)) and self.talks_of_retention:
            return int(match[2]), {"d": "day", "w": "week", "m": "month"}[match[1]], begin + 1
        unit = "month" if word == "period" and not self.found.age else UNITS.get(word)
        if word == "period" and self.found.age:
            unit = self.found.age[1]
        after = self.tokens[begin + 1].whole if begin + 1 < len(self.tokens) and self.free[begin + 1] else None
        dates_on = self.text(begin + 2) in ("of", "in") and self.text(begin + 3).isdigit()
        if unit in ("day", "week", "month") and after is not None and after <= 5000 and not dates_on:
            return after, unit, begin + 2
        stays = word == "for" and self.text_has("stayed", "stay", "remained", "kept", "still", "lasted")
        if (self.text(begin + 1), self.text(begin + 2), self.text(begin + 3)) == ("half", "a", "year"):
            return (6, "month", begin + 4) if word == "after" or stays else None
        if word == "after" or stays or (word == "at" and self.talks_of_retention):
            place = begin + 1 + (self.text(begin + 1) in ("exactly", "just", "only", "about", "precisely"))
            number = self.tokens[place].whole if place < len(self.tokens) else None
            number = 1 if self.text(place) in ("a", "an") else number
            place += 1 + (self.text(place + 1) in ("full", "whole", "complete"))
            unit = UNITS.get(self.text(place))
            if number is not None and unit and number <= 5000:
                return number, unit, place + 1
            return None
        if (word, self.text(begin + 1), self.text(begin + 2)) == ("half", "a", "year"):
            later = (*DOWN_THE_ROAD, ("later",), ("on",), ("after",))
            end = next((begin + 3 + len(phrase) for phrase in later if self.matches(phrase, begin + 3)), 0)
            return (6, "month", end) if end else None
        is_after = self.text(begin + 1) == "after" and self.text(begin + 2) in {*JOINING, "", "that", "it"}
        is_any = self.text(begin - 1) in ("any", "some", "every", "each")  # or in any month after it
        if unit in ("day", "week", "month") and is_after and not is_any and self.talks_of_retention:
            return 1, unit, self.after_joining(begin + 2 + (self.text(begin + 2) in ("that", "it")))  # the week after
        if (
            (ordinal := self.ordinal(word))
            and self.text(begin + 1) in ("day", "week", "month")
            and self.talks_of_retention
        ):
            end = begin + 2 + (self.text(begin + 2) in ("after",))
            return ordinal, UNITS[self.text(begin + 1)], end
        if (
            word in ("following", "next")
            and not is_any
            and self.text(begin + 1) in ("day", "week", "month")
            and self.talks_of_retention
        ):
            return 1, UNITS[self.text(begin + 1)], begin + 2
        number = 1 if word in ("a", "an") else number
        begin += self.text(begin + 1) in ("full", "whole", "complete")
        unit = UNITS.get(self.text(begin + 1))
        if number is None or unit is None or number > 5000:
            return None
        following = self.text(begin + 2)
        # were there 3 months in, two months in compared with
        is_in = following == "in" and self.text(begin + 3) in {"", *small_words("after_age")}
        # not: there was a month in which
        is_in &= self.text(begin + 3) != "which" or "in which" not in self.question.lower()
        for phrase in DOWN_THE_ROAD:
            if self.matches(phrase, begin + 2):
                return number, unit, begin + 2 + len(phrase)
        if following in ("mark", "point", "stage", "milestone"):
            return number, unit, begin + 3  # at the 3 month mark
        if following in ("later", "on", "after") or is_in:
            tail = begin + 3
            if following == "after":  # 3 months after joining
                tail = self.after_joining(tail)
            return number, unit, tail
        if following in ("retention", "cohort") or self.text(begin + 2) in ("retained",):
            return number, unit, begin + 2
        return None

    def after_joining(self, position: int) -> int:
        """Where the words end that say since when an age counts."""
        while self.text(position) in JOINING:
            position += 1
        return position

    def ordinal(self, word: str) -> int | None:
        match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", word)
        return int(match[1]) if match else ORDINALS.get(word)

    @functools.cached_property
    def talks_of_retention(self) -> bool:
        return not FOLLOWING.isdisjoint(token.text for token in self.tokens)

    def read_cohorts(self) -> None:
        """Whether users of a cohort are followed; if so, which date says when they were new."""
        saw_cohort = any(token.text in ("cohort", "cohorts") for token in self.tokens)
        markers = [
            (begin, end if self.says_when(end) else begin + 1)
            for _, begin, end in self.each(self.lexicon.cohort)
            if (saw_cohort or self.follows_people(begin, end))
            and (self.says_when(end) or self.text(begin) in ("cohort", "cohorts"))
        ]
        still = [
            (begin, end)
            for _, begin, end in self.each(self.lexicon.still)
            if not any(b <= begin < e for b, e in markers)
            and not (self.text(begin) == "returning" and self.text(begin - 1) in small_words("listing"))
        ]
        rates = {"churn_rate", "churned_users"} & {name for name, _, _ in self.each(self.lexicon.metrics)}
        of = [end for begin, end in markers if "of" in (self.text(begin - 1), self.text(begin - 2))]
        ends = {end + n for end in of for n in (0, 1)}
        if rates and len(self.found.spans) == 1 and self.found.spans[0].begin in ends:
            still += markers  # the churn of users acquired in May
        asks_both = self.asks_both(markers)
        gone = [] if asks_both else self.gone_words()
        still = [] if asks_both else [*still, *gone]
        markers += self.dated_joiners(markers, is_followed=bool(still or self.found.age))
        curve = any(token.text in ("curve", "curves", "triangle") for token in self.tokens) and self.talks_of_retention
        if (
            not markers
            and self.text_has("still", "remained", "stayed")
            and (len(self.found.spans) == 2 or self.found.age)
        ):
            markers = [(begin, end) for name, begin, end in self.each(self.lexicon.metrics) if name == "new_users"]
        if not markers and self.text_has("still", "remain", "stayed"):
            nouns = [(d.begin - 1, d.begin) for d in self.found.spans if self.text(d.begin) == "from"]
            markers = [(begin, end) for begin, end in nouns if self.text(begin) in self.lexicon.nouns]
        follows = self.text_has("still", "who", "that", "retained", "came", "come", "remained", "stayed", "returned")
        follows |= self.text(0) == "of" or len(self.found.spans) == 2
        if not (saw_cohort or follows or self.found.age):
            markers = [(begin, end) for begin, end in markers if self.text(begin) != "new"]  # were there new users in
        is_part = all(self.text(begin) in ("new", "were") for begin, _ in markers) and len(self.found.spans) < 2
        if is_part and all(self.text(begin) == "active" for begin, _ in still):
            still = []  # active users that were new in August
        relevant = saw_cohort or self.found.age is not None or self.found.asks_ages or curve or (markers and still)
        if not relevant:
            return
        self.found.is_cohort = True
        self.found.gone |= bool(gone)
        for begin, end in gone:
            self.take(begin, end)
        for begin, end in markers:
            each = begin - 1 - (self.text(begin - 1) in GRAIN_WORDS)  # each monthly cohort
            if self.text(begin) in ("cohort", "cohorts") and self.text(each) in ("by", "per", "each", "every"):
                self.found.per_period = self.found.per_cohort = True
                self.take(each, each + 1)
            self.take(begin - (self.text(begin - 1) == "first"), end)
        later = [*((begin, end) for _, begin, end in self.each(self.lexicon.or_later)), *self.later_words()]
        later = [(begin, end) for begin, end in later if not self.bounds_number(begin, end)]
        self.found.or_later |= bool(later)
        for begin, end in later:
            self.take(begin, end)
        for begin, end in still:
            self.found.still = True
            if self.text(begin) not in ("retention", "retained", "retain"):
                self.take(begin, end)
        places = markers or [(n, n + 1) for n, token in enumerate(self.tokens) if token.text in ("cohort", "cohorts")]
        spans = self.found.spans
        one_cohort = sum(token.text in ("cohort", "cohorts") for token in self.tokens) < 2 and not self.text_has(
            "curves"
        )
        is_compared = "compare" in self.kinds_of_words() or (
            len(spans) == 2 and "than" in (self.text(spans[1].begin - 1), self.text(spans[1].begin - 2))
        )
        if len(spans) == 2 and one_cohort and places and not is_compared and self.leads_from_one_to_the_other(spans):
            self.found.cohort_span = min(spans, key=lambda d: min(self.distance(d, *place) for place in places))
            target = next(d for d in spans if d is not self.found.cohort_span)
            said = self.found.age
            self.age_between(self.found.cohort_span, target)
            if said not in (None, self.found.age):
                message = f"The age that is named does not lead to “{spoken(self.raw[target.begin : target.end])}”."
                raise Stop(self.unclear(f"{message} Name the one or the other."))
            self.found.spans = []
        elif spans:
            self.found.cohort_span = spans[0]
            is_now = self.text_has("still") or (gone and self.text_has("now", "today", "currently"))
            if self.found.age is None and is_now and not spans[0].span.is_ambiguous:
                self.age_now(spans[0].span)
        if self.found.cohort_span and self.text(self.found.cohort_span.begin) == "from":
            # users from May: those who were new in May
            self.found.cohort_span = replace(self.found.cohort_span, span=without_since(self.found.cohort_span.span))
            self.found.spans = [replace(d, span=without_since(d.span)) for d in self.found.spans]

    def leads_from_one_to_the_other(self, spans: list[Dated]) -> bool:
        """Whether of two dates one is when users joined and one when they are looked for.

        Beside an age the later one says again when that is: who joined in May and was there three months later, in
        August; in August, three months later. Two cohorts are listed.
        """
        if not self.found.age:
            return True
        (begin, end), (first, later) = self.found.age_place, spans
        between = {self.text(n) for n in range(first.end, later.begin)}
        is_between = first.end <= begin < later.begin and between.isdisjoint(small_words("listing"))
        return is_between or end <= later.begin <= end + 1 or later.end == begin

    def asks_both(self, markers: list[tuple[int, int]]) -> bool:
        """Whether those who joined and those who left are two figures: how many joined in May and how many left."""
        texts = [token.text for token in self.tokens]
        pairs = [*pairwise(texts)]
        points_back = any(one == "of" and two in ("them", "those", "these") for one, two in pairs)
        asks_twice = pairs.count(("how", "many")) > 1 and len(self.found.spans) < 2 and not points_back
        listed = {"and", "the", *self.lexicon.nouns}
        gone = [(begin, end) for name, begin, end in self.each(self.lexicon.metrics) if name == "churned_users"]
        ends = {end for _, end in gone}
        if any(self.is_of_each(begin) for begin, _ in gone):
            return True  # joiners for each one lost
        return asks_twice or any(
            "and" in texts[end:begin] and {*texts[end:begin]} <= listed for end in ends for begin, _ in markers
        )

    def distance(self, dated: Dated, begin: int, end: int) -> float:
        """How far a date is from words for who is followed: it stands behind a verb (who joined in), before a noun."""
        is_verb = not small_words("joining_verbs").isdisjoint(token.text for token in self.tokens[begin:end])
        is_elsewhere = (dated.begin >= end) != is_verb
        return max(dated.begin - end, begin - dated.end, 0) + 1.5 * is_elsewhere

    def later_words(self) -> list[tuple[int, int]]:
        """Or at any point after that, or any later month."""
        found = []
        for begin, token in enumerate(self.tokens):
            end = begin + 1
            while self.text(end) in {"in", "at", "on", "any", "some", "a", "one", "time", "point", "stage", *GRAINS}:
                end += 1
            is_any = {"any", "some"} & {self.text(n) for n in range(begin, end)}
            is_later = self.text(end) in LATER or (is_any and self.text(end) == "following")
            if token.text == "or" and is_later:
                end += 1
                end += self.text(end) in ("that", "it", "then", "one", "month", "week", "day", "time", "point", "stage")
                found.append((begin, end))
        return found

    def gone_words(self) -> list[tuple[int, int]]:
        """Where it says that users are no longer there: had left, did not return, no longer active."""
        gone = [(begin, end) for name, begin, end in self.each(self.lexicon.metrics) if name == "churned_users"]
        if self.text_has("gained", "won", "got", "retention"):
            return []  # more left than we gained
        for begin, end in [one for one in gone if self.text(one[0]) == "left"]:
            if self.text(begin - 1) in ("are", "were", "is", "was", "still"):
                gone.remove((begin, end))
            elif self.found.age and self.text(begin - 1) not in ("had", "have", "has", "who", "that"):
                raise Stop(self.unclear("Left: those who were still there, or those who were gone?"))
        for _, begin, end in self.each(self.lexicon.still):
            place = begin - 1 - (self.text(begin - 1) in ("still", "been"))
            if self.text(place) == "not" and self.free[place]:
                gone.append((place, end))
            if (self.text(begin - 2), self.text(begin - 1)) == ("no", "longer"):
                gone.append((begin - 2, end))
        return gone

    def dated_joiners(self, markers: list[tuple[int, int]], *, is_followed: bool) -> list[tuple[int, int]]:
        """June's new users, users who joined in June of whom it is asked how many of them stayed."""
        if markers or not is_followed:
            return []
        new = [(begin, end) for name, begin, end in self.each(self.lexicon.metrics) if name == "new_users"]
        texts = [token.text for token in self.tokens]
        points_back = any(one == "of" and two in ("them", "those", "these") for one, two in pairwise(texts))
        is_part = texts[0] == "of" or points_back
        dated = {d.end: "of" in (self.text(d.begin - 1), self.text(d.begin - 2)) for d in self.found.spans}
        return [one for one in new if is_part or dated.get(one[0]) or (one[0] in dated and self.found.age)]

    def bounds_number(self, begin: int, end: int) -> bool:
        """Whether words such as "or more" bound a figure, and no age: 40% or more, at least 40%."""
        beside = [n for n in (begin - 1, end) if 0 <= n < len(self.tokens) and self.free[n]]
        return any(self.tokens[n].number is not None for n in beside)

    def says_when(self, end: int) -> bool:
        """Whether a phrase that ends in a preposition, such as "users from", goes on with a date."""
        if self.text(end - 1) not in ("from", "in", "of"):
            return True
        end += self.text(end) == "the"
        return any(dated.begin <= end < dated.end for dated in self.found.spans)

    def follows_people(self, begin: int, end: int) -> bool:
        """Whether a phrase such as "who joined in" is followed by when, or stands in a question about staying."""
        return not small_words("joiners").isdisjoint(token.text for token in self.tokens[begin:end])

    def age_now(self, cohort: Span) -> None:
        """Are they still active: in the latest complete period."""
        if cohort.unit in ("day", "week", "month"):
            latest = self.catalogue.latest_complete(cohort.grain)
            age = self.catalogue.periods_between(cohort.first, latest, cohort.grain) - 1
            self.found.age = (age, cohort.grain) if age > 0 else None

    def age_between(self, cohort: Dated, target: Dated) -> None:
        """Of those who joined in May, how many were there in July: age 2."""
        start, end = cohort.span, self.ended(target.span, cohort.span.unit)
        later = [one for one in (end, *end.others) if one.first >= start.first]
        if not start.is_ambiguous and len(later) == 1:
            end = later[0].settled()
        if start.is_ambiguous or end.is_ambiguous:
            raise Stop(self.which_date(cohort if start.is_ambiguous else target))
        if start.grain != end.grain or start.unit not in ("day", "week", "month"):
            raise Stop(self.unclear("Cohort and later period have to be both months, weeks or days."))
        age = self.catalogue.periods_between(start.first, end.first, start.grain) - 1
        if age < 0:
            raise Stop(self.unclear("The cohort is younger than the period it is looked for in."))
        self.found.age = (age, start.grain)


def without_since(span: Span) -> Span:
    """A span without the readings that go on to the as-of date."""
    return replace(span, others=tuple(one for one in span.others if one.unit != "range"))
