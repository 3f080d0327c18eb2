"""Mail the log of a refresh: `mail_log.py --status success|failure --log FILE`.

Settings come from the environment: MAIL_SERVER, MAIL_PORT (587), MAIL_USERNAME, MAIL_PASSWORD, MAIL_FROM
(the user name), MAIL_TO (comma-separated). Without a server or a recipient nothing is sent: no error.
Standard library only: it has to work where installing the project failed.
"""

import argparse
import os
import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

TAIL_LINES = 200
IMPLICIT_TLS_PORT = 465
TIMEOUT_SECONDS = 30
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def setting(name: str, default: str = "") -> str:
    """The environment's value; an unset secret arrives as an empty string and counts as absent."""
    return os.environ.get(name, "").strip() or default


def run_url() -> str | None:
    server, repository, run = (setting(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None


def compose(status: str, log: Path) -> EmailMessage:
    """The mail: status and repository in the subject, the log's end in the body, the whole log attached."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    lines = text.splitlines() or ["No log was written: the run ended before the refresh began."]
    shown = lines[-TAIL_LINES:]

    body = [f"Refresh: {status}"]
    if url := run_url():
        body.append(f"Run: {url}")
    if len(shown) < len(lines):
        body.append(f"The last {TAIL_LINES} of {len(lines)} lines; the whole log is attached.")

    message = EmailMessage()
    message["Subject"] = f"Refresh {status}: {setting('GITHUB_REPOSITORY', 'Growth Ledger')}"
    message["From"] = setting("MAIL_FROM") or setting("MAIL_USERNAME") or setting("MAIL_TO").split(",")[0]
    message["To"] = setting("MAIL_TO")
    message["Date"] = formatdate()
    message.set_content("\n".join([*body, "", *shown, ""]))
    if text:
        message.add_attachment(text, filename=log.name)
    return message


def send(message: EmailMessage) -> None:
    """Hand the mail to MAIL_SERVER, encrypted wherever the server can."""
    host, port = setting("MAIL_SERVER"), int(setting("MAIL_PORT", "587"))
    tls = ssl.create_default_context()
    if port == IMPLICIT_TLS_PORT:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=tls)
    else:
        smtp = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    with smtp:
        smtp.ehlo()
        encrypted = port == IMPLICIT_TLS_PORT
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=tls)
            encrypted = True
        if username := setting("MAIL_USERNAME"):
            # Whoever can hide the server's STARTTLS must not be handed the password for it.
            if not encrypted and host not in LOOPBACK:
                raise SystemExit("mail was not sent: the server offers no encryption to log in over")
            smtp.login(username, setting("MAIL_PASSWORD"))
        smtp.send_message(message)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Mail the log of a refresh.")
    parser.add_argument("--status", required=True, choices=["success", "failure"])
    parser.add_argument("--log", required=True, type=Path)
    options = parser.parse_args(arguments)

    if not setting("MAIL_SERVER") or not setting("MAIL_TO"):
        print("mail is not configured")
        return 0
    try:
        send(compose(options.status, options.log))
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
        # Not the error's own text: a server may echo what it was sent, and every setting here is a secret.
        code = getattr(error, "smtp_code", None)
        print(f"mail was not sent: {type(error).__name__}{f' {code}' if code else ''}", file=sys.stderr)
        return 1
    print("mail sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
