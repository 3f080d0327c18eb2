"""Sentences about periods: growth accounting and rolling activity."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd

from app import words
from app.ask import compile as compiled
from app.ask.catalogue import ADDITIVE, FLOWS, ROLLING, SUFFIXES
from app.ask.metric_query import AVERAGES, Longer
from app.ask.phrasing import at, longer_name, range_name
from app.ask.teller import LISTED, Row, Said, Teller, plural
from app.queries.catalogue import Metric

MOST_VALUES = 20  # of a segment, or of two, named one by one
MOST_NUMBERS = 40  # of values and periods together, named one by one
NO_CAUSE = "The data shows where it changed, not why."


class PeriodTeller(Teller):
    """Metrics of periods: growth accounting and rolling activity."""

    def value(self) -> str | Said:
        if self.query.by:
            return self.by_segment()
        if self.query.within:
            return self.figures_within(self.query.within)
        row = self.rows[0]
        said = [self.figure(metric, row) for metric in self.metrics]
        if not any(self.known(row[metric.name]) for metric in self.metrics):
            return self.unknown(row)
        if self.detail is not None and len(self.detail):
            self.list_detail()
        self.first_seen()
        self.difference(row)
        answer = ". ".join(part[0].upper() + part[1:] for part in said) + "."
        if self.query.claim and len(self.metrics) == 2 and all(self.known(row[one.name]) for one in self.metrics):
            first, second = (float(row[one.name]) for one in self.metrics)
            is_so = first > second if self.query.claim == "rose" else first < second
            return f"{'Yes' if is_so else 'No'}: {answer[0].lower()}{answer[1:]}"
        if self.threshold:
            fits = all(compiled.holds(float(row[self.metric.name]), *bound) for bound in self.query.bounds)
            verdict = "Yes, " if fits else "No, not "
            return f"{verdict}{self.threshold}: {answer[0].lower()}{answer[1:]}"
        return answer

    def difference(self, row: Row) -> None:
        """Of two counts side by side, how much more one is."""
        counts = [metric for metric in self.metrics if metric.is_count and self.known(row[metric.name])]
        if len(self.metrics) == len(counts) == 2 and "active_users" not in self.query.metrics:
            one, other = counts
            difference = words.signed(float(row[one.name]) - float(row[other.name]))
            self.notes.append(f"{one.label} minus {other.label.lower()}: {difference}.")

    def named(self, metric: Metric) -> str:
        """The label, with the grain of a rate that is taken together over several days or weeks."""
        label = metric.label[0].lower() + metric.label[1:]
        is_pooled = (
            not metric.is_count and not self.query.of and self.query.start != self.query.end and self.grain != "month"
        )
        is_kept = self.catalogue.kind(self.query.metric) != ROLLING
        return f"{SUFFIXES[self.grain]} {label}" if is_pooled and is_kept else label

    def figure(self, metric: Metric, row: Row) -> str:
        """Churn rate in Jun 2026 was 41.9% (216 of 515)."""
        label = self.named(metric)
        value = row[metric.name]
        if not self.known(value):
            return f"{label} {self.at}{self.where}: {self.reason(metric, row)}"
        if self.query.operation == "average" and metric.is_count:
            return f"{label} {self.at}{self.where}: {float(value):,.1f} on average per {self.grain}"
        if self.query.operation == "median":
            middle = f"{float(value):,.1f}" if metric.is_count else self.number(value, metric)
            return f"the median of {label} by {self.grain} {self.at}{self.where} is {middle}"
        if self.is_everybody(metric):
            began = words.day(self.catalogue.first)
            return f"{self.number(value, metric)} users{self.where} have been seen since {began}, when the data starts"
        several = " together" if self.query.start != self.query.end else ""
        number = f"{self.number(value, metric)}{self.made_of(metric, row)}{several}{self.open_mark(row)}"
        return f"{label} {self.at}{self.where}{':' if metric.is_count else ' was'} {number}"

    def is_everybody(self, metric: Metric) -> bool:
        """Whether the new users of all the data are asked for, which is everybody seen in it."""
        query = self.query
        is_all = query.start <= self.catalogue.first_period(self.grain) and query.end >= self.catalogue.open_period(
            self.grain
        )
        return metric.name == "new_users" and query.operation == "value" and is_all and not query.of

    def made_of(self, metric: Metric, row: Row) -> str:
        """What a ratio was divided from: 216 of 515, 311 / 76."""
        if metric.is_count or metric.denominator is None:
            return ""
        if self.query.averaged:
            flow = next((column for column in FLOWS if metric.name == f"average_{column}" and column in row), None)
            return f" ({int(row[flow]):,} in all, by {self.grain})" if flow and self.known(row[flow]) else ""
        if metric.denominator not in row:
            return ""
        columns = compiled.measures([metric])
        if not all(column in row and self.known(row[column]) for column in columns):
            return ""
        top = sum(int(row[column]) for column in columns if column != metric.denominator)
        joiner = "of" if metric.unit == "share" else "against"
        return f" ({top:,} {joiner} {int(row[metric.denominator]):,})"

    def reason(self, metric: Metric, row: Row) -> str:
        if not row["is_complete"]:
            return "not yet known, because the period is still open"
        if self.catalogue.kind(self.query.metric) == ROLLING:
            return "not known, because there are not enough days of history before it"
        return words.absence(metric, row.get(metric.denominator or ""), True)

    def unknown(self, row: Row) -> str:
        """A period whose figure is not known: why, and the latest one where it is."""
        verb = "are" if self.metric.is_count else "is"
        said = f"{self.label} {self.at}{self.where} {verb} {self.reason(self.metric, row)}."
        if self.reason(self.metric, row) in (
            "nobody churned",
            "nobody was active the period before",
            "no period before it",
        ):
            said = f"{self.label} {self.at}{self.where} has no value: {self.reason(self.metric, row)}."
        if not row["is_complete"]:
            latest = words.period(self.catalogue.latest_complete(self.grain), self.grain)
            self.notes.append(f"The latest complete {self.grain} is {latest}.")
        return said

    def list_detail(self) -> None:
        detail = cast(pd.DataFrame, self.detail)
        for metric in self.metrics:
            if len(detail) <= LISTED:
                self.notes.append(f"{metric.label} by {self.grain}: {self.listed(detail.to_dict('records'), metric)}.")
        if not detail["is_complete"].all() and self.counts_complete:
            self.notes.append(f"{words.period(self.query.end, self.grain)} is still open and is left out.")
        if not self.metric.is_count and self.query.operation != "median":
            self.notes.append("Rates are not averaged: the counts of all these periods are summed, then divided.")

    def listed(self, rows: Any, metric: Metric) -> str:
        return ", ".join(
            f"{words.period(row['period_start'], self.grain)} "
            + (self.number(row[metric.name], metric) if self.known(row[metric.name]) else self.reason(metric, row))
            + ("" if row["is_complete"] or not self.known(row[metric.name]) else " so far")
            for row in rows
        )

    def first_seen(self) -> None:
        uses_new = {"new_users", "gained_users"} & set(self.query.metrics)
        if uses_new and self.query.start <= self.catalogue.first_period(self.grain):
            self.notes.append(
                f"New {at(words.period(self.catalogue.first_period(self.grain), self.grain))} means first seen since "
                "the data starts."
            )

    def by_segment(self) -> str:
        parts = []
        for row in self.rows[:MOST_VALUES]:
            figures = [
                (self.averaged(row[m.name], m) if self.known(row[m.name]) else self.reason(m, row))
                + (self.made_of(m, row) if self.query.of else "")
                + (f" {m.label.lower()}" if len(self.metrics) > 1 else "")
                for m in self.metrics
            ]
            parts.append(f"{self.segment(row)} {', '.join(figures)}")
        self.more(len(self.rows) - MOST_VALUES)
        self.first_seen()
        labels = " and ".join(metric.label for metric in self.metrics)
        if self.query.operation == "median":
            labels = f"Median {labels.lower()} by {self.grain}"
        if self.query.operation == "average" and self.metric.is_count:
            labels = f"Average {labels.lower()} per {self.grain}"
        mark = "" if self.rows[0]["is_complete"] else ", so far (still open)"
        return f"{labels} by {self.split_name} {self.at}{self.where}{mark}: {'; '.join(parts)}."

    def averaged(self, value: Any, metric: Metric) -> str:
        """A figure; of users on average or in the middle with its tenths."""
        is_mean = metric.is_count and self.query.operation in ("average", "median")
        return f"{float(value):,.1f}" if is_mean else self.number(value, metric)

    def more(self, rows: int) -> None:
        if rows > 0:
            self.notes.append(f"{rows} more stand in the table.")

    def average(self) -> str | Said:
        return self.value()

    median = average

    def figures_within(self, within: Longer) -> str:
        """One figure for each longer period, or of each value those of its longer periods."""
        of_values: dict[str, list[str]] = {}
        for row in self.rows:
            start, value = row["within_start"].date(), row[self.metric.name]
            mark = "" if self.catalogue.is_complete(start, within) else " so far"
            if self.known(value):
                figure = f"{longer_name(start, within)} {self.averaged(value, self.metric)}{mark}"
                of_values.setdefault(self.segment(row) if self.query.by else "", []).append(figure)
        if self.rows[0]["within_start"].date() < self.catalogue.first:
            self.notes.append(f"The data begins on {words.day(self.catalogue.first)}.")
        is_average = self.query.operation in AVERAGES
        self.more(sum(len(parts) - LISTED for parts in of_values.values() if len(parts) > LISTED))
        called = f"{self.query.operation} {self.label} per {self.grain}" if is_average else self.label
        by = f"{self.split_name} and " if self.query.by else ""
        listed = (f"{value}: {', '.join(parts[-LISTED:])}".removeprefix(": ") for value, parts in of_values.items())
        return f"{called}{self.where}, by {by}{within}: {'; '.join(listed)}."

    def series(self) -> str | Said:
        if self.query.within:
            return self.figures_within(self.query.within)
        if self.query.bounds:
            return self.beyond()
        if self.query.of_change:
            return self.changes()
        said = []
        if self.query.by:
            periods = len({row["period_start"] for row in self.rows})
            values = len({self.segment(row) for row in self.rows})
            label = " and ".join(metric.label.lower() for metric in self.metrics)
            self.open_note()
            if len(self.metrics) == 1 and periods * values <= MOST_NUMBERS:
                return f"{label} by {self.split_name} and {self.grain}{self.where}. {self.lists()}."
            return (
                f"{label} by {self.split_name} and {self.grain}, {self.when}{self.where}: "
                f"{words.count(values, 'value')} over {words.count(periods, self.grain)}, in the table."
            )
        for metric in self.metrics:
            known = [row for row in self.rows if self.known(row[metric.name]) and row["is_complete"]]
            if len(self.rows) <= LISTED:
                said.append(f"{metric.label}{self.where} by {self.grain}: {self.listed(self.rows, metric)}")
                said += [self.extremes(known, metric)] if self.query.asks == "extremes" and known else []
                said += [self.in_all(known, metric)] if self.sums(metric) and len(known) > 1 else []
            elif known:
                first, last = known[0], known[-1]
                said.append(
                    f"{metric.label}{self.where} went from "
                    f"{self.number(first[metric.name], metric)} {at(self.period(first))} "
                    f"to {self.number(last[metric.name], metric)} {at(self.period(last))}, "
                    f"{self.extremes(known, metric)}"
                )
                said += [self.in_all(known, metric)] if self.sums(metric) else []
            else:
                said.append(f"{metric.label}{self.where} is not known {self.at}")
        self.open_note()
        self.first_seen()
        return ". ".join(part[0].upper() + part[1:] for part in said) + "."

    def sums(self, metric: Metric) -> bool:
        """Whether it is asked how often something happened in all periods."""
        return self.query.asks == "sum" and metric.name in FLOWS | ADDITIVE

    def in_all(self, known: list[Row], metric: Metric) -> str:
        """How often it happened in all, which are fewer users than that."""
        times = sum(int(row[metric.name]) for row in known)
        anew = f", where somebody counts in each {self.grain} anew" if metric.name not in ADDITIVE else ""
        return f"{times:,} in all{anew}"

    def extremes(self, known: list[Row], metric: Metric) -> str:
        """The highest and the lowest period; how far they are apart, if that is asked."""
        low, top = (choose(known, key=lambda row: float(row[metric.name])) for choose in (min, max))
        said = ", ".join(
            f"{name} {self.number(row[metric.name], metric)} {at(self.period(row))}"
            for name, row in (("highest", top), ("lowest", low))
        )
        if self.query.asks != "extremes":
            return said
        apart = words.change(float(top[metric.name]) - float(low[metric.name]), None, metric.unit).lstrip("+")
        return f"{said}: {apart} apart"

    def lists(self) -> str:
        """Of each value its periods."""
        of_values: dict[str, list[Row]] = {}
        for row in self.rows:
            of_values.setdefault(self.segment(row), []).append(row)
        return "; ".join(f"{value}: {self.listed(rows, self.metric)}" for value, rows in of_values.items())

    def open_note(self) -> None:
        still_open = [row for row in self.rows if not row["is_complete"]]
        if still_open:
            self.notes.append(
                f"{self.period(still_open[-1])} is still open: its counts so far, its rates not yet known."
            )

    def beyond(self) -> str:
        """The periods, or values, where the metric, or its change, is within the bounds."""
        is_by_value = self.query.by is not None and self.query.start == self.query.end
        is_of_both = self.query.by is not None and not is_by_value
        names = [self.segment(row) if is_by_value else self.period(row) for row in self.rows]
        names = (
            [f"{self.segment(row)} {name}" for row, name in zip(self.rows, names, strict=True)] if is_of_both else names
        )
        shown = "{} {}" if self.query.of_change else "{} ({})"
        figures = [shown.format(name, self.measured(row)) for name, row in zip(names, self.rows, strict=True)]
        more = f" and {len(figures) - LISTED} more" if len(figures) > LISTED else ""
        noun = words.title(self.query.by).lower() if is_by_value and self.query.by else self.grain
        everything = int(self.rows[0]["of_all"])
        what = f"{len(figures)} of {everything} {noun if everything == 1 else plural(noun)}"
        what += f" by {self.split_name}" if is_of_both else ""
        is_so = self.query.asks == "whether" or len(figures) == everything
        yes = ("yes: " if is_so else "no: ") if self.query.asks in ("whether", "every") else ""
        return f"{yes}{self.label}{self.where} {self.fits()} in {what} {self.at}: {', '.join(figures[:LISTED])}{more}."

    def measured(self, row: Row) -> str:
        """What a row was chosen by."""
        return self.moved(row) if self.query.of_change else self.number(row[self.metric.name])

    def moved(self, row: Row) -> str:
        """The change of a row, and the relative one if it was asked for."""
        has_relative = self.query.relative or self.metric.is_count
        relative = float(row["relative_change"]) if has_relative and self.known(row["relative_change"]) else None
        of_rate = f" ({relative:+.1%})" if relative is not None and not self.metric.is_count else ""
        return words.change(float(row["change"]), relative, self.metric.unit) + of_rate

    def changes(self) -> str:
        """The change of every period from the one before."""
        listed = ", ".join(f"{self.period(row)} {self.measured(row)}" for row in self.rows[-LISTED:])
        more = f" (the last {LISTED})" if len(self.rows) > LISTED else ""
        self.open_note()
        return f"{self.label}{self.where}, change from the {self.grain} before{more}: {listed}."

    def first(self) -> str:
        """The first or last period within the bounds."""
        row = self.rows[0]
        self.ago(row)
        figure = f"{self.measured(row)} to {self.number(row[self.metric.name])}" if self.query.of_change else ""
        return (
            f"{self.period(row)} was the {self.query.operation} {self.grain} {self.at} in which "
            f"{self.label}{self.where} {self.fits()}: {figure or self.number(row[self.metric.name])}."
        )

    last = first

    def since(self) -> str:
        """The unbroken run of periods within the bounds."""
        first, latest = self.rows[0], self.rows[-1]
        listed = f": {', '.join(f'{self.period(r)} {self.measured(r)}' for r in self.rows)}"
        return (
            f"{self.label}{self.where} {self.fits()} in every {self.grain} since {self.period(first)}: "
            f"{words.count(len(self.rows), self.grain)} in a row, up to {self.period(latest)}"
            f"{listed if len(self.rows) <= LISTED else ''}."
        )

    def largest_change(self) -> str:
        """The period, or value, that rose or fell most."""
        top, what = self.rows[0], "rise" if self.query.operation == "highest" else "drop"
        name = self.segment if self.query.by else self.period
        ranges = [at(range_name(*each, self.grain)) for each in self.query.ranges]
        now, then = (f" {each}" for each in ranges) if len(ranges) == 2 else ("", "")
        top_ones = [row for row in self.rows if row[self.chosen_by] == top[self.chosen_by]]
        said = (
            f"{' and '.join(map(name, top_ones))} {'had' if len(top_ones) == 1 else 'share'} the {self.place}biggest "
            f"{'relative ' if self.query.relative else ''}{what} in {self.label}{self.where}: "
            f"{self.moved(top)}, from {self.number(top['before'])}{then} to {self.number(top[self.metric.name])}{now}"
        )
        following = self.rows[len(top_ones) : max(self.query.limit or 0, 3)]
        rest = ", ".join(f"{name(r)} {self.moved(r)}" for r in following)
        what = words.title(self.query.by).lower() if self.query.by else self.grain
        scope = "" if self.query.by else f" {self.at}"
        return f"{said}, of all {plural(what)}{scope}{f'; then {rest}' if rest else ''}."

    def first_of_each(self) -> str:
        """Of each value the first values of another segment, or its first periods; of each period the first values."""
        names = [*map(words.title, self.query.splits), self.grain]
        each, chosen = (1, 0) if self.query.within_each == "period" else (0, 1)
        firsts: dict[str, list[str]] = {}
        for row in self.rows:
            figure = f"{self.number(row[self.metric.name])}{self.made_of(self.metric, row)}{self.open_mark(row)}"
            keys = [*(str(row[segment]) for segment in self.query.splits), self.period(row)]
            firsts.setdefault(keys[each], []).append(f"{keys[chosen]} {figure}")
        listed = "; ".join(f"{name}: {', '.join(figures)}" for name, figures in firsts.items())
        what = f"{names[chosen].capitalize()} with the {self.rank} {self.label}{self.where}"
        return f"{what} for each {names[each].lower()} {self.at}: {listed}."

    def longer(self, row: Row) -> str:
        """The longer period of a row."""
        return longer_name(row["within_start"].date(), self.query.within or "month")

    @property
    def chosen_by(self) -> str:
        return "relative_change" if self.query.relative else "change"

    def highest(self) -> str:
        if self.query.of_change:
            return self.largest_change()
        if self.query.within_each:
            return self.first_of_each()
        top = self.rows[0]
        value = top[self.metric.name]
        ties = [row for row in self.rows if row[self.metric.name] == value]
        name = self.segment if self.query.by else self.longer if self.query.within else self.period
        winners = " and ".join(name(row) for row in ties)
        what = self.split_name or self.query.within or self.grain
        verb = "had" if len(ties) == 1 else "share"
        answer = self.confirmed(ties)
        said = (
            f"{answer}{winners} {verb} the {self.place}{self.rank} {self.label}{self.where}, {self.number(value)}"
            f"{self.made_of(self.metric, top)}"
        )
        scope = f", of all {plural(what)} {self.at}"
        following = self.rows[len(ties) : max(min(self.query.limit or 0, LISTED), len(ties) + 2)]
        if following:
            rest = (f"{name(row)} with {self.number(row[self.metric.name])}" for row in following)
            said += f"{scope}; then {', '.join(rest)}"
        else:
            said += scope
        if not (self.query.by or self.query.within):
            self.ago(top)
        if not self.query.by and not self.catalogue.is_complete(self.query.end, self.grain):
            self.notes.append(f"{words.period(self.query.end, self.grain)} is still open and is not ranked.")
        elif self.query.by and not top["is_complete"]:
            self.notes.append(
                f"{words.period(self.catalogue.open_period(self.grain), self.grain)} is still open: counts so far."
            )
        self.first_seen()
        return f"{said}."

    lowest = highest

    def confirmed(self, winners: list[Row]) -> str:
        """Yes or no, if it was asked whether this value, or this period, is the first."""
        if self.query.higher:
            return "Yes: " if self.query.higher in map(self.segment, winners) else "No: "
        if self.query.first_is:
            key = "within_start" if self.query.within else "period_start"
            return "Yes: " if self.query.first_is in (row[key].date() for row in winners) else "No: "
        return ""

    def compare(self) -> str | Said:
        if self.query.by and not self.query.against_start:
            return self.compare_values()
        return self.change()

    def compare_values(self) -> str:
        known = [row for row in self.rows if self.known(row[self.metric.name])]
        said = self.by_segment()
        if len(known) < 2 or len(self.metrics) > 1:
            return said
        if self.query.beside:
            return f"{self.answer_beside(known)}{said} {self.besides(known)}".strip()
        answer = ""
        if self.query.higher:
            top = max(known, key=lambda row: float(row[self.metric.name]))
            is_so = self.segment(top) == self.query.higher and not self.are_equal(known)
            answer = "Yes: " if is_so else "No: "
        return f"{answer}{self.which_is_higher(known)} {said}"

    def besides(self, rows: list[Row]) -> str:
        """How far each value is above or below everybody, or all others."""
        beside = next((row for row in rows if row["is_beside"]), None)
        if beside is None:
            return ""
        parts = []
        for row in rows:
            difference = float(row[self.metric.name]) - float(beside[self.metric.name])
            more = words.change(abs(difference), None, self.metric.unit).lstrip("+")
            how = f"{more} {'above' if difference > 0 else 'below'}" if difference else "equal to"
            if row is not beside:
                parts.append(f"{self.segment(row)} is {how} {self.segment(beside)}")
        return f"{'; '.join(parts)}."

    def answer_beside(self, rows: list[Row]) -> str:
        """Yes or no, if it was asked whether the one value is higher."""
        if self.query.higher is None or len(rows) != 2:
            return ""
        top = max(rows, key=lambda row: float(row[self.metric.name]))
        is_so = self.segment(top) == self.query.higher and rows[0][self.metric.name] != rows[1][self.metric.name]
        return "Yes: " if is_so else "No: "

    def change(self) -> str | Said:
        query = self.query
        if query.by:
            return self.change_by_segment()
        before = next((row for row in self.rows if row["range_start"].date() == query.against_start), None)
        after = next((row for row in self.rows if row["range_start"].date() == query.start), None)
        then = range_name(query.against_start or query.start, query.against_end or query.end, self.grain)
        if after is None or before is None:
            missing = then if before is None else self.when
            return Said(f"There is no data for {missing}, so there is nothing to compare.", is_answer=False)
        said = []
        for metric in self.metrics:
            label = metric.label[0].lower() + metric.label[1:]
            old, new = before[metric.name], after[metric.name]
            if not self.known(old) or not self.known(new):
                which, row = (then, before) if not self.known(old) else (self.when, after)
                said.append(f"{label} in {which} has no value to compare: {self.reason(metric, row)}")
                continue
            old, new = float(old), float(new)
            difference = new - old
            relative = difference / old if old else None
            verb = "rose" if difference > 0 else "fell" if difference < 0 else "stayed the same"
            amount = f" by {words.change(difference, relative, metric.unit).lstrip('+-')}" if difference else ""
            so_far = "" if before["is_complete"] and after["is_complete"] else " so far"
            lead = f"{self.verdict(difference)}{self.which_is_more(difference, then, so_far)}"
            said.append(
                f"{lead}{label}{self.where} {verb}{amount.replace('(-', '(')}: "
                f"from {self.number(old, metric)}{self.made_of(metric, before)} {at(then)} "
                f"to {self.number(new, metric)}{self.made_of(metric, after)} {self.at}{self.open_mark(after)}"
            )
        return ". ".join(part[0].upper() + part[1:] for part in said) + "."

    def which_is_more(self, difference: float, then: str, so_far: str) -> str:
        """Of two dates between which is asked, the one with the higher figure."""
        if self.query.asks != "which" or not difference:
            return ""
        return f"{self.when if difference > 0 else then} is higher{so_far}: "

    def verdict(self, difference: float) -> str:
        """Confirms or corrects what the question takes for granted."""
        if self.query.claim is None:
            return ""
        is_so = difference > 0 if self.query.claim == "rose" else difference < 0
        if self.query.operation == "explain":
            return "" if is_so else f"it did not {'rise' if self.query.claim == 'rose' else 'fall'}: "
        if is_so:
            return "yes: " if self.query.asks == "whether" else ""
        return "no: "

    def change_by_segment(self) -> str:
        by = self.query.by or ""
        parts = []
        for value, rows in pd.DataFrame(self.rows).groupby(by, sort=False):
            cells = {row["range_start"].date(): row[self.metric.name] for row in rows.to_dict("records")}
            old, new = cells.get(self.query.against_start), cells.get(self.query.start)
            if self.known(old) and self.known(new):
                parts.append(
                    f"{value} {self.number(old)} to {self.number(new)} "
                    f"({words.change(float(cast(float, new)) - float(cast(float, old)), None, self.metric.unit)})"
                )
        then = range_name(
            self.query.against_start or self.query.start, self.query.against_end or self.query.end, self.grain
        )
        return (
            f"{self.metric.label} by {words.title(by).lower()}{self.where}, {then} to {self.when}: {'; '.join(parts)}."
        )

    def explain(self) -> str | Said:
        query, metric = self.query, self.metric
        then = range_name(query.against_start or query.start, query.against_end or query.end, self.grain)
        total = self.rows[0]
        old, new = total["before"], total["after"]
        if not self.known(old) or not self.known(new):
            which = then if not self.known(old) else self.when
            reason = words.absence(metric, 0, True)
            return f"{self.label} in {which} has no value ({reason}), so there is no change to explain."
        difference = float(total["contribution"])
        verb = "rose" if difference > 0 else "fell" if difference < 0 else "stayed the same"
        amount = words.change(difference, None, metric.unit).lstrip("+-")
        said = [
            f"{self.verdict(difference)}{self.label}{self.where} {verb}{f' by {amount}' if difference else ''}, "
            f"from {self.number(old)} {at(then)} to {self.number(new)} {self.at}"
        ]
        identity = [row for row in self.rows if row["dimension"] == "identity"]
        if identity:
            said.append(self.identity(identity))
        segments = [row for row in self.rows if row["dimension"] not in ("identity", "total")]
        if segments and difference:
            said.append(self.segments(segments, difference))
        self.notes.append(NO_CAUSE)
        if identity and segments:
            self.notes.append("The parts of the identity add up to the change, and so do those of each segment.")
        return ". ".join(part[0].upper() + part[1:] for part in said) + "."

    def identity(self, rows: list[Row]) -> str:
        if self.query.metric == "active_users":
            flows = {row["part"]: int(row["after"]) for row in rows}
            return (
                f"{words.signed(flows['new_users'])} new, {words.signed(flows['resurrected_users'])} came back, "
                f"{words.signed(-flows['churned_users'])} churned"
            )
        parts = []
        for row in rows:
            label = (
                self.catalogue.metrics[row["part"]].label.lower()
                if row["part"] in self.catalogue.metrics
                else row["part"]
            )
            adds = words.change(float(row["contribution"]), None, self.metric.unit)
            parts.append(f"{label} went from {int(row['before']):,} to {int(row['after']):,} ({adds})")
        return f"{self.metric.formula}: " + ", ".join(parts)

    def segments(self, rows: list[Row], difference: float) -> str:
        """What the values of each segment add at most; of the one that is asked about, each of them."""
        if self.query.by:
            known = [row for row in rows if row["dimension"] == self.query.by and self.known(row["contribution"])]
            changes = (words.change(float(row["contribution"]), None, self.metric.unit) for row in known)
            listed = ", ".join(f"{row['part']} {change}" for row, change in zip(known, changes, strict=True))
            return f"by {words.title(self.query.by).lower()}: {listed}"
        parts = []
        for dimension in dict.fromkeys(row["dimension"] for row in rows):
            largest = max(
                (row for row in rows if row["dimension"] == dimension and self.known(row["contribution"])),
                key=lambda row: float(row["contribution"]) * (1 if difference > 0 else -1),
                default=None,
            )
            if largest is not None:
                adds = words.change(float(largest["contribution"]), None, self.metric.unit)
                parts.append(f"{words.title(dimension).lower()} {largest['part']} ({adds})")
        return f"the largest part by segment: {', '.join(parts)}"
