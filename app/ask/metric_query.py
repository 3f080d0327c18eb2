"""What a question asks for, as data: a metric query, or the reason why there is none."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Grain = Literal["day", "week", "month"]
Longer = Literal["week", "month", "quarter", "year"]
Operation = Literal[
    "value", "series", "compare", "highest", "lowest", "first", "last", "since", "change", "explain", "average",
    "median", "define",
]  # fmt: skip
Asked = Literal["whether", "which", "every", "ago", "extremes", "sum"]
AVERAGES: tuple[Operation, ...] = ("average", "median")
PICKS: tuple[Operation, ...] = ("since", "first", "last")
# What can be asked of the changes from period to period.
MOVING: tuple[Operation, ...] = ("series", "highest", "lowest", *PICKS)


class Frozen(BaseModel):
    """Immutable, and nothing in it that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SegmentFilter(Frozen):
    """Users whose segment has one of these values."""

    segment: str
    values: tuple[str, ...] = Field(min_length=1)


class MetricQuery(Frozen):
    """One question about metrics.

    operation      value: one figure (of all periods together); series: one per period; compare: two ranges, or the
                   values of `by`; highest, lowest: the period, or the value of `by`, where the metric is; first, last:
                   the first or last period within the bounds; since: the unbroken run of such periods up to the latest
                   complete one; change: from `against` to the range; explain: what that change is made of; average: per
                   period; median: of the periods; define: what the metric means
    metrics        names of the catalogue, all of one model
    start, end     the first and the last period, each by its start; of a cohort metric: the cohorts
    against_start  the same for the range that is compared with (compare, change, explain, the change of values)
    only           of the periods from `start` to `end` only these; none: all
    within         average, median, series, highest, lowest: one figure for each of these longer periods (the average of
                   the days of each month, the new users of each quarter)
    age            of a cohort metric: periods since the cohort's own; None: every age
    to_age         of a cohort metric at every age: up to this one
    ages           the same: only these
    gone           of a cohort metric: those who are not there, instead of those who are
    each           of a cohort metric at every age: each cohort by itself, not all taken together
    by             the segment that splits the figure
    and_by         value, series, highest, lowest: the segment that splits each value of `by` further
    within_each    highest, lowest: of each value of `by` the first of the values of `and_by`, or of the periods; of
                   each period the first of the values of `by`; or so many of them as `limit`
    of             what the figure is divided by: another metric (new users by active ones), or a segment: its part is
                   meant that the filter, or each value of `by`, has in all its values
    less           another count, which is taken off the figure: users gained less users churned
    averaged       highest, lowest, compare, change: of several periods the figure is the average of a count that does
                   not add up over them
    beside         what stands beside the values of `by`: everybody, or all others together
    cumulative     the figure is the sum from `start` up to each period
    above, below   the bounds: only periods (or values of `by`) where the metric is; shares are 0 to 1. Of users by
                   days active: of the days
    at_least       the same, the bound itself included; so is at_most
    limit          how many of the highest or lowest
    nth            which one of the highest or lowest: 2 is the second highest
    of_change      what is ranked, listed or bounded is the change from the period before (of values of `by`: from
                   `against` to the range), not the figure itself
    relative       the change is measured in parts of what it was before
    asks           what the sentence has to say besides: whether it is so, which of two it is, or is in every period,
                   how long ago it was, the highest and the lowest of a series, how often something happened in all
                   of its periods
    claim          what the question takes for granted or asks to confirm about the change
    higher         compare, highest, lowest: the value of `by` that it asks to confirm as the higher, or the first, one
    first_is       highest, lowest: the period, by its start, that it asks to confirm as the first one
    """

    operation: Operation
    metrics: tuple[str, ...] = Field(min_length=1)
    grain: Grain
    start: date
    end: date
    against_start: date | None = None
    against_end: date | None = None
    only: tuple[date, ...] = Field(default=(), max_length=24)
    within: Longer | None = None
    age: int | None = Field(default=None, ge=0, le=10_000)
    to_age: int | None = Field(default=None, ge=0, le=10_000)
    ages: tuple[int, ...] = Field(default=(), max_length=24)
    gone: bool = False
    filters: tuple[SegmentFilter, ...] = ()
    each: bool = False
    by: str | None = None
    and_by: str | None = None
    within_each: Literal["value", "period"] | None = None
    of: str | None = None
    less: str | None = None
    averaged: bool = False
    beside: Literal["everybody", "others"] | None = None
    cumulative: bool = False
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    limit: int | None = Field(default=None, ge=1, le=100)
    nth: int | None = Field(default=None, ge=1, le=100)
    of_change: bool = False
    relative: bool = False
    asks: Asked | None = None
    claim: Literal["rose", "fell"] | None = None
    higher: str | None = None
    first_is: date | None = None

    @property
    def metric(self) -> str:
        """The first metric: the one that is ranked, compared or explained."""
        return self.metrics[0]

    @property
    def splits(self) -> list[str]:
        """The segments that split the figure."""
        return [segment for segment in (self.by, self.and_by) if segment]

    @property
    def is_by_period(self) -> bool:
        """Whether what is ranked are the periods, or the values of `by` in each of them, and no sum over periods."""
        is_ranked = self.operation in ("highest", "lowest")
        return is_ranked and (not self.by or (self.within_each is not None and not self.and_by))

    @property
    def compares_ranges(self) -> bool:
        """Whether the range stands against another one."""
        return self.operation in ("compare", "change", "explain") or (self.of_change and self.by is not None)

    @property
    def ranges(self) -> list[tuple[date, date]]:
        """First and last period of the range, and of the one it stands against."""
        ranges = [(self.start, self.end)]
        if self.compares_ranges and self.against_start and self.against_end:
            ranges.append((self.against_start, self.against_end))
        return ranges

    @property
    def bounds(self) -> list[tuple[str, float]]:
        """Sign and value of every bound."""
        named = ((">", self.above), ("<", self.below), (">=", self.at_least), ("<=", self.at_most))
        return [(sign, value) for sign, value in named if value is not None]

    def changed(self, **fields: object) -> MetricQuery:
        """A copy with other fields, validated."""
        return MetricQuery.model_validate(self.model_dump() | fields)


class Clarify(Frozen):
    """The question can be understood in several ways, or not wholly.

    options     questions to ask instead
    is_certain  the question is clear enough to know that it has to be asked back; False: some words were not read
    """

    message: str
    options: tuple[str, ...] = ()
    is_certain: bool = True


class Unanswerable(Frozen):
    """The warehouse does not hold what is asked for; `is_certain` as in `Clarify`."""

    message: str
    options: tuple[str, ...] = ()
    is_certain: bool = True


class Refused(Frozen):
    """Not a question about the data, and nothing that will be done."""

    message: str


Reading = MetricQuery | Clarify | Unanswerable | Refused


class InvalidQueryError(ValueError):
    """A metric query that the catalogue does not allow; the message says which part, and what there is instead."""
