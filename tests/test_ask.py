"""Ask your data: readings, results against SQL written by hand, honest words, follow-ups, command line and page."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from ask_warehouse import build_once
from door import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app import charts, warehouse
from app.ask import catalogue as catalogues
from app.ask import figures
from app.ask.answer import Answer, from_reading, of_query
from app.ask.catalogue import GRAINS, GROWTH, Catalogue, add_months
from app.ask.dates import DateReader
from app.ask.evaluation import judged
from app.ask.examples import examples
from app.ask.metric_query import Clarify, Grain, MetricQuery, Operation, Refused, SegmentFilter, Unanswerable
from app.ask.phrasing import as_question
from app.ask.reader import read
from app.ask.session import ask, reviewed_questions
from app.ask.tokens import tokenise

pytestmark = pytest.mark.xdist_group("ask")


@pytest.fixture(scope="module", autouse=True)
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The warehouse, for every test here; no model."""
    file = build_once(tmp_path_factory).warehouse
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_PATH", str(file))
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
            patch.delenv(name, raising=False)
        yield file


@pytest.fixture(scope="module")
def db() -> warehouse.Snapshot:
    return warehouse.current()


@pytest.fixture(scope="module")
def catalogue(db: warehouse.Snapshot) -> Catalogue:
    return catalogues.of(db)


def query_of(question: str, catalogue: Catalogue) -> MetricQuery:
    reading = read(question, catalogue).reading
    assert isinstance(reading, MetricQuery), reading
    return reading


# the reviewed questions


def test_the_reviewed_list_is_large_and_of_every_kind() -> None:
    entries = reviewed_questions()
    questions = [question for entry in entries for question in entry["questions"]]
    assert len(questions) >= 120
    assert len(set(questions)) == len(questions)
    assert {"ambiguous", "unanswerable", "hostile", "cohort", "explain"} <= {entry["kind"] for entry in entries}


@pytest.mark.parametrize("entry", reviewed_questions(), ids=lambda entry: entry["questions"][0][:50])
def test_reviewed_questions_agree_with_sql_written_by_hand(db: warehouse.Snapshot, entry: dict[str, Any]) -> None:
    for question in entry["questions"]:
        verdict, answer = judged(db, entry, question, "builtin")
        assert verdict == "right", f"{question}: {answer.status}: {answer.answer}"


@pytest.mark.parametrize(
    "entry",
    [entry for entry in reviewed_questions() if entry["status"] == "answered"],
    ids=lambda entry: entry["questions"][0][:50],
)
def test_a_reviewed_question_is_read_as_reviewed(catalogue: Catalogue, entry: dict[str, Any]) -> None:
    question = entry["questions"][0]
    assert query_of(question, catalogue) == MetricQuery.model_validate(entry["metric_query"])
    assert ask(question).trust == "verified"


def test_examples_are_made_from_the_data_and_answered(catalogue: Catalogue) -> None:
    for question in examples(catalogue):
        assert ask(question).status == "answered", question


# dates


@settings(max_examples=60, deadline=None)
@given(first=st.dates(date(2020, 1, 1), date(2025, 1, 1)), days=st.integers(40, 1500), n=st.integers(1, 30))
def test_relative_dates_count_from_the_as_of_date(catalogue: Catalogue, first: date, days: int, n: int) -> None:
    as_of = first + timedelta(days=days)
    moved = replace(catalogue, first=first, as_of=as_of)

    def span(text: str) -> tuple[date, date]:
        [found] = DateReader(moved).find(tokenise(text))
        return found.span.first, found.span.last

    day, month = timedelta(days=1), as_of.replace(day=1)
    monday = as_of - timedelta(days=(as_of.weekday() - moved.week_start) % 7)
    assert span("today") == (as_of, as_of)
    assert span("yesterday") == (as_of - day, as_of - day)
    assert span(f"the last {n} days") == (as_of - n * day, as_of - day)
    assert span(f"past {n} weeks") == (monday - 7 * n * day, monday - day)
    assert span(f"previous {n} months") == (add_months(month, -n), month - day)
    assert span("last month") == (add_months(month, -1), month - day)
    assert span("this month") == (month, add_months(month, 1) - day)
    assert span("last week") == (monday - 7 * day, monday - day)
    assert span(f"{n} days ago") == (as_of - n * day, as_of - n * day)
    quarter = date(as_of.year, (as_of.month - 1) // 3 * 3 + 1, 1)
    assert span("last quarter") == (add_months(quarter, -3), quarter - day)
    assert span("last year") == (date(as_of.year - 1, 1, 1), date(as_of.year - 1, 12, 31))
    assert span("year to date") == (date(as_of.year, 1, 1), as_of)


@settings(max_examples=60, deadline=None)
@given(day=st.dates(date(2025, 7, 2), date(2026, 10, 13)), later=st.integers(0, 200))
def test_absolute_dates_are_read_as_written(catalogue: Catalogue, day: date, later: int) -> None:
    end = day + timedelta(days=later)

    def span(text: str) -> tuple[date, date]:
        [found] = DateReader(catalogue).find(tokenise(text))
        return found.span.first, found.span.last

    for text in (
        f"{day}",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%b} {day.day}, {day.year}",
        f"the {day.day}th of {day:%B} {day.year}",
    ):
        assert span(text) == (day, day), text
    month = day.replace(day=1)
    for text in (f"{day:%B} {day.year}", f"{day:%b} {day.year}", f"{day:%Y-%m}", f"{day:%B} '{day:%y}"):
        assert span(text) == (month, add_months(month, 1) - timedelta(days=1)), text
    assert span(f"from {day} to {end}") == (day, end)
    assert span(f"between {day} and {end}") == (day, end)
    assert span(f"since {day}") == (day, catalogue.as_of)
    week = catalogue.period_start(day, "week")
    assert span(f"week of {day.day} {day:%B} {day.year}") == (week, week + timedelta(days=6))
    quarter = (day.month + 2) // 3
    start = date(day.year, quarter * 3 - 2, 1)
    assert span(f"Q{quarter} {day.year}") == (start, add_months(start, 3) - timedelta(days=1))


