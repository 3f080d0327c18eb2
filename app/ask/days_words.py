"""Users by days active: on at least 10 of the last 28 days, power users."""

from __future__ import annotations

from itertools import pairwise

from app.ask.catalogue import DAYS_ACTIVE, RECENT_DAYS
from app.ask.lexicon import small_words
from app.ask.metric_query import MetricQuery, Operation, SegmentFilter
from app.ask.question import Question, Stop
from app.ask.spans import LAST, UNITS

ACTIVITY = small_words("activity")
LEADING_WINDOW = {*LAST, *small_words("before_window")}
# What may stand between days and active.
BEFORE_ACTIVE = small_words("before_active")
# What may stand between a verb of activity and every day.
IDLE_OBJECTS = small_words("product_words")
DAYS_IN = {"day": 1, "days": 1, "week": 7, "weeks": 7}
EACH_NUMBER = {"distribution", "histogram", "curve", "days", "distributed"}
BEFORE_NUMBER = {
    "at least": "at_least", "no less than": "at_least", "no fewer than": "at_least", "minimum of": "at_least",
    "more than": "above", "over": "above", "above": "above", "less than": "below", "fewer than": "below",
    "under": "below", ">=": "at_least", ">": "above", "<=": "at_most", "<": "below",
     "below": "below", "at most": "at_most", "no more than": "at_most", "up to": "at_most",
    "exactly": "exactly", "only": "exactly", "just": "exactly",
}  # fmt: skip
AFTER_NUMBER = {"more": "at_least", "plus": "at_least", "less": "at_most", "fewer": "at_most"}


