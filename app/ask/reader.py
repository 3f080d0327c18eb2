"""The built-in reader: a question in English becomes a metric query by grammar, with no key and no network.

Every word has to be accounted for: as a metric, a date, an age, a segment, an operation, or one of the words that carry
nothing. If one is left over, the reader asks instead of guessing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from app.ask.asides import asides, has_belief, has_purpose, without_audience
from app.ask.catalogue import COHORTS, GROWTH, Catalogue
from app.ask.cohort_reading import CohortReading
from app.ask.grammar import CHANGES
from app.ask.growth_reading import NOT_OF_LONGER, GrowthReading
from app.ask.leftovers import NOT_KNOWN_OF_USERS
from app.ask.lexicon import Lexicon, is_hostile
from app.ask.metric_query import (
    Clarify,
    InvalidQueryError,
    MetricQuery,
    Reading,
    Refused,
    SegmentFilter,
    Unanswerable,
)
from app.ask.question import Stop
from app.ask.settling import DEFAULT_METRIC
from app.ask.spans import Dated, Span

LONGEST_QUESTION = 500  # characters
REFUSAL = "This box answers questions about growth; it changes nothing, runs no statements and gives away no settings."


@dataclass(frozen=True)
class Read:
    """A reading, what was assumed on the way, the words that were left out of account, what is to be said first."""

    reading: Reading
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    first_of_all: tuple[str, ...] = ()


def read(
    question: str,
    catalogue: Catalogue,
    context: MetricQuery | None = None,
    page_filters: tuple[SegmentFilter, ...] = (),
) -> Read:
    """Reads a question.

    Parameters
    ----------
    context       the metric query of the question before, which this one may go on from
    page_filters  what the page around the question is filtered by; the question may name other values
    """
    if is_hostile(question):
        return Read(Refused(message=REFUSAL))
    if len(question) > LONGEST_QUESTION:
        message = f"A question of up to {LONGEST_QUESTION} characters can be read; this one is longer."
        return Read(Clarify(message=message))
    lexicon = _lexicon(catalogue)
    question = without_audience(question, lexicon)
    whole = _read(question, catalogue, lexicon, context, page_filters)
    if not isinstance(whole.reading, MetricQuery) or whole.ignored or has_purpose(question) or has_belief(question):
        for kept, left_out in asides(question, lexicon):
            rest = _read(kept, catalogue, lexicon, context, page_filters)
            if isinstance(rest.reading, MetricQuery):
                return replace(rest, ignored=(*([left_out] if left_out else []), *rest.ignored))
    return whole


def _read(
    question: str,
    catalogue: Catalogue,
    lexicon: Lexicon,
    context: MetricQuery | None,
    page_filters: tuple[SegmentFilter, ...],
) -> Read:
    reader = _Reader(question, catalogue, lexicon)
    try:
        reading = reader.reading(context, page_filters)
    except Stop as stop:
        reading = stop.reading
    except InvalidQueryError as error:
        reading = Unanswerable(message=str(error))
    ignored = tuple(reader.ignored) if isinstance(reading, MetricQuery) else ()
    return Read(reading, tuple(reader.notes), ignored, tuple(reader.first_of_all))


_lexicons: dict[int, tuple[Catalogue, Lexicon]] = {}


def _lexicon(catalogue: Catalogue) -> Lexicon:
    # The last one: a page holds its catalogue for as long as the version of the warehouse is shown.
    known = _lexicons.get(id(catalogue))
    if known is None or known[0] is not catalogue:
        _lexicons.clear()
        known = _lexicons[id(catalogue)] = (catalogue, Lexicon(catalogue))
    return known[1]


class _Reader(GrowthReading, CohortReading):
    """What the grammar has found, put together."""

    def reading(self, context: MetricQuery | None, page_filters: tuple[SegmentFilter, ...]) -> Reading:
        """The reading of the question. Raises `Stop`, `InvalidQueryError`."""
        if not self.tokens:
            raise Stop(self.help("There is no question yet."))
        self.read_words()
        if context:
            self.inherit(context)
        self.check_leftovers()
        found = self.found
        if found.within and (found.days_active or found.is_cohort):
            raise Stop(self.unclear(NOT_OF_LONGER))
        if found.days_active:
            return self.days_query(self.filters(page_filters))
        if found.metrics or found.is_cohort:
            found.ambiguous = [group for group in found.ambiguous if group not in self.lexicon.yielding]
        self.settle_returners()
        if found.is_cohort and found.age:  # how loyal were they after 3 months
            found.ambiguous = [group for group in found.ambiguous if "retention_rate" not in group]
        if found.ambiguous:
            others = [name for group in found.ambiguous for name in group]
            raise Stop(self.which_metric(others if found.metrics or found.is_cohort else found.ambiguous[0]))
        if not found.is_cohort:
            self.rank_own_segment()
        if not found.metrics and not found.is_cohort:
            self.settle_nouns()
        if found.is_cohort and not (self.asks_mean_size or self.asks_share_of_cohort):
            return self.cohort_query(self.filters(page_filters))
        return self.growth_query(self.filters(page_filters))

    # the question before

    @property
    def goes_on(self) -> bool:
        """Whether the question begins as one that goes on from the question before."""
        return any(self.matches_begin(phrase) for phrase in self.lexicon.follow_ups)

    def matches_begin(self, phrase: tuple[str, ...]) -> bool:
        return tuple(token.text for token in self.tokens[: len(phrase)]) == phrase

    def inherit(self, before: MetricQuery) -> None:
        """Takes what is missing from the question before."""
        found = self.found
        is_whole = (found.has_noun and found.spans) or (found.is_cohort and (found.cohort_span or found.age))
        is_fragment = not found.metrics and not found.ambiguous and not is_whole
        says = found.metrics or found.spans or found.filters or found.by or found.grain or found.operations or found.age
        if self.leftovers() or not says or not (is_fragment or self.goes_on):
            return
        self.notes.append("Goes on from the question before.")
        if is_fragment:
            found.metrics = list(before.metrics)
            found.is_cohort = found.is_cohort or self.catalogue.kind(before.metric) == COHORTS
        if found.age is None and before.age is not None and found.is_cohort:
            found.age = (before.age, before.grain)
        for one in before.filters:
            found.filters.setdefault(one.segment, list(one.values))
        if found.spans:
            # August, after a question about 2026, is that of 2026.
            year = before.end.year
            spans = [d.span.in_year(year).settled() if d.span.is_ambiguous else d.span for d in found.spans]
            found.spans = [Dated(span, d.begin, d.end) for span, d in zip(spans, found.spans, strict=True)]
        else:
            self.inherit_dates(before)
        if found.is_cohort:
            found.cohort_span = found.spans[0]
        if is_fragment and not found.operations and not found.by and not found.per_period:
            if before.operation in ("highest", "lowest", "series", "average", "change", "explain"):
                found.operations.add(before.operation)
                found.over_period = found.over_period or (
                    before.by is None and before.operation in ("highest", "lowest")
                )
            if before.by and before.by not in found.filters:
                found.by.append(before.by)

    def inherit_dates(self, before: MetricQuery) -> None:
        found = self.found
        last = self.catalogue.shifted(before.end, 1, before.grain) - timedelta(days=1)
        unit: Literal["day", "week", "month", "range"] = before.grain if before.start == before.end else "range"
        found.spans = [Dated(Span(before.start, last, unit), 0, 0)]
        if found.grain is None:
            found.grain = before.grain
        elif found.grain != before.grain:
            found.per_period = True  # by week, of the month before

    # what the question leaves open

    def settle_nouns(self) -> None:
        """Users, without saying which: active ones of a period, else everybody ever seen."""
        found = self.found
        moves = found.operations & {*CHANGES, "explain", "previous", "year_ago"}
        if found.by and found.operations & {"highest", "lowest", "rank"}:
            found.has_noun = True  # the biggest market
        if not found.has_noun and not moves:
            is_list = found.by and not (found.spans or found.operations or found.filters)
            if is_list and self.text(0) in ("which", "what", "list"):  # which platforms do we track
                raise Stop(self.help(self.values_of(found.by)))
            if found.spans or found.by or found.operations or found.filters:
                raise Stop(self.which_metric(("active_users", "new_users", "churn_rate", "retention_rate")))
            growth = [name for name, model in self.catalogue.models.items() if model == GROWTH]
            labels = ", ".join(self.catalogue.metrics[name].label.lower() for name in growth)
            raise Stop(self.help(f"Ask about {labels}."))
        if not found.has_noun and self.text_has("it"):
            raise Stop(self.which_metric(("active_users", "new_users", "churn_rate", "retention_rate")))
        weak = self.each_anywhere(self.lexicon.weak_metrics)
        said = self.said_of_people()
        is_weak = {*said.lower().split()} <= self.lexicon.weak_metrics.words | self.lexicon.plain
        if said and not (weak and is_weak and (found.filters or found.by)):
            raise Stop(self.unread(self.no_answer(NOT_KNOWN_OF_USERS.format(said))))
        if weak or "cumulative" in found.operations:
            found.metrics = weak or ["new_users"]
            return
        asks_for_more = moves or found.bounds or found.per_period or found.operations - {"total", "split"}
        if found.has_noun and (self.is_everything or self.is_until if found.spans else not asks_for_more):
            found.metrics = ["new_users"]
            found.spans = found.spans if self.is_until else [self.everything]
            self.notes.append(
                "Users without a date: everybody seen since the data starts; of one month, ask for its active users."
            )
            return
        found.metrics = [DEFAULT_METRIC]
        self.notes.append("Users without saying which are taken for active users.")
