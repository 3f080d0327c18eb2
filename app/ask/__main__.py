"""`python -m app.ask "which month had the highest churn rate?"`; with --json one JSON object."""

from __future__ import annotations

import argparse
import json
import logging
import sys


def main(arguments: list[str] | None = None) -> int:
    """Answers one question on the command line; 1 if something broke, 0 for every answer, a no included."""
    parser = argparse.ArgumentParser(prog="python -m app.ask", description="Ask the published warehouse.")
    parser.add_argument("question", nargs="+", help="in plain English")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--reader", choices=("auto", "builtin", "model"), default="auto", help="who reads the question")
    options = parser.parse_args(arguments)
    # Streamlit remarks that no page is being served; nobody asked for one.
    logging.disable(logging.WARNING)
    from app.ask.session import ask

    answer = ask(" ".join(options.question), reader=options.reader)
    if options.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        print(answer.to_text())
    return 1 if answer.status == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
