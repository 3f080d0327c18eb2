"""The grammar of growth questions: which words of a question are a metric, a date, an age, a segment, an operation."""

from __future__ import annotations

from typing import cast

from app import words
from app.ask.catalogue import GRAINS, PARTS_OF_ACTIVE
from app.ask.cohort_words import CohortWords
from app.ask.days_words import DaysWords
from app.ask.lexicon import GRAIN_WORDS, vocabulary
from app.ask.metric_query import Grain, Unanswerable
from app.ask.phrasing import span_name
from app.ask.question import Stop
from app.ask.segment_words import SegmentWords
from app.ask.spans import UNITS, Dated, ordinal
from app.ask.tokens import Token, spoken

CHANGES = frozenset({"rose", "fell", "change", "improved", "worsened"})
# Week over week, wow, w/w: of weeks.
OVER: dict[str, Grain] = {
    "month": "month", "mom": "month", "m": "month", "week": "week", "wow": "week", "w": "week", "day": "day",
    "dod": "day", "d": "day",
}  # fmt: skip
FRACTIONS = {
    ("a", "third"): 1 / 3, ("one", "third"): 1 / 3, ("two", "thirds"): 2 / 3, ("a", "quarter"): 0.25,
    ("one", "quarter"): 0.25, ("three", "quarters"): 0.75, ("a", "half"): 0.5, ("half", "of"): 0.5,
    ("a", "fifth"): 0.2, ("a", "tenth"): 0.1,
}  # fmt: skip
IN_A_ROW = (("straight",), ("running",), ("consecutively",), ("in", "a", "row"), ("in", "succession"))
# Of the May peak the month is meant.
PEAKS = ("peak", "high", "low", "record", "trough", "maximum", "minimum")
SIDES = ("above", "below", "beat", "beats", "exceed", "exceeds", "exceeded", "outnumber", "outnumbered", "surpassed")
NONE = ("zero", "0", "no", "without", "nobody")
BOUND_WORDS = ("at_least", "at_most", "above", "below")
OR_BEYOND = dict.fromkeys(("more", "higher", "above", "over", "greater"), "at_least") | dict.fromkeys(
    ("less", "fewer", "lower", "below", "under"), "at_most"
)
RANKING_WORDS = ("highest", "lowest", "best", "worst", "largest", "smallest", "biggest", "weakest", "strongest")

# What does churn mean, stand for.
MEANING = {"mean", "means", "stand", "stands", "measure", "measures", "represent", "count", "counts", "express"}
BACK = {"returned", "return", "returning", "back", "reactivated", "woke", "again", "resurrected"}
LISTING = {"and", "or", "vs", "versus", "to", "per", "by", "than"}
NOT_KNOWN_OF_USERS = "The warehouse knows when users were active, not that they “{}”."
MOST_IGNORED = 2  # unknown words that may be left out of account
WITHIN_PHRASE = 3  # words that may stand between "from" and the name it leads
# What stands before the name of a segment: an unknown word after it may be one.
LEADING = {
    "with", "who", "whose", "that", "which", "on", "in", "into", "from", "using", "use", "used", "among", "amongst",
    "of", "for", "via", "by", "through", "at", "to", "per", "than", "like", "about", "inside", "within", "and",
    "or", "vs", "versus", "but", "only", "just", "not", "is", "are", "was", "were", "be", "been", "being", "as",
    "many", "how", "without", "regarding", "concerning", "containing", "under", "over", "onto", "upon", "same", "it",
}  # fmt: skip


