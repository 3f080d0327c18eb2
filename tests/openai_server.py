"""A server that speaks the OpenAI protocol, strictly, and plays what it is told: good, broken, slow or hostile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-0123456789"
Body = dict[str, Any]
Play = Callable[["Reply"], None]

FIELDS = {"model", "messages", "max_tokens", "temperature", "response_format", "tools", "tool_choice"}


@dataclass
class Reply:
    """One request under way."""

    body: Body
    send: Callable[[int, bytes, str], None]

    @property
    def mode(self) -> str:
        """schema, tool or text: how strictly the reply is asked for."""
        return "schema" if "response_format" in self.body else "tool" if "tools" in self.body else "text"

    def json(self, status: int, body: Body) -> None:
        self.send(status, json.dumps(body).encode(), "application/json")

    def error(self, status: int, message: str = "no", param: str | None = None) -> None:
        self.json(
            status, {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}
        )

    def say(self, content: Any, *, finish: str = "stop", refusal: str | None = None) -> None:
        """A completion with this content: an object as JSON, or text as it is; as a tool call if one was forced."""
        text = content if isinstance(content, str) or content is None else json.dumps(content)
        message: Body = {"role": "assistant", "content": text, "refusal": refusal}
        if self.mode == "tool":
            call = {"id": "call_1", "type": "function", "function": {"name": "reply", "arguments": text}}
            message |= {"content": None, "tool_calls": [call]}
        choice = {"index": 0, "finish_reason": finish, "message": message, "logprobs": None}
        self.json(
            200,
            {"id": "c", "object": "chat.completion", "created": 1, "model": self.body["model"], "choices": [choice]},
        )


@dataclass
class Server:
    """The server's address, what it plays next (the last one again and again), what it was asked, what was wrong."""

    url: str
    plays: list[Play] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def play(self, *plays: Play) -> None:
        self.plays[:] = plays


@contextmanager
def serving() -> Iterator[Server]:
    """The server, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.faults += faults(self.path, self.headers["Authorization"], body)
            server.bodies.append(body)
            play = server.plays.pop(0) if len(server.plays) > 1 else server.plays[0]
            play(Reply(body, self.send))

        def send(self, status: int, content: bytes, kind: str) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except BrokenPipeError:
                pass  # the client did not wait

        def log_message(self, *arguments: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_port}/v1")
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def faults(path: str, authorization: str | None, body: Body) -> list[str]:
    """What a strict endpoint would not take in a request."""
    found = []
    if path != "/v1/chat/completions":
        found.append(f"path {path}")
    if authorization != f"Bearer {KEY}":
        found.append("authorization")
    if not set(body) <= FIELDS:
        found.append(f"fields {set(body) - FIELDS}")
    if [message["role"] for message in body["messages"]] != ["system", "user"]:
        found.append("roles")
    if "response_format" in body:
        wanted = body["response_format"]["json_schema"]
        if body["response_format"]["type"] != "json_schema" or not wanted["strict"]:
            found.append("response format")
        found += _not_strict(wanted["schema"])
    if "tools" in body:
        function = body["tools"][0]["function"]
        if body["tool_choice"]["function"]["name"] != function["name"]:
            found.append("tool choice")
        found += _not_strict(function["parameters"])
    return found


def _not_strict(schema: Any) -> list[str]:
    """Objects of a schema that are open, or have fields that may be missing: a strict endpoint refuses them."""
    if isinstance(schema, list):
        return [fault for item in schema for fault in _not_strict(item)]
    if not isinstance(schema, dict):
        return []
    found = [fault for item in schema.values() for fault in _not_strict(item)]
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False or set(schema["required"]) != set(schema["properties"])
    ):
        found.append(f"open object {sorted(schema.get('properties', {}))}")
    return found


def slow(seconds: float) -> Play:
    """Answers, but late."""

    def play(reply: Reply) -> None:
        time.sleep(seconds)
        reply.say({})

    return play
