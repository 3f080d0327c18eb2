"""Sentences about users by the number of days they were active."""

from __future__ import annotations

from app import words
from app.ask.catalogue import RECENT_DAYS
from app.ask.teller import Teller


class DaysTeller(Teller):
    """The histogram of days active, or what of it lies within bounds."""

    @property
    def days(self) -> str:
        """On at least 10 days, on exactly 1 day, on any."""
        query = self.query
        if query.at_least is not None and query.at_least == query.at_most:
            return f"on exactly {words.count(int(query.at_least), 'day')}"
        named = {">": "more than", "<": "fewer than", ">=": "at least", "<=": "at most"}
        bounds = " and ".join(f"{named[sign]} {value:g}" for sign, value in query.bounds)
        return f"on {bounds} days" if bounds else "on any day"

    @property
    def recently(self) -> str:
        self.notes.append(self.metric.description)
        return f"in the {RECENT_DAYS} days to {words.day(self.catalogue.as_of)}"

    def value(self) -> str:
        row = self.rows[0]
        users, everybody = int(row[self.metric.name]), int(row["of_all"])
        share = f" ({words.number(users / everybody, 'share')})" if everybody else ""
        verb = "was" if users == 1 else "were"
        return f"{users:,} of {everybody:,} users{share} {verb} active {self.days} {self.recently}."

    def average(self) -> str:
        row = self.rows[0]
        mean, everybody = float(row[self.metric.name]), int(row["of_all"])
        return f"{everybody:,} users were active on {mean:.1f} days on average {self.recently}."

    def series(self) -> str:
        listed = ", ".join(f"{int(row['days_active'])}: {int(row[self.metric.name]):,}" for row in self.rows)
        return f"users by days active {self.recently}: {listed}."
