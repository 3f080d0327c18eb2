"""Numbers, dates and absences in words. The only place that formats a figure; knows no SQL and no Streamlit."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pandas as pd

from app.queries.catalogue import Metric

STATES = ("new", "resurrected", "retained", "churned")


def number(value: float, unit: str = "users") -> str:
    """A figure in its unit: 1,234 users, a share as 73.8%, a ratio as 1.31."""
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:.2f}" if unit == "ratio" else f"{value:,.0f}"


def change(value: float, relative: float | None, unit: str) -> str:
    """A change with its sign: +66 (+8.1%), +1.2 points, -0.12."""
    if unit == "share":
        return f"{value * 100:+.1f} points"
    if unit == "ratio":
        return f"{value:+.2f}"
    share = "" if relative is None or pd.isna(relative) else f" ({relative:+.1%})"
    return f"{value:+,.0f}{share}"


def judgement(value: float, direction: str) -> str:
    """What a change means, so that colour never says it alone: better, worse, unchanged."""
    if value == 0:
        return "unchanged"
    if direction == "neutral":
        return "more" if value > 0 else "less"
    return "better" if (value > 0) == (direction == "up") else "worse"


def absence(metric: Metric, denominator: float | None, is_complete: bool) -> str:
    """Why a metric has no value, in words."""
    if not is_complete:
        return "not known before the period ends"
    if metric.is_count or denominator is None or pd.isna(denominator):
        return "no period before it"
    nobody = {"churned_users": "nobody churned", "prior_active_users": "nobody was active the period before"}
    return nobody.get(metric.denominator or "", "nobody to count")


def day(value: date) -> str:
    """5 Jun 2025."""
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime) -> str:
    """5 Jun 2025, 14:03 UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"


def period(start: date, grain: str) -> str:
    """The name of a period: 5 Jun 2025, week of 2 Jun 2025, Jun 2025."""
    if grain == "month":
        return f"{start:%b %Y}"
    return f"week of {day(start)}" if grain == "week" else day(start)


def short_period(start: date, grain: str) -> str:
    """The name of a period where there is little room."""
    return f"{start:%b %y}" if grain == "month" else f"{start.day} {start:%b %y}"


def count(amount: int, noun: str) -> str:
    """1 day, 2 days."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, roughly."""
    passed = max(now - then, timedelta())
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{count(passed.seconds // 60, 'minute')} ago"
    if passed < timedelta(days=2):
        return f"{count(int(passed.total_seconds() // 3600), 'hour')} ago"
    return f"{count(passed.days, 'day')} ago"


def signed(value: float) -> str:
    """A count with its sign."""
    return f"{value:+,.0f}"


def title(name: str) -> str:
    """A column's name for people: utm_source -> Utm source."""
    return name.replace("_", " ").capitalize()


def plain(text: object) -> str:
    """What users named, to be shown as it stands: nothing in it is Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!$:~|<>])", r"\\\1", str(text)) or "empty"
