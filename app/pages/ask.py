"""Ask: a question in plain English, an answer from the warehouse, and how it came about."""

import streamlit as st
from pydantic import ValidationError

from app.ask import catalogue as catalogues
from app.ask.answer import of_query
from app.ask.examples import examples
from app.ask.metric_query import MetricQuery, SegmentFilter
from app.ask.session import ask
from app.components import answers, shell

page = shell.begin(
    "Ask your data",
    "Ask in plain English. Every figure comes from the warehouse; what it cannot know, it says.",
    with_periods=False,  # they are in the question
)
catalogue = catalogues.of(page.db)
filters = tuple(SegmentFilter(segment=name, values=tuple(values)) for name, values in page.view.segments.items())


def put(question: str) -> None:
    """Asks another question."""
    st.session_state["question"] = question


def understand(query: MetricQuery) -> None:
    """Answers another metric query than the one that was read; it stands in the address beside the question."""
    st.query_params["understood"] = query.model_dump_json(exclude_defaults=True)


def understood() -> MetricQuery | None:
    """The metric query that a reader has chosen instead, if the address holds one."""
    try:
        return MetricQuery.model_validate_json(st.query_params.get("understood", ""))
    except ValidationError:
        return None


question = st.text_input(
    "Question",
    key="question",
    bind="query-params",
    max_chars=500,
    placeholder="Which month had the highest churn rate?",
    help="Questions go on from the one before: “and on android?”, “why?”, “by country”.",
)
if not question:
    st.markdown("For example:")
    answers.suggestions(examples(catalogue), put, "example")
    st.stop()

# Read once: a rerun of the page neither asks a model again nor goes on from its own answer.
asked = (question, page.db.version, filters)
before_asked = st.session_state.get("asked")
if before_asked != asked:
    if before_asked and before_asked[0] != question:
        st.query_params.pop("understood", None)  # it was that of the question before
    before = st.session_state.get("answer")
    context = before.metric_query if before else None
    with st.spinner("Reading the question"):
        st.session_state["answer"] = ask(question, db=page.db, context=context, page_filters=filters)
    st.session_state["asked"] = asked
    st.session_state["understood"] = None
chosen = understood()
if chosen and st.session_state["understood"] != chosen:
    st.session_state["answer"] = of_query(page.db, catalogue, chosen)
    st.session_state["understood"] = chosen
answers.show(page, catalogue, question, st.session_state["answer"], understand, put)
