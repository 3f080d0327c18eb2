"""The dashboard without a browser: every page, grain and filter, and every number against the warehouse."""

from __future__ import annotations

import ast
import hashlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import duckdb
import pandas as pd
import plotly.graph_objects as go
import pytest
from app_ledger import build_once, copy_of, events, publish_changed
from door import ROOT, Ledger
from streamlit.testing.v1 import AppTest

from app import charts, csv_export, notes, saved_views, warehouse, words
from app.queries import catalogue, growth, retention, users
from app.view import View, range_dates

pytestmark = pytest.mark.xdist_group("dashboard")

PAGES = ("overview", "growth", "retention", "segments", "users", "data")
GRAINS = {"Day": "daily", "Week": "weekly", "Month": "monthly"}
EVERYTHING = View("month", date(2020, 1, 1), date(2030, 1, 1), True, {})


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A published warehouse of this test's own, and the dashboard pointed at it."""
    ledger = copy_of(build_once(tmp_path_factory), tmp_path)
    ledger.data.mkdir()
    for name, text in ledger.environment(SAVED_VIEWS_PATH=str(tmp_path / "views.sqlite")).items():
        monkeypatch.setenv(name, text)
    return ledger


@pytest.fixture
def db(ledger: Ledger) -> warehouse.Snapshot:
    """The published version, as pages read it."""
    return warehouse.current()


Open = Callable[..., AppTest]


@pytest.fixture
def page(ledger: Ledger) -> Open:
    """Opens a page with query parameters; fails if anything on it failed."""
    return open_page


def open_page(name: str, **params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=30)
    if name != "overview":
        app.switch_page(f"app/pages/{name}.py")
    for key, text in params.items():
        app.query_params[key] = text
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    """Checks that nothing on a page failed."""
    assert not app.exception, app.exception[0].message
    assert not app.error, app.error[0].value
    for chart in app.get("plotly_chart"):
        go.Figure(json.loads(chart.proto.spec))  # raises if a figure has a property that Plotly does not know
    return app


def cards(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def text(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for element in [*app.markdown, *app.info, *app.warning, *app.title, *app.subheader]
    )


# Every page, grain and filter


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("grain", GRAINS)
def test_every_page_at_every_grain_with_every_filter(page: Open, name: str, grain: str) -> None:
    for params in (
        {},
        {"range": "All", "in_platform": ["ios", "web"], "in_country": ["=2+5", "*bold* [x](y)"]},
        {"range": "7 days"},
        {"range": "Custom", "dates": ["2026-02-01", "2026-03-15"]},
        {"range": "nonsense", "grain": "nonsense", "in_platform": "nonsense"},
    ):
        app = page(name, **({"grain": grain} | params))
    if name != "data":
        app.toggle(key="open").set_value(False)
        sound(app.run())


@pytest.mark.parametrize("days", ["7 days", "30 days", "90 days", "Year to date", "1 year", "All"])
def test_a_preset_ends_at_the_as_of_date(days: str) -> None:
    first, as_of = date(2025, 3, 1), date(2026, 6, 6)
    start, end = range_dates(days, first, as_of)
    spans = {"7 days": 7, "30 days": 30, "90 days": 90, "1 year": 365, "All": (as_of - first).days, "Year to date": 156}
    assert (end, (end - start).days) == (as_of, spans[days])


def test_every_segment_and_metric_can_be_chosen(page: Open) -> None:
    for metric in ("Active users", "Churned users", "Retention rate", "Quick ratio"):
        for by in ("platform", "utm_source", "country"):
            for layout in ("One chart", "Small charts"):
                page("segments", metric=metric, by=words.title(by), layout=layout, range="All")


def test_every_table_can_be_looked_into(page: Open, db: warehouse.Snapshot) -> None:
    app = page("data")
    for name in catalogue.tables(db)["name"]:
        app.selectbox(key="table").set_value(name)
        assert len(sound(app.run()).dataframe) == 2
    for section in ("Refreshes", "Rejected rows"):
        assert page("data", section=section).dataframe
    dictionary = text(page("data", section="Metrics"))
    assert all(words.plain(metric) in dictionary for metric in catalogue.dictionary(db)["description"])


def test_a_warehouse_without_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path)
    ledger.write("event_stream.csv", events())
    ledger.refresh(segments=[], max_rejected_share=0.1)
    monkeypatch.setenv("WAREHOUSE_PATH", str(ledger.warehouse))
    for name in PAGES:
        assert not open_page(name).multiselect
    assert "groups users by nothing" in text(open_page("segments"))


