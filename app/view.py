"""What a reader has chosen to look at: the grain, the dates, the users. Knows no SQL and no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

# Grains, as a reader calls them: our name, the suffix of the tables.
GRAINS = {"Day": ("day", "daily"), "Week": ("week", "weekly"), "Month": ("month", "monthly")}

CUSTOM_RANGE = "Custom"
RANGES = ("7 days", "30 days", "90 days", "Year to date", "1 year", "All", CUSTOM_RANGE)

DEFAULT_GRAIN = "Month"
DEFAULT_RANGE = "1 year"


@dataclass(frozen=True)
class View:
    """One way to look at the warehouse. Everything in it is in the URL, so that a link restores it.

    grain         day, week or month
    start, end    dates; a period belongs to the view if it shares a day with them
    include_open  whether the period that has not ended yet is shown
    segments      segment -> the values wanted; a segment that is not in it is not filtered
    """

    grain: str
    start: date
    end: date
    include_open: bool
    segments: dict[str, list[str]]

    def __hash__(self) -> int:  # what is computed for a view is kept by it; a dict has no hash of its own
        return hash((self.grain, self.start, self.end, self.include_open, *self.segments))

    @property
    def suffix(self) -> str:
        """daily, weekly or monthly: how the tables of this grain end."""
        return next(suffix for grain, suffix in GRAINS.values() if grain == self.grain)

    def before(self, period: date) -> date:
        """The start of the period before one."""
        last = period - timedelta(days=1)
        return (
            last.replace(day=1) if self.grain == "month" else period - timedelta(days=7 if self.grain == "week" else 1)
        )

    def file_name(self, subject: str) -> str:
        """Name of a CSV of this view: `file_name("growth_metrics")` is `monthly_growth_metrics.csv`."""
        return f"{self.suffix}_{subject}.csv"


def range_dates(name: str, first: date, as_of: date) -> tuple[date, date]:
    """The dates of a named range. The last N days are the N complete days before the as-of date, and it, still open."""
    days = {"7 days": 7, "30 days": 30, "90 days": 90, "1 year": 365}
    if name in days:
        return max(first, as_of - timedelta(days=days[name])), as_of
    if name == "Year to date":
        return max(first, date(as_of.year, 1, 1)), as_of
    return first, as_of