@settings(max_examples=40, deadline=None)
@given(month=st.dates(date(2025, 8, 1), date(2026, 9, 30)), days=st.tuples(st.integers(1, 28), st.integers(1, 28)))
def test_parts_of_a_month_are_read_as_written(catalogue: Catalogue, month: date, days: tuple[int, int]) -> None:
    first, last = sorted(days)
    name, start = f"{month:%B} {month.year}", month.replace(day=1)
    end = add_months(start, 1) - timedelta(days=1)

    def span(text: str) -> tuple[date, date]:
        [found] = DateReader(catalogue).find(tokenise(text))
        return found.span.first, found.span.last

    for text in (f"{first} to {last} {name}", f"between {first} and {last} {name}", f"from {first}-{last} {name}"):
        assert span(text) == (month.replace(day=first), month.replace(day=last)), text
    assert span(f"{month:%B} {first} to {last}, {month.year}") == (month.replace(day=first), month.replace(day=last))
    assert span(f"the first {last} days of {name}") == (start, month.replace(day=last))
    assert span(f"the last day of {name}") == (end, end)
    week, after = span(f"the first week of {name}")[0], span(f"the second week of {name}")[0]
    assert start <= week < start + timedelta(days=7)
    assert week.weekday() == catalogue.week_start
    assert after == week + timedelta(days=7)
    assert end - timedelta(days=7) < span(f"the last week of {name}")[0] <= end


@pytest.mark.parametrize(
    "text", ["30 February 2026", "2026-13-45", "31.31.2026", "99th of May", "Q7 2026", "week 99 of 2026"]
)
def test_dates_that_are_none_are_not_guessed(catalogue: Catalogue, text: str) -> None:
    reading = read(f"new users on {text}", catalogue).reading
    assert not isinstance(reading, MetricQuery)


# the grammar


OPERATIONS: tuple[Operation, ...] = ("value", "highest", "lowest")
GROWTH_METRICS = ("new_users", "retained_users", "resurrected_users", "churned_users", "churn_rate", "quick_ratio")


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_query_put_into_words_is_read_back(catalogue: Catalogue, data: st.DataObject) -> None:
    grain: Grain = data.draw(st.sampled_from(GRAINS))
    periods = catalogue.periods_between(catalogue.first_period(grain), catalogue.latest_complete(grain), grain)
    offset = data.draw(st.integers(1, periods - 1))
    start = catalogue.shifted(catalogue.first_period(grain), offset, grain)
    operation: Operation = data.draw(st.sampled_from(OPERATIONS))
    metric = data.draw(st.sampled_from(GROWTH_METRICS))
    by = data.draw(st.sampled_from((None, *catalogue.segments)))
    segment = data.draw(st.sampled_from([None, *(name for name in catalogue.segments if name != by)]))
    filters: tuple[SegmentFilter, ...] = ()
    if segment:
        values = [value for value in catalogue.segments[segment] if value != "unknown"]
        filters = (SegmentFilter(segment=segment, values=(data.draw(st.sampled_from(values)),)),)
    if operation != "value" and by is None:
        end = catalogue.latest_complete(grain)
        grain, start = "month", catalogue.first_period("month")
        end = catalogue.latest_complete("month")
    else:
        end = start
    query = MetricQuery(
        operation=operation, metrics=(metric,), grain=grain, start=start, end=end, filters=filters, by=by
    )
    assert query_of(as_question(query, catalogue), catalogue) == query


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_gets_a_reading(catalogue: Catalogue, text: str) -> None:
    assert isinstance(read(text, catalogue).reading, MetricQuery | Clarify | Unanswerable | Refused)


