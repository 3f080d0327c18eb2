"""mail_log.py against real SMTP servers on the loopback: what is delivered, how, and what is never said."""

import asyncio
import email
import os
import runpy
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SCRIPT = Path(__file__).parents[1] / ".github/scripts/mail_log.py"
PASSWORD = "correct-horse-battery"


class Inbox:
    """Keeps what a server was given: mails, logins, and whether the line was encrypted."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.logins: list[tuple[bytes, bytes, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    def authenticate(self, _: SMTP, session: Session, *what: Any) -> AuthResult:
        data = what[-1]
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password, session.ssl is not None))
        if data.password == PASSWORD.encode():
            return AuthResult(success=True)
        # A server that repeats the password in its answer: the worst there can be.
        return AuthResult(success=False, handled=False, message=f"535 wrong: {data.password.decode()}")


class Server(Controller):
    """A server on a free port: the system chooses it, and the start-up check has to knock on that one."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


Serve = Callable[..., Server]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox) -> Iterator[Serve]:
    """Starts a server that fills the inbox; takes what else aiosmtpd should do."""
    servers = []

    def start(**protocol: Any) -> Server:
        server = Server(inbox, hostname="127.0.0.1", port=0, **protocol)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "refresh.log"
    path.write_text("".join(f"line {number} é\n" for number in range(1, 301)), encoding="utf-8")
    return path


def mail_log(log: Path, status: str = "success", **env: str) -> subprocess.CompletedProcess[str]:
    # GITHUB_* and MAIL_* only as the test says, even when the tests run in a workflow.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "MAIL_"))}
    command = [sys.executable, str(SCRIPT), "--status", status, "--log", str(log)]
    return subprocess.run(command, env=clean | env, capture_output=True, text=True, timeout=60)


def to(server: Server | int, **env: str) -> dict[str, str]:
    """The settings for a mail through this server, or port."""
    port = server if isinstance(server, int) else server.port
    settings = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port)}
    return settings | {"MAIL_FROM": "bot@example.org", "MAIL_TO": "ann@example.org, bob@example.org"} | env


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_success(inbox: Inbox, serve: Serve, log: Path) -> None:
    run = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/ledger", "GITHUB_RUN_ID": "7"}
    result = mail_log(log, **to(serve(), **run))
    assert (result.returncode, result.stdout, result.stderr) == (0, "mail sent\n", "")
    (mail,) = inbox.mails
    assert mail["Subject"] == "Refresh success: o/ledger"
    assert inbox.recipients == ["ann@example.org", "bob@example.org"]
    lines = body(mail).splitlines()
    assert "Run: https://github.com/o/ledger/actions/runs/7" in lines
    assert "line 100 é" not in lines
    assert lines[-200:] == [f"line {number} é" for number in range(101, 301)]
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "refresh.log"
    assert attached.get_content().splitlines() == log.read_text(encoding="utf-8").splitlines()


def test_failure_outside_of_a_workflow(inbox: Inbox, serve: Serve, log: Path) -> None:
    log.write_bytes(b"not utf-8: \xff\n")
    assert mail_log(log, "failure", **to(serve())).returncode == 0
    (mail,) = inbox.mails
    assert mail["Subject"] == "Refresh failure: Growth Ledger"
    assert "not utf-8: \N{REPLACEMENT CHARACTER}" in body(mail)
    assert "Run:" not in body(mail)


def test_missing_log_is_still_reported(inbox: Inbox, serve: Serve, tmp_path: Path) -> None:
    assert mail_log(tmp_path / "none.log", "failure", **to(serve())).returncode == 0
    (mail,) = inbox.mails
    assert "No log was written" in body(mail)
    assert not list(mail.iter_attachments())


