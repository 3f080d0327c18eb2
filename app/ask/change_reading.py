"""Changes from one period to another: which is meant, what the question says of it, which are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from app.ask.catalogue import ADDITIVE
from app.ask.grammar import CHANGES
from app.ask.metric_query import PICKS, Asked, Grain, Operation
from app.ask.phrasing import span_name
from app.ask.question import Stop
from app.ask.settling import Settling
from app.ask.spans import Span

Claim = Literal["rose", "fell"] | None


class ChangeReading(Settling):
    """Decides what is asked about a change."""

    def asked_change(
        self,
        operation: Operation,
        spans: list[Span],
        grain: Grain,
        by: str | None,
        claim: Claim,
    ) -> tuple[Operation, list[Span], bool]:
        """Whether the change is what is ranked or listed, and between which dates."""
        found = self.found
        of_change = operation in ("highest", "lowest", *PICKS) and bool(found.operations & CHANGES)
        if of_change and operation in ("highest", "lowest"):
            operation = self.ranked_change(claim)
            if by and len(spans) == 1 and spans[0].ends:
                spans = list(spans[0].ends)  # from May to September: between the two
        is_single = bool(spans) and self.is_single(spans[0], grain)
        is_listed = found.over_period or found.bounds_change or found.in_a_row
        is_listed |= self.is_each_against_the_last(spans, grain) or (found.per_period and not is_single and not by)
        if operation == "change" and is_listed:
            operation, of_change = "series", True  # how many months did it fall, by month how did it change
        if operation in ("change", "explain") and len(spans) == 1 and spans[0].ends:
            spans = list(spans[0].ends)  # from August to September: between the two
        return operation, spans, of_change

    def ranked_change(self, claim: str | None) -> Operation:
        """The biggest drop is the lowest change; the smallest drop is asked back."""
        if claim is None and {"growth", "gain", "gains"} & {token.text for token in self.tokens}:
            claim = "rose"
        if claim is None or "lowest" in self.found.operations:
            raise Stop(self.unclear("The biggest rise or the biggest drop can be looked for: which one?"))
        return "highest" if claim == "rose" else "lowest"

    def claim(self, metric: str) -> Claim:
        """What the question takes for granted about a change, or asks to confirm."""
        ops = set(self.found.operations)
        up_is_good = self.catalogue.metrics[metric].direction != "down"
        if ops & {"improved", "best"} and ops & {"worsened", "worst"}:
            return None  # better or worse
        if ops & {"improved", "worsened"}:
            ops.add("rose" if ("improved" in ops) == up_is_good else "fell")
        is_higher = self.says_higher(metric)
        if (
            (self.says_whether or self.found.over_period)
            and ops & {"previous", "year_ago"}
            and is_higher is not None
            and not ops & {"rose", "fell"}
        ):
            return "rose" if is_higher else "fell"  # is it better than a year ago
        if ("rose" in ops) == ("fell" in ops):
            return None
        return "rose" if "rose" in ops else "fell"

    def claimed_first(self, operation: Operation, metrics: Sequence[str]) -> Claim:
        """Did we gain more than we lost: that the first of two metrics is the higher one, or the lower one."""
        if not self.asks_which_is_more(operation, metrics):
            return None
        return "rose" if "more" in self.found.operations else "fell"

    def asks(self, operation: Operation, *, of_change: bool) -> Asked | None:
        """What the sentence has to say besides."""
        if self.found.asks_extremes and operation == "series":
            return "extremes"
        if self.found.asks_ago and operation in ("highest", "lowest", "first", "last"):
            return "ago"
        bounded = operation == "series" and (bool(self.found.bounds) or of_change)
        says_every = self.found.in_a_row or self.text_has("every", "each", "always")
        if bounded and self.says_whether and says_every:
            return "every"
        if operation in ("change", "compare") and self.offers_dates:
            return "which"
        return "whether" if self.says_whether and (operation in ("change", "compare") or bounded) else None

    @property
    def offers_dates(self) -> bool:
        """Whether one of two dates is to be picked: did we lose more in July or in August."""
        spans, sides = self.found.spans, {"more", "less", "best", "worst", "highest", "lowest"}
        is_choice = len(spans) == 2 and any(self.text(n) == "or" for n in range(spans[0].end, spans[1].begin))
        return is_choice and bool(self.found.operations & sides)

    def asks_which_is_more(self, operation: Operation, metrics: Sequence[str]) -> Literal["whether"] | None:
        """Whether it is asked to confirm that one of two counts is the higher one."""
        ops, counts = self.found.operations, [self.catalogue.metrics[name].is_count for name in metrics]
        if self.text_has("or"):
            return None  # more churned or more resurrected: no yes or no
        compares = operation == "value" and ("more" in ops) != ("less" in ops) and counts == [True, True]
        return "whether" if compares and self.says_whether and not self.found.bounds else None

    @property
    def is_in_percent(self) -> bool:
        """Whether a change is measured in parts of what it was."""
        return self.found.is_percent or "percent" in self.found.operations

    def bounds_of(
        self, metric: str, operation: Operation, claim: Claim, *, of: str | None, of_change: bool, relative: bool
    ) -> dict[str, Any]:
        """The bounds of the figure, or of its change: a fall by more than 5 is a change below -5."""
        if operation == "explain":
            return {}  # why was nobody active
        bounds = dict(self.found.bounds) if relative else self.bounds(metric, of)
        if not of_change or operation in ("highest", "lowest"):
            return bounds
        if bounds and not self.found.bounds_change:
            raise Stop(self.unclear("Ask for the periods within a bound, or for those in which it rose or fell."))
        if claim is None or (self.found.per_period and not self.says_whether):
            return {}  # by how much did it rise each month
        if claim == "rose":
            return bounds or {"above": 0}
        turned = {"above": "below", "below": "above", "at_least": "at_most", "at_most": "at_least"}
        return {turned[name]: -value for name, value in bounds.items()} or {"below": 0}

    def is_each_against_the_last(self, spans: Sequence[Span], grain: Grain) -> bool:
        """Week over week in September: the change of every week."""
        return "previous" in self.found.operations and len(spans) == 1 and not self.is_single(spans[0], grain)

    def ends_of_growth(self, span: Span, metrics: Sequence[str], grain: Grain) -> list[Span]:
        """Growth in Q2 of what does not add up over months: from the month before it to its last complete one.

        That of a rate in a year that is not over yet is within it: a part of a year is no match for the year before.
        """
        catalogue = self.catalogue
        adds_up = all(name in ADDITIVE or not catalogue.metrics[name].is_count for name in metrics)
        start, end = self.periods_of(span, grain)
        is_begun = span.unit == "year" and span.last >= catalogue.as_of and start < catalogue.latest_complete(grain)
        is_over = set(metrics) <= ADDITIVE or not is_begun
        if (adds_up and is_over) or start == end or span.unit == "range" or "year_ago" in self.found.operations:
            return [span]
        end = max(start, min(end, catalogue.latest_complete(grain)))
        first = start if adds_up else max(catalogue.shifted(start, -1, grain), catalogue.first_period(grain))
        begin = f"its first {grain}" if first == start else f"the {grain} before it"
        self.notes.append(f"Over {span_name(span)}: from {begin} to its last complete {grain}.")
        return [self.period_span(first, grain), self.period_span(end, grain)]
