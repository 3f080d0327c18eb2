"""The built-in reader: a question in English becomes a metric query by grammar, with no key and no network.

Every word has to be accounted for: as a metric, a date, an age, a segment, an operation, or one of the words that carry
nothing. If one is left over, the reader asks instead of guessing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from app.ask.asides import Message, parted, plain, without_audience
from app.ask.catalogue import COHORTS, GROWTH, Catalogue
from app.ask.clauses import Naming
from app.ask.cohort_reading import CohortReading
from app.ask.contrasts import without_contrast
from app.ask.grammar import CHANGES
from app.ask.growth_reading import NOT_OF_LONGER, GrowthReading
from app.ask.leftovers import NOT_KNOWN_OF_USERS
from app.ask.lexicon import Lexicon, is_hostile, small_words
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
LONGEST_NAME = 4  # words of a time or a value
WINDOWS = {"wau": 7, "mau": 28}  # days of the rolling figures
POINTS_BACK = "The question points to something said before it. Ask it in one sentence, with every name and date in it."
REFUSAL = "This box answers questions about growth; it changes nothing, runs no statements and gives away no settings."


@dataclass(frozen=True)
class Read:
    """A reading, and what is to be said with it.

    notes         what was assumed on the way
    ignored       what was left out of account and may matter
    first_of_all  what has to be said before the figure
    aside         what only stands around the question
    """

    reading: Reading
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    first_of_all: tuple[str, ...] = ()
    aside: str = ""


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
    naming, rest = Naming(lexicon, catalogue), (lexicon, context, page_filters)
    question = plain(question, lexicon)
    found = _read_message(question, naming, *rest)
    if isinstance(found.reading, MetricQuery) and not found.ignored:
        return found
    without = without_contrast(question, naming)
    return found if without == question else _read_message(without, naming, *rest)


def _read_message(
    question: str,
    naming: Naming,
    lexicon: Lexicon,
    context: MetricQuery | None,
    page_filters: tuple[SegmentFilter, ...],
) -> Read:
    """Reads what is asked in a message, and sees to what stands around it."""
    catalogue, rest = naming.catalogue, (lexicon, context, page_filters)
    said = parted(question, naming)
    if said.is_plain:
        return _read(said.asked, catalogue, *rest)
    if said.is_open or said.points:
        whole = _read(question, catalogue, *rest)
        if isinstance(whole.reading, MetricQuery) and not whole.ignored:
            return whole
    if said.points:
        return Read(Clarify(message=POINTS_BACK))
    if said.doubts:
        return Read(_doubtful(said))
    found = _read(said.asked, catalogue, *rest)
    if said.glosses and not _agree(said.glosses, found.reading, catalogue, lexicon):
        if said.has_other_times and isinstance(found.reading, MetricQuery):
            return Read(Clarify(message=f"“{' '.join(said.glosses)}” is not the time asked for: which is meant?"))
        found = _read(said.with_glosses, catalogue, *rest)
    if not (said.told and isinstance(found.reading, MetricQuery)):
        return found
    if said.may_matter:
        return replace(found, ignored=(said.told, *found.ignored))
    return replace(found, aside=said.told)


def _doubtful(message: Message) -> Clarify:
    """Asks whether what is only named beside a question is part of it."""
    named = " and ".join(f"“{doubt}”" for doubt in message.doubts)
    narrowed = " ".join(doubt if doubt.startswith("on ") else f"for {doubt}" for doubt in message.doubts)
    asked = message.asked.rstrip(" ?.!")
    is_name = all(len(doubt.split()) <= LONGEST_NAME for doubt in message.doubts)
    options = (f"{asked} {narrowed}", asked) if is_name else (asked,)
    return Clarify(message=f"Is {named} part of what is asked?", options=options)


def _agree(glosses: tuple[str, ...], reading: Reading, catalogue: Catalogue, lexicon: Lexicon) -> bool:
    """Whether what says a question again says nothing else."""
    return isinstance(reading, MetricQuery) and all(
        _Reader(gloss, catalogue, lexicon).says_again(reading) for gloss in glosses
    )


def _read(
    question: str,
    catalogue: Catalogue,
    lexicon: Lexicon,
    context: MetricQuery | None,
    page_filters: tuple[SegmentFilter, ...],
) -> Read:
    reader = _Reader(without_audience(question, lexicon), catalogue, lexicon)
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

    def says_again(self, query: MetricQuery) -> bool:
        """Whether these words name nothing that is not in a query: its figure, its dates, its window."""
        try:
            self.read_words()
        except (Stop, InvalidQueryError):
            return False
        found = self.found
        said = {self.text(n) for n in self.leftovers()} - small_words("saying_again")
        operations = found.operations - {"total", "split", query.operation}
        if query.metric in WINDOWS:
            said -= {*small_words("rolling"), *(one.text for one in self.tokens if one.whole == WINDOWS[query.metric])}
        if self.catalogue.metrics[query.metric].is_count:
            said, operations = said - small_words("as_a_count"), operations - {"percent", "share"}
        if query.start <= self.catalogue.period_start(self.catalogue.first, query.grain):
            whole = (self.catalogue.first, self.catalogue.as_of)  # by May, counted from the start of the data
            found.spans = [d for d in found.spans if (d.span.first, d.span.last) != whole]
        periods = {self.periods_of(d.span, query.grain) for d in found.spans if not d.span.is_ambiguous}
        then = (query.start, query.end)
        if query.age and found.age is None:  # joined in May, after 3 months, i.e. in August
            then = (
                self.catalogue.shifted(query.start, query.age, query.grain),
                self.catalogue.shifted(query.end, query.age, query.grain),
            )
            periods = {(query.start, query.end) if period == then else period for period in periods}
        return (
            not (said or operations or found.bounds or found.by or found.ambiguous)
            and {*found.metrics} <= {*query.metrics}
            and len(periods) == len(found.spans)
            and periods <= {(query.start, query.end)}
            and found.grain in (None, query.grain)
            and (found.age is None or found.age == (query.age, query.grain))
            and all(one in query.filters for one in self.filters(()))
        )

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