# Numbers


@pytest.mark.parametrize("grain", GRAINS)
def test_cards_are_the_latest_complete_period_of_the_warehouse(page: Open, ledger: Ledger, grain: str) -> None:
    sql = f"""
        select active_users, new_users, resurrected_users, retained_users, churned_users, retention_rate, quick_ratio
        from growth_metrics_{GRAINS[grain]} where is_complete order by period_start desc limit 1
    """
    active, new, resurrected, retained, churned, retention_rate, quick_ratio = ledger.query(sql)[0]
    shown = cards(page("overview", grain=grain))
    assert shown == {
        "Active users": f"{active:,}",
        "New users": f"{new:,}",
        "Resurrected users": f"{resurrected:,}",
        "Retained users": f"{retained:,}",
        "Churned users": f"{churned:,}",
        "Retention rate": "No value" if retention_rate is None else f"{retention_rate:.1%}",
        "Quick ratio": "No value" if quick_ratio is None else f"{quick_ratio:.2f}",
    }


@pytest.mark.parametrize("grain", GRAINS)
def test_filtered_figures_count_the_users_they_say(db: warehouse.Snapshot, ledger: Ledger, grain: str) -> None:
    """Against the lifecycle of each user, not the tables by segment that the dashboard reads."""
    chosen = {"platform": ["ios", "web"], "country": ["TH", "=2+5"]}
    view = View(grain.lower(), date(2026, 1, 1), date(2026, 12, 31), True, chosen)
    shown = growth.by_period(growth.history(db, view)).set_index("period_start")
    counted = ledger.query(
        f"""
        select period_start, lifecycle_state || '_users', count(*)
        from user_lifecycle_{GRAINS[grain]} join dim_users using (user_id)
        where platform in ('ios', 'web') and country in ('TH', '=2+5')
        group by all
        """,
    )
    expected = pd.DataFrame(counted, columns=["period_start", "state", "users"]).pivot_table(
        index="period_start", columns="state", values="users", fill_value=0
    )
    expected.index = pd.to_datetime(expected.index)
    for state in expected:
        known = shown[state].dropna()
        assert known.to_dict() == expected[state].reindex(known.index, fill_value=0).to_dict()
    complete = shown[shown["is_complete"]]
    rate = complete["retained_users"] / complete["prior_active_users"]
    pd.testing.assert_series_equal(
        complete["retention_rate"], rate.where(complete["prior_active_users"] > 0), check_names=False
    )


@pytest.mark.parametrize("by", ["platform", "utm_source", "country"])
def test_series_of_a_segment_add_up_to_all_users(db: warehouse.Snapshot, by: str) -> None:
    for top in (1, 8):
        parts, total = growth.history(db, EVERYTHING, by, top), growth.history(db, EVERYTHING)
        counts = total[total["denominator"].isna() & ~total["metric"].str.contains("ratio|rate")]
        summed = parts.groupby(["period_start", "metric"])["value"].sum(min_count=1)
        for row in counts.to_dict("records"):
            assert summed[row["period_start"], row["metric"]] == row["value"] or pd.isna(row["value"])
        assert parts["segment"].nunique() <= top + 1


def test_the_change_is_decomposed_exactly(db: warehouse.Snapshot, ledger: Ledger) -> None:
    for period, active, prior in ledger.query(
        "select period_start, active_users, prior_active_users from growth_metrics_weekly where is_complete"
    )[1:]:
        parts = growth.change_by_segment(db, View("week", period, period, True, {}), "country", period)
        assert parts["change"].sum() == active - prior
        assert (parts["change"] == parts["new_users"] + parts["resurrected_users"] - parts["churned_users"]).all()
        assert (
            parts["share_of_change"].isna().all()
            if active == prior
            else parts["share_of_change"].sum() == pytest.approx(1)
        )