@pytest.mark.parametrize("absent", ["MAIL_SERVER", "MAIL_TO"])
def test_not_configured(inbox: Inbox, serve: Serve, log: Path, absent: str) -> None:
    """An unset secret reaches a workflow's step as an empty string."""
    result = mail_log(log, **to(serve(), **{absent: ""}))
    assert (result.returncode, result.stdout, result.stderr) == (0, "mail is not configured\n", "")
    assert not inbox.mails


def test_unreachable_server_fails_in_one_line(log: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        result = mail_log(log, **to(taken.getsockname()[1]))
    assert (result.returncode, result.stderr) == (1, "mail was not sent: ConnectionRefusedError\n")


# aiosmtpd warns of exactly what the test is about: a server that takes passwords in the clear.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("password", [PASSWORD, "wrong-" + PASSWORD])
def test_password_is_never_in_the_output(inbox: Inbox, serve: Serve, log: Path, password: str) -> None:
    server = serve(authenticator=inbox.authenticate, auth_required=True, auth_require_tls=False)
    result = mail_log(log, **to(server, MAIL_USERNAME="ann", MAIL_PASSWORD=password))
    assert result.returncode == (0 if password == PASSWORD else 1)
    assert inbox.logins[0][:2] == (b"ann", password.encode())
    assert password not in result.stdout + result.stderr
    assert all(PASSWORD not in mail.as_string() for mail in inbox.mails)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of `localhost` in one file, made here: a committed key would look like a leak."""
    path = tmp_path / "localhost.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out certificate.pem"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*command.split(), *names.split()], cwd=tmp_path, check=True, capture_output=True)
    path.write_text("".join((tmp_path / part).read_text() for part in ("key.pem", "certificate.pem")))
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def test_logs_in_over_starttls(inbox: Inbox, serve: Serve, log: Path, certificate: Path) -> None:
    server = serve(tls_context=tls(certificate), authenticator=inbox.authenticate, auth_required=True)
    trusted = {"MAIL_SERVER": "localhost", "SSL_CERT_FILE": str(certificate)}
    result = mail_log(log, **to(server, MAIL_USERNAME="ann", MAIL_PASSWORD=PASSWORD, **trusted))
    assert result.returncode == 0, result.stderr
    assert inbox.logins == [(b"ann", PASSWORD.encode(), True)]
    assert len(inbox.mails) == 1


def test_stranger_gets_no_password(inbox: Inbox, serve: Serve, log: Path, certificate: Path) -> None:
    """A server whose certificate nobody vouches for."""
    server = serve(tls_context=tls(certificate), authenticator=inbox.authenticate)
    result = mail_log(log, **to(server, MAIL_SERVER="localhost", MAIL_USERNAME="ann", MAIL_PASSWORD=PASSWORD))
    assert (result.returncode, result.stderr) == (1, "mail was not sent: SSLCertVerificationError\n")
    assert not inbox.logins


def test_stripped_encryption_gets_no_password(inbox: Inbox, serve: Serve, log: Path) -> None:
    """Loopback may log in without encryption, other names not; in capitals it counts as another name."""
    server = serve(authenticator=inbox.authenticate, auth_require_tls=False)
    result = mail_log(log, **to(server, MAIL_SERVER="LOCALHOST", MAIL_USERNAME="ann", MAIL_PASSWORD=PASSWORD))
    assert result.returncode == 1
    assert result.stderr == "mail was not sent: the server offers no encryption to log in over\n"
    assert not inbox.logins


def test_implicit_tls(
    inbox: Inbox, serve: Serve, log: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, because only there a free port can stand for the reserved one, 465."""
    server = serve(ssl_context=tls(certificate))
    module = runpy.run_path(str(SCRIPT))
    monkeypatch.setitem(module["send"].__globals__, "IMPLICIT_TLS_PORT", server.port)
    for name, value in to(server, MAIL_SERVER="localhost", SSL_CERT_FILE=str(certificate)).items():
        monkeypatch.setenv(name, value)
    assert module["main"](["--status", "success", "--log", str(log)]) == 0
    assert len(inbox.mails) == 1
