"""The oracle against examples counted by hand, and its identities against themselves."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import GRAINS, Event, Row, Settings, Tables, expected, identities


def seen(user: str, *instants: str, **columns: Any) -> list[Event]:
    """Events of one user at these UTC instants, 'YYYY-MM-DD' or with a time."""
    return [Event(datetime.fromisoformat(at), user, **({"event_type": "visit"} | columns)) for at in instants]


def day(text: str) -> date:
    return date.fromisoformat(text)


def growth(tables: Tables, grain: str = "daily") -> dict[str, tuple[int | None, ...]]:
    """Period -> new, retained, resurrected, churned, active, prior active."""
    columns = ("new", "retained", "resurrected", "churned", "active", "prior_active")
    return {
        str(row["period_start"]): tuple(row[f"{c}_users"] for c in columns) for row in tables[f"growth_metrics_{grain}"]
    }


def only(rows: list[Row], **values: Any) -> Row:
    (row,) = (row for row in rows if values.items() <= row.items())
    return row


QUIET_DAYS = seen("a", "2024-05-01", "2024-05-02", "2024-05-05") + seen("b", "2024-05-02")


def test_days_without_activity_are_periods_too() -> None:
    tables = expected(QUIET_DAYS, Settings())
    assert growth(tables) == {
        "2024-05-01": (1, 0, 0, 0, 1, None),
        "2024-05-02": (1, 1, 0, 0, 2, 1),
        "2024-05-03": (0, 0, 0, 2, 0, 2),
        "2024-05-04": (0, 0, 0, 0, 0, 0),
        "2024-05-05": (0, 0, 1, None, 1, 0),
    }
    rates = [(r["retention_rate"], r["churn_rate"], r["quick_ratio"]) for r in tables["growth_metrics_daily"]]
    assert rates == [(None, None, None), (1.0, 0.0, None), (0.0, 1.0, 0.0), (None, None, None), (None, None, None)]
    assert [(r["user_id"], r["period_start"].day, r["lifecycle_state"]) for r in tables["user_lifecycle_daily"]] == [
        ("a", 1, "new"),
        ("a", 2, "retained"),
        ("b", 2, "new"),
        ("a", 3, "churned"),
        ("b", 3, "churned"),
        ("a", 5, "resurrected"),
    ]


def test_retention_has_every_observable_cell_and_no_other() -> None:
    tables = expected(QUIET_DAYS, Settings(retention_by_segment_max_age=1))
    columns = ("period_number", "cohort_size", "retained_users", "retained_or_later_users", "is_complete")
    cells = [(r["cohort_start"].day, *(r[c] for c in columns)) for r in tables["retention_triangle_daily"]]
    assert cells == [
        (1, 0, 1, 1, 1, True),
        (1, 1, 1, 1, 1, True),
        (1, 2, 1, 0, 1, True),
        (1, 3, 1, 0, 1, True),
        (1, 4, 1, 1, 1, False),
        (2, 0, 1, 1, 1, True),
        (2, 1, 1, 0, 0, True),
        (2, 2, 1, 0, 0, True),
        (2, 3, 1, 0, 0, False),
    ]
    by_segment = [(r["cohort_start"].day, r["period_number"]) for r in tables["retention_by_segment_daily"]]
    assert by_segment == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_nobody_has_churned_in_the_open_period() -> None:
    events = seen("a", "2024-05-06", "2024-05-13") + seen("b", "2024-05-07")
    week = growth(expected(events, Settings(as_of_date=day("2024-05-19"))), "weekly")
    assert week == {"2024-05-06": (2, 0, 0, 0, 2, None), "2024-05-13": (0, 1, 0, None, 1, 2)}
    tables = expected(events, Settings(as_of_date=day("2024-05-20")))
    assert growth(tables, "weekly") == {
        "2024-05-06": (2, 0, 0, 0, 2, None),
        "2024-05-13": (0, 1, 0, 1, 1, 2),
        "2024-05-20": (0, 0, 0, None, 0, 1),
    }
    assert [r["is_complete"] for r in tables["growth_metrics_weekly"]] == [True, True, False]
    assert [r["retention_rate"] for r in tables["growth_metrics_weekly"]] == [None, 0.5, None]
    assert [r["is_complete"] for r in tables["growth_metrics_monthly"]] == [False]


def test_week_53_runs_across_the_year_end() -> None:
    tables = expected(seen("a", "2020-12-30", "2021-01-03", "2021-01-04"), Settings())
    assert growth(tables, "weekly") == {"2020-12-28": (1, 0, 0, 0, 1, None), "2021-01-04": (0, 1, 0, None, 1, 1)}
    assert growth(tables, "monthly") == {"2020-12-01": (1, 0, 0, 0, 1, None), "2021-01-01": (0, 1, 0, None, 1, 1)}


def test_a_leap_day_lies_between_february_28_and_march_1() -> None:
    leap = growth(expected(seen("a", "2024-02-28", "2024-03-01"), Settings()))
    assert list(leap) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert leap["2024-02-29"] == (0, 0, 0, 1, 0, 1)
    common = growth(expected(seen("a", "2023-02-28", "2023-03-01"), Settings()))
    assert common == {"2023-02-28": (1, 0, 0, 0, 1, None), "2023-03-01": (0, 1, 0, None, 1, 1)}
    months = growth(expected(seen("a", "2024-01-31", "2024-02-29", "2024-03-31"), Settings()), "monthly")
    assert [row[1] for row in months.values()] == [0, 1, 1]


def test_weeks_may_start_on_sunday() -> None:
    events = seen("a", "2024-06-01", "2024-06-02")  # a Saturday and a Sunday
    assert list(growth(expected(events, Settings()), "weekly")) == ["2024-05-27"]
    sunday = growth(expected(events, Settings(week_start="sunday")), "weekly")
    assert sunday == {"2024-05-26": (1, 0, 0, 0, 1, None), "2024-06-02": (0, 1, 0, None, 1, 1)}


def test_the_reporting_zone_dates_an_instant() -> None:
    # New York's clocks go forward on 10 March: midnight is 05:00 UTC before, 04:00 UTC after.
    events = seen("a", "2024-03-10 04:59:59", "2024-03-11 03:59:59", "2024-03-11 04:00:00")
    new_york = expected(events, Settings(timezone="America/New_York"))
    assert list(growth(new_york)) == ["2024-03-09", "2024-03-10", "2024-03-11"]
    assert [row[1] for row in growth(new_york).values()] == [0, 1, 1]
    assert list(growth(expected(events, Settings()))) == ["2024-03-10", "2024-03-11"]
    (user,) = new_york["dim_users"]
    assert (user["first_seen_at"], user["first_seen_date"]) == (events[0].at, day("2024-03-09"))


def test_rows_are_cleaned_in_order() -> None:
    twice = seen("old", "2024-05-01", "2024-05-01") + seen("a", "2024-05-01")  # one duplicate: raw ids differ
    ids = seen("a", "2024-05-02", event_id="1") + seen("a", "2024-05-03", event_id="1")  # the first one stays
    robot = seen("bot", "2024-05-09")  # excluded under another name, so it cannot set the as-of date
    settings = Settings(aliases={"older": "old", "old": "a", "robot": "bot"}, excluded_users=frozenset({"robot"}))
    events = twice + ids + robot + seen("older", "2024-05-04")
    (user,) = expected(events, settings)["dim_users"]
    assert (user["user_id"], user["events"], user["active_days"]) == ("a", 4, 3)
    assert user["last_seen_date"] == day("2024-05-04")
    (user,) = expected(events, Settings(aliases=settings.aliases, deduplicate_events=False))["dim_users"][:1]
    assert user["events"] == 6
    with pytest.raises(ValueError, match="cycle"):
        expected(events, Settings(aliases={"a": "b", "b": "a"}))


def test_users_keep_the_segments_of_their_first_event() -> None:
    events = (
        seen("a", "2024-05-01", event_id="2", segments=("web",))
        + seen("a", "2024-05-01", event_id="1", segments=(None,))  # same instant: the smaller id is first
        + seen("a", "2024-05-02", segments=("ios",))
        + seen("b", "2024-05-01", segments=("ios",), event_type="mail")  # seen a day before the first activity
        + seen("b", "2024-05-02", segments=("web",))
        + seen("c", "2024-05-03", segments=("ios",), event_type="mail")
    )
    settings = Settings(segments=("platform",), active_event_types=frozenset({"visit"}))
    tables = expected(events, settings)
    assert [(r["user_id"], r["platform"], r["lifetime_days"]) for r in tables["dim_users"]] == [
        ("a", "unknown", 2),
        ("b", "ios", 1),
        ("c", "ios", None),  # seen, never active
    ]
    rows = [(r["period_start"].day, r["platform"], r["active_users"]) for r in tables["growth_by_segment_daily"]]
    assert rows == [(1, "unknown", 1), (2, "ios", 1), (2, "unknown", 1), (3, "ios", 0), (3, "unknown", 0)]
    assert growth(tables)["2024-05-03"] == (0, 0, 0, None, 0, 2)


def test_rolling_activity_needs_its_days_of_history() -> None:
    events = seen("a", "2024-05-01", "2024-05-28") + seen("b", "2024-05-01 01:00", "2024-05-01 02:00")
    tables = expected(events, Settings())
    rolling = {str(row.pop("activity_date")): tuple(row.values()) for row in tables["active_users_rolling"]}
    assert len(rolling) == 28
    assert rolling["2024-05-06"] == (True, 0, None, None, None)
    assert rolling["2024-05-07"] == (True, 0, 2, None, None)
    assert rolling["2024-05-08"] == (True, 0, 0, None, None)
    assert rolling["2024-05-28"] == (False, 1, 1, 2, 0.5)
    assert tables["power_users"] == [{"days_active": 1, "users": 1}, {"days_active": 2, "users": 1}]
    next_day = expected(events, Settings(as_of_date=day("2024-05-29")))  # 1 May is no longer among the 28
    assert next_day["power_users"] == [{"days_active": 1, "users": 1}]
    assert expected(events, Settings(as_of_date=day("2024-05-27")))["power_users"] == []


@pytest.mark.parametrize("settings", [Settings(), Settings(as_of_date=day("2024-04-30"))])
def test_without_events_every_table_is_empty(settings: Settings) -> None:
    tables = expected(QUIET_DAYS if settings.as_of_date else [], settings)
    assert len(tables) == 5 * len(GRAINS) + 3
    assert not any(tables.values())
    assert identities(tables) == []


# From before a year end to after a leap day, on few enough days and users that everything collides.
instants = st.builds(
    lambda days, minutes: datetime(2023, 12, 28) + timedelta(days=days, minutes=minutes),
    st.integers(0, 6) | st.integers(0, 75),
    st.sampled_from([0, 1, 299, 300, 720, 1439]),
)
users = st.sampled_from("abcdefg")
events = st.builds(
    Event,
    at=instants,
    user_id=users,
    event_type=st.sampled_from(["visit", "buy", "mail"]),
    event_id=st.none() | st.integers(0, 50).map(str),
    segments=st.tuples(st.sampled_from(["web", "ios", None]), st.sampled_from(["DE", None])),
)
settings = st.builds(
    Settings,
    timezone=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
    week_start=st.sampled_from(["monday", "sunday"]),
    as_of_date=st.none() | st.dates(date(2023, 12, 25), date(2024, 4, 10)),
    active_event_types=st.frozensets(st.sampled_from(["visit", "buy"])),
    deduplicate_events=st.booleans(),
    segments=st.just(("platform", "country")),
    aliases=st.dictionaries(users, users).map(lambda pairs: {a: b for a, b in pairs.items() if a < b}),
    excluded_users=st.frozensets(users, max_size=2),
    retention_by_segment_max_age=st.integers(0, 90),
)


@given(st.lists(events, max_size=60), settings)
def test_the_identities_hold_for_any_events(rows: list[Event], chosen: Settings) -> None:
    tables = expected(rows, chosen)
    assert identities(tables) == []
    reordered = {name: table[::-1] for name, table in tables.items()}
    assert identities(reordered) == []


def bump(table: str, column: str, by: int = 1, **where: Any) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        only(tables[table], **where)[column] += by

    return change


def drop(table: str, **where: Any) -> Callable[[Tables], None]:
    return lambda tables: tables[table].remove(only(tables[table], **where))


SECOND: dict[str, Any] = {"period_start": day("2024-05-02")}
THIRD: dict[str, Any] = {"period_start": day("2024-05-03")}
CELL: dict[str, Any] = {"cohort_start": day("2024-05-01"), "period_number": 1}


@pytest.mark.parametrize(
    ("number", "damage"),
    [
        (1, bump("growth_metrics_daily", "active_users", **SECOND)),
        (2, bump("growth_metrics_daily", "prior_active_users", **THIRD)),
        (2, bump("growth_metrics_daily", "churned_users", **THIRD)),
        (3, bump("growth_metrics_daily", "resurrected_users", **THIRD)),
        (4, bump("growth_metrics_weekly", "new_users")),
        (4, drop("dim_users", user_id="b")),
        (5, drop("growth_metrics_daily", period_start=day("2024-05-04"))),
        (5, drop("retention_triangle_daily", **CELL | {"period_number": 2})),
        (6, lambda tables: tables["user_lifecycle_daily"].append(tables["user_lifecycle_daily"][0])),
        (7, bump("retention_triangle_daily", "retained_users", -1, **CELL)),
        (7, bump("retention_triangle_daily", "cohort_size", **CELL | {"period_number": 0})),
        (8, bump("retention_triangle_daily", "retained_or_later_users", -1, **CELL)),
        (8, bump("retention_triangle_daily", "retained_or_later_users", **CELL)),
        (8, bump("retention_by_segment_daily", "retained_users", 9, **CELL)),
        (9, bump("growth_by_segment_daily", "retained_users", **SECOND)),
        (9, drop("growth_by_segment_daily", **SECOND)),
        (9, drop("retention_by_segment_daily", **CELL)),
        (10, bump("growth_metrics_monthly", "new_users")),
        (11, bump("growth_metrics_daily", "quick_ratio", 2, **THIRD)),
    ],
)
def test_damage_to_a_table_breaks_its_identity(number: int, damage: Callable[[Tables], None]) -> None:
    tables = deepcopy(expected(QUIET_DAYS, Settings()))
    damage(tables)
    assert any(violation.startswith(f"identity {number}: ") for violation in identities(tables))