@pytest.mark.parametrize("or_later", [False, True])
@pytest.mark.parametrize("grain", GRAINS)
def test_a_cell_of_the_triangle_counts_the_users_behind_it(
    db: warehouse.Snapshot, ledger: Ledger, grain: str, or_later: bool
) -> None:
    for chosen in ({}, {"platform": ["android"]}):
        view = View(grain.lower(), date(2026, 1, 1), date(2026, 12, 31), True, chosen)
        cells = retention.cells(db, view, or_later)
        for cell in cells.sample(8, random_state=3).to_dict("records"):
            focus = users.Focus("active", cell["period_start"].date(), cell["cohort_start"].date(), or_later)
            assert cell["users"] == users.how_many(db, view, focus) == len(users.all_people(db, view, focus))
            assert 0 <= cell["low"] <= cell["rate"] + 1e-9 <= cell["high"] + 2e-9 <= 1 + 3e-9


def test_the_average_curve_pools_complete_cells(db: warehouse.Snapshot, ledger: Ledger) -> None:
    curve = retention.average_curve(db, EVERYTHING, False)
    expected = ledger.query(
        """
        select period_number, sum(retained_users) / sum(cohort_size)
        from retention_triangle_monthly where is_complete group by all order by all
        """,
    )
    assert list(zip(curve["period_number"], curve["rate"], strict=True)) == [
        (age, pytest.approx(rate)) for age, rate in expected
    ]


def test_wilson_interval() -> None:
    sql = f"select {retention._wilson('rate', 'n')} from (values (0.2, 50), (0, 10), (1, 10)) as t(rate, n)"
    found = duckdb.execute(sql).fetchall()
    expected = [(0.1124, 0.3304), (0.0, 0.2775), (0.7225, 1.0)]  # as printed in the literature
    assert found == [(pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4)) for low, high in expected]


@pytest.mark.parametrize("state", ["new", "retained", "resurrected", "churned", "active"])
def test_from_a_bar_to_the_users_behind_it(page: Open, ledger: Ledger, state: str) -> None:
    period, count = ledger.query(
        f"select period_start, {state}_users from growth_metrics_monthly where is_complete order by 1 desc limit 1",
    )[0]
    app = page("users", state=state, period=str(period))
    assert f"{state.capitalize()} in" in app.subheader[0].value
    assert f"**{words.count(count, 'user')}**" in text(app) if count else "No user matches" in text(app)
    assert not count or len(app.dataframe[0].value) == count


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize(
    ("name", "params", "box", "options"),
    [
        ("overview", {}, "change_state", ("churned", "before", "active")),
        ("overview", {"in_platform": "ios"}, "change_value", ("ios",)),
        ("growth", {"in_platform": "ios"}, "combined_state", ("retained", "gained")),
        ("growth", {"in_platform": "ios"}, "days_active", (3,)),
        ("segments", {"metric": "Churn rate"}, "series", ("android",)),
        ("segments", {"metric": "Quick ratio", "by": "Country"}, "series", ("unknown", "*bold* [x](y)")),
        ("retention", {"kind": "On or after"}, "cell_age", (0, 2)),
    ],
)
def test_a_link_to_users_leads_to_as_many_as_it_says(
    page: Open, grain: str, name: str, params: dict[str, str], box: str, options: tuple[Any, ...]
) -> None:
    app = page(name, grain=grain, range="All", **params)
    for option in options:
        app.selectbox(key=box).set_value(option)
        for link in sound(app.run()).get("page_link"):
            found = page("users", **parse_qs(link.proto.query_string))
            assert f"**{link.proto.label.removeprefix('See these ')}**" in text(found)


def test_behind_all_others_stand_those_without_a_series(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth.history, "__defaults__", (None, 1))  # one value has a series, all others have none
    app = page("segments", by="Country", range="All")
    for metric in ("New users", "Churned users", "Active users"):
        app.selectbox(key="metric").set_value(metric)
        app.selectbox(key="series").set_value(growth.OTHERS)
        [link] = sound(app.run()).get("page_link")
        found = page("users", **parse_qs(link.proto.query_string))
        assert f"**{link.proto.label.removeprefix('See these ')}**" in text(found)
        assert "country: any but" in found.subheader[0].value


def test_days_active_are_counted_as_the_warehouse_does(db: warehouse.Snapshot, ledger: Ledger) -> None:
    everybody = growth.power_users(db, EVERYTHING)
    assert everybody[everybody["users"] > 0].to_numpy().tolist() == [
        list(row) for row in ledger.query("select days_active, users from power_users order by 1")
    ]
    platforms = catalogue.segment_values(db, "platform")
    pd.testing.assert_frame_equal(
        growth.power_users(db, replace(EVERYTHING, segments={"platform": platforms})), everybody
    )


