"""How well questions are read and answered: `make eval`, over the reviewed questions and the published sample.

A right answer, or a right refusal to give one, counts +1; a wrong answer -1; a question left open that has an answer 0.
With `--reader model` the configured endpoint reads instead of the built-in reader.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from collections import Counter, defaultdict
from typing import Any

import pandas as pd

from app import warehouse
from app.ask.answer import Answer
from app.ask.session import Reader, ask, reviewed_questions
from app.warehouse import Snapshot


def main() -> int:
    """Prints the score by kind of question; 1 if an answer was wrong or fewer than nine in ten were right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader", choices=("builtin", "model"), default="builtin", help="who reads the questions")
    parser.add_argument("--verbose", action="store_true", help="print every question that was not answered right")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    db = warehouse.current()
    tallies: defaultdict[str, Counter[str]] = defaultdict(Counter)
    began = time.monotonic()
    for entry in reviewed_questions():
        for question in entry["questions"]:
            verdict, answer = judged(db, entry, question, options.reader)
            tallies[entry["kind"]][verdict] += 1
            if options.verbose and verdict != "right":
                print(f"{verdict}: {question}\n    {answer.status}: {answer.answer}")
    total = Counter[str]()
    print(f"{'kind':<16}{'questions':>10}{'right':>8}{'open':>8}{'wrong':>8}{'score':>8}")
    for kind, tally in (*tallies.items(), ("all", total)):
        total += tally if kind != "all" else Counter()
        asked = tally.total()
        print(
            f"{kind:<16}{asked:>10}{tally['right']:>8}{tally['open']:>8}{tally['wrong']:>8}"
            f"{tally['right'] - tally['wrong']:>8}"
        )
    seconds = time.monotonic() - began
    print(
        f"{total['right'] / total.total():.1%} right, {total['wrong']} wrong, "
        f"{seconds / total.total() * 1000:.0f} ms each"
    )
    return int(bool(total["wrong"]) or total["right"] < 0.9 * total.total())


def judged(db: Snapshot, entry: dict[str, Any], question: str, reader: Reader) -> tuple[str, Answer]:
    """Right, wrong, or open (no figure was given though there is one), and the answer."""
    answer = ask(question, db=db, reader=reader)
    if entry["status"] != "answered":
        return ("right" if answer.status == entry["status"] else "wrong" if answer.trust else "open"), answer
    if answer.trust is None:
        return "open", answer
    gold = db.read(entry["sql"])
    first = entry.get("row", 0)
    rows = answer.frame.iloc[first:] if first else answer.frame
    return ("right" if agrees(rows.reset_index(drop=True), gold, is_whole=_is_whole(answer)) else "wrong"), answer


def _is_whole(answer: Answer) -> bool:
    """Whether the answer is all rows of the result; a ranking or an explanation goes on after the first."""
    return answer.metric_query is not None and answer.metric_query.operation not in ("highest", "lowest", "explain")


def agrees(rows: pd.DataFrame, gold: pd.DataFrame, *, is_whole: bool) -> bool:
    """Whether the answer's rows hold the gold rows, column by column of the same name."""
    if len(rows) < len(gold) or (is_whole and len(rows) != len(gold)):
        return False
    named = rows.rename(columns={"range_start": "period_start"}) if "range_start" in rows else rows
    named = named.loc[:, ~named.columns.duplicated()]
    if not set(gold.columns) <= set(named.columns):
        return False
    keys = [name for name in gold.columns if gold[name].dtype == object or "str" in str(gold[name].dtype)]
    if keys and is_whole:
        named, gold = (frame.sort_values(keys, ignore_index=True) for frame in (named, gold))
    return all(_same(a, b) for name in gold.columns for a, b in zip(named[name], gold[name], strict=False))


def _same(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    if isinstance(one, int | float) or hasattr(one, "item"):
        try:
            return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-12)
        except (TypeError, ValueError):
            return bool(one == other)
    return bool(one == other)


if __name__ == "__main__":
    sys.exit(main())
