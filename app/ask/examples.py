"""Questions to click, made from what is in the data."""

from __future__ import annotations

from collections.abc import Callable

from app import words
from app.ask.catalogue import Catalogue


def examples(catalogue: Catalogue) -> list[str]:
    """Questions to click, each made from what is in the data, and each one that is answered."""
    latest = catalogue.latest_complete("month")
    cohort = catalogue.shifted(latest, -3, "month")
    shown: list[Callable[[], str | None]] = [
        lambda: f"What was the churn rate in {words.period(latest, 'month')}?",
        lambda: "Which month had the highest churn rate?",
        lambda: _by_segment(catalogue),
        lambda: f"How many of the {words.period(cohort, 'month')} cohort were there after 3 months?",
        lambda: f"Why did the quick ratio change in {words.period(latest, 'month')}?",
        lambda: "New and churned users by month",
        lambda: _compared(catalogue),
    ]
    return [question for make in shown if (question := make())]


def _by_segment(catalogue: Catalogue) -> str | None:
    segment = next(iter(catalogue.segments), None)
    return f"Active users by {words.title(segment).lower()} last month" if segment else None


def _compared(catalogue: Catalogue) -> str | None:
    for values in catalogue.segments.values():
        if len(values) > 1:
            return f"Compare the retention rate of {values[0]} and {values[1]} last month"
    return None
