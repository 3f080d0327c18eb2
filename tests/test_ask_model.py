"""Reading by a model: the protocol, every way in which a model can fail, and what a reader of the page sees then."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ask_warehouse import build_once
from openai_server import KEY, Reply, Server, serving, slow

from app import warehouse
from app.ask.answer import Answer
from app.ask.model import Endpoint
from app.ask.session import ask

pytestmark = pytest.mark.xdist_group("ask")

# What the built-in reader does not understand, so that the model is asked.
HARD = "how bad was it with our folks in the month of roses"
JUNE: dict[str, Any] = {
    "operation": "value", "metrics": ["churn_rate"], "grain": "month", "start": "2026-06-01", "end": "2026-06-01",
    "against_start": None, "against_end": None, "age": None, "filters": [], "by": None, "details": None,
}  # fmt: skip
READING = {"kind": "metric_query", "metric_query": JUNE}


def reading(**changed: Any) -> dict[str, Any]:
    return {"kind": "metric_query", "metric_query": JUNE | changed}


@pytest.fixture(scope="module", autouse=True)
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The warehouse, for every test here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_PATH", str(build_once(tmp_path_factory).warehouse))
        yield


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A model, configured as users do it; every request it gets has to be right."""
    with serving() as running:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_MODEL", "a-model")
        yield running
        assert running.faults == []


def modes(server: Server) -> list[str]:
    return [Reply(body, lambda *_: None).mode for body in server.bodies]


def is_sound(answer: Answer) -> bool:
    """One readable sentence, nothing of the machinery in it."""
    shown = json.dumps(answer.to_json())
    leaks = (KEY, "127.0.0.1", "Traceback", "openai", str(warehouse.path().parent), "Error(")
    return answer.answer.endswith((".", "?")) and "\n" not in answer.answer and not any(leak in shown for leak in leaks)


def test_a_good_reading_is_compiled_like_any_other(server: Server) -> None:
    server.play(lambda reply: reply.say(READING))
    answer = ask(HARD)
    assert answer.status == "answered"
    assert answer.trust == "metric"
    assert answer.metric_query == ask("churn rate in June 2026", reader="builtin").metric_query
    assert answer.answer == ask("churn rate in June 2026", reader="builtin").answer
    assert modes(server) == ["schema"]


def test_a_question_that_is_understood_costs_no_request(server: Server) -> None:
    server.play(lambda reply: reply.say(READING))
    assert ask("new users in May 2026").metric_query.metric == "new_users"  # type: ignore[union-attr]
    assert ask("drop table fct_events").status == "refused"
    assert ask("How much revenue did we make in May?").status == "unanswerable"
    assert server.bodies == []


def test_no_row_and_no_result_is_sent(server: Server) -> None:
    server.play(lambda reply: reply.say(READING))
    ask(HARD)
    sent = json.dumps(server.bodies)
    db = warehouse.current()
    users = db.read("select user_id from dim_users limit 50")["user_id"]
    assert not any(user in sent for user in users)
    row = db.read("select churned_users, active_users, prior_active_users from growth_metrics_monthly").iloc[-2]
    assert str(tuple(row)) not in sent
    assert "growth_metrics" in sent
    assert "Churn rate" in sent
    assert "2026-10-14" in sent
    assert "tiktok" in sent


@pytest.mark.parametrize("able", ["tool", "text"])
def test_an_endpoint_that_can_less_is_asked_for_less(server: Server, able: str) -> None:
    order = ["schema", "tool", "text"]

    def play(reply: Reply) -> None:
        if order.index(reply.mode) < order.index(able):
            reply.error(400, "response_format is not supported")
        else:
            reply.say(f"Here it is:\n```json\n{json.dumps(READING)}\n```" if able == "text" else READING)

    server.play(play)
    assert ask(HARD).status == "answered"
    assert modes(server) == order[: order.index(able) + 1]


