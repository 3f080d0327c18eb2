"""Which periods count: finished ones only, without the one that is still open; and that one is not over yet."""

from __future__ import annotations

import functools
import re
from bisect import bisect
from typing import cast

from app.ask.catalogue import GRAINS
from app.ask.lexicon import small_words, vocabulary
from app.ask.metric_query import Grain
from app.ask.question import Question
from app.ask.spans import ENDED, LAST, UNITS

UNIT = r"(?:days?|weeks?|months?|periods?|cells?|ones?)"
ARTICLES = r"(?:(?:the|this|that|any|all|our|a|out|in|for|on) )*"
LOOKING = r"(?:(?:count|use|show|take|look at|consider|include) )?"
KNOWN = (
    r"(?:(?:even )?(?:though|although|but|while) )?"
    r"(?:(?:i|we) (?:know|realise|realize|am aware|are aware) )?(?:that )?"
)
# Before an adjective: after 3 full months, the last complete month, the most recently completed week.
COUNTED = {*LAST, "a", "one", "recently"}


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    ended, still_open = "|".join(ENDED), "|".join(sorted(small_words("still_open")))
    leaving = "|".join((*vocabulary()["excluding"], *small_words("skipping")))
    is_not = r"(?:is|are|was|were|has|have)"
    not_over = (
        rf"{is_not} (?:not (?:yet )?(?:been )?(?:quite )?(?:{ended}|over|done)|still (?:{still_open}))(?: yet)?(?! \d)"
    )
    only = (
        rf"(?:{leaving}) {ARTICLES}(?:(?:{still_open}|current) {UNIT}|{UNIT} (?:that|which) {not_over})",
        rf"(?:only|just) {LOOKING}{ARTICLES}(?:{ended}) {UNIT}",
        rf"(?:only|just) {LOOKING}{ARTICLES}{UNIT} (?:that|which) {is_not} (?:already |been )*(?:{ended}|over|done)",
        rf"{ARTICLES}(?:{ended}) {UNIT} (?:only|alone)",
        rf"(?:(?:with|over) )?{ARTICLES}(?:{ended}) cells?",
    )
    return {
        "only": re.compile(rf"\b(?:{'|'.join(only)})\b"),
        "not_over": re.compile(rf"\b{KNOWN}(?:(?:it|which|that) )?{not_over}\b"),
        "adjective": re.compile(rf"\b(?:{ended}) (?=(?:day|week|month)s?\b)"),
    }


class CompletenessWords(Question):
    """The words that say whether the open period counts."""

    def read_completeness(self) -> None:
        """Finished months only, skip the month that is not over; in how many of the finished months."""
        for begin, end in self.take_pattern("only"):
            self.found.only_complete = True
            units = [UNITS[self.text(n)] for n in range(begin, end) if self.text(n) in UNITS]
            self.found.grain = next((cast(Grain, unit) for unit in units if unit in GRAINS), self.found.grain)
        for begin, end in self.spans_of("not_over"):
            says_which = self.text(begin) in ("that", "which") and self.text(begin - 1) in UNITS
            if not (says_which and self.text(begin - 2) == "the"):  # in the month that is still running
                self.take(begin, end)  # I know that it is not over yet: every open figure says so
        for begin, end in self.spans_of("adjective"):
            before = self.tokens[begin - 1] if begin else None
            if before is None or not (before.text in COUNTED or before.number is not None):
                self.found.only_complete = True
                self.take(begin, end)

    def take_pattern(self, name: str) -> list[tuple[int, int]]:
        found = self.spans_of(name)
        for begin, end in found:
            self.take(begin, end)
        return found

    def spans_of(self, name: str) -> list[tuple[int, int]]:
        """Where a pattern stands among the words, all of them free."""
        starts = [0]
        for token in self.tokens:
            starts.append(starts[-1] + len(token.text) + 1)
        text = " ".join(token.text for token in self.tokens)
        matches = (match.span() for match in _patterns()[name].finditer(text))
        found = [(bisect(starts, begin) - 1, bisect(starts, end - 1)) for begin, end in matches]
        return [(begin, end) for begin, end in found if all(self.free[begin:end])]
