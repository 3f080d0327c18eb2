"""What is asked in a message, and what only stands around it.

The sentences and clauses that ask are the question. What others tell is left out, unless it bears on the question: it
instructs (only count iOS), the question points to it (that month, there), or it names a time or users where the
question names none. What bears is understood and applied, or asked back about; it is never dropped in silence.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from itertools import pairwise

from app.ask.clauses import (
    Clause,
    Named,
    Naming,
    is_gloss,
    is_greeting,
    is_reason,
    joined,
    judges,
    says_since_when,
    sentences,
    starts_need,
    starts_question,
    states,
    wanted,
    without_seeking,
)
from app.ask.lexicon import Lexicon, fillers, small_words, vocabulary
from app.ask.rephrasing import rephrased
from app.ask.tokens import Token, tokenise


@functools.cache
def _audience() -> re.Pattern[str]:
    """For my board deck, for tomorrow's weekly business review, preparing a slide."""
    topics = [topic for topics in vocabulary()["not_held"].values() for topic in topics]  # for my budget meeting
    inner = "|".join(map(re.escape, (*fillers()["audience_words"], *topics)))
    nouns, people = _audiences(), _people()  # for our team accounts: no audience
    when = r"next\s+(?:week|month|quarter|year)(?:'s)?|this\s+(?:week|month|quarter|year)'s"
    making = "|".join(map(re.escape, fillers()["making"]))
    before = rf"\b(?:for|ahead of|before|{making})\s+(?:(?:{when}|(?:{inner})(?:'s)?)[\s-]+){{0,6}}"
    return re.compile(rf"{before}(?:{nouns})\b(?![-']|\s+(?:{people})\b)", re.I)


@functools.cache
def _occasion() -> re.Pattern[str]:
    """A clause that says no more than for what: for the risk section of my report, for a talk about loyal users."""
    for_what = rf"(?:for|ahead of|before)\s+(?:(?!(?:{_people()})\b)[\w'-]+\s+){{0,5}}?(?:{_audiences()})"
    return re.compile(rf"\W*{for_what}(?:\s+(?:about|on|of|with|to)\b.*)?\W*", re.I | re.S)


def _audiences() -> str:
    return "|".join(re.escape(noun).replace(r"\ ", r"[\s-]") for noun in fillers()["audiences"])


def _people() -> str:
    return "|".join(map(re.escape, vocabulary()["nouns"]))