BROKEN: dict[str, Any] = {
    "empty": "",
    "prose": "Churn in June was 12.3%.",
    "malformed": '{"kind": "metric_query", "metric_query": {',
    "truncated": json.dumps(READING)[:60],
    "other shape": {"answer": "12.3%"},
    "unknown kind": {"kind": "sing", "metric_query": None},
    "no query": {"kind": "metric_query", "metric_query": None},
    "unknown metric": reading(metrics=["revenue"]),
    "unknown segment": reading(by="planet"),
    "unknown value": reading(filters=[{"segment": "platform", "values": ["toaster"]}]),
    "sql in a value": reading(filters=[{"segment": "platform", "values": ["ios'; drop table fct_events; --"]}]),
    "sql in a name": reading(by='platform"; drop table fct_events; --'),
    "no date": reading(start="yesterday"),
    "backwards": reading(start="2026-08-01"),
    "two tables": reading(metrics=["churn_rate", "dau"]),
    "extra field": reading(sql="drop table fct_events"),
    "wrong type": reading(age="three"),
    "huge": reading(details={"limit": 10**9}),
    "extra detail": reading(details={"sql": "drop table fct_events"}),
    "markup": "<script>alert(1)</script>",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_reply_that_cannot_be_used_is_not_used(server: Server, content: Any) -> None:
    server.play(lambda reply: reply.say(content))
    answer = ask(HARD)
    assert answer.status in ("clarify", "unanswerable")
    assert answer.trust is None
    assert "12.3" not in json.dumps(answer.to_json())
    assert any("could not be used" in note for note in answer.notes)
    assert is_sound(answer)
    assert modes(server) == ["schema", "tool", "text"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "did not accept the key"),
        (403, "did not accept the key"),
        (429, "is busy"),
        (500, "an error of its own"),
        (503, "an error of its own"),
        (400, "did not accept the question"),
    ],
)
def test_an_error_is_one_sentence(server: Server, status: int, sentence: str) -> None:
    server.play(lambda reply: reply.error(status, f"secret {KEY} at {server.url}"))
    answer = ask(HARD)
    assert any(sentence in note for note in answer.notes)
    assert is_sound(answer)


def test_a_page_instead_of_a_completion(server: Server) -> None:
    server.play(lambda reply: reply.send(200, b"<html>Sign in</html>", "text/html"))
    answer = ask(HARD)
    assert any("could not be used" in note for note in answer.notes)
    assert is_sound(answer)


def test_a_slow_model_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_TIMEOUT", "1.2")
    server.play(slow(2.5))
    answer = ask(HARD)
    assert any("took too long" in note for note in answer.notes)
    assert is_sound(answer)


