"""Which metric of a period is meant, and what it is a share of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from app import words
from app.ask.catalogue import GRAINS, PARTS_OF_ACTIVE, ROLLING
from app.ask.cohort_words import without_since
from app.ask.grammar import CHANGES
from app.ask.metric_query import Grain
from app.ask.metric_words import GAINED_RETURNERS
from app.ask.question import Stop
from app.ask.settling import DEFAULT_METRIC, Settling
from app.ask.spans import DAY, UNITS, Dated, Span

# Rolling activity by the calendar period whose active users are meant if a period is named.
ROLLING_GRAINS: dict[str, Grain] = {"dau": "day", "wau": "week", "mau": "month"}
# What is asked of users of one period in the next.
RATES = {"churned_users": "churn_rate", "retained_users": "retention_rate"}
# Words for a part of something.
MOST = {"most", "majority", "bulk"}
PARTS = {*MOST, "half", "third", "thirds", "quarter", "quarters", "fifth", "tenth", "percent", "pct"}
FOLLOWED = {name: name for name in ("churned_users", "churn_rate", "retained_users", "retention_rate")}
FOLLOWED |= {"active_users": "retained_users", "resurrected_users": "retained_users"}


class MetricReading(Settling):
    """Decides which figure a question about periods is after."""

    def asked_metrics(self) -> tuple[list[str], Grain | None, str | None]:
        """The metrics that are meant, all of one model, the grain that one of them says, and what it is a share of."""
        found = self.found
        # came back in May and June; but of the users of May, came back in June: those who were kept
        came_back = found.metrics == ["resurrected_users"] and not self.is_of_people
        is_beside = self.lists_active_users
        if len(found.spans) == 2 and not (came_back or is_beside) and {*found.metrics} - {"active_users"} < {*FOLLOWED}:
            found.metrics = [name for name in found.metrics if name != "active_users"] or found.metrics
        followed = [name for name in found.metrics if name != "active_users"]
        is_of_previous = found.of_previous or (len(found.metrics) > 1 and not is_beside)
        if "previous" in found.operations and is_of_previous and len(followed) == 1 and followed[0] in FOLLOWED:
            found.operations.discard("previous")  # of the previous month's active users, how many were lost
            name = FOLLOWED[followed[0]]
            is_rate = found.is_percent or found.operations & {"share", "percent"}
            found.metrics = [RATES.get(name, name) if is_rate else name]
            found.operations -= {"share", "percent"}
        self.read_part()
        if "share" in found.operations and found.grain == "day" and "mau" in found.metrics:
            found.metrics = ["mau"]  # what share of them uses the app on a day
        metrics, grain = self.calendar_metrics(self.rates_for_counts(found.metrics))
        metrics = self.rolling_metrics(metrics)
        of = None
        if len({self.catalogue.kind(name) for name in metrics}) > 1:
            raise Stop(self.which_metric(metrics))
        if self.is_ratio(metrics):
            of = self.divisor or metrics[1]
            metrics = [name for name in metrics if name != of]
        elif not came_back and self.is_from_one_to_the_next(metrics):
            [dated] = found.spans
            last = dated.span.ends[1] if dated.span.ends else dated.span
            found.spans = [replace(dated, span=last)]
            self.first_of_all.append(f"Of those active the {last.unit} before:")
            if "share" in found.operations:
                metrics = [RATES.get(metrics[0], metrics[0])]
                found.operations.discard("share")
        elif self.looks_back(metrics):
            metrics, found.spans = ["retained_users"], found.spans[:1]
            of = DEFAULT_METRIC if "share" in found.operations else None
            found.operations.discard("share")
        elif not came_back and self.follows_on(metrics):
            metrics, found.spans = self.from_one_to_the_next(metrics), found.spans[-1:]
            found.operations.discard("share")
        elif "share" in found.operations:
            metrics, of = self.part_and_whole(metrics)
            found.operations.discard("share")
        return metrics, grain, of

    @property
    def lists_active_users(self) -> bool:
        """Whether active users are a figure beside another one, and not those of whom it is: actives and churn rate."""
        if "active_users" not in self.found.metric_places:
            return False
        active = self.found.metric_places["active_users"]
        pairs = [sorted((active, place)) for place in self.found.metric_places.values() if place != active]
        between = [{self.text(n) for n in range(one[1], other[0])} for one, other in pairs]
        return any("and" in said and said <= {"and", "also", "the", "our", "of", "for"} for said in between)

    @property
    def is_of_people(self) -> bool:
        """Whether the first of two dates says of whose users something is asked: of May's people."""
        first = self.found.spans[0] if len(self.found.spans) == 2 else None
        leads = {self.text(first.begin - 1), self.text(first.begin - 2)} if first else set()
        return first is not None and "of" in leads and self.text(first.end) in {*self.lexicon.nouns, "actives"}

    def read_part(self) -> None:
        """Did most of the new users come from tiktok, did more than half of the users churn: a share, within bounds."""
        found = self.found
        is_one = len(found.metrics) == 1 and self.says_whether and not (found.by or found.operations & CHANGES)
        if self.says_most and is_one:
            found.operations.discard("highest")
            found.bounds, found.is_percent = {"above": 0.5}, True
        moves = found.bounds_change or found.operations & CHANGES
        if not (len(found.metrics) == 1 and found.is_percent and found.bounds) or moves:
            return
        counts = {rate: count for count, rate in RATES.items()}
        count = counts.get(found.metrics[0], found.metrics[0])
        is_part = {n for n, one in enumerate(self.tokens) if one.text in PARTS or one.text.endswith("%")}
        parts = [n + 2 for n in is_part if self.text(n + 1) == "of"]
        of = self.metric_after(min(parts)) if parts else None
        if count in RATES and of not in (count, RATES[count]) and "share" not in found.operations:
            found.metrics = [RATES[count]]  # half of the tiktok users churned, which countries lost a third of theirs
        elif not is_one:
            return
        elif any(self.text(n + 1) in self.named_values for n, one in enumerate(self.tokens) if one.text in MOST):
            raise Stop(self.unclear("Most of whom? Ask for a share, such as the share of ios in new users."))
        elif self.catalogue.metrics[count].is_count and [len(values) for values in found.filters.values()] == [1]:
            found.metrics = [count]
            found.operations.add("share")

    @property
    def says_most(self) -> bool:
        """Whether most of somebody, or most users, are spoken of, and not the most."""
        nouns = {*self.lexicon.nouns, *self.named_values, "new", "active", "churned"}
        pairs = [(self.text(n - 1), self.text(n + 1)) for n, one in enumerate(self.tokens) if one.text in MOST]
        return any(after == "of" or (after in nouns and before != "the") for before, after in pairs)

    @property
    def named_values(self) -> set[str]:
        """The words by which values of segments are named."""
        return {self.text(place) for place in self.found.value_places.values()}

    def metric_after(self, place: int) -> str | None:
        """The metric that stands here, behind articles and a date: of last month's churn."""
        dated = {n for one in self.found.spans for n in range(one.begin, one.end)}
        while place in dated or self.text(place) in ("the", "our", "all", "those"):
            place += 1
        named = self.lexicon.metrics.at(self.tokens, place, [True] * len(self.tokens))
        return named[0] if named else None

    def rates_for_counts(self, metrics: list[str]) -> list[str]:
        """Better retained is a rate, how many churn is a count; nor is a rate asked for with its numerator."""
        found = self.found
        anywhere = [True] * len(self.tokens)
        judged = [n for n in range(len(self.tokens)) if self.lexicon.judging.at(self.tokens, n, anywhere)]
        judges = bool(found.operations & {"best", "worst"})
        judges |= any(self.text(n - 1) not in ("no", "any") for n in judged)  # no longer active
        judges |= self.says_whether and bool(self.each_anywhere(self.lexicon.as_much))
        end = found.metric_places.get(metrics[0], (0, 0))[1] if metrics else 0
        judges |= self.text(end - 2) in ("most", "least") and end in {
            *found.segment_places
        }  # the least churned platform
        if len(metrics) == 1 and metrics[0] in RATES and judges:
            return [RATES[metrics[0]]]
        counts = {rate: count for count, rate in RATES.items()}
        if self.counts_users and not found.is_percent and len(metrics) == 1 and metrics[0] in counts:
            return [counts[metrics[0]]]  # how many users churn
        adds_gains = self.says_ratio or found.operations & {"more", "less"}  # than we brought in or got back
        if adds_gains and {"new_users", "resurrected_users", "churned_users"} == {*metrics}:
            metrics = list(dict.fromkeys(name if name == "churned_users" else "gained_users" for name in metrics))
        if {"gained_users", "churned_users"} == {*metrics} and self.says_ratio:
            return ["quick_ratio"]
        if self.says_ratio_twice(metrics):
            found.operations -= {"more", "less", "compare"}
            return ["quick_ratio"]
        if metrics == [self.divisor] and self.asks_arrivals:
            raise Stop(self.which_metric(("quick_ratio", "new_users")))
        return [name for name in metrics if RATES.get(name) not in metrics]

    def settle_returners(self) -> None:
        """Joiners and returners for each one lost: of those who come those who come back, and not those who stayed.

        So it is of those gained, new plus returning ones.
        """
        found = self.found
        returners = ("retained_users", "resurrected_users")
        is_sum = "gained_users" in found.metric_places or self.text_has("plus")
        if returners in found.ambiguous and {"new_users", "churned_users"} == {*found.metrics} and self.divisor:
            found.ambiguous.remove(returners)
            found.metrics.append("resurrected_users")
        elif returners in found.ambiguous and found.metrics == ["new_users"] and is_sum:
            found.ambiguous.remove(returners)
            found.metrics = ["gained_users"]
            self.notes.append(GAINED_RETURNERS)

    def says_ratio_twice(self, metrics: Sequence[str]) -> bool:
        """Whether a bound of the quick ratio is said twice: lost more than we gained, so a quick ratio below 1."""
        found, places = self.found, self.found.metric_places
        sides = [name for name in places if name in ("gained_users", "churned_users")]
        if {*metrics} != {*sides, "quick_ratio"} or len(sides) != 2 or not found.operations & {"more", "less"}:
            return False
        gains_more = (min(sides, key=lambda name: places[name]) == "gained_users") == ("more" in found.operations)
        return found.bounds == {"above" if gains_more else "below": 1}

    @property
    def asks_arrivals(self) -> bool:
        """Whether it is asked how many came, without saying whether those who came back are counted."""
        return bool(self.each_anywhere(self.lexicon.weak_metrics))

    def difference(self, metrics: list[str]) -> tuple[list[str], str | None]:
        """The first of two counts, and the other one, which is taken off it: months in which more left than came."""
        found, ops = self.found, self.found.operations
        is_bounded = ("more" in ops) != ("less" in ops) and not found.bounds
        looks_through = found.over_period or bool(found.by) or self.text_has("ever", "any")
        is_ranked = bool(ops & {"highest", "lowest", "series"}) or found.per_period
        if len(metrics) != 2 or not all(self.catalogue.metrics[name].is_count for name in metrics):
            return metrics, None
        if is_bounded and looks_through:
            found.bounds = {"above" if "more" in ops else "below": 0}
            found.over_period = not found.by
        elif not (self.says_difference and is_ranked):
            return metrics, None
        ops -= {"more", "less", "compare"}
        return metrics[:1], metrics[1]

    @property
    def says_difference(self) -> bool:
        """Whether it is asked how far two figures are apart."""
        return self.text_has("difference", "gap", "minus", "diff", "less")

    def is_ratio(self, metrics: Sequence[str]) -> bool:
        """Whether one of two counts is to be divided by the other: new users per churned user, the ratio of them."""
        places = self.found.metric_places
        if len(metrics) != 2 or not all(self.catalogue.metrics[name].is_count and name in places for name in metrics):
            return False
        if self.divisor:
            return True
        before = {self.text(n) for n in range(places[metrics[1]][0] - 2, places[metrics[1]][0])}
        is_divided = bool(before & {"per", "every", "each", "by"} or self.says_ratio)
        return is_divided and places[metrics[0]] < places[metrics[1]]

    @property
    def says_ratio(self) -> bool:
        """Whether two metrics are to be divided."""
        return self.divisor is not None or any(token.text == "ratio" for token in self.tokens)

    @property
    def divisor(self) -> str | None:
        """The count of each of whose users something is asked: for every user who left, per leaver."""
        counts = (name for name in self.found.metric_places if self.catalogue.metrics[name].is_count)
        return next((name for name in counts if self.is_of_each(self.found.metric_places[name][0])), None)

    @property
    def counts_users(self) -> bool:
        """Whether it is asked how many users, and no rate."""
        counting = ("many", "more", "fewer", "most", "fewest")
        says_how_many = any(
            one.text in counting and two.text in self.lexicon.nouns for one, two in pairwise(self.tokens)
        )
        return says_how_many and not any(token.text in ("rate", "retention") for token in self.tokens)

    def part_and_whole(self, metrics: list[str]) -> tuple[list[str], str | None]:
        """The metric, and what it is a share of: a segment, or the metric that another one is a part of."""
        found = self.found
        if metrics == ["mau"] and found.grain == "day":
            return ["stickiness"], None  # what share of the monthly users is there on a day
        place = self.whole_place
        anywhere = [True] * len(self.tokens)
        if place and any(self.group(name).at(self.tokens, place, anywhere) for name in CHANGES):
            label = self.catalogue.metrics[metrics[0]].label.lower()
            message = "A part of a change is seen where the change is taken apart: ask why it changed."
            raise Stop(self.unclear(message, options=(f"why did {label} change last month",)))
        whole = self.lexicon.metrics.at(self.tokens, place, anywhere) if place else None
        if len(metrics) == 2 and all(self.catalogue.metrics[name].is_count for name in metrics):
            named = whole[0] if whole and whole[0] in metrics else DEFAULT_METRIC
            among = [name for name in metrics if self.stands_among(name)]
            named = among[0] if len(among) == 1 else named  # the share of new users among actives
            part = next((name for name in metrics if name != named), named)
            if named == DEFAULT_METRIC and part in {*PARTS_OF_ACTIVE, *RATES}:
                return self.part_of_active(part)
        if len(metrics) != 1:
            raise Stop(self.which_metric(metrics))
        metric = metrics[0]
        is_whole = whole is not None and whole[0] == metric
        counts = {rate: count for count, rate in RATES.items()}
        split_at = place + (self.text(place) in ("each", "every")) if place is not None else len(self.tokens)
        of_segment = self.lexicon.segments.at(self.tokens, split_at, anywhere) is not None
        if (is_whole or of_segment) and metric in counts and self.has_segment:
            metric = counts[metric]  # the share of churn by platform, of each platform in churn
        if not self.catalogue.metrics[metric].is_count:
            return [metric], None
        if metric in RATES and self.says_percentage_before(metric):
            return self.part_of_active(metric)  # % churned by source
        of_users = place is not None and not is_whole and metric in found.metric_places and not self.is_among(metric)
        if self.has_segment and (not of_users or self.is_said_of_segment(metric)):
            return [metric], self.shared_segment
        if metric in {*PARTS_OF_ACTIVE, *RATES}:
            return self.part_of_active(metric)
        options = tuple(
            f"share of {self.catalogue.metrics[metric].label.lower()} by {words.title(name).lower()}"
            for name in self.catalogue.segments
        )
        label = self.catalogue.metrics[metric].label.lower()
        raise Stop(self.unclear(f"What share of {label}: of which segment?", options=options))

    def says_percentage_before(self, metric: str) -> bool:
        """Whether percent stands right before the metric: of those who could, how many did."""
        begin = self.found.metric_places.get(metric, (0, 0))[0]
        return self.text(begin - 1) in self.group("percent").words

    def part_of_active(self, metric: str) -> tuple[list[str], str | None]:
        """A part of the active users; of those of the period before it is a rate that is kept."""
        return ([RATES[metric]], None) if metric in RATES else ([metric], DEFAULT_METRIC)

    @property
    def has_segment(self) -> bool:
        return bool(self.found.filters or self.found.by)

    def stands_among(self, metric: str) -> bool:
        """Whether a metric is what another one is among: among actives, in our active users."""
        place = self.found.metric_places.get(metric, (0, 0))[0] - 1
        while self.text(place) in ("the", "our", "all"):
            place -= 1
        return self.text(place) in ("among", "amongst", "in", "within")

    def is_among(self, metric: str) -> bool:
        """Whether a value stands among the users of a metric: the share of ios among new users."""
        begin = self.found.metric_places[metric][0]
        value = max(self.found.value_positions.values(), default=begin)
        return any(self.text(place) in ("in", "among", "amongst", "within") for place in range(value, begin))

    def is_said_of_segment(self, metric: str) -> bool:
        """Whether a segment is said of the metric: of the users who churned, what share came from tiktok."""
        end, value = self.found.metric_places[metric][1], max(self.found.value_positions.values(), default=0)
        return self.has_verb(end, value)

    def is_from_one_to_the_next(self, metrics: Sequence[str]) -> bool:
        """Whether a loss, or what is kept, is that from one period to the one after it: lost from May to June."""
        found = self.found
        if len(found.spans) != 1 or len(metrics) != 1 or metrics[0] not in {*RATES, *RATES.values()}:
            return False
        span, begin = found.spans[0].span, found.spans[0].begin
        if span.ends is None or span.is_ambiguous or self.text(begin) != "from":
            return False
        first, second = span.ends
        says_more = found.operations & {*CHANGES, "series", "total", "explain", "highest", "lowest"} or found.per_period
        is_next = first.unit == second.unit and second.first == first.last + DAY and first.unit in GRAINS
        return is_next and not says_more and found.grain in (None, first.unit)

    def follows_on(self, metrics: Sequence[str]) -> bool:
        """Whether users of one date are looked for in another: the users of April who were lost in May."""
        found = self.found
        follows_people = found.has_noun or "active_users" in found.metric_places
        if len(found.spans) != 2 or len(metrics) != 1 or not follows_people or "compare" in found.operations:
            return False
        first, second = found.spans
        between = {token.text for token in self.tokens[first.end : second.begin]}
        places = [found.metric_places[name][0] for name in metrics if name in found.metric_places]
        is_between = metrics[0] != DEFAULT_METRIC and any(first.end <= place < second.begin for place in places)
        is_again = bool(between & {"still", "also", "again", "back", "returned"})
        return metrics[0] in FOLLOWED and (is_between or is_again)

    def looks_back(self, metrics: Sequence[str]) -> bool:
        """Whether of users of one period it is asked who had been there in the one before: those who were kept."""
        follows_people = self.found.has_noun or DEFAULT_METRIC in self.found.metric_places
        if len(self.found.spans) != 2 or list(metrics) != [DEFAULT_METRIC] or not follows_people:
            return False
        later, earlier = (without_since(dated.span) for dated in self.found.spans)
        between = {token.text for token in self.tokens[self.found.spans[0].end : self.found.spans[1].begin]}
        is_before = any(one.last + DAY == later.first and one.unit == later.unit for one in (earlier, *earlier.others))
        return is_before and not later.is_ambiguous and bool(between & {"also", "already", "before"})

    def from_one_to_the_next(self, metrics: Sequence[str]) -> list[str]:
        """Their losses or those kept, if the second period is the next one. Raises `Stop`."""
        first, second = (without_since(dated.span) for dated in self.found.spans)
        second = self.ended(second, first.unit)
        starts = {one.first for one in (second, *second.others)}
        if first.is_ambiguous and all(one.last + DAY in starts for one in (first, *first.others)):
            raise Stop(self.which_date(self.found.spans[0]))  # of August's users, in September: of which year
        following = [one for one in (second, *second.others) if one.first == first.last + DAY]
        if len(following) == 1:  # from August 2026, in September: of the same year
            second = following[0].settled()
        self.found.spans[-1] = replace(self.found.spans[-1], span=second)
        if first.is_ambiguous or second.is_ambiguous or first.unit != second.unit or second.first != first.last + DAY:
            raise Stop(
                self.unclear("Who stayed or left is known from one period to the next, or for those who joined.")
            )
        followed = FOLLOWED[metrics[0]]
        return [RATES.get(followed, followed) if "share" in self.found.operations else followed]

    def calendar_metrics(self, metrics: list[str]) -> tuple[list[str], Grain | None]:
        """Rolling activity is kept by day and for everybody; of a week or month the active users of it are meant."""
        found = self.found
        rolling = [name for name in metrics if self.catalogue.kind(name) == ROLLING]
        if not rolling:
            return metrics, None
        grains = {ROLLING_GRAINS[name] for name in rolling if name in ROLLING_GRAINS}
        if len(rolling) < len(metrics) and len(grains) == 1:  # MAU and churn in August
            [name], grain = rolling, next(iter(grains))
            found.metric_places[DEFAULT_METRIC] = found.metric_places[name]
            return list(dict.fromkeys(DEFAULT_METRIC if one == name else one for one in metrics)), grain
        found.spans = [self.day_ago(dated) for dated in found.spans]
        is_of_a_day = not found.spans and not found.operations and not found.over_period
        is_of_days = bool(found.spans) and all(dated.span.unit == "day" for dated in found.spans)
        is_kept = not (found.filters or found.by) and found.grain in (None, "day")
        is_extreme = bool(found.operations & {"highest", "lowest"}) and not found.over_period
        is_extreme &= not found.operations & CHANGES
        is_rolling = any(token.text == "rolling" for token in self.tokens) or (
            found.grain in (None, "day") and self.says_window(rolling)
        )
        if (
            not grains
            or is_rolling
            or "define" in found.operations
            or (is_kept and (is_of_a_day or is_of_days or is_extreme or len(grains) > 1))
        ):
            return metrics, "day"
        if len(metrics) > 1:
            raise Stop(self.which_metric(metrics))
        grain = grains.pop()
        if grain != "day":
            label = self.catalogue.metrics[rolling[0]].label
            self.notes.append(f"{label} of a calendar {grain}; the rolling figure is kept by day.")
        return [DEFAULT_METRIC], grain

    def says_window(self, metrics: list[str]) -> bool:
        """Whether the days of a rolling figure are said with it: the 28-day MAU."""
        places = (self.found.metric_places[name] for name in metrics if name in self.found.metric_places)
        return any(self.text(n) in ("7", "seven", "28") for place in places for n in range(*place))

    def day_ago(self, dated: Dated) -> Dated:
        """Of what is kept by day, a week ago is the day a week before the as-of date."""
        number, unit = self.tokens[dated.begin].whole, UNITS.get(self.text(dated.begin + 1))
        number = 1 if self.text(dated.begin) in ("a", "an") else number
        if self.text(dated.end - 1) != "ago" or number is None or unit is None:
            return dated
        now = Span(self.catalogue.as_of, self.catalogue.as_of, "day")
        return replace(dated, span=self.dates.shifted(now, -number, unit))

    def rolling_metrics(self, metrics: list[str]) -> list[str]:
        """Active users of the last 7 or 28 days are a rolling figure that is kept, everybody counted once."""
        found = self.found
        if found.metrics != [DEFAULT_METRIC] or len(found.spans) != 1 or found.operations or found.filters or found.by:
            return metrics
        span, yesterday = found.spans[0].span, self.catalogue.as_of - timedelta(days=1)
        name = {7: "wau", 28: "mau"}.get((span.last - span.first).days + 1)
        if (
            name is None
            or span.unit != "range"
            or span.last > yesterday
            or found.grain
            or name not in self.catalogue.metrics
        ):
            return metrics
        found.spans = [Dated(Span(span.last, span.last, "day"), 0, 0)]
        return [name]