GROWTH_WORDS = """
new active churned users retention rate cohort after 3 months in May 2026 by platform ios SG why did drop highest which
month week compare last since between and January not above 30% share of average banana
"""


@settings(max_examples=30, deadline=None)
@given(question=st.lists(st.sampled_from(GROWTH_WORDS.split()), max_size=9).map(" ".join))
def test_any_row_of_growth_words_gets_a_sound_answer(question: str) -> None:
    answer = ask(question)
    assert answer.status != "failed", answer.answer
    assert answer.answer
    json.dumps(answer.to_json())


@pytest.mark.parametrize(
    "question",
    [
        "churn rate of users with banana in May 2026",
        "average new users in May 2026",
        "new users in the rainy week of May 2026",
        "active users before the outage",
        "new users in May 2026 in the morning",
        "cumulative churned users by month",
        "How many cohorts are there?",
        "churned users in May 2026 who had signed up twice",
        "users who came back within a month",
        "how many of those who joined in May 2026 left within 2 months",
        "is tiktok the top source in each country in May 2026",
        "best source in each country by month 1 retention",
        "how many days did churned users stay active",
        "which month had the most new users by country",
    ],
)
def test_what_is_not_understood_is_not_left_out(catalogue: Catalogue, question: str) -> None:
    assert not isinstance(read(question, catalogue).reading, MetricQuery)


def test_follow_ups_keep_the_context(catalogue: Catalogue) -> None:
    first = query_of("churn rate in June 2026", catalogue)

    def then(question: str, before: MetricQuery) -> MetricQuery:
        reading = read(question, catalogue, context=before).reading
        assert isinstance(reading, MetricQuery), reading
        return reading

    android = then("and on android?", first)
    assert android == first.changed(filters=(SegmentFilter(segment="platform", values=("android",)),))
    assert then("what about August?", android).start == date(2026, 8, 1)  # of the year before it
    assert then("what about ios?", android).filters[0].values == ("ios",)
    assert then("why?", first).operation == "explain"
    assert then("by country", first).by == "country"
    assert then("and the quick ratio?", first) == first.changed(metrics=("quick_ratio",))
    assert then("new users in May 2026", android).filters == ()


def test_the_page_around_the_question_counts(catalogue: Catalogue) -> None:
    ios = SegmentFilter(segment="platform", values=("ios",))
    found = read("churn rate in June 2026", catalogue, page_filters=(ios,))
    assert isinstance(found.reading, MetricQuery)
    assert found.reading.filters == (ios,)
    assert any("filter" in note for note in found.notes)
    named = read("churn rate on android in June 2026", catalogue, page_filters=(ios,)).reading
    assert isinstance(named, MetricQuery)
    assert named.filters[0].values == ("android",)


# honest words


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("churn rate last month", "Sep 2026"),
        ("churn rate this month", "not yet known"),
        ("active users this month", "so far (still open)"),
        ("churn rate in March 2024", "no data for Mar 2024"),
        ("new users in December 2026", "not yet known"),
        ("How many of the September 2026 cohort were there after 3 months?", "Not yet known"),
        ("How many of the September 2026 cohort were there after 1 month?", "so far (that period is still open)"),
        ("quick ratio in July 2025", "nobody churned"),
        ("retention rate in July 2025", "no period before it"),
        ("new users in August", "Aug 2025 or Aug 2026"),
        ("active users in Vietnam", "Country: "),
        ("active users on windows", "Platform: "),
        ("churn rate and MAU of robots", "not"),
        ("virality score in May", "no metric called"),
        ("Why did the quick ratio drop in May?", "It did not fall"),
        ("Did active users fall in May 2026?", "No: active users rose"),
        ("How much revenue did we make?", "nothing about revenue"),
        ("What will churn be in January 2027?", "not yet known"),
    ],
)
def test_the_answer_says_what_it_knows(question: str, said: str) -> None:
    assert said in ask(question).answer


def test_nothing_unknown_is_a_zero() -> None:
    for question in ("churn rate this month", "churn rate in March 2024", "quick ratio in July 2025"):
        answer = ask(question)
        assert " 0" not in answer.answer
        assert answer.frame.empty or answer.frame.iloc[0].drop(["period_start", "is_complete"]).isna().any()


def test_users_are_not_added_up_and_rates_not_averaged(db: warehouse.Snapshot) -> None:
    months = ask("active users in Q2 2026")
    assert len(months.frame) == 3
    assert any("do not add up" in note for note in months.notes)
    rate = ask("average churn rate in Q2 2026").frame["churn_rate"].iat[0]
    parts = db.read("select * from growth_metrics_monthly where period_start between '2026-04-01' and '2026-06-01'")
    assert rate == pytest.approx(parts["churned_users"].sum() / parts["prior_active_users"].sum())
    assert rate != pytest.approx(parts["churn_rate"].mean())