@functools.cache
def _phrases() -> re.Pattern[str]:
    """Dig up, put together."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, fillers()['phrases']))})\b", re.I)


# Cheers, Anna.
_SIGNED = re.compile(r"\b(?:[Cc]heers|(?:[Mm]any )?[Tt]hanks|[Tt]hank you|[Tt]hx|[Rr]egards)[,!.]*\s+[A-Z][a-z]+\W*$")


# 2026 I mean.
_MEANT = re.compile(r"(?<=\w),?\s+(?:is what )?i mean(?:t)?(?=\s*(?:[.!?]|$))", re.I)


# Support here, how many users left?
_SPEAKING = re.compile(r"^\W*(?:(?:hi|hello|hey)\W+)?(?:it'?s\s+)?(?:\w+\s+){1,3}here\s*[,;:.!\u2013\u2014-]+\s", re.I)


@functools.cache
def _on_condition() -> re.Pattern[str]:
    """If you leave out TikTok, if we only count iOS: not why it is asked, but how."""
    verbs = "|".join(sorted(small_words("narrowing") - {"assume", "just", "not", "only", "suppose", "using"}))
    return re.compile(rf"\b(?:if|when) (?:i|we|you|one) (?=(?:(?:only|just) )?(?:{verbs})\b)", re.I)


def plain(question: str, lexicon: Lexicon) -> str:
    """The question without a signature, and without what only says of what a metric is made."""
    question = _on_condition().sub("", question.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return _MEANT.sub("", _SIGNED.sub(" ", _without_glosses(question, lexicon)))


def without_audience(question: str, lexicon: Lexicon) -> str:
    """The question without saying for whom it is; a value of a segment is never taken for one of these."""
    values = {word for phrase, _ in lexicon.values for word in phrase}

    def cut(match: re.Match[str]) -> str:
        return match.group() if values & {token.text for token in tokenise(match.group())} else " "

    question = rephrased(question)
    for pattern in (_SPEAKING, _audience(), _phrases()):
        question = pattern.sub(cut, question)
    return question


# Gained users (new + resurrected).
_OPERATORS = re.compile(r"[+/\u00f7\u2212*]|\s[-\u2013]\s|(?<=\w)\s+(?:plus|minus|over|divided|and|less)\b", re.I)
_EXPLAINED = re.compile(  # gained users, i.e. new plus resurrected, in May
    r",\s*(?:i\.?\s?e\.?|viz\.?|namely|that is|that is to say|in other words)\b[.,]*\s+([^,()?]+?)"
    r"(?:,|(?=\s+in\s+\w+\s+20))",
    re.I,
)

_GLOSS = re.compile(r"\(([^()]*)\)")


def _without_glosses(question: str, lexicon: Lexicon) -> str:
    """The question without what only says, in parentheses, of what a metric that is named is made."""

    def cut(match: re.Match[str]) -> str:
        before, inside = tokenise(question[: match.start()]), tokenise(match[1])
        is_named = any(lexicon.metrics.at(before, n, [True] * len(before)) for n in range(len(before)))
        is_made_of = _OPERATORS.search(match[1]) and {token.text for token in inside} <= lexicon.of_formulas
        is_made_of = is_made_of or _says_again(before, inside, lexicon)
        return " " if is_named and is_made_of else match.group()

    return _GLOSS.sub(cut, _EXPLAINED.sub(r" (\1)", question))


def _says_again(before: list[Token], inside: list[Token], lexicon: Lexicon) -> bool:
    """Whether what stands in parentheses only names again the metric before them."""
    named, again = (
        {match[0] for n in range(len(said)) if (match := lexicon.metrics.at(said, n, [True] * len(said)))}
        for said in (before, inside)
    )
    plain = lexicon.of_formulas | lexicon.plain | {"for", "example"}
    return bool(again) and again <= named and {token.text for token in inside} <= plain


@dataclass(frozen=True)
class Message:
    """A message, parted.

    asked       what is asked, in one piece
    glosses     what only says again what is asked, if it agrees with that
    told        what is left out, if that is worth a note
    doubts      times, users and definitions that are named beside a question which names none
    may_matter  whether a name that nobody knows is left out
    is_open     whether the question alone does not say which figure is asked for
    points      whether it points to something that it does not name, and nothing else does so plainly
    is_plain    whether nothing stands around it
    has_other_times  whether both the question and what says it again name a time
    """

    asked: str
    glosses: tuple[str, ...] = ()
    told: str = ""
    doubts: tuple[str, ...] = ()
    may_matter: bool = False
    is_open: bool = False
    points: bool = False
    is_plain: bool = False
    has_other_times: bool = False

    @property
    def with_glosses(self) -> str:
        """The question with all that says it again."""
        return " ".join((self.asked, *self.glosses))


def parted(question: str, naming: Naming) -> Message:
    """What is asked in a message, and what is left out."""
    said = [_Said(clauses, naming) for clauses in sentences(question)]
    for reread in (_Said.of_somebody_else, _Said.as_fragment):
        if not any(one.asks_for_something for one in said):
            said = [one if one.asks else reread(one) for one in said]
    if not any(one.asks for one in said):
        return Message(question, is_plain=True)
    if any(one.asks_for_something for one in said):
        said = [one.left_aside("idle") if one.only_prompts else one for one in said]
    if any(one.asks_for_something and not judges(one.clauses) for one in said):
        said = [one.left_aside("told") if judges(one.clauses) and not one.asks_for_something else one for one in said]
    whole = " ".join(map(_asked, said))
    said = [one.of_what_is_run(whole) for one in said]
    asked = " ".join(text for one in said if (text := _asked(one)))
    glosses = tuple(c.text for one in said for c, role in one.roles if role == "gloss")
    told = [clause for one in said for clause in one.told]
    if not told and not glosses:
        has_greeting = any(role == "told" for one in said for _, role in one.roles)
        return Message(asked if len(said) > 1 or has_greeting else question, is_plain=True)
    return _bearing(Message(asked, glosses, _worth_telling(said)), told, naming)


MOST_OF_A_GREETING = 4  # words


class _Said:
    """A sentence, with what each of its clauses does: asked, gloss, told."""

    def __init__(self, clauses: list[Clause], naming: Naming) -> None:
        self.naming, self.clauses = naming, clauses
        self.is_question = clauses[-1].text.rstrip(" )\"'").endswith("?")
        self.begin = self._begin()
        self.roles = self._roles()

    @property
    def asks(self) -> bool:
        return self.begin is not None

    @property
    def asks_for_something(self) -> bool:
        """Whether it asks, and says what for."""
        return self.asks and self.named_asked.says_what

    @property
    def named_asked(self) -> Named:
        """What is named in that which is asked."""
        return self.naming.named(_asked(self))

    def _begin(self) -> int | None:
        """The first clause that asks, and says what for; we lost users in June, didn't we: all of it does."""
        is_asked = False
        for n, clause in enumerate(self.clauses):
            says_what = self.naming.named(joined(self.clauses[n:])).says_what and not self._leads_on(n)
            if says_what and (starts_need(clause) or starts_question(clause, is_question=self.is_question)):
                return n
            is_asked |= starts_question(clause, is_question=self.is_question)
        if self.is_question or is_asked:
            plain = (n for n, c in enumerate(self.clauses) if not (is_greeting(c) or is_reason(c) or c.is_aside))
            return next(plain, None)
        return None

    def _leads_on(self, number: int) -> bool:
        """Whether a clause only says what for, and the question follows: I'd like to see where they come from: ..."""
        naming, clause, rest = self.naming, self.clauses[number], self.clauses[number + 1 :]
        goes_on = clause.text.endswith(":") or any(starts_question(one, is_question=self.is_question) for one in rest)
        if not (starts_need(clause) and goes_on):
            return False
        here, after = naming.named(clause.text), naming.named(joined(rest))
        narrows = here.times or here.values or here.segments or here.has_topic
        return bool(after.figures) and not narrows and naming.meant(clause.text) <= naming.meant(joined(rest))

    def _roles(self) -> list[tuple[Clause, str]]:
        if self.begin is None:
            remarks = (n for n, clause in enumerate(self.clauses) if n and states(clause))
            end = next(remarks, len(self.clauses))
            says_how = self.clauses[:end]
            role = "gloss" if self._says_again else "asked" if _instructs(says_how, self.naming) else "told"
            if role == "asked":
                says_how[0] = replace(says_how[0], text=_SHOULD.sub("", says_how[0].text))
            return [*((clause, role) for clause in says_how), *((clause, "told") for clause in self.clauses[end:])]
        roles: list[tuple[Clause, str]] = []
        leading = ""
        for n, clause in enumerate(self.clauses):
            if n < self.begin:
                leading = self._role_before(clause, leading)
                roles.append((clause, leading))
            else:
                leading = self._role_after(clause, leading if n > self.begin else "asked")
                roles.append((without_seeking(clause) if leading == "asked" else clause, leading))
        return roles

    @property
    def _says_again(self) -> bool:
        """Whether it only says how a figure or time is meant: headcount, please; that's last week."""
        text = joined(self.clauses)
        words = [token.text for token in tokenise(text)]
        is_equation = words[:1] in (["it"], ["that"]) and words[1:2] == ["is"]
        if not (is_gloss(self.clauses[0]) or is_equation):
            return False
        named = self.naming.named(text)
        is_known = {*words} <= self.naming.lexicon.known | {word for word in words if word[0].isdigit()}
        return is_known and bool(named.times or named.figures or named.has_unit or "headcount" in words)

    def _role_before(self, clause: Clause, before: str) -> str:
        """Before the question: in May, of those who joined; all else only leads there."""
        named = self.naming.named(clause.text)
        if re.fullmatch(r"\w*\d\w*\W?:", clause.text):
            return "told"  # 3: how many
        if is_greeting(clause) or _gives_reason(clause, named):
            return "told"
        if clause.is_aside:
            return "gloss" if before == "asked" else "told"
        if self._only_leads_to(named, clause):
            return "told"
        is_told_of = named.has_people or named.figures or named.values or named.segments
        if _EVENT.match(clause.text) and not is_told_of and self.naming.named(joined(self.clauses[self.begin :])).times:
            return "told"  # since the campaign ended: new users of May
        if _occasion().fullmatch(clause.text) and not (named.times or named.values or named.segments):
            return "told"
        is_led = clause.words[:1] != [] and clause.words[0] in small_words("leading_in")
        names_some = bool(named.figures or named.times or named.values or named.segments or named.has_people)
        names_some |= says_since_when(clause)
        asking = fillers()["asking"]
        is_about_asking = clause.words[-1:] != [] and clause.words[-1] in asking and not (named.figures or named.times)
        is_about_asking |= clause.words[:1] == ["for"] and not {*clause.words[1:3]}.isdisjoint(
            {*asking, *fillers()["audiences"]}
        )
        is_about_asking |= not names_some and not {*clause.words}.isdisjoint(asking)
        if is_led and names_some and not is_about_asking:
            return "asked"
        is_meant = not {*clause.words}.isdisjoint(small_words("meaning")) and not _TALKING_TO.search(clause.text)
        if is_meant and self._says_more(clause):
            return "asked"  # I'm looking at Android: how many
        if not {*clause.words}.isdisjoint({"versus", "vs", "compared"}) and names_some:
            return "asked"
        if states(clause) or is_about_asking:
            return "told"
        telling = {phrase[0] for phrase in self.naming.lexicon.operations.meanings if len(phrase) == 1}
        is_idle = {token.text for token in tokenise(clause.text)} <= self.naming.lexicon.glue - telling
        return "told" if is_idle and not named.says_any else "asked"

    def _only_leads_to(self, named: Named, clause: Clause) -> bool:
        """Whether a clause says for what it is asked by a value that the question names: for our TikTok agency."""
        asked = self.naming.named(joined([one for one in self.clauses if one is not clause]))
        again = {(segment, value.lower()) for segment, value in asked.values.items()}
        is_again = bool(named.values) and {(segment, value.lower()) for segment, value in named.values.items()} <= again
        match = _leading_to().fullmatch(clause.text)
        return is_again and match is not None and self._only_says(match["what"], named.values)

    def _says_more(self, clause: Clause) -> bool:
        """Whether a clause names any users or anything that nobody knows."""
        return bool(_unknown(clause.text, self.naming.lexicon) or self.naming.named(clause.text).values)

    def _role_after(self, clause: Clause, before: str) -> str:
        """After it began: all of it, but for what says why, and what says it again."""
        if starts_question(clause, is_question=self.is_question) or starts_need(clause):
            return "asked"
        named = self.naming.named(clause.text)
        if is_gloss(clause) and not is_reason(clause):
            return "gloss"
        if _gives_reason(clause, named) or (is_greeting(clause) and not named.says_any):
            return "told"
        is_description = _DESCRIBES.match(clause.text) and self.naming.named(joined(self.clauses)).times
        if before == "told" or (is_description and not named.times):
            return "told"
        words = clause.words
        is_remark = bool(words) and words[0] in ("i", "we", "they", "he", "she", "my", "nobody", "everyone")
        return "told" if is_remark and not named.says_what else "asked"

    @property
    def only_prompts(self) -> bool:
        """Whether a request names nothing: could you look it up."""
        if self.begin is None or not self.asks:
            return False
        words = {token.text for token in tokenise(_asked(self))}
        lexicon = self.naming.lexicon
        says_more = words & {*vocabulary()["not_understood"], "why", "explain"}
        is_request = bool(words & {"it", "that", "this", "them"} or words <= lexicon.glue)
        return is_request and not (says_more or self.named_asked.says_any)

    @property
    def told(self) -> list[Clause]:
        """What is left out, but for short greetings."""
        told = [clause for clause, role in self.roles if role == "told"]
        return [one for one in told if not (is_greeting(one) and len(one.words) <= MOST_OF_A_GREETING)]

    def may_matter(self, clause: Clause) -> bool:
        """Whether a clause carries a name, a time, a number, a word of the data, or an instruction."""
        named, words, lexicon = self.naming.named(clause.text), {*clause.words}, self.naming.lexicon
        is_statement = states(clause) and not (words & {"it", "that", "this"} and words & {"is", "are"})
        is_instruction = self.begin is None and not (is_statement or is_reason(clause))  # minus the bots
        instructing = small_words("narrowing") - {"just", "not", "take", "use"} | {"first", "sort", "sorted", "order"}
        instructing -= set() if states(clause) else {"count"}  # the count, please
        has_number = any((token.number or 0) > 1 or token.text[:1].isdigit() for token in tokenise(clause.text))
        return bool(
            named.says_any
            or has_number
            or _names_unknown([clause], lexicon)
            or (is_instruction and words - lexicon.known)
            or ((is_instruction or states(clause)) and words & instructing)
        )

    def of_what_is_run(self, question: str) -> _Said:
        """The same, where who is in charge of one value asks of its users: I run Malaysia, how many did we lose."""
        if _THERE.search(question):
            return self  # the question points to it
        asked, words = self.naming.named(question), tokenise(question)
        is_of_all = any(self.naming.lexicon.beside.at(words, n, [True] * len(words)) for n in range(len(words)))
        for n, (clause, role) in enumerate(self.roles):
            values = self.naming.named(clause.text).values
            match = _in_charge().fullmatch(clause.text) if role == "told" and len(values) == 1 else None
            is_left_open = not (values.keys() & {*asked.values, *asked.segments} or is_of_all)
            if match and is_left_open and self._only_says(match["what"], values):
                [value] = values.values()
                self.roles[n] = (replace(clause, text=f"in {value},"), "asked")
        return self

    def _only_says(self, text: str, values: dict[str, str]) -> bool:
        """Whether a text names values and no more of them than what they are: our TikTok channel, the SG team."""
        of_values = {token.text for value in values.values() for token in tokenise(value)}
        idle = {"the", "our", "my", "all", "for", "of", "in", "us", "here", *self.naming.lexicon.segments.words}
        return {token.text for token in tokenise(text)} <= of_values | idle | small_words("run_for")

    def left_aside(self, role: str) -> _Said:
        """The same, taken for no question."""
        self.begin = None
        self.roles = [(clause, role) for clause in self.clauses]
        return self

    def of_somebody_else(self) -> _Said:
        """The same, where what somebody else wants to know is the question."""
        for n, clause in enumerate(self.clauses):
            match = wanted(clause.text)
            if match and self.naming.named(clause.text[match.end() :]).says_what:
                told, asked = clause.text[: match.end()], clause.text[match.end() :]
                self.clauses[n : n + 1] = [Clause(told, clause.before), Clause(asked, " ")]
                self.begin = n + 1
                self.roles = self._roles()
                break
        return self

    def as_fragment(self) -> _Said:
        """The same, where what names a figure and states nothing is the question."""
        for n, clause in enumerate(self.clauses):
            is_idle = is_greeting(clause) or is_reason(clause) or clause.is_aside
            is_idle |= clause is not self.clauses[-1] and _occasion().fullmatch(clause.text) is not None
            if not is_idle and not states(clause) and self.naming.named(clause.text).says_what:
                self.begin = n
                self.roles = self._roles()
                break
        return self


