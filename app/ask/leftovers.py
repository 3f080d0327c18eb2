"""What is left of a question when everything that was understood is taken: ignored, or asked about."""

from __future__ import annotations

import re

from app import words
from app.ask.lexicon import small_words, vocabulary
from app.ask.metric_query import Unanswerable
from app.ask.question import Stop
from app.ask.tokens import spoken
from app.ask.vague_words import VagueWords

NOT_KNOWN_OF_USERS = "The warehouse knows when users were active, not that they “{}”."
MOST_IGNORED = 2  # unknown words that may be left out of account
WITHIN_PHRASE = 3  # words that may stand between "from" and the name it leads
# What stands before the name of a segment: an unknown word after it may be one.
LEADING = small_words("leading")


class Leftovers(VagueWords):
    """The words that are neither understood nor known to say nothing."""

    def leftovers(self) -> list[int]:
        return [
            position
            for position, token in enumerate(self.tokens)
            if self.free[position]
            and (
                token.text not in self.lexicon.glue
                or self.describes_people(position)
                or self.is_done(position)
                or self.names_split(position)
                or self.judges_period(position)
            )
        ]

    def names_split(self, position: int) -> bool:
        """Whether a word that mostly says nothing stands where a segment is named: by state, per product."""
        word = self.text(position)
        leads = self.text(position - 1) in ("by", "per", "across", "each", "every")
        return leads and not word.endswith("ing") and word not in small_words("after_by")

    def is_done(self, position: int) -> bool:
        """Whether a word says what users did, other than being active: new users who read the docs."""
        return self.text(position) in self.lexicon.doings and self.text(position - 1) in {*self.lexicon.nouns, "who"}

    def leads_request(self, position: int) -> bool:
        """Whether an unknown word is the verb by which a figure is asked for: quantify the churn rate."""
        word, after = self.tokens[position].text, self.text(position + 1)
        is_polite = {self.text(n) for n in range(position)} <= small_words("polite")
        is_bare = word.isalpha() and not word.endswith(("s", "ed", "ing", "ly")) and word not in self.lexicon.known
        is_one_clause = re.search(rf"\b{word}\s+{after}\b", self.question, re.I)  # not: pinterest, how many
        leads = after in small_words("requested") or (position and after in ("how", "what", "when", "which"))
        return bool(is_polite and is_bare and leads and is_one_clause and word not in small_words("changing"))

    def describes_people(self, position: int) -> bool:
        """Whether a word that mostly says nothing stands right before users: learning users may be a segment."""
        counts = {
            begin for name, (begin, _) in self.found.metric_places.items() if self.catalogue.metrics[name].is_count
        }
        leads = self.text(position + 1) in self.lexicon.nouns or position + 1 in counts
        return self.text(position) in self.lexicon.describing and leads

    def said_of_people(self) -> str:
        """What is said of users, beyond the plainest words, where no metric says which are meant: read the news."""
        for position, token in enumerate(self.tokens):
            end = self.free_until(position + 1)
            said = [n for n in range(position + 1, end) if self.text(n) not in self.lexicon.plain]
            if token.text in self.lexicon.nouns and said:
                return spoken(self.raw[said[0] : end])
        return ""

    def free_until(self, position: int) -> int:
        """Where the words end, from a position on, that are taken for nothing."""
        while position < len(self.tokens) and self.free[position]:
            position += 1
        return position

    def can_ignore(self, left: list[int]) -> bool:
        """Whether one or two unknown words stand apart from all that was understood of a whole question."""
        is_whole = bool(self.found.metrics or self.found.is_cohort) and not self.found.ambiguous
        is_apart = (self.stands_apart(one) or self.leads_request(one) for one in left)
        return is_whole and len(left) <= MOST_IGNORED and all(is_apart)

    def stands_apart(self, position: int) -> bool:
        """Whether a plain unknown word is no neighbour of what was understood, nor follows what leads a segment."""
        token = self.tokens[position]
        is_plain = token.original.isalpha() and token.original.islower() and token.text not in self.lexicon.known
        if not is_plain or not 0 < position < len(self.tokens) - 1:
            return False
        is_apart = self.free[position - 1] and self.free[position + 1]
        before = {self.text(n) for n in range(position - WITHIN_PHRASE, position)}
        return is_apart and before.isdisjoint(LEADING)

    def names_figure(self, left: list[int]) -> bool:
        """Whether all that is left is the figure somebody has in mind and wants to be confirmed."""
        is_number = len(left) == 1 and self.tokens[left[0]].number is not None
        ranks = {"highest", "lowest", "best", "worst", "rank", "more", "less"}
        is_plain = bool(self.found.metrics) and not (self.found.bounds or self.found.operations & ranks)
        is_tag = len(self.tokens) > 2 and self.text(len(self.tokens) - 2) == "not"  # didn't we
        asks = (
            is_tag or self.text(0) in ("was", "were", "is", "are", "did") or self.text_has(*vocabulary()["confirming"])
        )
        return is_number and is_plain and asks

    def second_question(self) -> str:
        """A second question of which nothing was understood: and how is it doing now."""
        for begin in range(2, len(self.tokens) - 2):
            asks = self.text(begin) in ("how", "what", "when", "why", "who", "where", "which")
            idle = self.lexicon.ambiguous.words | {"now"}
            is_idle = all(self.free[n] or self.text(n) in idle for n in range(begin, len(self.tokens)))
            said = {self.text(n) for n in range(begin + 1, len(self.tokens))}
            is_answered = said <= self.lexicon.of_the_figure and self.text(begin) in ("what", "how")
            is_answered |= self.text(begin) == "when" and bool(self.found.operations & {"highest", "lowest"})
            if self.text(begin - 1) == "and" and asks and is_idle and not is_answered:
                return spoken(self.raw[begin:])
        return ""

    def check_leftovers(self) -> None:
        left = self.leftovers()
        found = self.found
        if left_out := self.second_question():
            self.ignored.append(left_out)
        if not left:
            return
        if done := [n for n in left if self.is_done(n)]:
            said = spoken(self.raw[done[0] : self.free_until(done[0])])
            raise Stop(self.unread(self.no_answer(NOT_KNOWN_OF_USERS.format(said))))
        what = spoken([self.raw[n] for n in left])
        if self.names_figure(left):
            self.first_of_all.append(f"The question says {what}; the data says:")
            return
        is_open = found.over_period and not (found.operations or found.bounds)  # which week takes the crown
        if self.can_ignore(left) and not is_open:
            self.ignored.append(what)
            return
        if vague := self.what_is_vague(left):
            raise Stop(self.unread(vague))
        if len(left) >= 3 and 2 * len(left) >= len(self.tokens):
            raise Stop(self.unread(self.no_answer(f"Too little of this was understood; not “{what}”. I read English.")))
        recognised = (
            found.metrics
            or found.days_active
            or found.ambiguous
            or found.is_cohort
            or found.has_noun
            or found.operations
        )
        if not recognised and not found.spans and not found.by:
            message = "This is no question about the growth of this product, or none that I can read."
            raise Stop(self.unread(self.no_answer(message)))
        position = left[0]
        before = [self.text(position - 1), self.text(position - 2)]
        leading = ("in", "on", "from", "for", "via", "through", "and", "vs", "than", "with", "by")
        is_name = position > 0 and self.raw[position].original[:1].isupper()  # Instagram
        is_place = is_name or before[0] in leading or before[1] in ("in", "on", "from", "via")
        is_word = self.tokens[position].text.isalpha() and self.tokens[position].text not in self.lexicon.known
        if before[0] in ("which", "what", "by", "per", "each", "every") and self.text(position) in small_words(
            "other_segments"
        ):
            known = ", ".join(words.title(name).lower() for name in self.catalogue.segments)
            raise Stop(self.unread(Unanswerable(message=f"Users are not grouped by {what}, but by {known}.")))
        kind = self.lexicon.segments.at(self.tokens, left[-1] + 1, [True] * len(self.tokens))
        if kind and is_word and is_name:  # our LinkedIn channel
            raise Stop(self.unread(Unanswerable(message=self.catalogue.no_such_value(what, kind[0]))))
        if recognised and is_place and is_word and len(left) <= 3:
            raise Stop(self.unread(Unanswerable(message=self.catalogue.no_such_value(what))))
        after = self.text(left[-1] + 1)
        if found.metrics and is_word and after in self.lexicon.nouns and len(left) == 1:
            raise Stop(self.unread(Unanswerable(message=self.catalogue.no_such_value(what))))
        if (
            not found.metrics
            and is_word
            and (after in ("rate", "ratio", "score", "index", "users") or not found.has_noun)
        ):
            raise Stop(self.unread(self.no_answer(f"There is no metric called “{what}” here.")))
        raise Stop(self.unread(self.unclear(f"I did not understand “{what}”.")))
