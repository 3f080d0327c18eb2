"""Whatever happens to the inputs, an update leaves what a build from nothing would: every table, row for row."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from compiled_project import UpdatedProject, tables
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_oracle_agreement import CONFIGURATIONS, event_streams, other_names, users, write_events, write_optional

from pipeline.inputs import check_inputs
from pipeline.published import Published


@dataclass
class Delivery:
    """The contents of a data folder."""

    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)

    def write(self, folder: Path) -> None:
        """Make the folder hold this, and leave alone what it holds already."""
        folder.mkdir(exist_ok=True)
        for stale in set(folder.glob("event_stream_*")) - {folder / name for name in self.files}:
            stale.unlink()
        for name, events in self.files.items():
            write_events(folder / name, events)
        write_optional(folder, self.aliases, self.excluded)


NAMES = [f"event_stream_{letter}.csv" for letter in "abcd"]


@st.composite
def changes(draw: st.DrawFn, before: Delivery) -> Delivery:
    """The next state of the inputs: one or more things that happen to files between two refreshes."""
    after = copy.deepcopy(before)
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)):
        name = draw(st.sampled_from(NAMES))
        if kind == "file":
            after.files[name] = draw(event_streams())
        elif kind == "removal" and len(after.files) > 1:
            after.files.pop(name, None)
        elif kind == "rows" and after.files.get(name):
            after.files[name] = draw(st.lists(st.sampled_from(after.files[name]), max_size=60))
        elif kind == "copies":
            others = [event for events in after.files.values() for event in events]
            if others:
                after.files[name] = after.files.get(name, []) + draw(st.lists(st.sampled_from(others), max_size=5))
        elif kind == "aliases":
            after.aliases = draw(other_names())
        elif kind == "excluded":
            after.excluded = draw(st.sets(users, max_size=2))
    return after


KINDS = ("file", "file", "removal", "rows", "copies", "aliases", "excluded", "nothing")


@st.composite
def histories(draw: st.DrawFn) -> list[Delivery]:
    """The inputs at the first refresh and at each that follows."""
    history = [Delivery({name: draw(event_streams()) for name in draw(st.sets(st.sampled_from(NAMES), min_size=1))})]
    for _ in range(draw(st.integers(1, 4))):
        history.append(draw(changes(history[-1])))
    return history


@pytest.fixture(scope="module", params=[name for name in CONFIGURATIONS if "as-of" not in name])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpdatedProject]:
    folder = tmp_path_factory.mktemp("project")
    dbt_vars, _ = CONFIGURATIONS[request.param]
    Delivery({NAMES[0]: []}).write(folder / "example")
    yield UpdatedProject(folder, folder / "example", dbt_vars)


def visits(*days_of_users: tuple[str, int], **other: str) -> list[dict[str, Any]]:
    """An event each, on days of March 2020."""
    return [
        {"event_time": f"2020-03-{day:02}", "user_id": user, "event_type": "open"} | other
        for user, day in days_of_users
    ]


# Rare among random histories.
NAMED_LATER = [  # a name with later events becomes one of a user who is known already
    Delivery({NAMES[0]: visits(("u0", 1), ("u1", 3), ("u1", 4))}),
    Delivery({NAMES[0]: visits(("u0", 1), ("u1", 3), ("u1", 4))}, aliases={"u1": "u0"}),
]
MOVED = [  # a correction changes nobody's days, only the segment that somebody counts in
    Delivery({NAMES[0]: visits(("u0", 1), ("u0", 2), ("u0", 8), country="SG"), NAMES[1]: visits(("u1", 9))}),
    Delivery({NAMES[0]: visits(("u0", 1), ("u0", 2), ("u0", 8), country="MY"), NAMES[1]: visits(("u1", 9))}),
]
LATE = [  # somebody comes to a day on whose eve others were there
    Delivery({NAMES[0]: visits(("u0", 1), ("u0", 4), ("u0", 9))}),
    Delivery({NAMES[0]: visits(("u0", 1), ("u0", 4), ("u0", 9)), NAMES[1]: visits(("u1", 5))}),
]
BEGUN_EARLIER_AND_LATER = [  # the first day of all is another one
    Delivery({NAMES[0]: visits(("u0", 9), ("u1", 9))}),
    Delivery({NAMES[0]: visits(("u0", 9), ("u1", 9)), NAMES[1]: visits(("u2", 2))}),
    Delivery({NAMES[0]: visits(("u0", 9), ("u1", 9))}),
]
QUIET_DAYS = [  # days go by on which nobody is active who was there before
    Delivery({NAMES[0]: visits(("u0", 8), ("u1", 9))}),
    Delivery({NAMES[0]: visits(("u0", 8), ("u1", 9)), NAMES[1]: visits(("u2", 10), event_type="background")}),
    Delivery({NAMES[0]: visits(("u0", 8), ("u1", 9)), NAMES[1]: visits(("u2", 20))}),
]


@example(history=NAMED_LATER)
@example(history=MOVED)
@example(history=LATE)
@example(history=BEGUN_EARLIER_AND_LATER)
@example(history=QUIET_DAYS)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_an_update_leaves_what_a_full_build_would(project: UpdatedProject, history: list[Delivery]) -> None:
    data = project.folder / "data"
    for stale in data.glob("*"):
        stale.unlink()
    history[0].write(data)
    project.start(data)
    for before, after in pairwise(history):
        after.write(data)
        loaded = project.update(data)
        assert set(loaded) == {name for name in after.files if after.files[name] != before.files.get(name)}
        expected = project.run(data)
        for table in tables(expected):
            [updated, built] = (
                connection.execute(f"select * from {table} order by all").fetchall()
                for connection in (project.connection, expected)
            )
            assert updated == built, table


@pytest.mark.parametrize(
    ("name", "lines", "why"),
    [
        ("event_stream_b.csv", ["2024-02-01,ben,visit"], None),
        ("event_stream_a.csv", ["2024-02-01,ben,visit,x"], "the event files have other columns"),
        ("event_stream_b.csv", ["2024-02-01,ben,visit"] * 9, "most of the lines are new"),
    ],
)
def test_inputs_that_cannot_be_added_are_built_from_nothing(
    tmp_path: Path, name: str, lines: list[str], why: str | None
) -> None:
    header = "event_time,user_id,event_type"
    (tmp_path / "event_stream_a.csv").write_text("\n".join([header, *["2024-01-01,ann,visit"] * 3]) + "\n")
    files = {file.name: file for file in check_inputs(tmp_path).files}
    header += ",note" * (lines[0].count(",") > 2)
    (tmp_path / name).write_text("\n".join([header, *lines]) + "\n")
    published = Published(files, dbt_vars={}, code="")
    assert published.why_not_from(check_inputs(tmp_path, published=files)) == why