@functools.cache
def _in_charge() -> re.Pattern[str]:
    """I run Malaysia, I am in charge of the iOS app, as the country manager for Singapore."""
    verbs = "|".join(small_words("in_charge"))
    charge = rf"(?:{verbs}|look after|take care of|(?:am|'m) (?:in charge of|responsible for))"
    post = r"(?:head|lead|manager|director|owner|vp)"
    named = rf"(?:i(?: am|'m)|as) (?:the |a )?(?:\w+ ){{0,2}}{post} (?:of|for)"
    return re.compile(
        rf"\W*(?:(?:so|hi|hey|hello|since|as|because) )?(?:i {charge}|{named}) (?P<what>[^,;:.]+)\W*", re.I
    )


@functools.cache
def _leading_to() -> re.Pattern[str]:
    """For our TikTok agency, writing up the referral programme, preparing a slide on our iOS app."""
    making = "|".join(map(re.escape, fillers()["making"]))
    made = rf"(?:{making})(?: up)?(?: (?:an?|the|our|my|some) (?:{_audiences()}) (?:on|about|for|of))?"
    return re.compile(rf"\W*(?:for|about|regarding|{made}) (?P<what>[^,;]+)\W*", re.I)


def _asked(said: _Said) -> str:
    """What is asked in a sentence, in one piece."""
    return joined([clause for clause, role in said.roles if role == "asked"])


