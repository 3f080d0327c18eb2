"""The grammar of growth questions: which words of a question are a metric, a date, an age, a segment, an operation."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from app import words
from app.ask.bound_words import BoundWords
from app.ask.catalogue import GRAINS
from app.ask.cohort_words import JOINING, CohortWords
from app.ask.completeness_words import CompletenessWords
from app.ask.days_words import DaysWords
from app.ask.leftovers import Leftovers
from app.ask.lexicon import fillers
from app.ask.metric_query import Grain, Longer
from app.ask.metric_words import MetricWords
from app.ask.phrasing import span_name
from app.ask.question import Stop
from app.ask.segment_words import SegmentWords
from app.ask.spans import GRAIN_WORDS, UNITS, WEEKDAYS, Dated, Span, ordinal
from app.ask.tokens import Token, spoken

CHANGES = frozenset({"rose", "fell", "change", "improved", "worsened"})
# Week over week, wow, w/w: of weeks.
OVER: dict[str, Grain] = {
    "month": "month", "mom": "month", "m": "month", "week": "week", "wow": "week", "w": "week", "day": "day",
    "dod": "day", "d": "day",
}  # fmt: skip
NOT_NAMED = "Single people are not named here. The Users page lists those behind a figure."
IN_A_ROW = (("straight",), ("running",), ("consecutively",), ("in", "a", "row"), ("in", "succession"))
# Of the May peak the month is meant.
PEAKS = ("peak", "high", "low", "record", "trough", "maximum", "minimum")
# At the end of each month, on the first of every week.
EDGES = dict.fromkeys(("end", "close", "last"), "last") | dict.fromkeys(("first", "start", "beginning"), "first")
ROLLING_NAMES = {"dau", "wau", "mau", "stickiness"}
RANKING_WORDS = ("highest", "lowest", "best", "worst", "largest", "smallest", "biggest", "weakest", "strongest")

HOW_FAR = {("how", "high", "did"): "highest", ("how", "low", "did"): "lowest"}
# What does churn mean, stand for.
MEANING = {"mean", "means", "stand", "stands", "measure", "measures", "represent", "count", "counts", "express"}

VERBS = {"is", "are", "was", "were", "did", "do", "does", "has", "have"}
SUBJECTS = {"i", "we", "you", "they", "it", "there", "our", "the"}
DAYS_OF_WEEK = {"weekday", "weekdays", "weekend", "weekends", *(f"{name}s" for name in WEEKDAYS)}
# Longer periods, of which figures are made of those of months.
LONGER: dict[str, Longer] = dict.fromkeys(("quarter", "quarters", "quarterly"), "quarter")
LONGER |= dict.fromkeys(("year", "years", "yearly", "annual", "annually"), "year")


class Grammar(CompletenessWords, CohortWords, SegmentWords, DaysWords, MetricWords, BoundWords, Leftovers):
    """Takes every word of a question for what it is."""

    def read_words(self) -> None:
        """Takes every word for what it is, the surest first. Raises `Stop`."""
        self.read_courtesies()
        self.read_completeness()
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
        self.read_edges()
        self.read_grains()
        self.read_metrics()
        self.read_bringing()
        self.read_bounds()
        self.read_operations()
        self.read_nouns()

    def read_courtesies(self) -> None:
        """Good morning, thank you in advance: no part of what is asked; nor is an all-time high a date."""
        for name, rank in (("record_high", "highest"), ("record_low", "lowest")):
            for _, begin, end in self.each(self.group(name)):
                self.found.operations.add(rank)
                self.take(begin, end)
        for begin in {0, max(len(self.tokens) - 3, 0)}:
            if self.text(begin) in VERBS and self.text(begin + 1) == "not" and self.text(begin + 2) in SUBJECTS:
                self.take(begin + 1, begin + 2)  # didn't we lose users; we lost users, didn't we
        for begin, token in enumerate(self.tokens):
            if token.text in UNITS and self.text(begin + 1) in ("after", "by") and self.text(begin + 2) == token.text:
                self.found.per_period = True  # month after month
                self.take(begin, begin + 2)
        for _, begin, end in self.each(self.lexicon.courtesies):
            if self.text(begin) == "good" and self.text(begin - 1) in ("a", "one"):
                continue  # on a good day
            if self.text(begin) == "group" and self.text(begin - 1) in ("which", "what"):
                continue  # which group of users grew most
            self.found.asks_ago |= self.text(end - 1) == "ago"
            self.take(begin, end)

    def read_previous(self) -> None:
        """Against the period before, or a year before: taken before the dates in it are."""
        for group in ("previous", "year_ago"):
            phrases = self.group(group)
            for _, begin, end in self.each(phrases):
                others = [*self.tokens[:begin], *self.tokens[end:]]
                # in which week did the previous week's users leave: of each week the one before
                of_people = self.text(end) in {*self.lexicon.nouns, "active", "actives"}
                of_people |= self.text(begin - 1) == "of" and self.text(begin - 2) in {*self.lexicon.nouns, "those"}
                of_each = of_people and any(token.text in UNITS for token in self.tokens[:begin])
                is_alone = not (self.dates.find(others) or of_each)
                if (
                    is_alone
                    and self.text(end - 1) in UNITS
                    and self.text(end - 2) in ("previous", "preceding", "prior", "before")
                ):
                    continue  # in the previous month
                is_counted = self.text(begin) in UNITS and self.text(begin - 1) in ("a", "one")
                is_of_date = self.text(end - 1) == "before" and self.dates.span_at(self.tokens, end) is not None
                is_of_date |= self.text(end) in ("last", "yesterday")
                if is_counted or is_of_date:
                    continue  # a week before, the week before last, the week before Christmas
                grain = next((unit for name, unit in OVER.items() if self.text(begin) == name), None)
                self.found.grain = self.found.grain or grain
                is_beside = self.text(begin) == "to" and self.text(begin - 1) == "next"
                begin -= (is_beside or self.text(begin - 1) in ("the", "to", "a")) and self.free[begin - 1]
                is_beside |= self.text(begin) == "to" and self.text(begin - 1) == "next"
                self.take(begin - is_beside, end)
                self.found.operations.add(group)
                self.found.of_previous |= group == "previous" and of_people

    def read_dates(self) -> None:
        nexts = {n for n, token in enumerate(self.tokens) if token.text == "next" and self.text(n + 1) in UNITS}
        free = [token if self.free[n] else Token("", "") for n, token in enumerate(self.tokens)]
        found = self.dates.find([Token("", "") if n in nexts else token for n, token in enumerate(free)])
        if nexts and not (found or self.talks_of_retention):
            found = self.dates.find(free)  # next month, and not that after another one
        found = [dated for dated in found if not self.is_age_at(dated)]
        if self.dates.impossible:
            raise Stop(self.unclear(f"There is no {self.dates.impossible[0]} in the calendar."))
        self.notes += dict.fromkeys(self.dates.remarks)
        self.first_of_all += dict.fromkeys(self.dates.assumed)
        for dated in found:
            before = dated.begin - 1 - (self.text(dated.begin - 1) == "the")
            is_during = self.text(before) in ("over", "during", "within", "across", "throughout")
            is_during &= not self.lexicon.metrics.at(self.tokens, before - 1, self.free)  # carried over
            self.take(before if is_during else dated.begin, dated.end)
            self.read_around(dated, before)
        for scope in self.dates.scopes:
            self.take(scope.begin, scope.end)
        # "in August 2026 from 4 to 10 August" and the like are two dates on purpose; a date said twice is one.
        if len(found) == 1 and (neighbour := self.neighbour(found[0])):
            found.append(neighbour)
        spans = [d for n, d in enumerate(found) if d.span not in [e.span for e in found[:n]]]
        # "so far" and "in total" say nothing more beside another date
        everything = (self.catalogue.first, self.catalogue.as_of)
        narrower = [d for d in spans if (d.span.first, d.span.last) != everything]
        self.found.spans = narrower or spans
        if narrower and any(self.text(d.begin) in ("overall", "altogether", "in") for d in spans if d not in narrower):
            self.found.operations.add("total")  # the overall monthly churn of 2026

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
        opinion = dated.begin - 1
        if self.text(opinion) in fillers()["opinions"]:
            self.take(opinion, dated.begin)  # that bad week of 7 September
        if self.text(dated.end) == "inclusive" and self.text(dated.begin) not in ("before", "after"):
            self.take(dated.end, dated.end + 1)  # from January to June inclusive
        for phrase in IN_A_ROW:
            end = dated.end + len(phrase)
            if dated.span.length and self.matches(phrase, dated.end):
                self.found.in_a_row = True
                self.take(dated.end, end)
        if self.text(dated.begin - 1) in ("the", "our", "its") and self.text(dated.end) in PEAKS:
            self.take(dated.end, dated.end + 1)

    def neighbour(self, dated: Dated) -> Dated | None:
        """A week before, 3 months earlier, the following month: than the one date that is named."""
        follows = not self.talks_of_retention or self.follows_active  # else it is an age
        for begin in range(len(self.tokens) - 1):
            number, unit = self.tokens[begin].whole, UNITS.get(self.text(begin + 1))
            number = 1 if self.text(begin) in ("a", "an", "one") else number
            side, end, is_counted = self.text(begin + 2), begin + 3, number is not None
            if follows and self.text(begin) in ("following", "next", "subsequent"):
                number, side, end = 1, "after", begin + 2
            elif follows and self.text(begin) == "the" and side in ("after", "following"):
                number = 1
            is_said = side in ("before", "earlier", "prior") or (follows and side in ("after", "following"))
            is_said &= is_counted or unit == dated.span.unit
            is_said &= not (side == "after" and self.text(end) in JOINING)  # two months after they joined
            if number and unit and is_said and all(self.free[begin:end]):
                self.take(begin, end)
                step = -number if side in ("before", "earlier", "prior") else number
                return Dated(self.dates.shifted(dated.span, step, unit), begin, end)
        return None

    def is_age_at(self, dated: Dated) -> bool:
        words_here = [token.text for token in self.tokens[dated.begin : dated.end]]
        return words_here in (["first", "day"], ["first", "week"], ["first", "month"])

    def read_out_of_reach(self) -> None:
        """What no metric query can express, by the words that say so."""
        named = self.each(self.lexicon.individuals)
        if self.text_has("many", "number", "count", "share", "percentage", "percent"):  # how many users who churned
            people = self.lexicon.nouns | self.lexicon.metrics.words | {"those", "ones"}
            named = [one for one in named if self.text(one[1]) != "who" or self.text(one[1] - 1) not in people]
        of_segments = self.each(self.lexicon.segments) or len(list(self.mentions())) > 1  # ios or web, who is better
        asks_who = named and not (self.text(named[0][1]) == "who" and of_segments)
        if asks_who and not self.each(self.group("explain")):
            raise Stop(self.no_answer(NOT_NAMED))
        named_at = {begin for _, begin, _ in self.each(self.lexicon.metrics)}
        if any(begin not in named_at for _, begin, _ in self.each(self.lexicon.about_data)):
            covers = f"The data covers {words.day(self.catalogue.first)} to {words.day(self.catalogue.as_of)}"
            raise Stop(self.help(f"{covers}; up to that day, not including it, it is complete."))
        if self.each(self.lexicon.about_segments):
            raise Stop(self.help(self.values_of(list(self.catalogue.segments))))
        if self.each(self.lexicon.advice):
            raise Stop(self.no_answer("What to do is for people to decide; this box says what happened."))
        future = [
            d for d in self.found.spans if min(one.first for one in (d.span, *d.span.others)) > self.catalogue.as_of
        ]
        if self.each(self.lexicon.forecast) or future:
            known = f"the data is complete up to, not including, {words.day(self.catalogue.as_of)}"
            when = f"{span_name(future[0].span)} is not yet known" if future else "What is to come is not yet known"
            raise Stop(self.no_answer(f"{when}: {known}, and nothing here forecasts."))
        inside = {place for _, begin, end in self.each(self.lexicon.metrics) for place in range(begin + 1, end)}
        inside |= {n for _, begin, end in self.each(self.group("highest")) for n in range(begin + 1, end)}
        inside |= {begin for _, begin, end in self.each(self.group("highest")) if end > begin + 1}  # leads in
        in_names = {n for begin, end, _ in self.mentions() for n in range(begin, end)}  # google ads, android phones
        held = [one for one in self.each(self.lexicon.not_held) if one[1] not in inside | in_names]  # first time users
        anywhere = [True] * (len(self.tokens) + 1)
        ordered = {n for n in range(len(self.tokens) - 1) if self.lexicon.segments.at(self.tokens, n + 1, anywhere)}
        if held := [one for one in held if self.text(one[1]) != "order" or one[1] not in ordered]:  # order countries by
            name, begin, end = held[0]
            if not self.is_segment_value(begin):
                what = spoken(self.tokens[begin:end])
                raise Stop(self.no_answer(f"The warehouse holds nothing about {what} ({name})."))
        if self.text_has(*(self.group("share").words | self.group("percent").words)):
            for _, begin, end in self.each(self.lexicon.causes):
                self.take(begin, end if end in in_names else begin)  # what share was due to facebook
        causes = [begin for _, begin, _ in self.each(self.lexicon.causes) if begin not in in_names]
        if causes:
            raise Stop(
                self.no_answer("Causes are not in the data: it shows what changed and in which segments, not why.")
            )

    def read_edges(self) -> None:
        """The rolling figure at the end of each month, on the first day of every week: of those days only."""
        if ROLLING_NAMES.isdisjoint(name for name, _, _ in self.each(self.lexicon.metrics)):
            return
        for begin, token in enumerate(self.tokens):
            end = begin + 1 + (self.text(begin + 1) == "day")
            unit = UNITS.get(self.text(end + 2))
            is_each = self.text(end) == "of" and self.text(end + 1) in ("each", "every") and unit in ("week", "month")
            if token.text not in EDGES or not is_each or len(self.found.spans) > 1:
                continue
            span = (
                self.found.spans[0].span
                if self.found.spans
                else Span(self.catalogue.first, self.catalogue.as_of, "range")
            )
            days = self.edge_days(span, cast(Grain, unit), is_last=EDGES[token.text] == "last")
            self.found.spans = [Dated(Span(day, day, "day"), begin, end + 3) for day in days]
            self.take(begin - (self.text(begin - 1) == "the"), end + 3)
            return

    def edge_days(self, span: Span, unit: Grain, *, is_last: bool) -> list[date]:
        """The first or the last day of each period within a span, as far as the data is complete."""
        start, days = self.catalogue.period_start(span.first, unit), []
        while start <= min(span.last, self.catalogue.as_of):
            after = self.catalogue.shifted(start, 1, unit)
            days.append(after - timedelta(days=1) if is_last else start)
            start = after
        return [day for day in days if span.first <= day <= span.last and day < self.catalogue.as_of]

    def read_grains(self) -> None:
        """Monthly, by week, each day, which month."""
        for position, token in enumerate(self.tokens):
            named = self.lexicon.metrics.at(self.tokens, position - 1, self.free) if position else None
            word, before = token.text, self.text(position - 1)
            is_part = word.startswith("quarter") and before in ("a", "one", "three") and self.text(position + 1) == "of"
            if not self.free[position] or (named and named[1] > position) or is_part:
                continue  # 28 day active users, a quarter of our users
            if word in ("date", "dates") and before in ("which", "what"):
                self.found.grain, self.found.over_period = "day", True
                self.take(position, position + 1)
            if word in ("often", "times") and self.text(position - 1) in ("how", "many"):
                self.found.over_period = True  # how often: in how many periods
                self.take(position, position + 1)
            if word in GRAIN_WORDS and self.text(position + 1) not in ("active", "actives", "users"):
                self.found.grain = GRAIN_WORDS[word]
                self.found.grains.append(self.found.grain)
                self.take(position, position + 1)
            elif word in ("hour", "hours", "hourly"):
                raise Stop(self.unclear("Figures are kept by day, week and month, not by hour."))
            elif word in DAYS_OF_WEEK or (word == "day" and self.matches(("of", "the", "week"), position + 1)):
                raise Stop(self.no_answer("Figures are not kept by the day of the week; a single day has its date."))
            elif (
                word in LONGER
                and before in ("the", "this", "a", "our")
                and self.text(position + 1) not in ("with", "in", "when", "that", "we")
            ):
                raise Stop(self.unclear(f"Which {word}? Say it by its name, such as Q2 2026."))
            elif longer := LONGER.get(word):
                self.found.within = longer
                is_led = before in ("by", "per", "each", "every") and self.free[position - 1]
                self.take(position - is_led, position + 1)
            elif word in UNITS and UNITS[word] in GRAINS:
                if [self.text(position + n) for n in (1, 2, 3)] == ["of", "the", "year"]:
                    self.found.of_the_year = True
                    self.take(position + 1, position + 4)
                elif (
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

    def read_breakdown(self) -> None:
        """Break new users down by country, into new and retained ones; split them up."""
        verbs = [n for n, token in enumerate(self.tokens) if token.text in ("break", "split", "divide")]
        for place in range(verbs[0] + 1, len(self.tokens)) if verbs else ():
            if self.text(place) in ("down", "up", "into") and self.free[place]:
                self.take(verbs[0], verbs[0] + 1)
                self.take(place, place + 1)
                return

    def read_operations(self) -> None:
        self.read_breakdown()
        self.read_particles()
        ranks = ("highest", "lowest", "best", "worst")
        for position, token in enumerate(self.tokens):
            # the second highest, the 3rd best
            place = ordinal(token.text)
            follows = any(self.group(name).at(self.tokens, position + 1, self.free) for name in ranks)
            if place and place <= 100 and self.text(position + 1) in ("place", "rank", "position"):
                self.found.operations.add("highest")
                self.found.nth = place if place > 1 else None
                self.take(position - (self.text(position - 1) in ("took", "takes", "taking")), position + 2)
            ranks_so = self.text(position - 1) in (
                "came",
                "comes",
                "out",
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
                self.found.nth = place if place > 1 else None
                self.take(position - (self.text(position - 1) == "ranks"), position + 1)
        is_over_time = not self.found.spans or self.found.spans[0].span.unit not in GRAINS
        for position in range(len(self.tokens) - 2):
            how = (self.text(position), self.text(position + 1), self.text(position + 2))
            if how in HOW_FAR and (is_over_time or {"dau", "wau", "mau", "stickiness"} & {*self.found.metrics}):
                self.found.operations.add(HOW_FAR[how])  # how low did the quick ratio go
                self.found.over_period = True
                self.take(position, position + 3)
        for position in range(len(self.tokens) - 1):
            is_does = (self.text(position), self.text(position + 1)) == ("what", "does")
            if is_does and MEANING & {token.text for token in self.tokens[position:]}:
                self.found.operations.add("define")
                self.take(position, position + 2)
        for _, begin, end in self.each(self.lexicon.as_much):
            self.take(begin, end)
        for side, begin, end in self.each(self.lexicon.signed):
            self.found.operations.add(side)
            self.take(begin, end)
        for rank, begin, end in self.each(self.lexicon.ordering):
            self.found.operations |= {rank, "rank"}
            self.take(begin, end)
        is_record = False
        for _, begin, end in self.each(self.group("than_any_other")):
            is_record = True  # more than on any other day
            self.take(begin, end + (self.text(end) in UNITS))
        for group in (
            "define", "since", "improved", "worsened", "split", "previous", "average", "explain", "compare", "change",
            "series", "cumulative", "median", "total", "best", "worst", "highest", "lowest", "rose", "fell", "share",
            "percent", "rank", "more", "less",
        ):  # fmt: skip
            self.take_group(group)
        if is_record:
            self.found.operations |= {"lowest" if "less" in self.found.operations else "highest"}
            self.found.operations -= {"more", "less", "compare"}
        if "define" in self.found.operations and self.text_has("usual", "typical", "normal"):
            self.found.operations.discard("define")  # what is a usual week
        if "define" in self.found.operations:
            self.found.operations.discard("average")  # what does it mean
        if self.found.spans or self.found.by or self.found.filters or self.found.bounds:
            if "define" in self.found.operations and self.found.metrics:
                self.notes.append(self.catalogue.metrics[self.found.metrics[0]].description)
            self.found.operations.discard("define")  # a figure, and what it means beside it
        self.read_sides()
        if "percent" in self.found.operations and not self.found.operations & {*CHANGES, "previous", "year_ago"}:
            self.found.operations.add("share")
        is_part = "share" in self.found.operations or self.found.is_percent
        if "explain" in self.found.operations and is_part and self.text_has("account", "accounts", "responsible"):
            self.found.operations = self.found.operations - {"explain"} | {"share"}  # which part do they account for
        stands_for_change = self.found.operations & CHANGES and set(self.found.metrics) <= {"active_users"}
        for position, token in enumerate(self.tokens):
            has_values = any(len(values) > 1 for values in self.found.filters.values())
            has_values |= len(self.found.metrics) > 1
            if ("compare" in self.found.operations or has_values) and token.text == "between":
                self.take(position, position + 1)
            has_two = has_values or len(self.found.spans) == 2
            is_both = token.text == "both" and self.free[position] and has_two
            is_net = token.text == "net" and stands_for_change
            is_segment = token.text in self.lexicon.segment_words and "explain" in self.found.operations
            if (
                is_net
                or is_both
                or is_segment
                or (token.text == "rolling" and {"dau", "wau", "mau", "stickiness"} & {*self.found.metrics})
            ):
                self.take(position, position + 1)
            # when did it last fall, when did it first exceed 400
            is_pick = token.text in ("first", "last") and self.free[position]
            if is_pick and (self.found.bounds or self.found.operations & CHANGES):
                self.found.operations.add(token.text)
                self.take(position, position + 1)
            # top 3 countries, the 5 best months, which three months had the most
            if self.found.operations & {"rank", *ranks} and self.free[position]:
                number = token.whole
                before, after = self.text(position - 1), self.text(position + 1)
                is_of_values = bool(self.lexicon.segments.at(self.tokens, position + 1, [True] * len(self.tokens)))
                is_of_values |= self.text(position + 1) in UNITS and self.text(position + 2) == "with"
                leads = (
                    is_of_values
                    or before in ("top", "bottom", "which", "the", "what", "first", *RANKING_WORDS)
                    or after in RANKING_WORDS
                )
                if number and number <= 100 and leads:
                    self.found.limit = number
                    self.take(position - (before == "first"), position + 1)

    def read_particles(self) -> None:
        """Racked up, pinned down: no movement, unlike is up, went down, is significantly up; nor a rank: did record."""
        for position, token in enumerate(self.tokens):
            before = self.text(position - 1)
            is_owed = self.text(position + 1) == "to" and position + 2 in self.found.value_places.values()
            if token.text == "down" and is_owed and self.free[position]:
                self.take(position, position + 2)  # how much of it was down to android
            asks = {self.text(n) for n in range(position)} & {"did", "does", "do", "to"}
            if token.text == "record" and asks and before not in ("a", "the", "our", "new", "on", "of", "is", "was"):
                self.take(position, position + 1)  # which churn did android record in June
            is_verb = position > 0 and self.free[position - 1] and before in self.lexicon.glue - self.lexicon.moving
            if token.text in ("up", "down") and self.free[position] and is_verb and not before.endswith("ly"):
                self.take(position - 1, position + 1)

    def take_group(self, name: str) -> None:
        for _, begin, end in self.each(self.group(name)):
            self.found.operations.add(name)
            self.take(begin, end)

    def read_nouns(self) -> None:
        for position, token in enumerate(self.tokens):
            if self.free[position] and token.text in self.lexicon.nouns:
                self.found.has_noun = True
                self.take(position - (self.text(position - 1) == "different"), position + 1)
