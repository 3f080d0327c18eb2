"""Every number of the warehouse against a second opinion, on random event streams."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from compiled_project import CompiledProject, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import Event, Settings, expected, identities

COLUMNS = ("event_time", "user_id", "event_type", "event_id", "platform", "country", "note")
START = datetime(2020, 2, 20)  # a leap day, a year with week 53 and its end lie ahead

# What a company may configure -> the same for the oracle.
CONFIGURATIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "default": (
        {"segments": ["platform", "country"]},
        {"segments": ("platform", "country")},
    ),
    "sunday weeks, a far zone, qualifying types, repeated rows kept": (
        {
            "segments": ["country"],
            "timezone": "America/Sao_Paulo",
            "week_start": "sunday",
            "active_event_types": ["open", "buy"],
            "deduplicate_events": False,
            "retention_by_segment_max_days": 5,
        },
        {
            "segments": ("country",),
            "timezone": "America/Sao_Paulo",
            "week_start": "sunday",
            "active_event_types": frozenset({"open", "buy"}),
            "deduplicate_events": False,
            "retention_by_segment_max_age": 5,
        },
    ),
    "an as-of date amid the data, no segments": (
        {"segments": [], "as_of_date": "2020-03-16", "timezone": "Asia/Kathmandu"},
        {"segments": (), "as_of_date": date(2020, 3, 16), "timezone": "Asia/Kathmandu"},
    ),
}

users = st.sampled_from([f"u{number}" for number in range(7)])
moments = st.one_of(
    # mostly dense, so that days and weeks follow each other; sometimes far out, so that periods stay empty
    st.integers(0, 40 * 24 * 4).map(lambda quarters: START + timedelta(minutes=15 * quarters)),
    st.integers(0, 400 * 24).map(lambda hours: START + timedelta(hours=hours)),
)


@st.composite
def event_streams(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of an event file; each has a moment of its own, so that a user's first event is no matter of taste."""
    times = draw(st.lists(moments, min_size=0, max_size=60, unique=True))
    delivered = [
        {
            "event_time": time.isoformat(),
            "user_id": draw(users),
            "event_type": draw(st.sampled_from(["open", "buy", "background"])),
            "event_id": draw(st.one_of(st.none(), st.integers(0, 300).map(str))),
            "platform": draw(st.sampled_from([None, "ios", "web"])),
            "country": draw(st.sampled_from([None, "SG", "MY", "unknown"])),
            "note": draw(st.sampled_from([None, "a, b", 'say "hi"'])),
        }
        for time in times
    ]
    again = draw(st.lists(st.sampled_from(delivered), max_size=5)) if delivered else []
    return delivered + again


@st.composite
def other_names(draw: st.DrawFn) -> dict[str, str]:
    """Aliases that lead from higher to lower users, so that chains end."""
    aliases = {}
    for number in draw(st.sets(st.integers(1, 6), max_size=3)):
        aliases[f"u{number}"] = f"u{draw(st.integers(0, number - 1))}"
    return aliases


def write_inputs(
    folder: Path, stream: list[dict[str, Any]], aliases: dict[str, str], excluded: set[str], files: int = 1
) -> None:
    """The stream dealt out to files in order, and the optional sources."""
    folder.mkdir(parents=True, exist_ok=True)
    size = max(1, -(-len(stream) // files))
    for number in range(files):
        write_events(folder / f"event_stream_{number}.csv", stream[number * size : (number + 1) * size])
    write_optional(folder, aliases, excluded)


def write_events(path: Path, events: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, COLUMNS)
        writer.writeheader()
        writer.writerows(events)


def write_optional(folder: Path, aliases: dict[str, str], excluded: set[str]) -> None:
    for name, header, lines in (
        ("user_aliases", "alias_id,user_id", [f"{alias},{user}" for alias, user in aliases.items()]),
        ("excluded_users", "user_id", sorted(excluded)),
    ):
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")


def oracle_events(stream: list[dict[str, Any]], segments: tuple[str, ...]) -> list[Event]:
    return [
        Event(
            at=datetime.fromisoformat(row["event_time"]),
            user_id=row["user_id"],
            event_type=row["event_type"],
            event_id=row["event_id"],
            segments=tuple(row[segment] for segment in segments),
            extra=tuple(row[column] for column in ("platform", "country", "note")),
        )
        for row in stream
    ]


def in_order(table: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in table)


@pytest.fixture(scope="module", params=list(CONFIGURATIONS))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("project")
    dbt_vars, oracle_settings = CONFIGURATIONS[request.param]
    write_inputs(folder / "example", [], {}, set())
    yield CompiledProject(folder, folder / "example", dbt_vars), oracle_settings, folder


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event_streams(), other_names(), st.sets(users, max_size=1), st.integers(1, 3))
def test_every_table_agrees_with_the_oracle(
    project: Any, stream: list[dict[str, Any]], aliases: dict[str, str], excluded: set[str], files: int
) -> None:
    compiled, oracle_settings, folder = project
    for stale in (folder / "data").glob("*"):
        stale.unlink()
    write_inputs(folder / "data", stream, aliases, excluded, files)
    warehouse = compiled.run(folder / "data")
    events = oracle_events(stream, oracle_settings["segments"])
    tables = expected(events, Settings(aliases=aliases, excluded_users=frozenset(excluded), **oracle_settings))
    built = {table: rows(warehouse, table) for table in tables}
    for table, wanted in tables.items():
        assert in_order(built[table]) == in_order(wanted), table
    assert identities(built) == []


def test_the_fixture_streams_really_churn_and_return() -> None:
    """A guard on the strategy itself: agreement on trivial streams would prove nothing."""
    seen: set[str] = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(event_streams())
    def collect(stream: list[dict[str, Any]]) -> None:
        tables = expected(oracle_events(stream, ()), Settings())
        for grain in ("daily", "weekly", "monthly"):
            seen.update(f"{grain} {row['lifecycle_state']}" for row in tables[f"user_lifecycle_{grain}"])

    collect()
    states = ("new", "retained", "resurrected", "churned")
    assert seen == {f"{grain} {state}" for grain in ("daily", "weekly", "monthly") for state in states}