_TALKING_TO = re.compile(r"\btalking (?:to|with)\b", re.I)

# On 9 September 2026, a day on which nobody was there.
_DESCRIBES = re.compile(r"(?:a|the) (?:day|week|month|quarter) (?:(?:on|in|during) which|when)\b", re.I)
# It should be by country.
_SHOULD = re.compile(r"^\W*(?:it|that|this|they|(?:the|our) \w+) (?:should|must|needs to|has to) (?:be )?(?=\w)", re.I)


def _gives_reason(clause: Clause, named: Named) -> bool:
    """Whether a clause says why; since May 2026 and since we launched say since when."""
    is_time = clause.words[:1] in (["since"], ["before"], ["as"]) and not states(clause)
    is_event = is_time and (named.times or clause.words[1:2] in (["the"], ["our"]))
    return is_reason(clause) and not is_event and not says_since_when(clause)


def _instructs(clauses: list[Clause], naming: Naming) -> bool:
    """Whether a sentence that asks nothing says how the question is meant: only count iOS; by month, please."""
    if is_greeting(clauses[0]) and len(clauses) > 1:
        clauses = clauses[1:]
    text = joined(clauses)
    words = [token.text for token in tokenise(clauses[0].text)]
    while words and words[0] in {"please", *fillers()["openings"]} - small_words("narrowing"):
        words.pop(0)
    named = naming.named(text)
    unknown = _unknown(text, naming.lexicon)
    if not words or is_reason(clauses[0]) or is_greeting(clauses[0]):
        return False
    if _orders(text, naming.lexicon):
        return True  # largest first
    if {"should", "must"} & {*words} and {*words} & small_words("narrowing"):
        return True  # the numbers should exclude our own people
    if words[0] in small_words("narrowing"):
        return named.says_any or unknown
    if not {*words}.isdisjoint(fillers()["asking"]):
        return False
    if words[0] in ("i", "we", "it", "that", "this", "they"):
        says_how = not {*words[1:5]}.isdisjoint(small_words("meaning")) or (
            words[0] in ("i", "we")
            and {"only", "just"} & {*words}
            and {"care", "need", "want", "count", "look"} & {*words}
        )
        is_led = any(
            one in ("it", "them", "that", "this") and two in small_words("leads_detail") for one, two in pairwise(words)
        ) and {"need", "want", "like", "have", "see"} & {*words}
        return (named.says_any or (unknown and bool(says_how))) and bool(says_how or is_led)
    if any(map(states, clauses)) or not named.says_any:
        return False
    return not _unknown(text, naming.lexicon) or words[0] in small_words("leading_in") or words[-1] == "please"


