"""Sentences about cohorts."""

from __future__ import annotations

from typing import Any

from app import words
from app.ask import compile as compiled
from app.ask.catalogue import SUFFIXES
from app.ask.phrasing import at, range_name
from app.ask.teller import LISTED, Row, Teller, plural

SMALL_COHORT = 30
MOST_COHORTS = 6  # cohorts whose ages are named one by one


class CohortTeller(Teller):
    """Retention of first-time cohorts."""

    @property
    def age(self) -> str:
        return f"after {words.count(self.query.age or 0, self.grain)}"

    @property
    def aged(self) -> str:
        """After 3 months, after 3 months or later, from 3 months on."""
        if self.query.gone and self.later:
            return f"from {words.count(self.query.age or 0, self.grain)} on"
        return f"{self.age}{self.later}"

    @property
    def later(self) -> str:
        return " or later" if "or_later" in self.query.metric else ""

    @property
    def there(self) -> str:
        """What is said of those who are counted."""
        return "not active" if self.query.gone else "active"

    def counts(self, row: Row) -> str:
        name = self.metric.name if self.metric.is_count else compiled.counted(self.metric)
        retained: Any = row.get(name, row.get(compiled.counted(self.metric)))
        size = row["cohort_size"]
        rate = f" ({words.number(retained / size, 'share')})" if size else ""
        return f"{int(retained):,} of {int(size):,}{rate}"

    def cohort_name(self, row: Row) -> str:
        return range_name(row["first_cohort_start"].date(), row["last_cohort_start"].date(), self.grain)

    def who(self, row: Row) -> str:
        return f"users first seen {at(self.cohort_name(row))}{self.where}"

    def value(self) -> str:
        row = self.rows[0]
        if self.query.by:
            parts = [f"{self.segment(row)} {self.counts(row)}" for row in self.rows]
            if self.metric.name == "cohort_size":
                sizes = "; ".join(f"{self.segment(row)} {self.shown(row)}" for row in self.rows)
                return f"{self.who(self.rows[0])} by {words.title(self.query.by).lower()}: {sizes}."
            answer = ""
            if self.query.higher and len(self.rows) == 2:
                top, low = sorted(self.rows, key=lambda row: -float(row[self.metric.name]))
                is_so = self.segment(top) == self.query.higher and top[self.metric.name] != low[self.metric.name]
                answer = "yes: " if is_so else "no: "
            return f"{answer}{self.there} {self.aged}, of {self.who(self.rows[0])}: {'; '.join(parts)}."
        if self.metric.name == "cohort_size":
            mark = "" if row["is_complete"] else " so far (still open)"
            return f"{int(row['cohort_size']):,} {self.who(row)}{mark}."
        self.remarks(self.rows)
        if self.query.gone and self.later:
            self.notes.append("Somebody may still come back.")
        verb = "was" if int(row.get(compiled.counted(self.metric), 2)) == 1 else "were"
        mark = "" if row["is_complete"] else " so far (that period is still open)"
        return f"{self.counts(row)} {self.who(row)} {verb} {self.there} {self.aged}{mark}{self.cell(row)}."

    def cell(self, row: Row) -> str:
        if row["first_cohort_start"] != row["last_cohort_start"]:
            adverb = SUFFIXES[self.grain]
            return f", all {adverb} cohorts old enough taken together"
        cell = self.catalogue.shifted(row["first_cohort_start"].date(), self.query.age or 0, self.grain)
        return f", {at(words.period(cell, self.grain))}{self.later}"

    def remarks(self, rows: list[Row]) -> None:
        small = [self.cohort_name(row) for row in rows if int(row["cohort_size"]) < SMALL_COHORT]
        if small and len(rows) == 1:
            self.notes.append(f"The cohort is small (under {SMALL_COHORT} users): read it with care.")

    def series(self) -> str:
        if self.query.by:
            name = words.title(self.query.by).lower()
            if self.query.age is not None:
                return f"{self.metric.label} by {name} of {self.when}{self.where}: in the table."
            values: dict[str, list[str]] = {}
            for row in self.rows:
                if 0 < row["period_number"] <= LISTED or self.query.ages:
                    values.setdefault(self.segment(row), []).append(f"{row['period_number']}: {self.shown(row)}")
            curves = "; ".join(f"{value} {', '.join(ages)}" for value, ages in values.items())
            return f"{self.metric.label} by {name} and {self.grain} of age, {self.when}{self.where}: {curves}."
        if self.query.each:
            return self.each()
        if self.query.age is None and self.threshold:
            return self.first_age()
        if self.query.age is None:
            parts = [
                f"{row['period_number']}: {self.shown(row)}{'' if row['is_complete'] else ' so far'}"
                for row in self.rows[: LISTED + 1]
            ]
            self.more_ages()
            cohorts = "cohort" if self.query.start == self.query.end else "cohorts"
            together = "" if self.query.start == self.query.end else ", taken together,"
            who = f"the {self.when} {cohorts}{self.where}{together}"
            return f"{self.metric.label} of {who} by {self.grain} of age: {', '.join(parts)}."
        parts = [
            f"{self.cohort_name(row)} {self.shown(row)}{'' if row['is_complete'] else ' so far'}"
            for row in self.rows[-LISTED:]
        ]
        more = f" (the last {LISTED})" if len(self.rows) > LISTED else ""
        what = f"{self.metric.label} {self.aged}" if self.metric.name != "cohort_size" else self.metric.label
        if self.threshold:
            cohorts = words.count(len(self.rows), "cohort")
            return f"{what}{self.where} {self.was} {self.threshold} in {cohorts}{more}: {', '.join(parts)}."
        return f"{what} by cohort{self.where}{more}: {', '.join(parts)}."

    def first_age(self) -> str:
        """The first age within the bounds, and the others."""
        ages = [f"{words.count(row['period_number'], self.grain)} ({self.shown(row)})" for row in self.rows]
        more = f" and {len(ages) - LISTED} more" if len(ages) > LISTED else ""
        rest = f"; also after {', '.join(ages[1:LISTED])}{more}" if len(ages) > 1 else ""
        is_one = self.query.start == self.query.end
        who = f"{self.when} cohort{self.where}" if is_one else f"{self.when} cohorts{self.where}, taken together,"
        return f"{self.metric.label} of the {who} was {self.threshold} first after {ages[0]}{rest}."

    def each(self) -> str:
        """Each cohort by itself, at every age."""
        cohorts: dict[str, list[Row]] = {}
        for row in self.rows:
            cohorts.setdefault(self.cohort_name(row), []).append(row)
        lists = [
            f"{name} ({int(rows[0]['cohort_size']):,} users) "
            + ", ".join(f"{self.shown(row)}{'' if row['is_complete'] else ' so far'}" for row in rows[1:])
            for name, rows in cohorts.items()
        ]
        what = f"{self.metric.label} by cohort, {self.grain} by {self.grain} from the first one on"
        if len(lists) > MOST_COHORTS:
            return f"{what}, of {words.count(len(lists), 'cohort')}{self.where}: in the table."
        return f"{what}{self.where}: {'; '.join(lists)}."

    def more_ages(self) -> None:
        if len(self.rows) > LISTED + 1:
            self.notes.append(f"{len(self.rows) - LISTED - 1} more ages stand in the table.")

    def shown(self, row: Row) -> str:
        return self.number(row[self.metric.name])

    def highest(self) -> str:
        top = self.rows[0]
        ties = [row for row in self.rows if row[self.metric.name] == top[self.metric.name]]
        names = [self.segment(row) if self.query.by else self.cohort_name(row) for row in ties]
        what = words.title(self.query.by or "").lower() if self.query.by else "cohort"
        self.remarks(ties)
        verb = "has" if len(ties) == 1 else "share"
        if self.metric.name == "cohort_size":
            rank = "largest" if self.query.operation == "highest" else "smallest"
            are = "is" if len(ties) == 1 else "are"
            return f"{' and '.join(names)} {are} the {self.place}{rank} {what}{self.where}: {self.shown(top)} users."
        rank = f"{self.place}{self.rank} {self.label.split(',')[0]} {self.aged}"
        of_which = "both" if not self.query.by and len(self.rows) == 2 else "all"
        return f"{' and '.join(names)} {verb} the {rank}{self.where} of {of_which} {plural(what)}: {self.counts(top)}."

    lowest = highest

    def compare(self) -> str:
        known = [row for row in self.rows if self.known(row[self.metric.name])]
        if self.query.by and (self.query.higher or self.metric.is_count or self.query.gone or len(known) < 2):
            return self.value()
        if self.query.by:
            said = self.value()
            return f"{self.which_is_higher(known)} {said[0].upper()}{said[1:]}"
        if self.query.age is None:
            return self.compare_ages()
        answer = ""
        if self.query.claim and len(self.rows) == 2:
            difference = float(self.rows[1][self.metric.name]) - float(self.rows[0][self.metric.name])
            is_so = difference > 0 if self.query.claim == "rose" else difference < 0
            answer = "yes: " if is_so else "no: "
        if self.metric.name == "cohort_size":
            sizes = (f"{self.cohort_name(row)} {self.shown(row)}" for row in self.rows)
            return f"{answer}users first seen in{self.where}: {'; '.join(sizes)}."
        parts = [f"{self.cohort_name(row)} {self.counts(row)}" for row in self.rows]
        self.remarks(self.rows)
        if len(self.rows) < 2:
            return f"{self.there} {self.aged}: {parts[0]}; the other cohort's is not yet known."
        return f"{answer}{self.there} {self.aged}, of users first seen in{self.where}: {'; '.join(parts)}."

    def compare_ages(self) -> str:
        """Two cohorts side by side, at every age that both have reached."""
        cohorts: dict[str, dict[int, Row]] = {}
        for row in self.rows:
            cohorts.setdefault(self.cohort_name(row), {})[row["period_number"]] = row
        ages = sorted(set.intersection(*(set(rows) for rows in cohorts.values())) - {0})
        names = [f"{name} ({next(iter(rows.values()))['cohort_size']:,} users)" for name, rows in cohorts.items()]
        parts = [
            f"{words.count(age, self.grain)} {' and '.join(self.shown(rows[age]) for rows in cohorts.values())}"
            for age in ages
        ]
        return f"{self.metric.label} of {' and '.join(names)}{self.where}, after: {'; '.join(parts)}."

    def change(self) -> str:
        return self.compare()
