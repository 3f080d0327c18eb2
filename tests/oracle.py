"""A second opinion on every number of the warehouse, from sets, dictionaries and dates alone.

`expected` recomputes the tables from raw events, straight from the definitions and sharing
nothing with the SQL; `identities` checks what must hold between the numbers of any such tables.
Both speak of tables as `{table name: [{column: value}]}`. Dates are `date`, instants are naive
UTC `datetime`, counts are numbers of users, rates are fractions (0.25 is a quarter), ages count
periods of the table's grain, and None is SQL's NULL.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Tables = dict[str, list[Row]]

GRAINS = ("daily", "weekly", "monthly")
WEEK_STARTS = {"monday": 0, "sunday": 6}  # as in date.weekday()
STATES = ("new", "retained", "resurrected", "churned")
GROWTH_COUNTS = (*(f"{state}_users" for state in STATES), "active_users", "prior_active_users")
RETENTION_COUNTS = ("cohort_size", "retained_users", "retained_or_later_users")
PER_GRAIN = ("user_lifecycle", "growth_metrics", "growth_by_segment", "retention_triangle", "retention_by_segment")


@dataclass(frozen=True)
class Event:
    """One usable input row, after typing. `at` is a naive UTC datetime."""

    at: datetime
    user_id: str
    event_type: str
    event_id: str | None = None
    segments: tuple[str | None, ...] = ()  # in the order of Settings.segments; None is missing
    extra: tuple[Any, ...] = ()  # all other columns, hashable; they only tell duplicates apart


@dataclass(frozen=True)
class Settings:
    """The variables and optional sources that a number can depend on."""

    timezone: str = "UTC"
    week_start: str = "monday"
    as_of_date: date | None = None  # None: the local date of the newest event
    active_event_types: frozenset[str] = frozenset()  # empty: every type
    deduplicate_events: bool = True
    segments: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)  # alias -> user, chains allowed
    excluded_users: frozenset[str] = frozenset()
    retention_by_segment_max_age: int = 90  # days; bounds retention_by_segment_daily only


# Periods


def period_start(day: date, grain: str, week_start: str) -> date:
    """The first day of the period that `day` lies in."""
    if grain == "daily":
        return day
    if grain == "monthly":
        return day.replace(day=1)
    return day - timedelta(days=(day.weekday() - WEEK_STARTS[week_start]) % 7)


def next_period(start: date, grain: str) -> date:
    """The start of the following period, which is the exclusive end of this one."""
    if grain == "monthly":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=1 if grain == "daily" else 7)


def spine(first_day: date, as_of: date, grain: str, week_start: str) -> list[date]:
    """The start of every calendar period from that of `first_day` to that of `as_of`."""
    starts = []
    start = period_start(first_day, grain, week_start)
    while start <= as_of:
        starts.append(start)
        start = next_period(start, grain)
    return starts


# From raw rows to a history


@dataclass(frozen=True)
class _History:
    """What is left after cleaning."""

    events: list[tuple[date, Event]]  # with local dates; user_id resolved; earliest first
    first_day: date
    as_of: date


def _resolve(user_id: str, aliases: Mapping[str, str]) -> str:
    """The user behind an id, through any chain of aliases. Raises ValueError on a cycle."""
    passed = {user_id}
    while user_id in aliases:
        user_id = aliases[user_id]
        if user_id in passed:
            raise ValueError(f"aliases form a cycle through {user_id!r}")
        passed.add(user_id)
    return user_id


def _history(events: Sequence[Event], settings: Settings) -> _History | None:
    """Clean the raw rows; None if no event remains. Raises ValueError on a cycle of aliases."""
    user_of = {alias: _resolve(alias, settings.aliases) for alias in settings.aliases}
    excluded = {user_of.get(user, user) for user in settings.excluded_users}
    if settings.deduplicate_events:
        kept: dict[str | Event, Event] = {}
        for event in events:  # a duplicate is one of raw rows: before aliases make rows alike
            kept.setdefault(event if event.event_id is None else event.event_id, event)
        events = list(kept.values())
    zone = ZoneInfo(settings.timezone)
    resolved = (replace(event, user_id=user_of.get(event.user_id, event.user_id)) for event in events)
    rows = [
        (event.at.replace(tzinfo=UTC).astimezone(zone).date(), event)
        for event in resolved
        if event.user_id not in excluded
    ]
    as_of = settings.as_of_date or max((day for day, _ in rows), default=date.min)
    rows = [(day, event) for day, event in rows if day <= as_of]
    # At the same instant the smallest event_id comes first, then rows without one as delivered.
    rows.sort(key=lambda row: (row[1].at, row[1].event_id is None, row[1].event_id or ""))
    return _History(rows, min(day for day, _ in rows), as_of) if rows else None


# From a history to tables


def expected(events: Sequence[Event], settings: Settings) -> Tables:
    """Every table of the warehouse that these raw rows should give, in a deterministic order.

    Raises ValueError on a cycle of aliases.
    """
    tables: Tables = {f"{name}_{grain}": [] for grain in GRAINS for name in PER_GRAIN}
    tables |= {"active_users_rolling": [], "power_users": [], "dim_users": []}
    history = _history(events, settings)
    if history is None:
        return tables

    active_days: dict[str, set[date]] = defaultdict(set)  # only users with activity
    users: dict[str, list[tuple[date, Event]]] = defaultdict(list)
    for day, event in history.events:
        users[event.user_id].append((day, event))
        if not settings.active_event_types or event.event_type in settings.active_event_types:
            active_days[event.user_id].add(day)

    members: dict[tuple[str, ...], set[str]] = defaultdict(set)  # segment values -> users
    for user, rows in sorted(users.items()):
        (first_date, first), (last_date, last) = rows[0], rows[-1]
        values = tuple("unknown" if value is None else value for value in first.segments)
        members[values].add(user)
        days = active_days.get(user, set())
        tables["dim_users"].append(
            {
                "user_id": user,
                "first_seen_at": first.at,
                "last_seen_at": last.at,
                "first_seen_date": first_date,
                "last_seen_date": last_date,
                "lifetime_days": (history.as_of - min(days)).days if days else None,
                "active_days": len(days),
                "events": len(rows),
                **dict(zip(settings.segments, values, strict=True)),
            }
        )

    for grain in GRAINS:
        tables |= _grain_tables(grain, history, settings, active_days, members)
    tables["active_users_rolling"], tables["power_users"] = _rolling(history, active_days)
    return tables


def _ratio(numerator: int | None, denominator: int | None) -> float | None:
    return numerator / denominator if numerator is not None and denominator else None


def _grain_tables(
    grain: str,
    history: _History,
    settings: Settings,
    active_days: Mapping[str, AbstractSet[date]],
    members: Mapping[tuple[str, ...], AbstractSet[str]],
) -> Tables:
    """The five tables of one grain."""
    periods = spine(history.first_day, history.as_of, grain, settings.week_start)
    is_complete = {t: next_period(t, grain) <= history.as_of for t in periods}
    active: dict[date, set[str]] = {t: set() for t in periods}
    for user, days in active_days.items():
        for day in days:
            active[period_start(day, grain, settings.week_start)].add(user)
    last = {user: t for t in periods for user in active[t]}
    first = {user: t for t in reversed(periods) for user in active[t]}
    combinations = [
        (dict(zip(settings.segments, values, strict=True)), users) for values, users in sorted(members.items())
    ]

    name = {table: f"{table}_{grain}" for table in PER_GRAIN}
    tables: Tables = {table: [] for table in name.values()}
    previous: date | None = None
    for t in periods:
        now, before = active[t], active[previous] if previous else set()
        new, retained = {user for user in now if first[user] == t}, now & before
        resurrected = now - before - new
        sets: dict[str, AbstractSet[str] | None] = {
            "new_users": new,
            "retained_users": retained,
            "resurrected_users": resurrected,
            "churned_users": before - now if is_complete[t] else None,
            "active_users": now,
            "prior_active_users": before if previous else None,
        }
        previous = t

        states = [(user, s) for s in STATES for user in sets[f"{s}_users"] or ()]
        tables[name["user_lifecycle"]] += (
            {"user_id": user, "period_start": t, "lifecycle_state": state} for user, state in sorted(states)
        )
        head = {"period_start": t, "is_complete": is_complete[t]}
        total = {column: None if s is None else len(s) for column, s in sets.items()}
        prior, churned = total["prior_active_users"], total["churned_users"]
        rates = {
            "retention_rate": _ratio(len(retained), prior) if is_complete[t] else None,
            "churn_rate": _ratio(churned, prior),
            "quick_ratio": _ratio(len(new) + len(resurrected), churned),
        }
        tables[name["growth_metrics"]].append(head | total | rates)
        for segments, users in combinations:
            part = {column: None if s is None else len(s & users) for column, s in sets.items()}
            if any(part.values()):
                row = {"period_start": t} | segments | {"is_complete": is_complete[t]} | part
                tables[name["growth_by_segment"]].append(row)

    def cell(cohort: AbstractSet[str], t: date) -> Row:
        retained = len(cohort & active[t])
        return {
            "cohort_size": len(cohort),
            "retained_users": retained,
            "retained_or_later_users": sum(last[user] >= t for user in cohort),
            "retention_rate": retained / len(cohort),
            "is_complete": is_complete[t],
        }

    for i, start in enumerate(periods):
        cohort = {user for user in active[start] if first[user] == start}
        parts = [(segments, cohort & users) for segments, users in combinations]
        for age, t in enumerate(periods[i:] if cohort else []):
            key = {"cohort_start": start, "period_number": age}
            tables[name["retention_triangle"]].append(key | cell(cohort, t))
            if grain != "daily" or age <= settings.retention_by_segment_max_age:
                tables[name["retention_by_segment"]] += (
                    key | segments | cell(part, t) for segments, part in parts if part
                )
    return tables


def _rolling(history: _History, active_days: Mapping[str, AbstractSet[date]]) -> tuple[list[Row], list[Row]]:
    """The rows of active_users_rolling and of power_users."""
    active: dict[date, set[str]] = defaultdict(set)
    for user, user_days in active_days.items():
        for day in user_days:
            active[day].add(user)

    def window(day: date, length: int) -> list[date] | None:
        """The `length` days that end with `day`; None if the data begins later than they do."""
        days = [day - timedelta(days=back) for back in range(length)]
        return days if days[-1] >= history.first_day else None

    def users(days: list[date] | None) -> int | None:
        return None if days is None else len(set().union(*(active[d] for d in days)))

    rolling = []
    for day in spine(history.first_day, history.as_of, "daily", "monday"):
        dau, wau, mau = (users(window(day, length)) for length in (1, 7, 28))
        rolling.append(
            {
                "activity_date": day,
                "is_complete": day < history.as_of,
                "dau": dau,
                "wau": wau,
                "mau": mau,
                "stickiness": _ratio(dau, mau),
            }
        )
    recent = set(window(history.as_of, 28) or ())
    tally = Counter(len(days & recent) for days in active_days.values() if days & recent)
    return rolling, [{"days_active": n, "users": tally[n]} for n in sorted(tally)]


# What must hold between the numbers

Check = tuple[int, str, object, object]  # an identity, where, and two sides that must be equal


def identities(tables: Mapping[str, Sequence[Row]]) -> list[str]:
    """The violations of identities 1 to 11 in such tables, in words; an empty list if none.

    What the open period excludes is skipped. The order of rows does not matter.
    """
    checks = chain(
        *(_growth_checks(grain, tables) for grain in GRAINS),
        *(_retention_checks(grain, tables) for grain in GRAINS),
        *(_nesting_checks(grain, tables) for grain in ("weekly", "monthly")),
    )
    return [
        f"identity {number}: {where}: {left!r} is not {right!r}"
        for number, where, left, right in checks
        if left != right
    ]


def _by(rows: Iterable[Row], *columns: str) -> defaultdict[tuple[Any, ...], list[Row]]:
    """The rows grouped by the values of these columns."""
    groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def _same_keys(number: int, where: str, keys: list[Any], wanted: list[Any]) -> list[Check]:
    """Each wanted key is there, once, and no other is."""
    there, want = Counter(keys), Counter(wanted)
    return [
        (number, f"{where}, rows too many", sorted((there - want).elements()), []),
        (number, f"{where}, rows missing", sorted((want - there).elements()), []),
    ]


def _growth_checks(grain: str, tables: Mapping[str, Sequence[Row]]) -> Iterator[Check]:
    """Identities 1 to 6, 9 and 11 of one grain, between growth, lifecycle and segments."""
    name = f"growth_metrics_{grain}"
    growth = sorted(tables[name], key=lambda row: row["period_start"])
    starts = [row["period_start"] for row in growth]
    by_segment = f"growth_by_segment_{grain}"
    parts = _by(tables[by_segment], "period_start")

    week_start = "sunday" if starts and starts[0].weekday() == 6 else "monday"
    first_day = min((row["first_seen_date"] for row in tables["dim_users"]), default=date.max)
    as_of = max((row["activity_date"] for row in tables["active_users_rolling"]), default=date.min)
    yield from _same_keys(5, name, starts, spine(first_day, as_of, grain, week_start))

    active: dict[date, set[str]] = defaultdict(set)
    lifecycle = _by(tables[f"user_lifecycle_{grain}"], "period_start", "user_id")
    for (start, user), rows in lifecycle.items():
        yield 6, f"states in user_lifecycle_{grain} of {user} in {start}", len(rows), 1
        if any(row["lifecycle_state"] != "churned" for row in rows):
            active[start].add(user)

    ever: set[str] = set()
    new_so_far = 0
    before: int | None = None
    for row in growth:
        start = row["period_start"]
        where = f"{name} {start}"
        new, retained, resurrected, churned, now, _ = (row[c] or 0 for c in GROWTH_COUNTS)
        new_so_far += new
        ever |= active[start]
        grown = now - (before or 0)
        yield 1, where, now, new + retained + resurrected
        yield 2, f"{where}, prior_active_users", row["prior_active_users"], before
        yield 4, where, new_so_far, len(ever)
        if row["is_complete"]:
            yield 2, where, before or 0, retained + churned
            yield 3, where, grown, new + resurrected - churned
            yield 11, where, (row["quick_ratio"] or 0) > 1, churned > 0 and grown > 0
        for c in GROWTH_COUNTS:
            values = [part[c] for part in parts[start,]]
            yield 9, f"{where}, {c} by segment", sum(value or 0 for value in values), row[c] or 0
            nulls = {value is None for value in values}
            yield 9, f"{where}, {c} by segment is NULL", nulls | {row[c] is None}, {row[c] is None}
        before = now
    seen = [row["user_id"] for row in tables["dim_users"] if row["active_days"]]
    yield 4, f"{name}, all users with activity", new_so_far, len(seen)
    yield 9, f"{by_segment}, rows too many", {start for (start,) in parts} - {*starts}, set()


def _retention_checks(grain: str, tables: Mapping[str, Sequence[Row]]) -> Iterator[Check]:
    """Identities 5 and 7 to 9 of one grain, between retention, growth and segments."""
    names = [f"{table}_{grain}" for table in ("retention_triangle", "retention_by_segment")]
    triangle, by_segment = (tables[name] for name in names)
    growth = {row["period_start"]: row for row in tables[f"growth_metrics_{grain}"]}
    starts = sorted(growth)
    cells = {  # (cohort, age) -> the period it looks at
        (start, age): t
        for i, start in enumerate(starts)
        if growth[start]["new_users"]
        for age, t in enumerate(starts[i:])
    }
    keys = [(row["cohort_start"], row["period_number"]) for row in triangle]
    yield from _same_keys(5, names[0], keys, list(cells))

    active, returned = Counter[date](), Counter[date]()
    parts = _by(by_segment, "cohort_start", "period_number")
    oldest = max((age for _, age in parts), default=0) if grain == "daily" else len(starts)
    for (cohort, age), row in zip(keys, triangle, strict=True):
        where = f"{names[0]} {cohort} + {age}"
        t = cells.get((cohort, age), date.max)
        active[t] += row["retained_users"]
        if age == 0:
            yield 7, where, row["retained_users"], row["cohort_size"]
        else:
            returned[t] += row["retained_users"]
        if age <= oldest:
            for c in RETENTION_COUNTS:
                yield 9, f"{where}, {c} by segment", sum(part[c] for part in parts[cohort, age]), row[c]
    yield 9, f"{names[1]}, rows too many", {*parts} - {*cells}, set()
    for t, row in growth.items():
        yield 7, f"{names[0]}, active in {t}", active[t], row["active_users"]
        back = row["retained_users"] + row["resurrected_users"]
        yield 7, f"{names[0]}, back in {t}", returned[t], back

    for name in names:
        measures = {*RETENTION_COUNTS, "period_number", "retention_rate", "is_complete"}
        columns = [c for c in next(iter(tables[name]), {}) if c not in measures]
        for values, rows in _by(tables[name], *columns).items():
            where = f"{name} {' '.join(map(str, values))}"
            rows.sort(key=lambda row: row["period_number"])
            for row in rows:
                size, retained, later = (row[c] for c in RETENTION_COUNTS)
                yield 8, f"{where}: 0 <= {retained} <= {size}", 0 <= retained <= size, True
                yield 8, f"{where}: {retained} <= {later} later", retained <= later, True
            for a, b in pairwise(row["retained_or_later_users"] for row in rows):
                yield 8, f"{where}: {a} or later, then {b}", a >= b, True


def _nesting_checks(grain: str, tables: Mapping[str, Sequence[Row]]) -> Iterator[Check]:
    """Identity 10: the new users of the days of a week or month are its own."""
    new = {row["period_start"]: row["new_users"] for row in tables[f"growth_metrics_{grain}"]}
    starts, of_days = sorted(new), Counter[date]()
    for row in tables["growth_metrics_daily"]:
        at = bisect_right(starts, row["period_start"]) - 1
        of_days[starts[at] if at >= 0 else date.min] += row["new_users"]
    for start in sorted({*starts, *of_days}):
        yield 10, f"new users, {grain} {start}", new.get(start), of_days[start]