def _orders(text: str, lexicon: Lexicon) -> bool:
    """Whether a text is no more than how values are put in order."""
    tokens = [token for token in tokenise(text) if token.text not in {"please", "the", "with", *fillers()["openings"]}]
    found = lexicon.ordering.at(tokens, 0, [True] * len(tokens))
    return found is not None and found[1] == len(tokens)


def _unknown(text: str, lexicon: Lexicon) -> bool:
    """Whether a text has words that are not known, or known to be more than can be left out."""
    words = {token.text for token in tokenise(text) if token.text.isalpha()}
    return bool(words - lexicon.known or words & {*vocabulary()["not_understood"]} - small_words("narrowing"))


def _worth_telling(said: list[_Said]) -> str:
    """What is left out and may matter to the reader: sentences in which anything could bear on a figure."""
    matter = [joined(one.told) for one in said if any(map(one.may_matter, one.told))]
    return " ".join(matter).strip(" ,:;.!?")


# what is told, and bears on the question

_THAT_TIME = re.compile(
    r"\b(?:(?:in|during|for|over|on|of|at) )?(?:that|the same|said) (?:very )?"
    r"(?:day|week|month|quarter|year|period|time)\b|\b(?:in|during) it\b|\b(?:back )?then\b",
    re.I,
)
_WHICH_WAS_IT = re.compile(
    r"^\W*(?:and |so )?(?:which|what|who|when|where)(?: \w+)? (?:was|is|were|are) (?:it|that|they|those)\b",
    re.I,
)
_OF_WHOM = re.compile(
    r"\b(?:users?|people|everyone|everybody|customers?|those|countr(?:y|ies)|channels?|sources?|platforms?|cohorts?"
    r"|months?|weeks?|who|which)\b",
    re.I,
)
_OF_ALL_TIMES = re.compile(r"\b(?:which|what|how many|when)\b.*?\b(?:days?|weeks?|months?)\b|^\W*when\b", re.I)
# For us, quarters start in April; a churned user is someone away for long.
_DEFINES = re.compile(
    r"\b(?:(?:count|counts) (?:our |the )?(?:days|weeks|months|quarters|years)"
    r"|(?:weeks?|months?|quarters?|years?) (?:always )?(?:starts?|begins?|runs?|ends?)|define[sd]?|means"
    r"|(?:is|are) (?:someone|somebody|anyone|anybody|those|(?:a )?users? who|people who))\b",
    re.I,
)
_EVENT = re.compile(
    r"\W*(?:since|before|while|when|after|until|as)\b.*?\b(?:\w{2,}ed|ran|was|were|went|began|broke|came|left|had|did)\b",
    re.I | re.S,
)
_THERE = re.compile(r"\b(?:over )?there\b(?! (?:are|were|is|was|any)\b)", re.I)
_IT = re.compile(r"\b(?:it|them|that|this|those)\b", re.I)
_BOTH = re.compile(r"\b(?:for |of |in )?(?:both|the two)(?: (?:of them|months|weeks|days))?\b", re.I)
_THEIR = re.compile(r"\b(?:their|its)\b", re.I)