@pytest.mark.parametrize(
    "metric", ["active_users", "new_users", "churn_rate", "retention_rate", "quick_ratio", "gained_users"]
)
@pytest.mark.parametrize("grain", ["week", "month"])
def test_the_parts_of_a_change_add_up(db: warehouse.Snapshot, catalogue: Catalogue, metric: str, grain: Any) -> None:
    end = catalogue.latest_complete(grain)
    for back in range(3):
        start = catalogue.shifted(end, -back, grain)
        query = MetricQuery(operation="explain", metrics=(metric,), grain=grain, start=start, end=start)
        frame = of_query(db, catalogue, query).frame
        total = frame[frame["dimension"] == "total"].iloc[0]
        assert total["after"] - total["before"] == pytest.approx(total["contribution"])
        for dimension, rows in frame[frame["dimension"] != "total"].groupby("dimension"):
            assert rows["contribution"].sum() == pytest.approx(total["contribution"], abs=1e-9), dimension


@pytest.mark.parametrize("metric", ["active users", "new users", "churn rate", "quick ratio"])
@pytest.mark.parametrize("grain", ["week", "month"])
def test_ranks_counts_and_runs_agree(metric: str, grain: str) -> None:
    column = metric.replace(" ", "_")
    series = ask(f"{metric} by {grain}").frame
    complete = series[series["is_complete"]]
    known = complete.dropna(subset=[column])
    values = sorted(known[column], reverse=True)
    for place, word in enumerate(("highest", "second highest", "third highest")):
        assert ask(f"which {grain} had the {word} {metric}?").frame[column].iat[0] == values[place]
    values_known = [float(value) for value in known[column]]
    middle = sorted(values_known)[len(values_known) // 2]
    at_least = ask(f"{grain}s with at least {middle} {metric}").frame
    below = ask(f"{grain}s with {metric} below {middle}").frame
    assert len(at_least) + len(below) == len(known)
    changes = complete[column].astype(float).diff()  # from the period before, if both are known
    for verb, expected in (("rise", (changes > 0).sum()), ("fall", (changes < 0).sum())):
        assert len(ask(f"in how many {grain}s did {metric} {verb}?").frame) == expected
    run = ask(f"since which {grain} has {metric} been above {middle}?").frame
    rest = len(values_known) - len(run)
    assert list(run[column]) == values_known[rest:]
    assert rest == 0 or values_known[rest - 1] <= middle
    latest = [value for value in values_known if value > middle][-1]
    assert ask(f"when was the last {grain} with {metric} above {middle}?").frame[column].iat[0] == latest


@pytest.mark.parametrize("question", ["new users in August", "active users on 12 September", "churn rate in Q3"])
def test_a_question_back_offers_questions_that_are_answered(question: str) -> None:
    back = ask(question)
    assert back.status == "clarify"
    assert len(back.options) > 1
    for option in back.options:
        assert ask(option).status == "answered", option


def test_only_the_year_that_can_be_known_is_not_asked_for() -> None:
    first = ask("churn rate in July").metric_query  # July 2025 has no month before it
    assert first is not None
    assert first.start == date(2026, 7, 1)
    assert ask("active users in October").status == "clarify"
    assert ask("churn rate in October").status == "clarify"  # the one that is still open may be meant


@pytest.mark.parametrize(
    "question",
    [
        "worst platform in each country by new users in May 2026",
        "best month of each country for new users in 2026",
        "top country each week for new users from 4 May 2026 to 31 May 2026",
    ],
)
def test_the_first_of_each_is_put_into_words_and_read_back(catalogue: Catalogue, question: str) -> None:
    query = query_of(question, catalogue)
    assert query.within_each
    assert query_of(as_question(query, catalogue), catalogue) == query
    catalogue.checked(query.changed(by="platform", and_by=None, within_each=None))  # as a chip changes it


def test_a_year_that_nobody_said_is_named_before_the_answer() -> None:
    assumed = "Aug 2026 is taken, beside Jun 2026."
    assert ask("active users in June against August").answer.startswith(assumed)
    said = ask("active users in July, August and September 2026")
    assert "is taken" not in f"{said.answer} {said.notes}"


def test_ranges_that_overlap_are_not_compared(db: warehouse.Snapshot, catalogue: Catalogue) -> None:
    query = MetricQuery(
        operation="compare",
        metrics=("new_users",),
        grain="month",
        start=date(2026, 5, 1),
        end=date(2026, 5, 1),
        against_start=date(2026, 1, 1),
        against_end=date(2026, 6, 1),
    )
    assert "overlap" in of_query(db, catalogue, query).answer


@pytest.mark.parametrize("segment", ["platform", "utm source", "country"])
def test_a_value_and_all_the_others_make_the_whole(catalogue: Catalogue, segment: str) -> None:
    value = catalogue.segments[segment.replace(" ", "_")][0]
    parts = (f"new users in May 2026 of {segment} {value}", f"new users in May 2026 without {value}")
    one, others, everybody = (list(ask(question).frame["new_users"]) for question in (*parts, "new users in May 2026"))
    assert [a + b for a, b in zip(one, others, strict=True)] == everybody


@pytest.mark.parametrize("segment", ["platform", "utm source", "country"])
def test_shares_make_a_whole_and_sums_so_far_the_sum(segment: str) -> None:
    shares = ask(f"share of new users by {segment} in May 2026").frame
    assert shares["share"].sum() == pytest.approx(1)
    assert shares["new_users"].sum() == shares["total"].iat[0]
    so_far = ask("cumulative new users by month").frame["so_far"]
    assert so_far.is_monotonic_increasing
    assert so_far.max() == ask("total users so far").frame["new_users"].sum()


@pytest.mark.parametrize(
    "without",
    [
        "apart from tiktok",
        "leaving out tiktok",
        "with the exception of tiktok",
        "for all channels but tiktok",
        "if tiktok is taken out",
        "taking tiktok out",
        "if we leave tiktok out",
        "rather than tiktok users",
        "tiktok aside",
    ],
)
def test_a_value_left_out_is_never_the_only_one_counted(without: str, catalogue: Catalogue) -> None:
    query = query_of(f"churn rate in June 2026 {without}", catalogue)
    assert query == query_of("churn rate in June 2026 without tiktok", catalogue)


@pytest.mark.parametrize("age", [1, 3])
def test_those_there_and_those_gone_make_the_cohort(age: int) -> None:
    there, gone = (
        ask(f"how many of the May 2026 cohort {were} active after {age} months?").frame.iloc[0]
        for were in ("were", "were not")
    )
    assert there["cohort_retained_users"] + gone["gone_users"] == there["cohort_size"]


def test_longer_periods_are_made_of_their_months() -> None:
    months, quarters = (ask(f"new users by {longer}").frame for longer in ("month", "quarter"))
    assert quarters["new_users"].sum() == months["new_users"].sum()
    active = ask("active users by quarter").frame
    of_months = ask("active users in Q2 2026 by month").frame["active_users"]
    assert active["average_active_users"].iat[3] == pytest.approx(of_months.mean())


def test_an_average_stands_only_for_what_does_not_add_up(catalogue: Catalogue, db: warehouse.Snapshot) -> None:
    averaged = query_of("active users in Q2 2026 vs Q3 2026", catalogue)
    assert averaged.averaged
    for metric, question in (("churn_rate", "churn rate"), ("new_users", "new users")):
        changed = of_query(db, catalogue, averaged.changed(metrics=(metric,)))
        plain = ask(f"{question} in Q2 2026 vs Q3 2026")
        assert list(changed.frame[metric]) == list(plain.frame[metric])


def test_where_more_left_than_came_active_users_fell() -> None:
    more_left = ask("in which weeks did we lose more users than we gained?").frame
    fell = ask("in which weeks did active users fall?").frame
    assert list(more_left["period_start"]) == list(fell["period_start"])


@pytest.mark.parametrize("metric", ["churn_rate", "retention_rate", "quick_ratio"])
def test_beside_a_value_stand_everybody_or_all_others(metric: str, catalogue: Catalogue) -> None:
    label = catalogue.metrics[metric].label.lower()

    def figures_of(question: str) -> list[float]:
        return [float(value) for value in ask(f"{label} {question} in August 2026").frame[metric]]

    assert figures_of("on ios vs overall") == [*figures_of("on ios"), *figures_of("")]
    assert figures_of("on ios vs the rest") == [*figures_of("on ios"), *figures_of("without ios")]


def test_what_is_told_is_set_apart_from_what_is_asked(catalogue: Catalogue) -> None:
    plain = query_of("which month had the most new users", catalogue)
    for told in ("I think it was May 2026.", "My boss said that churn rose in June 2026.", "I can't find it myself."):
        assert query_of(f"{told} Which month had the most new users?", catalogue) == plain
    assert query_of("Only ios, please. Which month had the most new users?", catalogue).filters


def test_an_explanation_names_no_cause() -> None:
    answer = ask("Why did churn rise in June 2026?")
    assert "The data shows where it changed, not why." in answer.notes
    assert "because" not in answer.answer


@pytest.mark.parametrize("segment", ["platform", "utm_source", "country"])
def test_every_figure_of_a_segment_agrees_with_the_total(
    db: warehouse.Snapshot, catalogue: Catalogue, segment: str
) -> None:
    parts = ask(f"active users by {segment.replace('_', ' ')} in August 2026").frame["active_users"]
    assert parts.sum() == ask("active users in August 2026").frame["active_users"].iat[0]


# outside


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.ask", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_the_command_line_prints_one_json_object() -> None:
    done = run("--json", "Which month had the highest churn rate?")
    answer = json.loads(done.stdout)
    assert set(answer) == {"status", "answer", "trust", "metric_query", "sql", "columns", "rows", "as_of", "notes"}
    assert answer["status"] == "answered"
    assert answer["trust"] == "verified"
    assert answer["as_of"] == "2026-10-14"
    assert len(answer["rows"][0]) == len(answer["columns"])
    assert warehouse.current().read(answer["sql"]).shape == (len(answer["rows"]), len(answer["columns"]))
    assert done.returncode == 0


def test_the_command_line_without_a_warehouse(tmp_path: Path) -> None:
    done = run("--json", "churn", WAREHOUSE_PATH=str(tmp_path / "none.duckdb"))
    assert json.loads(done.stdout)["status"] == "failed"
    assert done.returncode == 1
    assert str(tmp_path) not in done.stdout + done.stderr


PAGE = """
import runpy
import streamlit as st
from app.components import shell
st.session_state["path"] = "./ask"
if shell.pin_version():
    runpy.run_path("{page}", run_name="__main__")
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, with nothing asked yet."""
    monkeypatch.setenv("ASK_FEEDBACK_PATH", str(tmp_path / "feedback.sqlite"))
    monkeypatch.setenv("SAVED_VIEWS_PATH", str(tmp_path / "views.sqlite"))
    script = PAGE.format(page=ROOT / "app" / "pages" / "ask.py")
    return sound(AppTest.from_string(script, default_timeout=30).run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].message
    assert not app.error, app.error[0].value
    for chart in app.get("plotly_chart"):
        go.Figure(json.loads(chart.proto.spec))
    return app


def answer_on(app: AppTest) -> str:
    [sentence] = [text.value for text in app.markdown if text.value.startswith("####")]
    return str(sentence).replace("\\", "")


def put(app: AppTest, question: str) -> str:
    sound(app.text_input(key="question").set_value(question).run())
    return answer_on(app)


def test_the_page_answers_and_goes_on(page: AppTest) -> None:
    assert "Jun 2026 was" in put(page, "What was the churn rate in June 2026?")
    assert "(android)" in put(page, "and on android?")
    assert "from" in put(page, "why?")
    assert page.get("plotly_chart")
    assert page.code[0].value.startswith("with ")


def test_an_example_can_be_clicked(page: AppTest) -> None:
    [example] = [button for button in page.button if button.label == "Which month had the highest churn rate?"]
    sound(example.click().run())
    assert "highest churn rate" in answer_on(page)


def test_a_chip_changes_what_was_understood(page: AppTest) -> None:
    put(page, "churn rate by platform in June 2026")
    [metric] = [box for box in page.selectbox if box.label == "Metric"]
    sound(metric.set_value("retention_rate").run())
    assert answer_on(page).startswith("#### :material/chat: Retention rate by platform")


def test_what_a_chip_changed_stands_in_the_address(page: AppTest) -> None:
    put(page, "churn rate by platform in June 2026")
    [metric] = [box for box in page.selectbox if box.label == "Metric"]
    sound(metric.set_value("retention_rate").run())
    link = AppTest.from_string(PAGE.format(page=ROOT / "app" / "pages" / "ask.py"), default_timeout=30)
    link.session_state["question"] = "churn rate by platform in June 2026"  # bound to the address, in a browser
    link.query_params["understood"] = page.query_params["understood"]
    assert answer_on(sound(link.run())) == answer_on(page)
    assert "Churn rate" in put(page, "churn rate in July 2026")
    assert "understood" not in page.query_params


def test_a_verdict_is_kept_beside_the_warehouse(page: AppTest, tmp_path: Path) -> None:
    put(page, "churn rate in June 2026")
    sound(page.feedback[0].set_value(1).run())
    with sqlite3.connect(tmp_path / "feedback.sqlite") as database:
        assert database.execute("select question, is_good from feedback").fetchall() == [("churn rate in June 2026", 1)]


@pytest.mark.parametrize(
    "entry",
    [e for e in reviewed_questions() if e["status"] == "answered"],
    ids=lambda entry: entry["questions"][0][:50],
)
def test_the_chart_of_an_answer_is_one_plotly_knows(catalogue: Catalogue, entry: dict[str, Any]) -> None:
    figure = figures.of_answer(ask(entry["questions"][0]), catalogue, charts.LIGHT)
    if figure:
        go.Figure(figure)


@pytest.mark.parametrize(
    "question", ["new users by quarter", "top source by new users for each month since June 2026", "new users by month"]
)
def test_bars_of_an_open_period_are_hatched(catalogue: Catalogue, question: str) -> None:
    answer = ask(question)
    figure = figures.of_answer(answer, catalogue, charts.LIGHT)
    assert figure and answer.frame is not None
    [bars] = figure["data"]
    is_hatched = [shape == "/" for shape in bars["marker"]["pattern"]["shape"]]
    assert is_hatched == [not complete for complete in answer.frame["is_complete"]]
    assert any(is_hatched)


def test_an_answer_is_json_whatever_is_in_it() -> None:
    frame = pd.DataFrame({"a": [1, None], "b": [pd.Timestamp("2026-01-01"), pd.NaT], "c": ["x", None]})
    assert (
        json.dumps(Answer("answered", "x", frame=frame).to_json()["rows"])
        == '[[1.0, "2026-01-01", "x"], [null, null, null]]'
    )


def test_the_catalogue_comes_from_the_warehouse(catalogue: Catalogue, db: warehouse.Snapshot) -> None:
    [days_active] = set(catalogue.metrics) - set(db.read("select name from meta.metrics")["name"])
    assert catalogue.metrics[days_active].description.startswith("Users by the number of days")
    assert catalogue.models["churn_rate"] == GROWTH
    assert catalogue.as_of == date(2026, 10, 14)


# words that change nothing, and words that are not understood


@pytest.mark.parametrize(
    "aside",
    [
        "{}, for tomorrow's weekly business review",
        "for my board deck, {}",
        "{}? I'm preparing a presentation.",
        "so that I can finish the newsletter, {}",
        "good morning team, could you kindly dig up the {}? Cheers, Anna",
        "just curious: {}",
    ],
)
def test_what_stands_around_a_question_changes_nothing(aside: str, catalogue: Catalogue) -> None:
    plain = "churn rate in August 2026"
    assert query_of(aside.format(plain), catalogue) == query_of(plain, catalogue)
    assert read(aside.format(plain), catalogue).ignored == ()


def test_what_could_bear_on_a_figure_is_quoted_and_the_rest_is_not(catalogue: Catalogue) -> None:
    question = "churn rate in August 2026? {}"
    for idle in ("Just the one figure, please.", "The rate, not the count.", "I'm working on the risk section."):
        assert read(question.format(idle), catalogue).aside == ""
    for said in ("Minus the bots", "Newest first", "We only sell to students", "We sent mails in July"):
        assert said in read(question.format(f"{said}."), catalogue).aside


def test_active_users_beside_another_figure_are_asked_for(catalogue: Catalogue) -> None:
    both = "August 2026 against July 2026, for actives and churn rate"
    assert query_of(both, catalogue).metrics == ("active_users", "churn_rate")
    of_them = "Of the users active in July 2026, how many were lost in August 2026?"
    assert query_of(of_them, catalogue).metrics == ("churned_users",)


def test_an_unknown_word_that_stands_apart_is_left_out_and_said_first() -> None:
    for question in (
        "Our Zibble campaign went well. What was the churn rate in June 2026?",
        "please could you zibble me the churn rate in June 2026",
    ):
        answer = ask(question)
        assert answer.status == "answered"
        assert answer.answer.startswith("I did not take account of “")
        assert answer.notes[0] in answer.answer


@pytest.mark.parametrize(
    "question",
    [
        "how many zibble users in June 2026",
        "churn of zibbles in June 2026",
        "how many learning users in June 2026",
        "new users in June 2026 from the big zibble",
        "zibble: new users in June 2026",
        "I'm looking at zibble: new users in May 2026",
        "never active users in June 2026",
        "seasonally adjusted active users in June 2026",
        "short-term active users in June 2026",
        "active tablet users in June 2026",
        "rolling churn rate in June 2026",
        "churn rate in June 2026 among people over 30",
        "active users by browser",
    ],
)
def test_an_unknown_word_that_may_name_a_segment_stops_the_question(question: str) -> None:
    assert ask(question).trust is None


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("was churn in June 2026 higher than in July 2026", "Yes: "),
        ("was retention in June 2026 better than in July 2026", "No: "),
        ("was churn in July 2026 better than in June 2026", "Yes: "),
        ("is churn in Indonesia lower than in Thailand in September 2026", "Yes: "),
        ("did tiktok bring more new users than google in May 2026", "Yes: "),
        ("was the May 2026 cohort larger than the June 2026 cohort", "Yes: "),
        ("our CEO is asking: did active users grow in June 2026", "No: "),
        ("is retention in September 2026 better than a year ago", "Yes: "),
        ("is churn better than in May 2026", "No: "),
        ("did active users fall every month in 2026", "No: "),
        ("is month 3 retention of facebook users higher than google's", "No: "),
        ("did September 2026 beat the month before on active users", "Yes: "),
    ],
)
def test_a_question_for_yes_or_no_is_answered_so(question: str, begins: str) -> None:
    assert ask(question).answer.startswith(begins)


