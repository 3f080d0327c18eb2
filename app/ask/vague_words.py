"""Words that leave open what is meant, and what has to be asked then: lately, the two, better than before."""

from __future__ import annotations

from app import words
from app.ask.lexicon import fillers, small_words
from app.ask.metric_query import Clarify
from app.ask.question import Question
from app.ask.spans import UNITS
from app.ask.tokens import spoken

FIGURES = ("active_users", "new_users", "churn_rate", "retention_rate")


class VagueWords(Question):
    """Asks back with choices where a question is understood but for such a word."""

    def what_is_vague(self, left: list[int]) -> Clarify | None:
        """What has to be asked about the words that are left, if each of them is a vague one."""
        texts = {self.text(n) for n in left}
        if age := self.age_without_unit(left):
            return age
        if superlative := self.unknown_superlative(left):
            return superlative
        groups = {name: small_words(f"vague_{name}") for name in ("time", "edge", "things", "kind", "judgement")}
        groups["judgement"] |= {*fillers()["opinions"]}
        if not texts <= frozenset().union(*groups.values()):
            return None
        label = self.catalogue.metrics[(self.found.metrics or ["active_users"])[0]].label.lower()
        if unit := next((UNITS[self.text(n + 1)] for n in left if self.judges_period(n)), None):
            ranks = tuple(f"which {unit} had the {rank} {label}" for rank in ("highest", "lowest"))
            message = f"Which {unit}? Name its date, or ask for the average, the highest or the lowest one."
            return Clarify(message=message, options=(f"average {label} per {unit}", *ranks))
        kind = next(name for name, group in groups.items() if texts & group)
        segments = [words.title(name).lower() for name in self.catalogue.segments]
        by_time = (f"{label} by month in the last 3 months", f"{label} by week in the last 8 weeks")
        if kind == "time":
            return Clarify(message="Since when? Say how far back, such as the last 3 months.", options=by_time)
        if kind == "edge":
            message = "Before or after when? Name the date, or the two months that are to be compared, and the figure."
            return Clarify(message=message, options=(f"{label} last month compared with the month before", *by_time))
        if kind == "things":
            message = "Which ones? Name them, two months or two values of a segment, and the figure."
            by_segment = tuple(f"{label} by {name} last month" for name in segments)
            return Clarify(message=message, options=(f"{label} last month compared with the month before", *by_segment))
        if kind == "kind":
            figure = label if self.found.metrics else "retention rate"
            options = tuple(f"which {name} had the highest {figure} last month" for name in segments)
            return Clarify(message=f"Which segment, {' or '.join(segments)}, and by which figure?", options=options)
        return self.which_metric(self.found.metrics or FIGURES)

    def judges_period(self, position: int) -> bool:
        """Whether an opinion says which days or months are meant: on a slow day."""
        is_opinion = self.text(position) in fillers()["opinions"] and self.text(position - 1) in (
            "a",
            "an",
            "one",
            "any",
        )
        return is_opinion and self.text(position + 1) in UNITS

    def age_without_unit(self, left: list[int]) -> Clarify | None:
        """Retention after 2: after 2 months or weeks."""
        number = self.tokens[left[-1]].whole
        if number is None or [self.text(n) for n in left[:-1]] != ["after"] or self.text(left[-1] - 1) != "after":
            return None
        before, after = spoken(self.raw[: left[-1] + 1]), spoken(self.raw[left[-1] + 1 :])
        options = tuple(f"{before} {unit} {after}".strip() for unit in ("months", "weeks", "days"))
        return Clarify(message=f"After {number} what: months, weeks or days?", options=options)

    def unknown_superlative(self, left: list[int]) -> Clarify | None:
        """The mildest month for churn: the one with the highest or the lowest."""
        word, after = self.text(left[0]), self.text(left[0] + 1)
        unit = UNITS.get(after)
        if len(left) > 1 or not word.endswith("est") or unit is None or not self.found.metrics:
            return None
        label = self.catalogue.metrics[self.found.metrics[0]].label.lower()
        options = tuple(f"which {unit} had the {rank} {label}" for rank in ("highest", "lowest"))
        return Clarify(message=f"Is the {word} {unit} the one with the highest or the lowest {label}?", options=options)