def _bearing(message: Message, told: list[Clause], naming: Naming) -> Message:
    """The same with what the question points to, and what may narrow it down."""
    beside = naming.named(joined(told))
    asked = naming.named(message.asked)
    text, is_open = message.asked, not asked.says_what
    if not asked.times and len(beside.times) == 1:
        time = beside.times[0]
        text = _THAT_TIME.sub(time if time.startswith("on ") else f"in {time}", text, count=1)
    if not asked.times and len(beside.times) == 2:
        text = _BOTH.sub(" and ".join(beside.times), text, count=1)
    if not asked.values and len(beside.values) == 1:
        [value] = beside.values.values()
        text = _THERE.sub(f"in {value}", text, count=1)
        text = _who_brings().sub(rf"\1{value}\2", text, count=1)
    if len(beside.values) == 1 and (theirs := _theirs(text, naming)):
        [value] = beside.values.values()
        text = f"{text[: theirs.start()]}{value}'s{text[theirs.end() :]}"
    if not asked.figures and len(beside.figures) == 1:
        text = _IT.sub(beside.figures[0], text, count=1)
    asked = naming.named(text) if text != message.asked else asked
    is_closed = asked.times or asked.is_timeless or _OF_ALL_TIMES.search(text)
    doubts = [value for segment, value in beside.values.items() if segment not in {*asked.values, *asked.segments}]
    doubts += [
        clause.text.strip(" ,;:.")
        for clause in told
        if _DEFINES.search(clause.text) and naming.named(clause.text).says_any
    ]
    if is_open and beside.figures:
        doubts += [time for time in beside.times if time not in asked.times]
    doubts += () if is_closed else (*beside.times, *_events(told))
    return replace(
        message,
        asked=text,
        doubts=tuple(dict.fromkeys(doubts)) if asked.says_what else (),
        may_matter=not asked.values and _names_unknown(told, naming.lexicon),
        is_open=is_open,
        has_other_times=bool(asked.times and any(naming.named(gloss).times for gloss in message.glosses)),
        points=_points(text, asked) or _theirs(text, naming) is not None,
    )


