"""Metrics by their names, and by what is said of users: lost, came back after a break."""

from __future__ import annotations

from app.ask.bound_words import BOUND_WORDS
from app.ask.catalogue import PARTS_OF_ACTIVE
from app.ask.lexicon import small_words, vocabulary
from app.ask.question import Question, Stop
from app.ask.spans import GRAIN_WORDS
from app.ask.tokens import spoken

BACK = small_words("back")
AGAIN = (("again",), ("anymore",), ("any", "more"), ("any", "longer"), ("afterwards",))
PRESENT = ("active_users", "resurrected_users")
BUT_NOT = small_words("but_not")
LISTING = small_words("listing")
GAINED_RETURNERS = "Returning users beside new ones are taken for those who came back after being away."
WITHIN_PHRASE = 3  # words that may stand between two that belong together


class MetricWords(Question):
    """The words that say which figure is meant."""

    def read_metrics(self) -> None:
        self.read_returns()
        self.read_not_again()
        self.read_not_in()
        self.read_net()
        phrases = self.lexicon.metrics
        for group, begin, end in self.each(self.lexicon.metric_groups):
            self.found.metrics += vocabulary()["metric_groups"][group]["metrics"]
            self.take(begin, end)
        named = self.each(phrases)
        for number, begin, end in self.each(self.lexicon.ambiguous):
            if self.text(begin) == "numbers" and self.text(begin - 1) in self.lexicon.nouns:
                self.take(begin, end)  # user numbers
                continue
            if any(first <= begin and end <= last and last - first > end - begin for _, first, last in named):
                continue  # did not return
            if len(self.lexicon.ambiguous_metrics[int(number)]) == 1:
                continue  # growth: an operation as much as a metric
            self.found.ambiguous.append(self.lexicon.ambiguous_metrics[int(number)])
            self.take(begin, end)
        self.read_ratio()
        self.read_copulas()
        found = [(name, begin, end) for name, begin, end in self.each(phrases) if not self.is_of_movement(begin, end)]
        for name, begin, end in found:
            # the churn of users acquired from google: said of a segment, not asked for
            is_aside = name == "new_users" and len(found) > 1 and self.text(end) in ("from", "via", "through")
            is_aside = is_aside and not any(dated.begin == end for dated in self.found.spans)
            is_aside |= self.text(begin) == "registered" and any(other[2] == begin for other in found)  # DAU registered
            if name not in self.found.metrics and not is_aside:
                self.found.metrics.append(name)
                self.found.metric_places[name] = (begin, end)
            self.check_rate(name, begin, end)
            self.take(begin - (name == "new_users" and self.text(begin - 1) == "first"), end)
            self.take_latest(begin - 1 - (self.text(begin - 1) in GRAIN_WORDS))

        self.read_back_beside()
        self.read_first_times()
        self.read_movement()
        for rank, begin, end in self.each(self.lexicon.busy):
            self.found.metrics = self.found.metrics or ["active_users"]  # the busiest day
            self.found.operations.add(rank)
            self.take(begin, end)
        sums_up = self.text_has("counting", "including", "plus", "together", "altogether", "combined")
        if {"new_users", "resurrected_users", "gained_users"} == {*self.found.metrics} and sums_up:
            self.found.metrics = ["gained_users"]  # gained, counting both new ones and those who came back
            for place in (n for n, token in enumerate(self.tokens) if token.text in ("both", "including")):
                self.take(place, place + 1)
        if {"new_users", "gained_users"} <= set(self.found.metrics):
            self.found.metrics.remove("gained_users")  # gained new users: the verb
            self.read_gained()

    def read_gained(self) -> None:
        """Gained, new and returning: of those gained, the returning ones are those who came back."""
        if "retained_users" not in self.found.metrics or "retained_users" in self.found.metric_places:
            return
        is_sum = self.text_has("plus", "together", "total", "altogether", "combined")
        self.found.metrics = ["gained_users"] if is_sum else ["new_users", "resurrected_users"]
        self.notes.append(GAINED_RETURNERS)

    def read_back_beside(self) -> None:
        """New, kept and back: beside other users, who is back are the resurrected ones."""
        ends = {end for _, end in self.found.metric_places.values()}
        for place, token in enumerate(self.tokens):
            is_beside = self.text(place - 1) in ("and", "or") and place - 1 in ends
            if token.text == "back" and is_beside and self.free[place]:
                self.found.metrics.append("resurrected_users")
                self.found.metric_places["resurrected_users"] = (place, place + 1)
                self.take(place, place + 1)

    def read_first_times(self) -> None:
        """Who used the product for the first time are the new ones."""
        places = self.found.metric_places
        active, new = places.get("active_users"), places.get("new_users")
        if not (active and new and active[1] <= new[0]):
            return
        place = new[0] - 1
        while self.text(place) in ("the", "very"):
            place -= 1
        is_listed = LISTING & {self.text(n) for n in range(active[1], place)}
        if self.text(place) == "for" and self.text(new[0]) == "first" and not is_listed:
            self.found.metrics.remove("active_users")

    def take_latest(self, place: int) -> None:
        """The latest churn, the most recent weekly one: without a date it is the latest one anyway."""
        if self.text(place) in ("latest", "newest", "recent") and self.free[place] and not self.found.spans:
            self.take(place - (self.text(place - 1) == "most"), place + 1)

    def read_copulas(self) -> None:
        """Stay above 1, keep growing, remain flat: no more than to be so."""
        groups = [self.group(name) for name in (*BOUND_WORDS, "rose", "fell")]
        named = self.each(self.lexicon.metrics)
        others = {name for name, _, _ in named} - {"retained_users"}
        for name, begin, end in named:
            is_so = self.text(end) != "up" and any(group.at(self.tokens, end, self.free) for group in groups)
            is_stay = bool(others) or self.text(begin).startswith(("stay", "remain")) or self.text(end).endswith("ing")
            if name == "retained_users" and end == begin + 1 and is_so and is_stay:  # not: retain over 100 users
                self.take(begin, end)

    def read_movement(self) -> None:
        """Lost so many active users: the churned ones, or of two dates the change of the active ones; so is gained."""
        active = self.found.metric_places.get("active_users")
        moved = next((name for name in ("active_users", "mau", "wau", "dau") if name in self.found.metrics), "")
        churned = self.found.metric_places.get("churned_users")
        is_fall = churned is not None and self.is_fall(churned[0])
        others = [place for name, place in self.found.metric_places.items() if name != "churned_users"]
        is_said_of = churned and any(
            0 <= churned[0] - end < WITHIN_PHRASE and self.text(begin - 1) != "many" for begin, end in others
        )
        if is_fall and is_said_of:
            self.found.metrics.remove("churned_users")  # retention dropped off, sign-ups trickled off
            self.found.operations.add("fell")
            return
        rates = [place for name, place in self.found.metric_places.items() if not self.catalogue.metrics[name].is_count]
        is_up = active and self.text(active[1] - 1) == "up" and any(end == active[0] for _, end in rates)
        if is_up and "active_users" in self.found.metrics:
            self.found.metrics.remove("active_users")  # retention turned up: nobody did
            self.found.operations.add("rose")
            return
        if moved and {"churned_users", "gained_users"} <= {*self.found.metrics} and self.text_has("or"):
            self.found.metrics = [moved]  # did we gain or lose active users
            self.found.operations.add("change")
            return
        for name, movement in (("churned_users", "fell"), ("gained_users", "rose")):
            verb = self.found.metric_places.get(name)
            if not (verb and active and 0 <= active[0] - verb[1] < WITHIN_PHRASE):
                continue
            if self.text(active[0] - 1) in LISTING or "active_users" not in self.found.metrics:
                continue
            spans = [dated.span for dated in self.found.spans]
            is_between = len(spans) == 2 or any(span.unit == "range" for span in spans)
            is_between |= self.text(verb[1]) == "in"  # the biggest gain in active users
            self.found.metrics.remove(name if is_between else "active_users")
            if is_between:
                self.found.operations.add(movement)
        self.read_added()

    def is_fall(self, begin: int) -> bool:
        """Whether a verb of leaving, said of a figure, is that of a fall: it dropped off, sign-ups trickled off."""
        wanes = self.text(begin) in small_words("waning") and self.text(begin - 1) in small_words("counted_events")
        return wanes or self.group("fell").at(self.tokens, begin, [True] * len(self.tokens)) is not None

    def read_added(self) -> None:
        """How many monthly actives did we add: by how many they rose."""
        places = self.found.metric_places
        added = places.get("new_users")
        names = [name for name in ("active_users", "mau", "wau", "dau") if name in places]
        if added and names and self.text(added[0]) in ("add", "added", "adding"):
            distance = max(added[0] - places[names[0]][1], places[names[0]][0] - added[1])
            if distance < 2 * WITHIN_PHRASE and "new" not in {token.text for token in self.tokens}:
                self.found.metrics.remove("new_users")
                self.found.operations.add("rose")

    def is_of_movement(self, begin: int, end: int) -> bool:
        """Whether words are part of a movement, a verdict or a sum: has gone up, wins on churn, add up."""
        groups = [self.group(name) for name in ("rose", "fell", "best", "total")]
        moves = [
            (first, match[1])
            for group in groups
            for first in (begin, begin - 1)
            if first >= 0 and (match := group.at(self.tokens, first, self.free))
        ]
        return any(last >= end and last - first > end - begin for first, last in moves)

    def check_rate(self, name: str, begin: int, end: int) -> None:
        """Raises `Stop` for the rate of a count of which no rate is kept: the reactivation rate."""
        metric = self.catalogue.metrics[name]
        is_called = self.text(end) in ("rate", "rates") and self.free[end]
        if is_called and metric.is_count and name in PARTS_OF_ACTIVE - {"retained_users"}:
            what = spoken(self.tokens[begin : end + 1])
            options = (f"{metric.label.lower()} as a share of active users", f"{metric.label.lower()} by month")
            raise Stop(
                self.unclear(f"There is no metric called “{what}” here. What is divided by what?", options=options)
            )

    def read_net(self) -> None:
        """Net new users: those gained less those lost, which is the change of the active ones."""
        for _, begin, end in self.each(self.group("net")):
            self.found.metrics.append("active_users")
            self.found.operations.add("change")
            self.notes.append("Net new users are those gained less those lost: the change of active users.")
            self.take(begin, end)

    def read_ratio(self) -> None:
        """The ratio of users gained to users lost, of new to active ones, of android to ios users."""
        named = self.each(self.lexicon.metrics)
        inside = {place for _, begin, end in named for place in range(begin, end)}
        is_of_two = len({name for name, _, _ in named}) == 2 or any(len(v) == 2 for v in self.found.filters.values())
        for position, token in enumerate(self.tokens):
            if token.text == "ratio" and position not in inside and is_of_two:
                self.found.operations |= set() if len(named) > 1 else {"compare"}
                self.take(position, position + 1)

    def read_bringing(self) -> None:
        """What a channel or a country brings, where nothing else says which users: new ones."""
        if self.found.metrics or self.found.is_cohort or "new_users" not in self.catalogue.metrics:
            return
        if self.text_has(*small_words("not_brought")):
            return
        subjects = {*self.found.value_places.values(), *self.found.segment_places}
        for place, token in enumerate(self.tokens):
            is_of_segment = place - 1 in subjects or (
                place - 2 in subjects and self.text(place - 1) in ("ads", "has", "have")
            )
            if self.free[place] and is_of_segment and token.text in small_words("bringing"):
                self.found.metrics.append("new_users")
                self.found.metric_places["new_users"] = (place, place + 1)
                self.take(place, place + 1 + (self.text(place + 1) in ("us", "in")))
                return

    def read_returns(self) -> None:
        """Dormant users who returned are the resurrected ones."""
        away = [n for n, token in enumerate(self.tokens) if self.free[n] and token.text in self.lexicon.away]
        away += [  # old users we won back
            n
            for n, token in enumerate(self.tokens)
            if self.free[n] and token.text in small_words("former") and self.text(n + 1) in self.lexicon.nouns
        ]
        for name, begin, end in self.each(self.lexicon.metrics):  # people who had left and came back
            goes_on = {self.text(n) for n in range(end + 1, end + WITHIN_PHRASE + 1)} & BACK
            if name == "churned_users" and self.text(end) in ("and", "but") and goes_on:
                away += range(begin, end)
        back = [n for n, token in enumerate(self.tokens) if self.free[n] and token.text in BACK]
        for name, begin, end in self.each(self.lexicon.metrics):  # found their way back
            back += range(begin, end) if name == "resurrected_users" else ()
        if back:
            away += self.absence_words()
        if away and back and "resurrected_users" in self.catalogue.metrics:
            self.found.metrics.append("resurrected_users")
            for position in (*away, *back):
                self.take(position - (self.text(position) == "back"), position + 1)

    def read_not_again(self) -> None:
        """Who was not seen again, is not active any more, no longer uses the app: churned."""
        for begin, token in enumerate(self.tokens):
            is_no_longer = token.text == "no" and self.text(begin + 1) == "longer"
            place = begin + 1 + is_no_longer
            while self.text(place) in ("be", "been", "have", "has", "were", "was", "to"):
                place += 1
            said = self.lexicon.metrics.at(self.tokens, place, self.free) if place < len(self.tokens) else None
            is_there = self.text(place) == "seen" or (said is not None and said[0] in PRESENT)
            if not (is_no_longer or token.text == "not") or not is_there or not self.free[begin]:
                continue
            end = said[1] if said else place + 1
            again = next((phrase for phrase in AGAIN if self.matches(phrase, end)), ())
            if again or is_no_longer or self.found.of_previous:
                self.found.metrics.append("churned_users")
                self.found.metric_places["churned_users"] = (begin, end)
                self.take(begin, end + len(again))

    def read_not_in(self) -> None:
        """Active in May but not in June: lost; active in both May and June: kept."""
        if len(self.found.spans) != 2:
            return
        first, second = self.found.spans
        between = range(first.end, second.begin)
        for place in between:
            if self.text(place) in ("still", "again"):
                self.take(place, place + 1)
        negation = next((n for n in between if self.text(n) == "not" and self.free[n]), None)
        if negation is not None and {self.text(n) for n in between} <= BUT_NOT:
            self.found.metrics.append("churned_users")
            self.found.metric_places["churned_users"] = (negation, negation + 1)
            self.found.has_noun = True
            self.take(first.end, second.begin)
        before = first.begin - 1 - (self.text(first.begin - 1) == "in")
        if self.text(before) == "both" and self.text(before - 1) in ("in", "active", "during"):
            self.found.metrics.append("retained_users")
            self.found.metric_places["retained_users"] = (first.end, first.end + 1)
            self.take(before, before + 1)

    def absence_words(self) -> list[int]:
        """After having dropped off, after a break."""
        for begin, token in enumerate(self.tokens):
            end = begin + 1
            while self.text(end) in small_words("before_absence"):
                end += 1
            gone = self.lexicon.metrics.at(self.tokens, end, self.free) if end < len(self.tokens) else None
            if token.text == "after" and gone and gone[0] == "churned_users":
                return list(range(begin, gone[1]))
            if token.text == "after" and self.text(end) in self.lexicon.away | self.lexicon.absence:
                return list(range(begin, end + 1))
        return []
