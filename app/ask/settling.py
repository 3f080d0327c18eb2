"""What questions of every kind leave open: which segment, which values, which of several dates, which periods."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from app import words
from app.ask.grammar import CHANGES, VERBS, Grammar
from app.ask.metric_query import Grain, Operation, SegmentFilter
from app.ask.phrasing import span_name
from app.ask.question import Stop
from app.ask.spans import Dated, Span

DEFAULT_METRIC = "active_users"
DEFAULT_GRAIN: Grain = "month"
# Verbs that lead what is said of users.
SAYING = ("is", "are", "was", "were", "came", "come", "comes", "use", "used", "using")
# June had fewer, right? Our ratio stayed above 1, correct?
_TAG = re.compile(r",\s*(?:right|correct|true|yes|no|is that (?:right|correct|true))\W*\?\W*$", re.I)
OPEN_QUESTIONS = {"what", "how", "which", "when", "why", "who", "where", "whom", "whose", "show", "list"}


class Settling(Grammar):
    """Decides it, or asks."""

    @property
    def everything(self) -> Dated:
        """All of the data."""
        return Dated(Span(self.catalogue.first, self.catalogue.as_of, "range"), 0, 0)

    @property
    def is_until(self) -> bool:
        """Whether the only date is a range from the beginning of the data on: by the end of June."""
        spans = [dated.span for dated in self.found.spans]
        return len(spans) == 1 and spans[0].unit == "range" and spans[0].first <= self.catalogue.first

    @property
    def is_everything(self) -> bool:
        whole = self.everything.span
        return any((dated.span.first, dated.span.last) == (whole.first, whole.last) for dated in self.found.spans)

    def filters(self, page_filters: tuple[SegmentFilter, ...]) -> tuple[SegmentFilter, ...]:
        """The filters of the question, and those of the page for the segments it does not name."""
        chosen = {name: tuple(values) for name, values in self.found.filters.items()}
        for one in page_filters:
            if one.segment not in chosen:
                chosen[one.segment] = one.values
                self.notes.append(f"With the page's filter {words.title(one.segment)}: {', '.join(one.values)}.")
        return tuple(
            SegmentFilter(segment=name, values=tuple(sorted(chosen[name])))
            for name in self.catalogue.segments
            if name in chosen
        )

    def split(self, operation: Operation) -> str | None:
        """The segment a figure is split by: the one that is named, or the one of which several values are."""
        by = list(dict.fromkeys(self.found.by))
        can_be_two = operation in ("value", "series", "highest", "lowest") and not self.found.operations & CHANGES
        if len(by) == 2 and can_be_two and not self.found.beside:
            return self.ranked_within or by[0]
        if len(by) > 1:
            raise Stop(self.unclear("I can split a figure by one or two segments at a time."))
        if self.found.beside:
            return self.split_beside([*by, *(name for name in self.found.filters if name not in by)])
        if by:
            return by[0]
        sides = self.found.operations & {"compare", "more", "less"}
        if "total" in self.found.operations and sides and any(len(v) > 2 for v in self.found.filters.values()):
            raise Stop(self.unclear("One value against others together: ask for the others by themselves."))
        is_sum = "total" in self.found.operations and not self.found.is_cohort  # cohorts are taken together
        if operation in ("average", "median", "explain") or is_sum or self.is_union:
            return None
        several = [name for name, values in self.found.filters.items() if len(values) > 1]
        if "compare" in self.found.operations and len([n for n in several if n not in self.found.negated]) > 1:
            raise Stop(self.unclear("Values of two segments are compared at once: ask for one after the other."))
        return self.several_values

    @property
    def ranked_within(self) -> str | None:
        """The segment of which each value has a first one: the top source in each country."""
        each, ranks = self.found.each_segment, {"highest", "lowest", "best", "worst", "more", "less", "rank"}
        return each if len({*self.found.by}) == 2 and self.found.operations & ranks else None

    @property
    def ranked_in_each(self) -> Literal["value", "period"] | None:
        """Of what each has a first one: the best month, or the top source, of each country; the top one each month."""
        found = self.found
        is_first = bool(found.operations & {"highest", "lowest", "best", "worst"}) and "rank" not in found.operations
        if self.ranked_within:
            return "value"
        if len({*found.by}) != 1 or not is_first or found.operations & CHANGES:
            return None
        if found.per_period:
            return "period"
        return "value" if found.over_period and found.within_each else None

    def split_further(self, by: str | None) -> str | None:
        """The second of two segments that split a figure."""
        return next((name for name in self.found.by if name != by), None) if by else None

    def split_beside(self, segments: Sequence[str]) -> str:
        """The segment of which values stand beside everybody. Raises `Stop` if it is not one."""
        if len(segments) != 1:
            raise Stop(self.unclear("Values of one segment at a time can stand beside everybody."))
        metrics = [self.catalogue.metrics[name] for name in self.found.metrics or [DEFAULT_METRIC]]
        if self.found.asks_average and any(metric.is_count for metric in metrics):
            name = words.title(segments[0]).lower()
            raise Stop(
                self.unclear(f"An average of a count is one of periods, not of each {name}: compare with which?")
            )
        return segments[0]

    @property
    def says_whether(self) -> bool:
        """Whether the question is one for yes or no."""
        words_said = {token.text for token in self.tokens}
        if self.text(0) in VERBS or {"whether", "if"} & words_said:
            return True
        is_tagged = _TAG.search(self.question) is not None
        return OPEN_QUESTIONS.isdisjoint(words_said) and (is_tagged or bool(VERBS & words_said))

    def first_is_higher(self, metric: str, first_end: int, second_begin: int) -> bool | None:
        """Whether the first of two named things is asked to be confirmed as the higher one; None: it is not asked."""
        than = [n for n, token in enumerate(self.tokens) if token.text in {"than", *self.sides}]
        is_between = any(first_end <= n < second_begin for n in than)
        return self.says_higher(metric) if self.says_whether and is_between else None

    def higher(self, metric: str, by: str | None) -> str | None:
        """Of two values of a segment, the one that is asked to be confirmed as the higher one."""
        values = self.found.filters.get(by or "", [])
        places = self.found.value_places
        if self.found.beside and len(values) == 1:
            place, side = places[values[0]], self.found.beside_place
            is_higher = self.first_is_higher(metric, min(place, side), max(place, side))
            return None if is_higher is None else values[0] if is_higher == (place < side) else self.found.beside
        if len(values) != 2 or not all(value in places for value in values):
            return None
        first, second = values
        is_higher = self.first_is_higher(metric, places[first], places[second])
        return None if is_higher is None else first if is_higher else second

    def says_higher(self, metric: str) -> bool | None:
        """Whether what is compared is called the higher one; a better churn rate is the lower one."""
        ops = self.found.operations
        up, down = ops & {"more", "best", "highest"}, ops & {"less", "worst", "lowest"}
        if bool(up) == bool(down):
            return None
        is_judged = bool(ops & {"best", "worst"}) and self.catalogue.metrics[metric].direction == "down"
        return bool(up) != is_judged

    def claimed_side(self, metric: str) -> Literal["rose", "fell"] | None:
        """Was A higher than B, of two dates: what that says of the later one."""
        spans = self.found.spans
        if len(spans) == 1 and self.says_whether and (is_now_higher := self.says_higher(metric)) is not None:
            return "rose" if is_now_higher else "fell"  # better than in May: now
        if len(spans) != 2:
            return None
        is_higher = self.first_is_higher(metric, spans[0].end, spans[1].begin)
        if is_higher is None:
            return None
        return "rose" if is_higher == (spans[0].span.first > spans[1].span.first) else "fell"

    @property
    def is_union(self) -> bool:
        """Whether values are taken together: on web or android."""
        sides = {"compare", "highest", "lowest", "best", "worst", "more", "less", "rank"}
        says_or = any(token.text == "or" for token in self.tokens)
        return says_or and not self.found.operations & sides

    @property
    def whole_place(self) -> int | None:
        """Where that begins of which a share is asked: the share of the new users."""
        shares = self.group("share").words | self.group("percent").words
        for position, token in enumerate(self.tokens):
            if token.text in shares and self.text(position + 1) == "of":
                begin = position + 2
                dated = {n for one in self.found.spans for n in range(one.begin, one.end)}
                while begin in dated or self.text(begin) in ("the", "our", "all", "total", "those"):
                    begin += 1  # of last month's churn
                return begin
        return None

    @property
    def shared_segment(self) -> str | None:
        """Of which segment a share is: the only one, or the one said last, after a verb: of SG users, is on ios."""
        positions = sorted((position, name) for name, position in self.found.value_positions.items())
        said = [(place, name) for place, name in positions if name not in self.found.by]
        if self.found.by:
            # ios's share by country, the share that is on ios in each country; else every country's part
            share = next((n for n, token in enumerate(self.tokens) if token.text in self.group("share").words), 0)
            is_within = self.text_has("its", "their")  # the share of ios among their new users
            if len(said) == 1 and (is_within or said[0][0] < share or self.has_verb(share, said[0][0])):
                return said[0][1]
            return self.found.by[0]
        if len(positions) < 2:
            return positions[0][1] if positions else None
        if self.has_verb(positions[-2][0], positions[-1][0]):
            return positions[-1][1]
        raise Stop(self.unclear("Of which segment is it a share? Say it as: of SG users, what share is on ios."))

    def has_verb(self, begin: int, end: int) -> bool:
        """Whether a verb that leads what is said of users stands in between."""
        return any(self.text(place) in SAYING for place in range(begin, end))

    @property
    def several_values(self) -> str | None:
        """The segment of which several values are put side by side."""
        several = (name for name, values in self.found.filters.items() if len(values) > 1)
        return next((name for name in several if name not in self.found.negated), None)

    def settled(self, dated: Dated, is_known: Callable[[Span], bool]) -> Span:
        """The one span that is meant: the only one that the data knows. Raises `Stop` to ask which."""
        span = dated.span
        if not span.is_ambiguous:
            return span
        if "year_ago" in self.found.operations:
            return span.others[-1]  # the latest: only that one has a year before it
        spans = (span, *span.others)
        months = tuple(one for one in spans if one.unit == "month")
        if self.found.grain == "month" and len(months) == 1:
            return months[0].settled()  # month over month in Sep 26
        known = [one for one in spans if is_known(one)]
        # The latest may be meant even if it is not over yet; one before the data begins is not.
        candidates = [one for one in spans if one in known or (known and one.first > known[-1].first)]
        if len(candidates) == 1:
            others = " and ".join(span_name(one) for one in (span, *span.others) if one not in candidates)
            remark = f"{span_name(candidates[0])} is taken, as the data cannot answer this for {others}."
            self.notes += [remark] if remark not in self.notes else []
            return candidates[0].settled()
        choices = tuple(candidates) or (span, *span.others)
        raise Stop(self.which_date(replace(dated, span=replace(choices[0], others=choices[1:]))))

    def bounds(self, metric: str, of: str | None = None) -> dict[str, Any]:
        """The bounds in the metric's own unit: churn above 30 is above 0.3. Raises `Stop` for a percentage of users."""
        is_share = of is not None or self.catalogue.metrics[metric].unit == "share"
        if self.found.is_percent and not is_share:
            raise Stop(self.unclear(f"A percentage is no bound for {self.catalogue.metrics[metric].label.lower()}."))
        return {name: value / 100 if is_share and value > 1 else value for name, value in self.found.bounds.items()}

    def is_single(self, span: Span, grain: Grain) -> bool:
        """Whether a span lies in one period."""
        return self.catalogue.period_start(span.first, grain) == self.catalogue.period_start(span.last, grain)

    def periods_of(self, span: Span, grain: Grain) -> tuple[date, date]:
        """The periods that begin in a span, the first and the last; if none does, the one it lies in."""
        first = self.catalogue.period_start(span.first, grain)
        begins_before = first < span.first > self.catalogue.first  # of all the data every period counts
        if begins_before and not self.is_single(span, grain):
            first = self.catalogue.shifted(first, 1, grain)
        return first, self.catalogue.period_start(span.last, grain)