def test_what_was_chosen_gives_way_where_it_does_not_exist(page: Open) -> None:
    app = page("retention", grain="Day")
    app.selectbox(key="cell_age").set_value(100)
    sound(app.run()).segmented_control(key="grain").set_value("Month")
    assert "first seen in Jan 2026 were active in Feb 2026" in text(sound(app.run()))


def test_one_user(page: Open, ledger: Ledger) -> None:
    user, days, events = ledger.query(
        "select user_id, active_days, events from dim_users order by events desc limit 1"
    )[0]
    app = page("users", user=user)
    assert app.table[0].value["value"].to_dict().items() >= {"Days active": str(days), "Events": str(events)}.items()
    assert len(app.dataframe[-1].value) == min(events, 200)
    assert "no such user" in text(page("users", user="' or 1=1 --"))


def test_the_table_of_a_chart_has_its_numbers(page: Open, ledger: Ledger) -> None:
    app = page("growth", range="All")
    app.toggle(key="table_monthly_growth_metrics.csv").set_value(True)
    shown = sound(app.run()).dataframe[0].value
    expected = ledger.query(
        "select new_users, churned_users, quick_ratio from growth_metrics_monthly order by period_start"
    )
    found = shown[["new_users", "churned_users", "quick_ratio"]].astype(object).where(lambda frame: frame.notna(), None)
    assert [tuple(row) for row in found.to_numpy()] == [tuple(row) for row in expected]


def test_the_identities_hold(page: Open) -> None:
    checks = page("data", section="Checks").dataframe[0].value
    assert len(checks) == 21
    assert (checks["broken"] == 0).all()
    assert (checks["periods"] > 0).all()


# What is not known, and what is open


def test_the_open_period_is_marked_and_never_compared(db: warehouse.Snapshot, page: Open) -> None:
    history = growth.history(db, EVERYTHING)
    still_open = history[~history["is_complete"]]
    assert still_open["change"].isna().all()
    assert (
        still_open.set_index("metric")["value"][["churned_users", "retention_rate", "churn_rate", "quick_ratio"]]
        .isna()
        .all()
    )
    figure = plotly(page("growth"), 0)
    passed, days = still_open[["days_passed", "days"]].iloc[0]
    assert f"open: {passed} of {days} days" in json.dumps(figure["layout"]["annotations"])
    assert figure["data"][0]["marker"]["pattern"]["shape"][-1] == "/"
    without = page("growth")
    without.toggle(key="open").set_value(False)
    assert "open:" not in json.dumps(plotly(sound(without.run()), 0)["layout"]["annotations"])


def test_what_is_not_known_is_said_in_words(page: Open) -> None:
    first = page("overview", range="Custom", dates=["2026-01-07", "2026-01-20"])
    assert "first period of the data" in text(first)
    assert {metric.delta for metric in first.metric if metric.value == "No value"} == {
        "no period before it",
        "nobody churned",
    }
    metric = catalogue.Metric("quick_ratio", "Quick ratio", "", "", "new_users", "ratio", "up", "churned_users")
    assert words.absence(metric, 0, True) == "nobody churned"
    assert words.absence(metric, None, False) == "not known before the period ends"


def test_an_empty_view_says_why_and_how_to_widen(page: Open) -> None:
    app = page("overview", range="Custom", dates=["2026-06-04", "2026-06-05"])
    assert "has ended yet" in text(app) and "Choose longer dates" in text(app)
    assert "No user matches" in text(page("users", search="nobody is called like this"))
    nobody = page("growth", grain="Day", range="7 days", in_platform="web", in_country="unknown")
    assert "Nobody matches" in text(nobody)


def test_changes_are_worded() -> None:
    assert words.change(66, 0.081, "users") == "+66 (+8.1%)"
    assert words.change(-0.0123, None, "share") == "-1.2 points"
    assert [words.judgement(change, "down") for change in (-1, 0, 1)] == ["better", "unchanged", "worse"]
    assert words.count(1, "day") == "1 day" and words.count(1200, "user") == "1,200 users"


def plotly(app: AppTest, number: int) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(app.get("plotly_chart")[number].proto.spec)
    return spec


# Filters, chips, saved views, notes, CSV