class DaysWords(Question):
    """The words that tell users apart by the number of days they were active."""

    def read_days_active(self) -> None:
        """Takes them, if the days are the recent ones. Raises `Stop` for others: of those it is not kept."""
        window = self.window()
        named = self.each(self.lexicon.days_active) or self.said_of_days() or self.mean_days(window)
        counted = self.days_counted(window, is_named=bool(named))
        if not named and counted is None:
            return
        elsewhere = self.dates.find(self.tokens)
        if not window:
            is_recent = bool(named) and not elsewhere
            if not is_recent:
                raise Stop(
                    self.no_answer(
                        f"On how many days users were active is counted for the last {RECENT_DAYS} days only."
                    )
                )
        elif any(dated.end <= window[0] or dated.begin >= window[1] for dated in elsewhere):
            raise Stop(self.no_answer(f"Days active are counted for the last {RECENT_DAYS} days only."))
        self.found.days_active = True
        is_distribution = any(token.text in EACH_NUMBER - {"days"} for token in self.tokens)
        self.found.counts_power_users = not is_distribution and any(
            {"day", "days", "curve"}.isdisjoint(self.text(n) for n in range(begin, end))
            for _, begin, end in self.each(self.lexicon.days_active)
        )
        activity = [one for one in self.each(self.lexicon.metrics) if one[0] == "active_users"]
        for _, begin, end in (*named, *activity):
            self.take(begin, end)
        if window:
            self.take(*window)
        if counted is not None:
            self.take_bound(counted)
        for position, token in enumerate(self.tokens):
            if token.text in {*ACTIVITY, *self.lexicon.nouns, *EACH_NUMBER}:
                self.take(position, position + 1)

    def said_of_days(self) -> list[tuple[str, int, int]]:
        """On how many days were users active, by the number of days they were active."""
        for begin, token in enumerate(self.tokens):
            end = begin + 1
            while self.text(end) in BEFORE_ACTIVE or self.text(end) in self.lexicon.nouns:
                end += 1
            if token.text == "days" and end > begin + 1 and self.text(end) == "active":
                return [("days_active", begin, end + 1)]
        return []

    def mean_days(self, window: tuple[int, int] | None) -> list[tuple[str, int, int]]:
        """How many of the last 28 days was the average user active."""
        begin = window[0] if window else 0
        while self.text(begin - 1) in ("of", "days", "on"):
            begin -= 1
        is_asked = (self.text(begin - 2), self.text(begin - 1)) == ("how", "many")
        is_mean = any(
            one.text in ("average", "typical", "mean") and two.text in self.lexicon.nouns
            for one, two in pairwise(self.tokens)
        )
        return [("days_active", begin - 2, begin)] if window and is_asked and is_mean else []

    def window(self) -> tuple[int, int] | None:
        """Where the days are named that count: of the last 28 days, in the past four weeks."""
        for position, token in enumerate(self.tokens):
            is_named = self.text(position + 1) in DAYS_IN
            unit = self.text(position + 1) if is_named else "days"  # at least 10 days in the last 28
            is_led = self.text(position - 1) in LAST or (self.text(position - 2), self.text(position - 1)) == (
                "out",
                "of",
            )
            if (is_named or is_led) and (token.whole or 0) * DAYS_IN[unit] == RECENT_DAYS:
                begin = position
                while self.text(begin - 1) in LEADING_WINDOW:
                    begin -= 1
                if begin < position:
                    return begin, position + 1 + is_named
        return None

    def days_counted(self, window: tuple[int, int] | None, *, is_named: bool) -> int | None:
        """Where the number of active days stands: 10 days, 10 of the last 28 days."""
        texts = {token.text for token in self.tokens}
        is_there = any(name == "active_users" for name, _, _ in self.each(self.lexicon.metrics))
        if ACTIVITY.isdisjoint(texts) and not (is_there or is_named):
            return None
        for position in range(len(self.tokens)):
            is_in_window = window is not None and window[0] <= position < window[1]
            if self.number(position) is None or is_in_window:
                continue
            end = self.bound_end(position)
            end += self.text(end) in ("single", "different", "separate", "distinct")
            is_of_window = window is not None and end == window[0]
            is_days = self.text(end) in ("day", "days")
            # On 20 days in a month: counted, if not for those days.
            of_period = self.text(end + is_days) in ("of", "in", "out", "per", "during") and (
                is_days or not {"day", "days"}.isdisjoint(texts)
            )
            after = {self.text(n) for n in range(end + is_days, end + is_days + 5)}
            dated = of_period and bool(self.dates.find(self.tokens[end + is_days :]))
            is_counted = is_named or window is not None or dated or (of_period and after & {*UNITS})
            if is_of_window or (is_days and is_counted) or (of_period and after & {"last", "past"}):
                return position
        return None

    def is_every_day(self, position: int) -> bool:
        """Whether it is said of users here that they were active every day."""
        day = position + 1 + (self.text(position + 1) == "single")
        place = position - 1
        while self.text(place) in IDLE_OBJECTS:
            place -= 1
        leads = self.text(position) in ("every", "each") and self.text(place) in ACTIVITY
        return leads and self.text(day) == "day"

    def number(self, position: int) -> int | None:
        """A number of days: 10, all or half of those that count."""
        if self.is_every_day(position):
            return RECENT_DAYS
        if self.text(position) == "a" and self.text(position + 1) == "single":
            return 1
        is_half = self.text(position) == "half" and self.text(position + 1) in ("of", "the")
        return RECENT_DAYS // 2 if is_half else self.tokens[position].whole

    def bound_end(self, position: int) -> int:
        """Where a number ends with what is said of it: 10 or more."""
        position += self.text(position + 1) == "single"
        is_or = self.text(position + 1) == "or" and self.text(position + 2) in AFTER_NUMBER
        return position + (3 if is_or else 1)

    def take_bound(self, position: int) -> None:
        """At least 10 days, 10 or more days, exactly 1 day."""
        number, end = float(self.number(position) or 0), self.bound_end(position)
        kind, begin = "exactly", position
        if self.text(end - 2) == "or" and end > position + 2:
            kind = AFTER_NUMBER[self.text(end - 1)]
        for phrase, meaning in BEFORE_NUMBER.items():
            words = phrase.split()
            if [self.text(n) for n in range(position - len(words), position)] == words and begin == position:
                kind, begin = meaning, position - len(words)
        end += self.text(end) in ("single", "different", "separate", "distinct")
        if self.text(end) in ("day", "days"):
            end += 1
            if self.text(end) == "or" and self.text(end + 1) in AFTER_NUMBER:
                kind, end = AFTER_NUMBER[self.text(end + 1)], end + 2
        begin -= self.text(begin - 1) == "on"
        self.found.bounds |= {"at_least": number, "at_most": number} if kind == "exactly" else {kind: number}
        self.take(begin, end)

    def days_query(self, filters: tuple[SegmentFilter, ...]) -> MetricQuery:
        """How many there are within the bounds, their mean, or how many of each."""
        found, day = self.found, self.catalogue.as_of
        if found.counts_power_users and not found.bounds:
            options = (f"how many users were active on at least 10 of the last {RECENT_DAYS} days",)
            raise Stop(self.unclear("From how many active days on is somebody a power user?", options=options))
        operation: Operation = "average" if "average" in found.operations else "value" if found.bounds else "series"
        by = found.by[0] if found.by else None
        query = MetricQuery(
            operation=operation, metrics=(DAYS_ACTIVE,), grain="day", start=day, end=day, filters=filters, by=by
        )
        return self.catalogue.checked(query.changed(**found.bounds))