def _points(text: str, asked: Named) -> bool:
    """Whether a question points to what was said before it: which week was it, how many there."""
    return bool(
        _WHICH_WAS_IT.search(text)
        or (_THAT_TIME.search(text) and not (asked.times or asked.is_timeless))
        or (_BOTH.search(text) and not (asked.times or asked.values or asked.segments or len(asked.figures) > 1))
        or (_THERE.search(text) and not (asked.values or asked.segments))
    )


def _theirs(text: str, naming: Naming) -> re.Match[str] | None:
    """Where a question says their, and nobody of whom it could be stands before it."""
    match = _THEIR.search(text)
    before = text[: match.start()] if match else ""
    return None if _OF_WHOM.search(before) or naming.named(before).values else match


@functools.cache
def _who_brings() -> re.Pattern[str]:
    """How many it has brought, did they bring."""
    verbs = "|".join(small_words("bringing"))
    return re.compile(rf"\b(did |does |has )?\b(?:it|they)\b((?: has| have)? (?:{verbs})\b)", re.I)


def _events(told: list[Clause]) -> list[str]:
    """What is told of something that happened, by which a time may be meant: since the campaign ended."""
    wanting = {*fillers()["telling"]} & {"asked", "wanted", "needed", "mentioned", "planned", "claimed"}
    said = [clause.text.strip(" ,;:.") for clause in told if _EVENT.match(clause.text)]
    return [text for text in said if wanting.isdisjoint(text.lower().split())]


def _names_unknown(told: list[Clause], lexicon: Lexicon) -> bool:
    """Whether a name is told that the data does not know."""
    return any(
        token.original[:1].isupper() and not token.original.isupper() and token.text not in lexicon.known
        for clause in told
        if not is_greeting(clause)
        for token in tokenise(clause.text)[1:]
    )