def test_chips_say_what_is_filtered_and_take_it_away(page: Open, ledger: Ledger) -> None:
    app = page("overview", in_platform=["ios"], grain="Week")
    matched, total = ledger.query("select count(*) filter (platform = 'ios'), count(*) from dim_users")[0]
    assert f"**{matched}** of {total} users match" in text(app)
    app.button(key="chip_platform").click()
    assert f"**{total}** of {total} users match" in text(sound(app.run()))
    app.button(key="reset").click()
    assert sound(app.run()).session_state["grain"] == "Month"


def test_the_options_of_every_filter_come_from_the_data(page: Open, ledger: Ledger) -> None:
    app = page("overview")
    for segment in ("platform", "utm_source", "country"):
        assert set(app.multiselect(key=f"in_{segment}").options) == {
            found for (found,) in ledger.query(f"select distinct {segment} from dim_users")
        }


def test_saved_views_are_kept_outside_the_warehouse(page: Open, ledger: Ledger) -> None:
    before = hashlib.sha256(ledger.warehouse.read_bytes()).digest()
    saved_views.save(saved_views.SavedView("iOS <b>", "./growth", {"in_platform": ["ios"], "grain": ["Week"]}))
    app = page("overview")
    assert '<a href="./growth?in_platform=ios&amp;grain=Week">iOS &lt;b&gt;</a>' in [
        element.value for element in app.html
    ]
    app.button(key="forget_iOS <b>").click()
    sound(app.run())
    assert saved_views.listed() == []
    assert hashlib.sha256(ledger.warehouse.read_bytes()).digest() == before


def test_notes_stand_on_their_dates(page: Open, ledger: Ledger) -> None:
    (ledger.data / "annotations.csv").write_text("date,text\n2026-03-15,<i>Launch</i>\nsoon,never\n", encoding="utf-8")
    layout = plotly(page("growth"), 0)["layout"]
    assert [shape["x0"] for shape in layout["shapes"]] == ["2026-03-15"]
    assert "&lt;i&gt;Launch" in json.dumps(layout["annotations"])
    (ledger.data / "annotations.csv").write_bytes(b"\xff\xfe nothing of the kind")
    assert not notes.within(EVERYTHING)


def test_csv_is_safe_in_a_spreadsheet() -> None:
    frame = pd.DataFrame({"=name": ["=2+5", "@cmd", "-x", "plain, text"], "change": [-1, 2, 3, 4]})
    lines = csv_export.to_csv(frame).decode("utf-8-sig").splitlines()
    assert lines == ["'=name,change", "'=2+5,-1", "'@cmd,2", "'-x,3", '"plain, text",4']


def test_figures_show_names_as_they_stand() -> None:
    assert charts._clip("<a href=x>&") == "&lt;a href=x&gt;&amp;"
    assert words.plain("*bold* [x](y)") == r"\*bold\* \[x\]\(y\)"


# The file