@pytest.mark.parametrize("seconds", ["soon", "0", "-3", "nan", "inf"])
def test_a_patience_that_is_no_number_of_seconds_is_said(
    server: Server, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv("OPENAI_TIMEOUT", seconds)
    answer = ask(HARD)
    assert any(f"OPENAI_TIMEOUT is '{seconds}'" in note for note in answer.notes)
    assert is_sound(answer)
    assert ask("What was the churn rate in June 2026?").status == "answered"  # no model is wanted for it
    assert server.bodies == []


def test_a_model_that_reasons_takes_no_limits(server: Server) -> None:
    """Such models refuse a request that sets a temperature or `max_tokens`; they are asked without."""

    def play(reply: Reply) -> None:
        if "max_tokens" in reply.body:
            reply.error(400, "Unsupported parameter: 'max_tokens'.", param="max_tokens")
        else:
            reply.say(READING)

    server.play(play)
    assert ask(HARD).status == "answered"
    assert modes(server) == ["schema", "schema"]
    assert not {"max_tokens", "temperature"} & set(server.bodies[-1])


def test_details_of_a_reading_count(server: Server) -> None:
    """What few questions need is sent apart, and is part of the query all the same."""
    server.play(lambda reply: reply.say(reading(operation="highest", start="2026-01-01", details={"nth": 2})))
    answer = ask(HARD)
    assert answer.answer == ask("second highest churn rate from January to June 2026", reader="builtin").answer


def test_a_dead_port() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    answer = ask(HARD, endpoint=Endpoint("a-model", KEY, url))
    assert any("cannot be reached" in note for note in answer.notes)
    assert is_sound(answer)


def test_a_refusal_is_passed_on_in_our_words(server: Server) -> None:
    server.play(lambda reply: reply.say(None, refusal="I cannot. Revenue was 5 million."))
    answer = ask(HARD)
    assert any("declined" in note for note in answer.notes)
    assert "million" not in json.dumps(answer.to_json())


@pytest.mark.parametrize(
    ("kind", "status"), [("clarify", "clarify"), ("unanswerable", "unanswerable"), ("refused", "refused")]
)
def test_a_model_may_say_no(server: Server, kind: str, status: str) -> None:
    server.play(lambda reply: reply.say({"kind": kind, "metric_query": None}))
    answer = ask(HARD, reader="model")
    assert answer.status == status
    assert is_sound(answer)


def test_a_lying_model_writes_no_number(server: Server) -> None:
    """It may misread; the figure, its dates and its name are still those of the query that was run."""
    server.play(lambda reply: reply.say(reading(metrics=["new_users"], start="2026-05-01", end="2026-05-01")))
    answer = ask(HARD)
    assert answer.answer == ask("new users in May 2026", reader="builtin").answer
    assert any("see how it was understood" in note for note in answer.notes)


def test_a_model_cannot_make_users_add_up(server: Server) -> None:
    server.play(lambda reply: reply.say(reading(metrics=["active_users"], start="2026-04-01")))
    answer = ask(HARD)
    assert answer.trust is None


SQL_WANTED = {"kind": "needs_sql", "metric_query": None}


def lane(*statements: str) -> Any:
    """A model that reads nothing and writes these statements, one after the other."""
    left = list(statements)

    def play(reply: Reply) -> None:
        wants_sql = "one DuckDB SELECT" in reply.body["messages"][0]["content"]
        reply.say({"sql": left.pop(0) if len(left) > 1 else left[0]} if wants_sql else SQL_WANTED)

    return play


def test_generated_sql_is_run_and_labelled(server: Server) -> None:
    server.play(lane("select sum(users) as often from power_users where days_active > 10;"))
    answer = ask(HARD)
    assert answer.status == "answered"
    assert answer.trust == "generated SQL"
    expected = warehouse.current().read("select sum(users) as often from power_users where days_active > 10")
    assert answer.to_json()["rows"] == expected.to_numpy().tolist()
    sent = json.dumps(server.bodies)
    assert "power_users(" in sent
    assert "dim_users" not in sent


def test_generated_sql_is_repaired_once(server: Server) -> None:
    server.play(lane("select nothing from power_users", "select count(*) as days from power_users"))
    assert ask(HARD).trust == "generated SQL"
    assert "its_error" in server.bodies[-1]["messages"][1]["content"]


@pytest.mark.parametrize(
    "statement", ["select nothing from power_users", "drop table power_users", "select * from dim_users"]
)
def test_generated_sql_that_cannot_run_is_an_honest_failure(server: Server, statement: str) -> None:
    before = warehouse.path().read_bytes()
    server.play(lane(statement))
    answer = ask(HARD)
    assert answer.status == "failed"
    assert answer.trust is None
    assert is_sound(answer)
    assert len([body for body in server.bodies if "one DuckDB" in body["messages"][0]["content"]]) == 2
    assert warehouse.path().read_bytes() == before


def test_generated_sql_never_answers_from_another_version(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_PATH", str(shutil.copy(warehouse.path(), tmp_path / "warehouse.duckdb")))
    good = lane("select count(*) as days from power_users")

    def published_meanwhile(reply: Reply) -> None:
        replacement = warehouse.path().with_name("next.duckdb")
        shutil.copy(warehouse.path(), replacement)
        replacement.replace(warehouse.path())
        good(reply)

    server.play(published_meanwhile)
    answer = ask(HARD)
    assert answer.status == "failed"
    assert answer.frame.empty
    assert is_sound(answer)


@pytest.mark.real_model
def test_a_real_model() -> None:
    endpoint = Endpoint(
        os.environ.get("ASK_TEST_MODEL", "model"),
        "none",
        os.environ.get("ASK_TEST_BASE_URL", "http://localhost:8080/v1"),
        seconds=600,  # a small machine needs that long for the first question
    )
    answer = ask("What was the churn rate in June 2026?", reader="model", endpoint=endpoint)
    assert is_sound(answer)
    assert not any("cannot be reached" in note or "took too long" in note for note in answer.notes)
    assert answer.status in ("answered", "clarify", "unanswerable")
    if answer.metric_query and answer.trust == "metric":
        assert answer.metric_query.metric in ("churn_rate", "churned_users")