class Grammar(CohortWords, SegmentWords, DaysWords):
    """Takes every word of a question for what it is."""

    def read_words(self) -> None:
        """Takes every word for what it is, the surest first. Raises `Stop`."""
        self.read_courtesies()
        self.read_picks()
        self.read_ever_back()
        self.read_previous()
        self.read_days_active()
        self.read_besides()
        self.read_dates()
        self.read_ages()
        self.read_out_of_reach()
        self.read_cohorts()
        self.read_segments()
        self.read_grains()
        self.read_metrics()
        self.read_bounds()
        self.read_operations()
        self.read_nouns()

    def read_courtesies(self) -> None:
        """Good morning, thank you in advance: no part of what is asked; nor is an all-time high a date."""
        for name, rank in (("record_high", "highest"), ("record_low", "lowest")):
            for _, begin, end in self.each(self.group(name)):
                self.found.operations.add(rank)
                self.take(begin, end)
        for _, begin, end in self.each(self.lexicon.courtesies):
            self.found.asks_ago |= self.text(end - 1) == "ago"
            self.take(begin, end)

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
                    and self.text(end - 2) in ("previous", "preceding", "prior", "before")
                ):
                    continue  # in the previous month
                is_counted = self.text(begin) in UNITS and self.text(begin - 1) in ("a", "one")
                if is_counted or self.text(end) in ("last", "yesterday"):
                    continue  # a week before, the week before last, the day before yesterday
                grain = next((unit for name, unit in OVER.items() if self.text(begin) == name), None)
                self.found.grain = self.found.grain or grain
                is_beside = self.text(begin) == "to" and self.text(begin - 1) == "next"
                begin -= (is_beside or self.text(begin - 1) in ("the", "to", "a")) and self.free[begin - 1]
                is_beside |= self.text(begin) == "to" and self.text(begin - 1) == "next"
                self.take(begin - is_beside, end)
                self.found.operations.add(group)

    def read_dates(self) -> None:
        free = [token if self.free[n] else Token("", "") for n, token in enumerate(self.tokens)]
        found = [dated for dated in self.dates.find(free) if not self.is_age_at(dated)]
        self.notes += dict.fromkeys(self.dates.remarks)
        for dated in found:
            before = dated.begin - 1 - (self.text(dated.begin - 1) == "the")
            is_during = self.text(before) in ("over", "during", "within", "across", "throughout")
            self.take(before if is_during else dated.begin, dated.end)
            self.read_around(dated, before)
        for scope in self.dates.scopes:
            self.take(scope.begin, scope.end)
        # "in August 2026 from 4 to 10 August" and the like are two dates on purpose; a date said twice is one.
        if earlier := self.earlier(found):
            found.append(earlier)
        spans = [d for n, d in enumerate(found) if d.span not in [e.span for e in found[:n]]]
        # "so far" and "in total" say nothing more beside another date
        everything = (self.catalogue.first, self.catalogue.as_of)
        narrower = [d for d in spans if (d.span.first, d.span.last) != everything]
        self.found.spans = narrower or spans

    def read_around(self, dated: Dated, before: int) -> None:
        """How many of the last 6 months, each of them, for 3 months straight, the May peak."""
        unit = UNITS.get(self.text(dated.end - 1))
        if self.text(before) == "of" and unit in GRAINS and dated.span.unit == "range":
            asks_which = self.text(before - 1) in ("many", "which")
            is_each = self.text(before - 1) in ("each", "every")
            if asks_which or is_each:
                self.found.grain = cast(Grain, unit)
                self.found.over_period |= asks_which
                self.found.per_period |= is_each
            if is_each:
                self.take(before - 1, before + 1)
        for phrase in IN_A_ROW:
            end = dated.end + len(phrase)
            if dated.span.length and self.matches(phrase, dated.end):
                self.found.in_a_row = True
                self.take(dated.end, end)
        if self.text(dated.begin - 1) in ("the", "our", "its") and self.text(dated.end) in PEAKS:
            self.take(dated.end, dated.end + 1)

    def earlier(self, found: list[Dated]) -> Dated | None:
        """A week before, 3 months earlier: than the one date that is named."""
        for end in range(3, len(self.tokens) + 1):
            number, unit = self.tokens[end - 3].whole, UNITS.get(self.text(end - 2))
            number = 1 if self.text(end - 3) in ("a", "an", "one") else number
            is_said = self.text(end - 1) in ("before", "earlier", "prior") and all(self.free[end - 3 : end])
            if is_said and number and unit and len(found) == 1:
                self.take(end - 3, end)
                return Dated(self.dates.shifted(found[0].span, -number, unit), end - 3, end)
        return None

    def is_age_at(self, dated: Dated) -> bool:
        words_here = [token.text for token in self.tokens[dated.begin : dated.end]]
        is_next = len(words_here) == 2 and words_here[0] == "next" and self.talks_of_retention
        return is_next or words_here in (["first", "day"], ["first", "week"], ["first", "month"])

    def read_out_of_reach(self) -> None:
        """What no metric query can express, by the words that say so."""
        named = self.each(self.lexicon.individuals)
        if self.text_has("many", "number", "count", "share", "percentage", "percent"):  # how many users who churned
            people = self.lexicon.nouns | self.lexicon.metrics.words
            named = [one for one in named if self.text(one[1]) != "who" or self.text(one[1] - 1) not in people]
        asks_who = named and not (self.text(named[0][1]) == "who" and self.each(self.lexicon.segments))
        if asks_who and not self.each(self.group("explain")):
            raise Stop(self.no_answer("Single people are not named here. The Users page lists those behind a figure."))
        if self.each(self.lexicon.about_data):
            covers = f"The data covers {words.day(self.catalogue.first)} to {words.day(self.catalogue.as_of)}"
            raise Stop(self.help(f"{covers}; up to that day, not including it, it is complete."))
        if self.each(self.lexicon.advice):
            raise Stop(self.no_answer("What to do is for people to decide; this box says what happened."))
        future = [
            d for d in self.found.spans if min(one.first for one in (d.span, *d.span.others)) > self.catalogue.as_of
        ]
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

    def read_grains(self) -> None:
        """Monthly, by week, each day, which month."""
        for position, token in enumerate(self.tokens):
            named = self.lexicon.metrics.at(self.tokens, position - 1, self.free) if position else None
            if not self.free[position] or (named and named[1] > position):
                continue  # 28 day active users
            word, before = token.text, self.text(position - 1)
            if word in ("date", "dates") and before in ("which", "what"):
                self.found.grain, self.found.over_period = "day", True
                self.take(position, position + 1)
            if word in ("often", "times") and self.text(position - 1) in ("how", "many"):
                self.found.over_period = True  # how often: in how many periods
                self.take(position, position + 1)
            if word in GRAIN_WORDS and self.text(position + 1) not in ("active", "actives", "users"):
                self.found.grain = cast(Grain, GRAIN_WORDS[word])
                self.found.grains.append(self.found.grain)
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
                if (
                    self.text(position + 1) == "of"
                    and self.text(position + 2 + (self.text(position + 2) in ("the", "each", "every"))) in UNITS
                ):
                    raise Stop(self.unclear(f"Which {word} within each one: figures are not compared that way."))
                self.found.grain = cast(Grain, UNITS[word])
                self.found.grains.append(self.found.grain)
                self.found.over_period = True
                if self.text(position + 1) in ("running", "straight"):
                    self.found.operations.add("since")
                    self.take(position + 1, position + 2)  # for how many months running
                if self.text(position + 1) == "ago":
                    self.found.asks_ago = True
                    self.take(position + 1, position + 2)  # how many months ago
                if before == "and" and {"by", "per"} & {token.text for token in self.tokens[: position - 1]}:
                    self.found.per_period = True  # by channel and month
                if before in ("by", "per", "each", "every", "a") and self.free[position - 1]:
                    self.found.per_period = True
                    self.take(position - 1, position)
                self.take(position, position + 1)

    def read_metrics(self) -> None:
        self.read_returns()
        self.read_net()
        phrases = self.lexicon.metrics
        for group, begin, end in self.each(self.lexicon.metric_groups):
            self.found.metrics += vocabulary()["metric_groups"][group]["metrics"]
            self.take(begin, end)
        for number, begin, end in self.each(self.lexicon.ambiguous):
            longer = phrases.at(self.tokens, begin, self.free)
            if longer and longer[1] > end:
                continue
            if len(self.lexicon.ambiguous_metrics[int(number)]) == 1:
                continue  # growth: an operation as much as a metric
            self.found.ambiguous.append(self.lexicon.ambiguous_metrics[int(number)])
            self.take(begin, end)
        self.read_ratio()
        self.read_copulas()
        found = [(name, begin, end) for name, begin, end in self.each(phrases) if not self.is_of_movement(begin, end)]
        for name, begin, end in found:
            # the churn of users acquired from google: said of a segment, not asked for
            is_aside = name == "new_users" and len(found) > 1 and self.text(end) in ("from", "via", "through")
            is_aside = is_aside and not any(dated.begin == end for dated in self.found.spans)
            is_aside |= self.text(begin) == "registered" and any(other[2] == begin for other in found)  # DAU registered
            if name not in self.found.metrics and not is_aside:
                self.found.metrics.append(name)
                self.found.metric_places[name] = (begin, end)
            self.check_rate(name, begin, end)
            self.take(begin - (name == "new_users" and self.text(begin - 1) == "first"), end)

        self.read_movement()
        if {"new_users", "gained_users"} <= set(self.found.metrics):
            self.found.metrics.remove("gained_users")  # gained new users: the verb

    def read_copulas(self) -> None:
        """Stay above 1, keep growing, remain flat: no more than to be so."""
        after = {word for name in (*BOUND_WORDS, "rose", "fell") for word in self.group(name).words} - {"up", "at"}
        for name, begin, end in self.each(self.lexicon.metrics):
            if name == "retained_users" and end == begin + 1 and self.text(end) in after:
                self.take(begin, end)

    def read_movement(self) -> None:
        """Lost so many active users: the churned ones, or of two dates the change of the active ones; so is gained."""
        active = self.found.metric_places.get("active_users")
        churned = self.found.metric_places.get("churned_users")
        if churned and self.text(churned[0]) in self.group("fell").words and len(self.found.metrics) > 1:
            self.found.metrics.remove("churned_users")  # retention dropped off
            self.found.operations.add("fell")
            return
        for name, movement in (("churned_users", "fell"), ("gained_users", "rose")):
            verb = self.found.metric_places.get(name)
            if not (verb and active and 0 <= active[0] - verb[1] < WITHIN_PHRASE):
                continue
            if self.text(active[0] - 1) in LISTING:
                continue
            spans = [dated.span for dated in self.found.spans]
            is_between = len(spans) == 2 or any(span.unit == "range" for span in spans)
            self.found.metrics.remove(name if is_between else "active_users")
            if is_between:
                self.found.operations.add(movement)

    def is_of_movement(self, begin: int, end: int) -> bool:
        """Whether words are part of a movement: has it gone up."""
        moves = [match for name in ("rose", "fell") if (match := self.group(name).at(self.tokens, begin, self.free))]
        return any(match[1] > end for match in moves)

    def check_rate(self, name: str, begin: int, end: int) -> None:
        """Raises `Stop` for the rate of a count of which no rate is kept: the reactivation rate."""
        metric = self.catalogue.metrics[name]
        is_called = self.text(end) in ("rate", "rates") and self.free[end]
        if is_called and metric.is_count and name in PARTS_OF_ACTIVE - {"retained_users"}:
            what = spoken(self.tokens[begin : end + 1])
            options = (f"{metric.label.lower()} as a share of active users", f"{metric.label.lower()} by month")
            raise Stop(
                self.unclear(f"There is no metric called “{what}” here. What is divided by what?", options=options)
            )

    def read_net(self) -> None:
        """Net new users: those gained less those lost, which is the change of the active ones."""
        for _, begin, end in self.each(self.group("net")):
            self.found.metrics.append("active_users")
            self.found.operations.add("change")
            self.notes.append("Net new users are those gained less those lost: the change of active users.")
            self.take(begin, end)

    def read_ratio(self) -> None:
        """The ratio of users gained to users lost, of new to active ones."""
        named = self.each(self.lexicon.metrics)
        inside = {place for _, begin, end in named for place in range(begin, end)}
        for position, token in enumerate(self.tokens):
            if token.text == "ratio" and position not in inside and len({name for name, _, _ in named}) == 2:
                self.take(position, position + 1)

    def read_returns(self) -> None:
        """Dormant users who returned are the resurrected ones."""
        away = [n for n, token in enumerate(self.tokens) if self.free[n] and token.text in self.lexicon.away]
        for name, begin, end in self.each(self.lexicon.metrics):  # people who had left and came back
            goes_on = {self.text(n) for n in range(end + 1, end + WITHIN_PHRASE + 1)} & BACK
            if name == "churned_users" and self.text(end) in ("and", "but") and goes_on:
                away += range(begin, end)
        back = [n for n, token in enumerate(self.tokens) if self.free[n] and token.text in BACK]
        if away and back and "resurrected_users" in self.catalogue.metrics:
            self.found.metrics.append("resurrected_users")
            for position in (*away, *back):
                self.take(position - (self.text(position) == "back"), position + 1)

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
            if is_bounded and (self.text(noun) == "time" or (self.text(noun) in UNITS and goes_on)):
                self.found.operations.add(pick)
                self.take(begin, noun)

    def read_bounds(self) -> None:
        """Above 30%, at least 5, 100 or more, between 20% and 30%, no new users at all."""
        for name in (*BOUND_WORDS, "exactly"):
            for _, begin, end in self.each(self.group(name)):
                value = self.bound_at(end)
                if value is None:
                    continue
                if self.text(begin - 1) in ("are", "were", "is") and self.text(begin - 2) in self.lexicon.nouns:
                    raise Stop(self.unclear("Users are not told apart by a number: which figure is bounded?"))
                self.found.bounds |= {"at_least": value, "at_most": value} if name == "exactly" else {name: value}
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

    def read_breakdown(self) -> None:
        """Break new users down by country, into new and retained ones."""
        texts = [token.text for token in self.tokens]
        for word in ("down", "into"):
            if "break" in texts and word in texts[texts.index("break") :]:
                self.take(texts.index("break"), texts.index("break") + 1)
                self.take(texts.index(word), texts.index(word) + 1)

    def read_operations(self) -> None:
        self.read_breakdown()
        ranks = ("highest", "lowest", "best", "worst")
        for position, token in enumerate(self.tokens):
            # the second highest, the 3rd best
            place = ordinal(token.text)
            follows = any(self.group(name).at(self.tokens, position + 1, self.free) for name in ranks)
            if place and place <= 100 and self.text(position + 1) in ("place", "rank", "position"):
                self.found.operations.add("highest")
                self.found.nth = place
                self.take(position, position + 2)
            ranks_so = self.text(position - 1) in (
                "came",
                "comes",
                "ranks",
                "ranked",
                "is",
                "was",
                "placed",
                "finished",
            )
            if place and self.free[position] and ranks_so and self.text(position + 1) in ("by", "for", "in", "on", ""):
                self.found.operations.add("highest")
                follows = True
            if place and self.free[position] and follows:
                self.found.nth = place
                self.take(position, position + 1)
        for position in range(len(self.tokens) - 1):
            is_does = (self.text(position), self.text(position + 1)) == ("what", "does")
            if is_does and MEANING & {token.text for token in self.tokens[position:]}:
                self.found.operations.add("define")
                self.take(position, position + 2)
        for group in (
            "define", "since", "improved", "worsened", "split", "previous", "average", "explain", "compare", "change",
            "series", "cumulative", "median", "total", "best", "worst", "highest", "lowest", "rose", "fell", "share",
            "percent", "rank", "more", "less",
        ):  # fmt: skip
            self.take_group(group)
        if "define" in self.found.operations:
            self.found.operations.discard("average")  # what does it mean
        if self.found.spans or self.found.by or self.found.filters:
            if "define" in self.found.operations and self.found.metrics:
                self.notes.append(self.catalogue.metrics[self.found.metrics[0]].description)
            self.found.operations.discard("define")  # a figure, and what it means beside it
        self.read_sides()
        if "percent" in self.found.operations and not self.found.operations & {*CHANGES, "previous", "year_ago"}:
            self.found.operations.add("share")
        stands_for_change = self.found.operations & CHANGES and set(self.found.metrics) <= {"active_users"}
        for position, token in enumerate(self.tokens):
            has_values = any(len(values) > 1 for values in self.found.filters.values())
            if ("compare" in self.found.operations or has_values) and token.text == "between":
                self.take(position, position + 1)
            is_net = token.text == "net" and stands_for_change
            is_segment = token.text in self.lexicon.segment_words and "explain" in self.found.operations
            if is_net or is_segment or (token.text == "rolling" and self.found.metrics):
                self.take(position, position + 1)
            # when did it last fall, when did it first exceed 400
            is_pick = token.text in ("first", "last") and self.free[position]
            if is_pick and (self.found.bounds or self.found.operations & CHANGES):
                self.found.operations.add(token.text)
                self.take(position, position + 1)
            # top 3 countries, the 5 best months, which three months had the most
            if self.found.operations & set(ranks) and self.free[position]:
                number = token.whole
                before, after = self.text(position - 1), self.text(position + 1)
                is_of_values = bool(self.lexicon.segments.at(self.tokens, position + 1, [True] * len(self.tokens)))
                is_of_values |= self.text(position + 1) in UNITS and self.text(position + 2) == "with"
                leads = (
                    is_of_values
                    or before in ("top", "bottom", "which", "the", "what", *RANKING_WORDS)
                    or after in RANKING_WORDS
                )
                if number and number <= 100 and leads:
                    self.found.limit = number
                    self.take(position, position + 1)

    def read_sides(self) -> None:
        """Above or below, with no number: of two dates, two values, or a value and everybody."""
        is_against = bool(self.found.operations & {"previous", "year_ago"})
        is_against |= any(
            self.text(dated.begin - 1 - (self.text(dated.begin - 1) == "the")) in SIDES for dated in self.found.spans
        )
        has_sides = self.found.beside or len(self.found.spans) == 2 or is_against
        has_sides = has_sides or len(self.found.metrics) == 2
        if not (has_sides or any(len(values) > 1 for values in self.found.filters.values())):
            return
        for position, token in enumerate(self.tokens):
            if self.free[position] and token.text in SIDES:
                self.found.operations |= {"compare", "less" if token.text == "below" else "more"}
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
            if self.free[position]
            and (token.text not in self.lexicon.glue or self.describes_people(position) or self.is_done(position))
        ]

    def is_done(self, position: int) -> bool:
        """Whether a word says what users did, other than being active: new users who read the docs."""
        return self.text(position) in self.lexicon.doings and self.text(position - 1) in {*self.lexicon.nouns, "who"}

    def describes_people(self, position: int) -> bool:
        """Whether a word that mostly says nothing stands right before users: learning users may be a segment."""
        return self.text(position) in self.lexicon.describing and self.text(position + 1) in self.lexicon.nouns

    def said_of_people(self) -> str:
        """What is said of users, beyond the plainest words, where no metric says which are meant: read the news."""
        for position, token in enumerate(self.tokens):
            end = self.free_until(position + 1)
            said = [n for n in range(position + 1, end) if self.text(n) not in self.lexicon.plain]
            if token.text in self.lexicon.nouns and said:
                return spoken(self.raw[said[0] : end])
        return ""

    def free_until(self, position: int) -> int:
        """Where the words end, from a position on, that are taken for nothing."""
        while position < len(self.tokens) and self.free[position]:
            position += 1
        return position

    def can_ignore(self, left: list[int]) -> bool:
        """Whether one or two unknown words stand apart from all that was understood of a whole question."""
        is_whole = bool(self.found.metrics or self.found.is_cohort) and not self.found.ambiguous
        return is_whole and len(left) <= MOST_IGNORED and all(map(self.stands_apart, left))

    def stands_apart(self, position: int) -> bool:
        """Whether a plain unknown word is no neighbour of what was understood, nor follows what leads a segment."""
        token = self.tokens[position]
        is_plain = token.original.isalpha() and token.original.islower() and token.text not in self.lexicon.known
        if not is_plain or not 0 < position < len(self.tokens) - 1:
            return False
        is_apart = self.free[position - 1] and self.free[position + 1]
        before = {self.text(n) for n in range(position - WITHIN_PHRASE, position)}
        return is_apart and before.isdisjoint(LEADING)

    def second_question(self) -> str:
        """A second question of which nothing was understood: and how is it doing now."""
        for begin in range(2, len(self.tokens) - 2):
            asks = self.text(begin) in ("how", "what", "when", "why", "who", "where", "which")
            idle = self.lexicon.ambiguous.words | {"now"}
            is_idle = all(self.free[n] or self.text(n) in idle for n in range(begin, len(self.tokens)))
            is_answered = self.text(begin) == "when" and self.found.operations & {"highest", "lowest"}
            if self.text(begin - 1) == "and" and asks and is_idle and not is_answered:
                return spoken(self.raw[begin:])
        return ""

    def check_leftovers(self) -> None:
        left = self.leftovers()
        found = self.found
        if left_out := self.second_question():
            self.ignored.append(left_out)
        if not left:
            return
        if done := [n for n in left if self.is_done(n)]:
            said = spoken(self.raw[done[0] : self.free_until(done[0])])
            raise Stop(self.unread(self.no_answer(NOT_KNOWN_OF_USERS.format(said))))
        what = spoken([self.raw[n] for n in left])
        if self.can_ignore(left):
            self.ignored.append(what)
            return
        if len(left) >= 3 and 2 * len(left) >= len(self.tokens):
            raise Stop(self.unread(self.no_answer(f"Too little of this was understood; not “{what}”. I read English.")))
        recognised = (
            found.metrics
            or found.days_active
            or found.ambiguous
            or found.is_cohort
            or found.has_noun
            or found.operations
        )
        if not recognised and not found.spans and not found.by:
            message = "This is no question about the growth of this product, or none that I can read."
            raise Stop(self.unread(self.no_answer(message)))
        position = left[0]
        before = [self.text(position - 1), self.text(position - 2)]
        is_place = before[0] in ("in", "on", "from", "for", "via", "through", "and", "vs", "than", "with") or before[
            1
        ] in ("in", "on", "from", "via")
        is_word = self.tokens[position].text.isalpha() and self.tokens[position].text not in self.lexicon.known
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