def test_a_rate_over_a_part_of_its_periods_says_so_first() -> None:
    answer = ask("churn rate 1 to 15 September 2026")
    assert answer.answer.startswith("1 Sep 2026 to 15 Sep 2026 is no whole number of weeks")


@pytest.mark.parametrize(("slip", "meant"), [("waht", "what"), ("hwo", "how"), ("mnay", "many")])
def test_letters_that_changed_places_are_read(slip: str, meant: str, catalogue: Catalogue) -> None:
    assert f"Read “{slip}” as “{meant}”." in read(f"{slip} new users in June 2026", catalogue).notes


def test_two_slips_in_a_short_word_make_another_word() -> None:
    assert ask("were they daining when active users fell in June 2026").trust is None
    assert ask("users by raining in June 2026").trust is None


def test_numbers_may_be_written_out(catalogue: Catalogue) -> None:
    for said, digits in (
        ("new users in the last twenty-five days", "new users in the last 25 days"),
        ("new users on the thirty-first of May 2026", "new users on the 31st of May 2026"),
        ("users active on at least fifteen of the last 28 days", "users active on at least 15 of the last 28 days"),
    ):
        assert query_of(said, catalogue) == query_of(digits, catalogue)


ASKED = [question.split() for entry in reviewed_questions() for question in entry["questions"]]
PART = st.tuples(st.sampled_from(ASKED), st.integers(0, 20), st.integers(1, 20)).map(
    lambda cut: cut[0][cut[1] :][: cut[2]]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(parts=st.lists(PART, min_size=1, max_size=3))
def test_no_question_brings_out_a_fault(db: warehouse.Snapshot, parts: list[list[str]]) -> None:
    """Parts of the reviewed questions, put together as chance has it: metrics, dates and operations in any mixture."""
    question = " ".join(word for part in parts for word in part)
    assert ask(question, db=db).status != "failed", question


REVIEWED = [entry["metric_query"] for entry in reviewed_questions() if entry["status"] == "answered"]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    query=st.sampled_from(REVIEWED),
    others=st.lists(
        st.tuples(st.sampled_from(sorted(MetricQuery.model_fields)), st.sampled_from(REVIEWED)), max_size=3
    ),
)
def test_no_metric_query_brings_out_a_fault(
    catalogue: Catalogue, db: warehouse.Snapshot, query: dict[str, Any], others: list[tuple[str, dict[str, Any]]]
) -> None:
    """A model may send any mixture of what there is; each has an answer, or a sentence that says why not."""
    mixed = query | {field: other[field] for field, other in others if field in other}
    answer = from_reading(db, catalogue, MetricQuery.model_validate(mixed))
    assert answer.status in ("answered", "unanswerable")


