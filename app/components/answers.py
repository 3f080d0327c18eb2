"""An answer on a page: the sentence, how the question was understood, figure, table, definitions, SQL, verdict."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from app import drawings, words
from app.ask import feedback, figures, wording
from app.ask.answer import Answer
from app.ask.catalogue import COHORTS, GRAINS, GROWTH, Catalogue
from app.ask.metric_query import MetricQuery
from app.ask.phrasing import range_name
from app.components import panels
from app.components.shell import Page

BADGES: dict[str, tuple[str, str, str]] = {
    "verified": (":material/verified:", "green", "A question from the project's reviewed list, read as reviewed."),
    "metric": (":material/function:", "blue", "Compiled from the metric definitions."),
    "generated SQL": (":material/code:", "orange", "SQL written by a model; not checked against the definitions."),
}
STATUS_ICONS = {
    "answered": ":material/chat:",
    "clarify": ":material/help:",
    "unanswerable": ":material/search_off:",
    "refused": ":material/block:",
    "failed": ":material/error:",
}

BAR_WIDTH = 44  # pixels that a bar with its figure needs
# A question is read to its end, however narrow the page.
WRAPPED = "[class*=st-key-suggestions] button * { white-space: normal; text-align: left }"

Change = Callable[[MetricQuery], None]


def show(
    page: Page, catalogue: Catalogue, question: str, answer: Answer, change: Change, ask: Callable[[str], None]
) -> None:
    """Draws an answer.

    change  called with the metric query a reader wants instead
    ask     called with the question a reader clicks
    """
    with st.container(border=True):
        st.markdown(f"#### {STATUS_ICONS[answer.status]} {words.plain(answer.answer)}")
        _trust(answer)
        for note in answer.notes:
            st.markdown(f":material/info: {words.plain(note)}")
        suggestions(answer.options, ask, "option")
        if answer.metric_query:
            chips(answer.metric_query, catalogue, change)
        if not answer.frame.empty and answer.trust:
            figure = figures.of_answer(answer, catalogue, page.palette)
            if figure:
                standing = [t for t in figure["data"] if "text" in t and t.get("orientation") != "h"]
                width = BAR_WIDTH * max((len(trace["x"]) for trace in standing), default=0)
                panels.chart(drawings.ready(figure), answer.answer, "ask_chart", min_width=width)
            columns: dict[str, Any] = {str(name): words.title(str(name)) for name in answer.frame}
            columns |= {name: config for name, config in panels.PERIOD_COLUMNS.items() if name in columns}
            columns |= _ranges(answer.metric_query, columns) if answer.metric_query else {}
            asked = catalogue.asked(answer.metric_query) if answer.metric_query else []
            metrics = catalogue.metrics | {metric.name: metric for metric in asked}
            columns |= {
                name: panels.number_column(metrics[name], metrics[name].label) for name in columns if name in metrics
            }
            panels.table(lambda: answer.frame, "answer.csv", columns, alt="The rows of the answer", collapsed=False)
        if answer.metric_query and answer.trust:
            with st.expander("Definitions", icon=":material/menu_book:"):
                for name in answer.metric_query.metrics:
                    st.markdown(words.plain(wording.definition(catalogue.metrics[name])))
        if answer.sql:
            with st.expander("SQL", icon=":material/code:"):
                st.code(answer.sql, language="sql")
        _verdict(question, answer)


def suggestions(questions: tuple[str, ...] | list[str], ask: Callable[[str], None], key: str) -> None:
    """Questions to click."""
    if not questions:
        return
    st.html(f"<style>{WRAPPED}</style>")
    with st.container(horizontal=True, key=f"suggestions_{key}"):
        for number, question in enumerate(questions):
            st.button(words.plain(question), key=f"{key}_{number}", on_click=ask, args=(question,))


def chips(query: MetricQuery, catalogue: Catalogue, change: Change) -> None:
    """How the question was understood; each chip opens to change it."""
    # The widgets begin with what is understood now: their keys change with it.
    suffix = str(hash(query.model_dump_json()))
    kind = catalogue.kind(query.metric)
    with st.container(horizontal=True, key="understood"):
        labels = {name: catalogue.metrics[name].label for name, model in catalogue.models.items() if model == kind}
        metrics = ", ".join(labels[name] for name in query.metrics)
        _chip(
            f"Metric: {metrics}",
            "Metric",
            labels,
            query.metric,
            lambda name: query.changed(metrics=(name,)),
            change,
            suffix,
        )
        if kind in (GROWTH, COHORTS):
            _chip(
                f"By {query.grain}", "Grain", {grain: grain.capitalize() for grain in GRAINS}, query.grain,
                functools.partial(_regrained, query, catalogue), change, suffix,
            )  # fmt: skip
        when = range_name(query.start, query.end, query.grain)
        starts = _periods(query, catalogue)
        for name, field in (("From", "start"), ("To", "end")):
            chosen = getattr(query, field)
            _chip(
                f"{name}: {words.period(chosen, query.grain)}", f"{name} ({when})",
                {start: words.period(start, query.grain) for start in sorted({*starts, chosen}, reverse=True)}, chosen,
                functools.partial(_moved, query, field), change, suffix,
            )  # fmt: skip
        if kind in (GROWTH, COHORTS) and catalogue.segments:
            values = {None: "Nothing"} | {name: words.title(name) for name in catalogue.segments}
            splits = " and ".join(map(words.title, query.splits)) or "Nothing"
            _chip(
                f"Split by: {splits}", "Split by", values, query.by,
                lambda by: query.changed(by=by, and_by=None, within_each=None), change, suffix,
            )  # fmt: skip
        for number, one in enumerate(query.filters):
            kept = tuple(other for other in query.filters if other != one)
            st.button(
                f"{words.title(one.segment)}: {', '.join(map(words.plain, one.values))}", icon=":material/close:",
                key=f"ask_filter_{number}_{suffix}", on_click=change, args=(query.changed(filters=kept),),
            )  # fmt: skip


def _chip(
    label: str,
    title: str,
    choices: dict[Any, str],
    chosen: Any,
    changed: Callable[[Any], MetricQuery],
    change: Change,
    suffix: str,
) -> None:
    key = f"ask_{title}_{suffix}"

    def apply() -> None:
        change(changed(st.session_state[key]))

    with st.popover(label):
        options = list(choices)
        st.selectbox(
            title, options, index=options.index(chosen), format_func=choices.__getitem__, key=key, on_change=apply
        )


def _periods(query: MetricQuery, catalogue: Catalogue) -> list[Any]:
    grain = query.grain
    first, last = catalogue.first_period(grain), catalogue.open_period(grain)
    return [catalogue.shifted(first, number, grain) for number in range(catalogue.periods_between(first, last, grain))]


def _regrained(query: MetricQuery, catalogue: Catalogue, grain: str) -> MetricQuery:
    """The same days at another grain."""
    last_days = {
        name: min(catalogue.shifted(start, 1, query.grain) - timedelta(days=1), catalogue.as_of)
        for name in ("end", "against_end")
        if (start := getattr(query, name)) is not None
    }
    return query.changed(grain=grain, **last_days)


def _moved(query: MetricQuery, field: str, start: Any) -> MetricQuery:
    """The range with one end moved; what it is compared with follows."""
    moved = {"start": query.start, "end": query.end, "against_start": None, "against_end": None} | {field: start}
    if moved["start"] > moved["end"]:
        moved["start" if field == "end" else "end"] = start
    return query.changed(**moved)


def _trust(answer: Answer) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if answer.trust:
            icon, colour, text = BADGES[answer.trust]
            st.badge(answer.trust.capitalize(), icon=icon, color=colour, help=text)  # type: ignore[arg-type]
        if answer.as_of:
            st.markdown(f"Data complete up to, not including, **{words.day(answer.as_of)}**", width="content")


def _ranges(query: MetricQuery, columns: Mapping[str, Any]) -> dict[str, str]:
    """What the columns of dates are called where a row stands for several periods: its first and its last."""
    if "last_period_start" not in columns:
        return {}
    named = {
        "within_start": f"{words.title(query.within or '')} from",
        "range_start": "Range from",
        "period_start": f"First {query.grain}",
        "last_period_start": f"Last {query.grain}",
    }
    return {name: label for name, label in named.items() if name in columns}


def _verdict(question: str, answer: Answer) -> None:
    verdict = st.feedback("thumbs", key=f"ask_verdict_{hash((question, answer.answer))}")
    if verdict is not None and st.session_state.get("ask_kept") != (question, answer.answer, verdict):
        try:
            feedback.keep(question, answer, is_good=verdict == 1)
            st.session_state["ask_kept"] = (question, answer.answer, verdict)
        except sqlite3.Error:
            st.warning("The verdict cannot be kept here: the folder of the warehouse is not writable.")
            return
    if verdict is not None:
        st.markdown("Thank you. It is kept beside the warehouse, with the question.")