def test_the_app_can_only_read(db: warehouse.Snapshot, tmp_path: Path) -> None:
    for sql in (
        "select * from read_text('/etc/hostname')",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.duckdb'",
        "create table warehouse.main.mine as select 1",
        "delete from warehouse.meta.metrics",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(duckdb.Error):
            db.read(sql)


def test_what_a_reader_does_with_a_result_stays_theirs(db: warehouse.Snapshot) -> None:
    sql = "select user_id, events from dim_users order by user_id"
    first = db.read(sql)
    untouched = first.copy()
    first["events"] = 0
    first.loc[0, "user_id"] = "mine"
    first["new"] = 1
    pd.testing.assert_frame_equal(db.read(sql), untouched)


def test_results_are_computed_once_and_bounded() -> None:
    computed: list[str] = []

    def compute(name: str) -> Callable[[], bytes]:
        def once() -> bytes:
            computed.append(name)
            return bytes(400)

        return once

    results = warehouse.Results(most_bytes=1000)
    for name in ("a", "b", "a", "c", "a", "b"):  # there is room for two, and a is used most
        assert results.once(name, compute(name)) == bytes(400)
    assert computed == ["a", "b", "c", "b"]
    for _ in range(2):  # too large to be kept
        assert len(results.once("large", lambda: bytes(2000))) == 2000
    for _ in range(2):  # a failure is not kept
        with pytest.raises(ZeroDivisionError):
            results.once("failing", lambda: 1 // 0)


def test_readers_who_ask_for_the_same_at_once_wait_for_one_of_them() -> None:
    results, computed, asked = warehouse.Results(), [], threading.Barrier(4)

    def compute() -> int:
        computed.append(1)
        time.sleep(0.2)
        return len(computed)

    def ask() -> int:
        asked.wait()
        return results.once("key", compute)

    with ThreadPoolExecutor(4) as pool:
        assert [asking.result() for asking in [pool.submit(ask) for _ in range(4)]] == [1] * 4


def test_a_new_version_is_noticed_and_the_old_one_stays_readable(page: Open, ledger: Ledger, tmp_path: Path) -> None:
    app = page("overview")
    held = warehouse.current()
    count = "select count(*) as users from dim_users"
    before = held.read(count)["users"].iloc[0]
    publish_changed(ledger, "delete from dim_users where user_id = 'u_last'")
    assert held.read_uncached(count)["users"].iloc[0] == before
    sound(app.run())
    assert app.session_state["snapshot"].version != held.version
    assert f"of {before - 1} users match" in text(app)


@pytest.mark.parametrize("problem", ["missing", "unreadable", "older"])
def test_a_file_that_cannot_be_used_says_what_to_do(page: Open, ledger: Ledger, problem: str) -> None:
    page("overview")
    if problem == "older":
        publish_changed(ledger, "alter table meta.refresh_log drop column tests_passed")
    else:
        ledger.warehouse.unlink()
    if problem == "unreadable":
        ledger.warehouse.write_bytes(b"no database" * 1000)
    app = open_page("overview")
    assert "make refresh" in text(app)
    assert str(ledger.folder) not in text(app)


def test_a_warehouse_without_events(page: Open, ledger: Ledger) -> None:
    page("overview")
    publish_changed(ledger, "update meta.refresh_log set as_of_date = null")
    for name in PAGES[:-1]:
        assert "no event has been accepted" in text(open_page(name))
    assert len(open_page("data").dataframe) == 2


def test_a_failing_query_says_so_in_its_own_place(page: Open, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    publish_changed(ledger, "alter table power_users rename users to people")
    app = (
        AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=30).run().switch_page("app/pages/growth.py").run()
    )
    assert not app.exception
    assert [error.value for error in app.error] == ["This part could not be read from the warehouse."]
    assert app.button(key="retry_Power users")
    [said] = [record for record in caplog.records if record.name.startswith("app.")]
    assert said.getMessage().startswith("panel Power users: BinderException: Binder Error")
    assert not said.exc_info and "\n" not in said.getMessage()
    assert len(app.get("plotly_chart")) == 10  # the others stand


@pytest.mark.parametrize(
    ("message", "logged"),
    [
        ('Cannot open file "/srv/my data/w.duckdb": gone\nLINE 1: select', 'Error: Cannot open file "…": gone'),
        (r"No such file: C:\data\w.duckdb", "Error: No such file: …"),
        ("Division a / b of /home/me/x", "Error: Division a / b of …"),
    ],
)
def test_no_path_reaches_the_log(message: str, logged: str) -> None:
    assert warehouse.readable(duckdb.Error(message)) == logged


@pytest.mark.parametrize(
    ("table", "column", "names"),
    [
        ("growth_metrics_monthly", "retained_users", ("overview", "growth", "segments")),
        ("retention_triangle_monthly", "retained_users", ("retention",)),
        ("user_lifecycle_monthly", "period_start", ("users",)),
    ],
)
def test_no_page_falls_with_its_first_query(ledger: Ledger, table: str, column: str, names: tuple[str, ...]) -> None:
    [(user,)] = ledger.query("select min(user_id) from dim_users")
    current = open_page("overview")
    publish_changed(ledger, f"alter table {table} rename {column} to something_else")
    for name in names:
        current.switch_page(f"app/pages/{name}.py")
        current.query_params["user"] = user
        current.run()
        assert not current.exception
        assert current.error


def test_stale_data_is_marked(page: Open, ledger: Ledger) -> None:
    old = datetime.now() - timedelta(days=9)
    publish_changed(ledger, f"update meta.refresh_log set finished_at = '{old}'")
    assert "last refresh is overdue" in text(page("overview"))


# The rooms


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_dependencies_run_one_way() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        assert "pipeline" not in imports(path)
        if path.name == "charts.py" or path.parent.name == "queries":
            assert "streamlit" not in imports(path)
        if path.parent.name in ("components", "pages", "queries"):
            assert "duckdb.connect" not in path.read_text(encoding="utf-8")