@pytest.mark.parametrize(
    ("said", "weeks"), [("a fortnight", 2), ("one fortnight", 2), ("two fortnights", 4), ("3 fortnights", 6)]
)
def test_a_fortnight_is_two_weeks(said: str, weeks: int, catalogue: Catalogue) -> None:
    query = query_of(f"retention of the May 2026 cohort after {said}", catalogue)
    assert query == query_of(f"retention of the May 2026 cohort after {weeks} weeks", catalogue)


@pytest.mark.parametrize(
    "left_out", ["with tiktok left out", "with tiktok excluded", "if tiktok is left out", "tiktok aside"]
)
def test_what_is_left_out_of_a_cohort_is_never_what_is_asked(left_out: str, catalogue: Catalogue) -> None:
    asked = "month 1 retention of users new in May 2026"
    assert query_of(f"{asked} {left_out}", catalogue) == query_of(f"{asked} without tiktok", catalogue)


def test_a_rolling_figure_named_with_its_days_stays_one(catalogue: Catalogue) -> None:
    query = query_of("last day in September 2026 on which the 28-day MAU was below 470", catalogue)
    assert (query.metric, query.grain) == ("mau", "day")


def test_weeks_from_a_day_on_are_all_since_then(catalogue: Catalogue) -> None:
    since = query_of("new users by week since 6 July 2026", catalogue)
    assert query_of("new users by week from 6 July 2026 on", catalogue) == since
    week = query_of("new users in the week from 6 July 2026", catalogue)
    assert (week.start, week.end) == (date(2026, 7, 6), date(2026, 7, 6))


def test_a_second_age_is_never_dropped() -> None:
    assert ask("share of the May 2026 cohort active in month 1 or the following month").status == "clarify"
    assert ask("share of the May 2026 cohort active in month 1 or any following month").status == "answered"


def test_an_open_period_is_lower_so_far_only() -> None:
    assert ask("more new users in September 2026 or in October 2026?").answer.startswith("Sep 2026 is higher so far: ")
    assert ask("more new users in July 2026 or in August 2026?").answer.startswith("Jul 2026 is higher: ")
