"""The forms of a single date: last month, 3 weeks ago, Q2, May 2026, the week of 3 March, 13/09/2026."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from app.ask.catalogue import Catalogue, add_months
from app.ask.lexicon import small_words, vocabulary
from app.ask.metric_query import Grain
from app.ask.spans import (
    CONNECTORS,
    DAY,
    ENDED,
    GRAIN_WORDS,
    HOLIDAYS,
    LAST,
    MONTHS,
    MONTHS_IN,
    NOW,
    SEASONS,
    UNITS,
    WEEKDAYS,
    Dated,
    Span,
    Unit,
    date_or_none,
    day_number,
    edge_of_span,
    ends_range,
    has_week_53,
    month_from,
    ordinal,
    single_day,
    text_at,
    year_in,
)
from app.ask.tokens import ORDINALS, Token, spoken

# Words of those who are followed from their beginning on.
FOLLOWING = small_words("following")

# What may stand between a week and the day that says which.
BEFORE_DAYS = small_words("before_days")


# All of the data.
EVERYTHING = {tuple(phrase.split()) for phrase in vocabulary()["everything"]}
LONGEST_EVERYTHING = max(map(len, EVERYTHING))


class DateForms:
    """Reads one form, beginning at a position."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.remarks: list[str] = []
        self.assumed: list[str] = []  # the year of a month, from that of another
        self.scopes: list[Dated] = []
        self.impossible: list[str] = []  # 30 February

    def span_at(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The longest single span that begins here."""
        readings = (
            self._relative,
            self._part,
            self._days,
            self._several,
            self._ago,
            self._beside_date,
            self._quarter,
            self._half,
            self._month,
            self._week,
            self._weekend,
            self._day,
            self._day_beside,
            self._holiday,
            self._season,
            self._running,
            self._year,
            self._everything,
            self._weekday,
        )
        found = [dated for read in readings if (dated := read(tokens, begin))]
        return max(found, key=lambda dated: dated.end, default=None)

    # each of these reads one form, beginning at a position

    def _relative(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word, after = text_at(tokens, begin), text_at(tokens, begin + 1)
        as_of = self.catalogue.as_of
        single = {"today": 0, "yesterday": -1, "tomorrow": 1}
        if word in single:
            day = as_of + timedelta(days=single[word])
            return Dated(Span(day, day, "day"), begin, begin + 1)
        to_date: dict[str, Unit] = {"ytd": "year", "mtd": "month", "qtd": "quarter"}
        if word in to_date:
            start = self._unit(to_date[word], 0).first
            return Dated(Span(start, as_of, "range"), begin, begin + 1)
        if word in UNITS and after == "to" and text_at(tokens, begin + 2) == "date":
            return Dated(Span(self._unit(UNITS[word], 0).first, as_of, "range"), begin, begin + 3)
        edge = {"beginning": "first", "start": "first", "end": "last"}.get(word)
        if edge and after in ("of", "in"):
            position = begin + 2 + (text_at(tokens, begin + 2) == "the")
            inner = self.span_at(tokens, position)
            if inner is None and text_at(tokens, position) in UNITS:  # the start of the year: of this one
                inner = Dated(self._unit(UNITS[text_at(tokens, position)], 0), position, position + 1)
            return Dated(edge_of_span(inner.span, edge), begin, inner.end) if inner else None
        if word == "day" and after == "before" and text_at(tokens, begin + 2) == "yesterday":
            return Dated(self._unit("day", -2), begin, begin + 3)
        if word in UNITS and after == "before" and text_at(tokens, begin + 2) == "last":
            return Dated(self._unit(UNITS[word], -2), begin, begin + 3)
        is_latest = word == "most" and after in ("recent", "recently")
        position = begin + is_latest
        word = text_at(tokens, position)
        offset = (
            -1
            if is_latest or word in LAST
            else 0
            if word in NOW
            else 1
            if word in ("next", "coming", "upcoming")
            else None
        )
        if offset is None:
            return None
        position += 1
        while text_at(tokens, position) in ENDED:
            position += 1
        word = text_at(tokens, position)
        if (word, text_at(tokens, position + 1)) == ("half", "year") and offset < 0:
            half = Span(self._unit("month", -6).first, self._unit("month", -1).last, "range")
            return Dated(half, begin, position + 2)
        is_part = text_at(tokens, position + 1) == "of" and (
            text_at(tokens, position + 2) in ("each", "every") or self.span_at(tokens, position + 2)
        )
        is_age = position + 1 < len(tokens) and tokens[position + 1].whole is not None and word in UNITS
        if is_age and not year_in(text_at(tokens, position + 1)) and text_at(tokens, begin) == "past":
            return None  # past month 3
        if word in UNITS and is_part:
            return None  # the last week of August, of each month, is none of these
        if word == "year" and text_at(tokens, begin) in ("past", "trailing"):
            return Dated(
                Span(self._unit("month", -12).first, self._unit("month", -1).last, "range"), begin, position + 1
            )
        if word in UNITS and not word.endswith("s"):
            return Dated(self._unit(UNITS[word], offset), begin, position + 1)
        if word in MONTHS and offset <= 0:
            return Dated(
                self._recent(lambda year: month_from(date(year, MONTHS[word], 1)), offset), begin, position + 1
            )
        if word in SEASONS and offset <= 0:
            return Dated(self._recent(self._season_of(word), offset), begin, position + 1)
        if word in WEEKDAYS and offset < 0:
            back = (as_of.weekday() - WEEKDAYS[word] - 1) % 7 + 1
            day = as_of - timedelta(days=back)
            return Dated(Span(day, day, "day"), begin, position + 1)
        return None

    def _part(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The second week of May, the last 5 days of September, the first half of June, the first two months of Q3."""
        edge = {"last": -1, "final": -1, "closing": -1, "opening": 1}
        which = edge.get(text_at(tokens, begin)) or ordinal(text_at(tokens, begin))
        number = tokens[begin + 1].whole if begin + 1 < len(tokens) else None
        position = begin + 1 + (number is not None)
        unit = UNITS.get(text_at(tokens, position))
        if which is None or unit is None or unit == "year" or (number is not None and which not in (1, -1)):
            return None
        if text_at(tokens, position + 1) not in ("of", "in"):
            return None
        inner = self.span_at(tokens, position + 2 + (text_at(tokens, position + 2) in ("the", "month")))
        if inner is None:
            return None
        parts = [
            part for one in (inner.span, *inner.span.others) if (part := self._part_of(one, which, number or 1, unit))
        ]
        if not parts:
            return None
        if unit == "week":
            self.remarks.append("The weeks of a month are those that begin in it.")
        return Dated(replace(parts[0], others=tuple(parts[1:])), begin, inner.end)

    def _part_of(self, span: Span, which: int, number: int, unit: Unit) -> Span | None:
        """So many units of a span, from its beginning on, at its end (-1), or the one so far in."""
        if unit == "half":
            middle = span.first + (span.last + DAY - span.first) // 2
            if span.grain == "month" and span.unit != "month":
                middle = add_months(span.first, self.catalogue.periods_between(span.first, span.last, "month") // 2)
            elif span.unit == "month":
                middle = span.first.replace(day=16)
            halves = {1: (span.first, middle - DAY), 2: (middle, span.last), -1: (middle, span.last)}
            return Span(*halves[which], "range") if which in halves else None
        starts = []
        day = self._unit_at(span.first, unit).first
        while day <= span.last:
            if day >= span.first:
                starts.append(day)
            day = self._unit_at(day, unit).last + DAY
        chosen = starts[-number:] if which == -1 else starts[:number] if number > 1 else starts[which - 1 : which]
        if len(chosen) < number:
            return None
        return Span(chosen[0], self._unit_at(chosen[-1], unit).last, unit if number == 1 else "range")

    def _days(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """1 to 15 May, May 1 to 15, between the 3rd and the 17th of June."""
        month = MONTHS.get(text_at(tokens, begin))
        first = day_number(text_at(tokens, begin + (month is not None)))
        position = begin + 1 + (month is not None)
        is_between = "between" in (text_at(tokens, begin - 1), text_at(tokens, begin - 2))
        if first is None or text_at(tokens, position) not in (*CONNECTORS, *(("and",) if is_between else ())):
            return None
        position += 1 + (text_at(tokens, position + 1) == "the")
        last = day_number(text_at(tokens, position))
        position += 1
        if month is None:
            position += text_at(tokens, position) == "of"
            month = MONTHS.get(text_at(tokens, position))
            position += 1
        elif text_at(tokens, position + (text_at(tokens, position) == "of")) in MONTHS:
            return None  # May 1 to 15 June
        if month is None or last is None or last < first:
            return None
        year, end = self._year_at(tokens, position)
        years = [year] if year else self._years()
        days = [
            (one, other)
            for y in years
            if (one := date_or_none(y, month, first)) and (other := date_or_none(y, month, last))
        ]
        within = [(one, other) for one, other in days if one <= self.catalogue.as_of and other >= self.catalogue.first]
        spans = [
            Span(one, other, "range", (), (Span(one, one, "day"), Span(other, other, "day")))
            for one, other in within or days[-1:]
        ]
        return Dated(replace(spans[0], others=tuple(spans[1:])), begin, end) if spans else None

    def _several(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The last 3 months, the past 90 days, the previous two complete weeks."""
        if begin < len(tokens) and tokens[begin].whole and (after := self._number_behind(tokens, begin)):
            return after  # the six latest weeks
        word = text_at(tokens, begin)
        position = begin + 1
        if word == "most" and text_at(tokens, position) in ("recent", "recently"):
            position += 1
        elif word not in LAST and word not in ("next", "coming"):
            return None
        position += text_at(tokens, position) in ENDED
        number = (
            2 if text_at(tokens, position) == "couple" else tokens[position].whole if position < len(tokens) else None
        )
        if text_at(tokens, position) == "couple" and text_at(tokens, position + 1) == "of":
            position += 1
        position += 1
        position += text_at(tokens, position) in ENDED
        unit, end = UNITS.get(text_at(tokens, position)), position + 1
        if text_at(tokens, position + 1) in ("cohort", "cohorts"):  # the last 6 monthly cohorts
            unit, end = GRAIN_WORDS.get(text_at(tokens, position)), position
        if unit is None:  # how many days of the last 60
            before = begin - 1 - (text_at(tokens, begin - 1) == "the")
            said = text_at(tokens, before - 1) if text_at(tokens, before) in ("in", "of") else ""
            unit, end = UNITS.get(said), position
        if number is None or unit is None or not 1 <= number <= 5000:
            return None
        if word in ("next", "coming"):
            return Dated(Span(self._unit(unit, 1).first, self._unit(unit, number).last, "range"), begin, end)
        first, last = self._unit(unit, -number).first, self._unit(unit, -1).last
        return Dated(Span(first, last, unit if number == 1 else "range", length=number), begin, end)

    def _number_behind(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The six latest finished weeks: the latest six of them, where the number stands first."""
        end = begin + 1 + (text_at(tokens, begin + 1) == "most")
        if text_at(tokens, end) not in LAST:
            return None
        turned = [*tokens[:begin], *tokens[begin + 1 : end + 1], tokens[begin], *tokens[end + 1 :]]
        return self._several(turned, begin)

    def _ago(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        number = tokens[begin].whole if begin < len(tokens) else None
        number = 1 if text_at(tokens, begin) in ("a", "an") else number
        unit = UNITS.get(text_at(tokens, begin + 1))
        if number is None or unit is None or number > 5000 or text_at(tokens, begin + 2) != "ago":
            return None
        return Dated(self._unit(unit, -number), begin, begin + 3)

    def _beside_date(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The week before Christmas, the month after May 2026, a week after 4 May, 3 months after May."""
        word = tokens[begin] if begin < len(tokens) else Token("", "")
        number = 1 if word.text in ("a", "one") else word.whole
        place = begin + (number is not None)
        unit, step = UNITS.get(text_at(tokens, place)), {"before": -1, "after": 1}.get(text_at(tokens, place + 1))
        inner = self.span_at(tokens, place + 2) if unit in ("day", "week", "month") and step else None
        if inner is None or unit is None or step is None:
            return None
        if number or inner.span.unit == unit:
            return replace(inner, span=self.shifted(inner.span, step * (number or 1), unit), begin=begin)
        if unit != "week" or inner.span.unit != "day":
            return None
        days = [(one.first + step * DAY, one.first + 7 * step * DAY) for one in (inner.span, *inner.span.others)]
        spans = [Span(min(pair), max(pair), "range") for pair in days]
        return Dated(replace(spans[0], others=tuple(spans[1:])), begin, inner.end)

    def _quarter(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        return self._part_of_year(tokens, begin, "q", "quarter", 3)

    def _half(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        return self._part_of_year(tokens, begin, "h", "half", 6)

    def _part_of_year(self, tokens: Sequence[Token], begin: int, letter: str, unit: Unit, months: int) -> Dated | None:
        word, after = text_at(tokens, begin), text_at(tokens, begin + 1)
        year: int | None = None
        position = begin + 1
        if match := re.fullmatch(rf"{letter}([1-4])", word):
            number = int(match[1])
        elif word == letter and after.isdigit() and len(after) == 1:
            number, position = int(after), begin + 2
        elif word in ORDINALS and after == unit:
            number, position = ORDINALS[word], begin + 2
        elif word == unit and after.isdigit() and len(after) == 1:
            number, position = int(after), begin + 2
        elif year_in(word) and re.fullmatch(rf"{letter}[1-4]", after):
            number, year, position = int(after[1]), int(word), begin + 2
        else:
            return None
        if not 1 <= number <= 12 // months:
            return None
        if year is None:
            year, position = self._year_at(tokens, position)
        month = (number - 1) * months + 1

        def make(y: int) -> Span:
            return Span(date(y, month, 1), add_months(date(y, month, 1), months) - DAY, unit)

        return Dated(make(year) if year else self._of_any_year(make), begin, position)

    def _month(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word = text_at(tokens, begin)
        if match := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", word):
            return Dated(month_from(date(int(match[2]), int(match[1]), 1)), begin, begin + 1)
        if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})", word):
            start = date(int(match[1]), int(match[2]), 1) if int(match[1]) else None
            return Dated(month_from(start), begin, begin + 1) if start else None
        if word == "month" and text_at(tokens, begin + 1) == "of":
            inner = self._month(tokens, begin + 2)
            return replace(inner, begin=begin) if inner else None
        if word not in MONTHS or (word == "may" and text_at(tokens, begin + 1) in ("i", "we", "be", "have")):
            return None
        year, end = self._year_at(tokens, begin + 1)

        def make(y: int) -> Span:
            return month_from(date(y, MONTHS[word], 1))

        return Dated(make(year) if year else self._of_any_year(make), begin, end)

    def _week(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        is_led = year_in(text_at(tokens, begin))  # 2026-W36
        position = begin + bool(text_at(tokens, begin) == "calendar" or is_led)
        short = re.fullmatch(r"(?:w|cw|kw)(\d{1,2})", text_at(tokens, position))
        if not short and (is_led or text_at(tokens, position) not in ("week", "weeks", "cw", "kw")):
            return None
        position += not short
        number = int(short[1]) if short else tokens[position].whole if position < len(tokens) else None
        if number is not None and 1 <= number <= 53:
            year, end = (is_led, position + 1) if is_led else self._year_at(tokens, position + 1)

            def make(y: int) -> Span:
                start = date.fromisocalendar(y, min(number or 1, 52 if not has_week_53(y) else 53), 1)
                return self._week_of(start)

            # a bare number may be an age just as well, where staying is talked of
            if year is None and not FOLLOWING.isdisjoint(token.text for token in tokens):
                return None
            return Dated(make(year) if year else self._of_any_year(make), begin, end)
        leading = position
        while text_at(tokens, position) in BEFORE_DAYS:
            position += 1
        day = self._day(tokens, position) or self._weekday(tokens, position)
        if day is None:
            return None
        is_several = text_at(tokens, leading - 1) == "weeks" or ends_range(tokens, day.end)
        if is_several and "from" in (text_at(tokens, n) for n in range(leading, position)):
            return None  # the weeks from 6 July, by week from 6 July on
        spans = [self._week_of(one.first) for one in (day.span, *day.span.others)]
        return Dated(Span(spans[0].first, spans[0].last, "week", tuple(spans[1:])), begin, day.end)

    def _weekend(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The weekend of 16-17 May, the weekend after 13 May, last weekend: a Saturday and the Sunday after it."""
        word, as_of = text_at(tokens, begin), self.catalogue.as_of
        if word in (*LAST, *NOW) and text_at(tokens, begin + 1) == "weekend":
            saturday = _saturday(as_of) - timedelta(days=0 if word in NOW or _saturday(as_of) + DAY < as_of else 7)
            return Dated(Span(saturday, saturday + DAY, "range"), begin, begin + 2)
        if word != "weekend":
            return None
        position = begin + 1
        while text_at(tokens, position) in ("of", "on", "the", "starting", "beginning", "from"):
            position += 1
        if text_at(tokens, position) in ("saturday", "sunday"):  # one of its days
            day = self._weekday(tokens, position)
            return replace(day, begin=begin) if day else None
        found = self._days(tokens, position) or self._day(tokens, position)
        if found is None:
            return None
        weekends = dict.fromkeys(_saturday(one.first) for one in (found.span, *found.span.others))
        is_whole = all(one.last <= _saturday(one.first) + DAY for one in (found.span, *found.span.others))
        spans = [Span(saturday, saturday + DAY, "range") for saturday in weekends]
        return Dated(replace(spans[0], others=tuple(spans[1:])), begin, found.end) if is_whole else None

    def _day(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word = text_at(tokens, begin)
        if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", word):
            return single_day(begin, begin + 1, date_or_none(int(match[1]), int(match[2]), int(match[3])))
        if match := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d\d)", word):
            # day first or month first: whichever is a date the data can know
            one, two, year = (int(part) for part in match.groups())
            year += 2000 if year < 100 else 0
            read = dict.fromkeys((date_or_none(year, two, one), date_or_none(year, one, two)))
            days = [day for day in read if day]
            days = [day for day in days if self.catalogue.first <= day <= self.catalogue.as_of] or days
            spans = [Span(day, day, "day") for day in days]
            return Dated(replace(spans[0], others=tuple(spans[1:])), begin, begin + 1) if spans else None
        if word in ORDINALS and text_at(tokens, begin - 1) in ("a", "one"):
            return None  # a third of June's users
        position = begin
        number: int | None = None
        month: int | None = None
        if day := day_number(word):
            number, position = day, begin + 1
            position += text_at(tokens, position) == "of"
            month = MONTHS.get(text_at(tokens, position))
            position += 1
        elif word in MONTHS and (day := day_number(text_at(tokens, begin + 1))):
            month, number, position = MONTHS[word], day, begin + 2
        elif word in MONTHS and text_at(tokens, begin + 1) == "the" and (day := day_number(text_at(tokens, begin + 2))):
            month, number, position = MONTHS[word], day, begin + 3
        if number is None or month is None:
            return None
        year_given, end = self._year_at(tokens, position)
        if not (year_given or word in MONTHS):
            year_given, end = self._short_year_at(tokens, position)
        if not any(date_or_none(year, month, number) for year in ([year_given] if year_given else range(2000, 2005))):
            self.impossible.append(spoken(list(tokens[begin:end])))
        if year_given:
            return single_day(begin, end, date_or_none(year_given, month, number))
        is_year_too = word in MONTHS and 2000 + number in self._years() and text_at(tokens, begin + 1).isdigit()
        spans = [
            Span(found, found, "day")
            for year in self._years()
            if (found := date_or_none(year, month, number)) and self.catalogue.first <= found <= self.catalogue.as_of
        ]
        if not spans:
            found = date_or_none(self.catalogue.as_of.year, month, number)
            return single_day(begin, end, found)
        if is_year_too and text_at(tokens, begin - 1) == "in":
            return Dated(month_from(date(2000 + number, month, 1)), begin, end)  # in May 26: the month of 2026
        if is_year_too and text_at(tokens, begin - 1) != "on":
            spans.append(month_from(date(2000 + number, month, 1)))  # May 26: the day, or the month of 2026
        return Dated(replace(spans[0], others=tuple(spans[1:])), begin, end)

    def _day_beside(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The 8 of 8 and 9 September."""
        number, is_first = day_number(text_at(tokens, begin)), text_at(tokens, begin + 1) in ("and", "or", "&")
        inner = self._day(tokens, begin + 2) if number and is_first and day_number(text_at(tokens, begin + 2)) else None
        if number is None or inner is None or any(one.unit != "day" for one in (inner.span, *inner.span.others)):
            return None
        days = [date_or_none(one.first.year, one.first.month, number) for one in (inner.span, *inner.span.others)]
        spans = [Span(day, day, "day") for day in days if day]
        return Dated(replace(spans[0], others=tuple(spans[1:])), begin, begin + 1) if spans else None

    def _holiday(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """Christmas Eve, New Year's Day: a day of the year that has a name."""
        if "in" in (text_at(tokens, begin - 1), text_at(tokens, begin - 2)):
            return None  # in the new year: no day
        for name, (month, day) in sorted(HOLIDAYS.items(), key=lambda named: -len(named[0])):
            end = begin + len(name)
            if tuple(token.text for token in tokens[begin:end]) == name:
                year, after = self._year_at(tokens, end)

                def make(y: int, month: int = month, day: int = day) -> Span:
                    return Span(date(y, month, day), date(y, month, day), "day")

                return Dated(make(year) if year else self._of_any_year(make), begin, after)
        return None

    def _season(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """Summer 2026: June to August."""
        word = text_at(tokens, begin)
        if word not in SEASONS:
            return None
        make = self._season_of(word)
        year, end = self._year_at(tokens, begin + 1)
        return Dated(make(year) if year else self._of_any_year(make), begin, end)

    def _running(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The month that is still running: this one."""
        unit, position = UNITS.get(text_at(tokens, begin)), begin + 1
        while text_at(tokens, position) in ("that", "which", "is", "still", "currently", "now", "in", "under"):
            position += 1
        is_led = text_at(tokens, begin + 1) in ("that", "which", "in", "under")
        is_open = text_at(tokens, position) in (
            "running",
            "open",
            "ongoing",
            "underway",
            "progress",
            "way",
            "unfinished",
        )
        return Dated(self._unit(unit, 0), begin, position + 1) if unit and is_led and is_open else None

    def _season_of(self, name: str) -> Callable[[int], Span]:
        """The season of a year; winter is that of the year it begins in."""

        def make(year: int) -> Span:
            start = date(year, SEASONS[name], 1)
            return Span(start, add_months(start, 3) - DAY, "range")

        remark = f"{name.capitalize()}: {calendar.month_name[SEASONS[name]]} and the two months after it."
        self.remarks += [remark] if remark not in self.remarks else []
        return make

    def _year(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        is_named = text_at(tokens, begin) == "year"  # the year 2025
        year = year_in(text_at(tokens, begin + is_named))
        if not year:
            return None
        return Dated(Span(date(year, 1, 1), date(year, 12, 31), "year"), begin, begin + 1 + is_named)

    def _everything(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """All time, ever, since records began."""
        here = [token.text for token in tokens[begin : begin + LONGEST_EVERYTHING + 1]]
        skipped = here[:1] == ["very"] or here[1:2] == ["very"]  # the very beginning
        here = [text for text in here if text != "very"] if skipped else here
        for length in range(len(here), 0, -1):
            end = begin + length + skipped
            of = end + 1 + (text_at(tokens, end + 1) == "the")
            if text_at(tokens, end) == "of" and (self.span_at(tokens, of) or text_at(tokens, of) in UNITS):
                continue  # the beginning of September
            if tuple(here[:length]) in EVERYTHING:
                everything = Span(self.catalogue.first, self.catalogue.as_of, "range")
                return Dated(everything, begin, begin + length + skipped)
        return None

    def _weekday(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word = text_at(tokens, begin)
        if word not in {*WEEKDAYS, *(name[:3] for name in WEEKDAYS)}:
            return None
        inner = self._day(tokens, begin + 1)  # Monday 5 October
        if inner is None:
            return None
        named = [n for name, n in WEEKDAYS.items() if name[:3] == word[:3]]
        days = [one for one in (inner.span.settled(), *inner.span.others) if one.first.weekday() in named]
        if not days:
            self.impossible.append(spoken(list(tokens[begin : inner.end])))
            return inner
        return Dated(replace(days[0], others=tuple(days[1:])), begin, inner.end)

    # calendar

    def _unit(self, unit: Unit, offset: int) -> Span:
        """The calendar unit so many before or after the one the as-of date is in."""
        as_of = self.catalogue.as_of
        if unit in ("day", "week"):
            grain: Grain = "week" if unit == "week" else "day"
            start = self.catalogue.shifted(self.catalogue.period_start(as_of, grain), offset, grain)
            length = 7 if unit == "week" else 1
            return Span(start, min(start, date.max - timedelta(days=7)) + timedelta(days=length - 1), unit)
        start = self.catalogue.shifted(self._unit_at(as_of, unit).first, offset * MONTHS_IN[unit], "month")
        return Span(start, self.catalogue.shifted(start, MONTHS_IN[unit], "month") - DAY, unit)

    def shifted(self, span: Span, number: int, unit: Unit) -> Span:
        """A span so many units later, and whatever else its words could mean."""

        def moved(day: date) -> date:
            return (
                add_months(day, number * MONTHS_IN[unit])
                if unit in MONTHS_IN
                else day + timedelta(days=number * (7 if unit == "week" else 1))
            )

        spans = [
            self._unit_at(moved(one.first), one.unit)
            if one.unit in UNITS.values()
            else Span(moved(one.first), moved(one.last), one.unit)
            for one in (span, *span.others)
        ]
        return replace(spans[0], others=tuple(spans[1:]))

    def _unit_at(self, day: date, unit: Unit) -> Span:
        """The calendar unit a day is in."""
        if unit == "day":
            return Span(day, day, "day")
        if unit == "week":
            return self._week_of(day)
        months = MONTHS_IN[unit]
        start = date(day.year, (day.month - 1) // months * months + 1, 1)
        return Span(start, add_months(start, months) - DAY, unit)

    def _week_of(self, day: date) -> Span:
        start = self.catalogue.period_start(day, "week")
        return Span(start, start + timedelta(days=6), "week")

    def _recent(self, make: Callable[[int], Span], offset: int) -> Span:
        """This April: of the as-of date's year; last April: the latest that has ended."""
        as_of = self.catalogue.as_of
        span = make(as_of.year)
        return span if offset == 0 or span.last < as_of else make(as_of.year - 1)

    def _years(self) -> range:
        return range(self.catalogue.first.year, self.catalogue.as_of.year + 1)

    def _of_any_year(self, make: Callable[[int], Span]) -> Span:
        """What a month or quarter without a year means: each one in the data, else the latest before the as-of date."""
        spans = [make(year) for year in self._years()]
        inside = [s for s in spans if s.last >= self.catalogue.first and s.first <= self.catalogue.as_of]
        if not inside:
            started = [s for s in spans if s.first <= self.catalogue.as_of]
            return started[-1] if started else spans[-1]
        return Span(inside[0].first, inside[0].last, inside[0].unit, tuple(inside[1:]))

    def _year_at(self, tokens: Sequence[Token], position: int) -> tuple[int | None, int]:
        """A year that follows, and where it ends: April 2026, April of 2026, April last year, April this year."""
        begin = position + (text_at(tokens, position) in ("of", "in"))
        if year := year_in(text_at(tokens, begin)):
            return year, begin + 1
        begin += text_at(tokens, begin) == "the"
        relative = {"last": -1, "previous": -1, "this": 0, "current": 0}
        if text_at(tokens, begin) in relative and text_at(tokens, begin + 1) == "year":
            return self.catalogue.as_of.year + relative[text_at(tokens, begin)], begin + 2
        return None, position

    def _short_year_at(self, tokens: Sequence[Token], position: int) -> tuple[int | None, int]:
        """The 26 of 7 Sep 26: a year of the data, and no day of a month that follows."""
        word = text_at(tokens, position)
        is_year = bool(re.fullmatch(r"\d\d", word)) and 2000 + int(word) in self._years()
        is_day = text_at(tokens, position + 1) in MONTHS
        return (2000 + int(word), position + 1) if is_year and not is_day else (None, position)


def _saturday(day: date) -> date:
    """The Saturday of the weekend a day is in; of another day, of the one after it."""
    return day - DAY if day.weekday() == 6 else day + timedelta(days=5 - day.weekday())
