"""A question as a row of tokens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

_UP_TO_NINETEEN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
NUMBERS = {word: number for number, word in enumerate(_UP_TO_NINETEEN.split())}
TENS = {
    word: 10 * n
    for n, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
}
NUMBERS |= TENS
ORDINALS = {
    word: number
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
        ],
        start=1,
    )
}

_COMPOUND = re.compile(rf"\b({'|'.join(TENS)})[\s-]({'|'.join([*list(NUMBERS)[1:10], *list(ORDINALS)[:9]])})\b", re.I)
_YEAR_IN_WORDS = re.compile(rf"\btwenty[\s-]twenty(?:[\s-]({'|'.join(list(NUMBERS)[1:10])}))?\b", re.I)
_LARGE = re.compile(
    rf"(?<!half )\b(an?|{'|'.join(NUMBERS)}|\d+(?:\.\d+)?)(?:k|[\s-](hundred|thousand))"
    rf"(?:\s+and\s+({'|'.join(NUMBERS)}|\d\d?)|\s+({'|'.join(TENS)}|\d\d))?\b",
    re.I,
)
_FORTNIGHTS = re.compile(r"\b(?:(an?|one|two|three|four|five|six|\d\d?)\s+)?fortnights?\b", re.I)
_TOKEN = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{4}[-/](?:0?[1-9]|1[0-2])(?!\d)|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)(?!\d)"
    r"|(?:0?[1-9]|1[0-2])[-/.]20\d\d(?!\d)"
    r"|\d{1,2}(?:st|nd|rd|th)\b|\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?%?|[^\W\d_][\w']*|[<>]=?|&"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DAYS_DASHED = re.compile(rf"(?<![\d.-])({_DAY})[-\u2013\u2014]({_DAY})(?![\w.-]*\d)")
_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*|q[1-4]|h[12]"
_NAMES_DASHED = re.compile(rf"\b({_NAME})-({_NAME})\b", re.IGNORECASE)
_MONTH = r"jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec"
_MONTH_AND_YEAR = re.compile(rf"\b({_MONTH})-?(?:20)?(\d\d)\b", re.IGNORECASE)
_CONTRACTIONS = {  # in this order
    r"\b(wo)n't\b": "will not",
    r"\b(ca)n't\b": "can not",
    r"n't\b": " not",
    r"\blet's\b": "let us",
    r"\b(what|how|who|when|where|it|that|there|here|he|she)'s\b": r"\1 is",
    r"'re\b": " are",
    r"'ve\b": " have",
    r"'ll\b": " will",
    r"'d\b": " would",
    r"\bi'm\b": "i am",
    # the same without the apostrophe
    r"\b(do|does|did|is|are|was|were|has|have|had|could|would|should)nt\b": r"\1 not",
    r"\b(we|they|you|i)ve\b": r"\1 have",
}
# Abbreviations, the windows of rolling figures, and which weeks are meant.
_WRITTEN_SHORT = {
    r"\bw/o\b": "without",
    r"\bw/(?=\s|\w{2})": "with ",
    r"\bexcl\b\.?": "excluding",
    r"\bincl\b\.?": "including",
    r"\bapprox\b\.?": "approximately",
    r"\b(?:i\.\s?e\b|viz\b)\.?": "namely",
    r"\be\.\s?g\b\.?": "for example",
    r"\b(?:rolling|trailing|running|moving)\s+(7|28|seven)[\s-]days?"
    r"(?=\s+(?:active|actives|user|users|audience)\b)": r"\1 day",
    r"\bactive users,?\s+(?:over|in|on|with|using)\s+(?:an?|the)\s+(?:rolling|trailing|running|moving)\s+(7|28)[\s-]"
    r"days?(?:\s+(?:window|period))?\b": r"\1 day active users",
    r"\b(last|past|previous)\s+(\d+)d\b": r"\1 \2 days",
    r"\b(\d+)d\b": r"\1 day",  # 28d MAU
    r"\btrailing(?=\s+(?:\d|seven\b|twenty\b))": "rolling",
    r"\b(weeks|months)\s+(?:(?:that|which)\s+)?(?:start|begin|commenc)(?:ning|ing|ed|e)?"
    r"\s+(?=(?:between|in|from)\b)": r"\1 ",
    r"\b(?:(?:that )?(?:start|begin|commenc)(?:ning|ing|ed|e)?\s+)?on or after\b": "since",
    r"\b(?:up to|on) or before\b": "until",
    r"\bsince (?:the )?begin of\b": "since the beginning of",
}


@dataclass(frozen=True)
class Token:
    """A word or number: `text` as it is read, `original` as it was written."""

    text: str
    original: str

    @property
    def number(self) -> float | None:
        """The number a token stands for: 3, three, 30% (0.3), 1,000."""
        if self.text in NUMBERS:
            return NUMBERS[self.text]
        plain = self.text.replace(",", "").removesuffix("%")
        if not plain[:1].isdigit():
            return None  # also inf and nan
        try:
            value = float(plain)
        except ValueError:
            return None
        return value / 100 if self.text.endswith("%") else value

    @property
    def whole(self) -> int | None:
        """The whole number a token stands for."""
        number = self.number
        return int(number) if number is not None and number == int(number) and not self.text.endswith("%") else None

    def read_as(self, text: str) -> Token:
        """The same token, read as another word."""
        return replace(self, text=text)


def tokenise(question: str) -> list[Token]:
    """The tokens of a question; punctuation and possessives are dropped, hyphens and underscores part words."""
    text = unicodedata.normalize("NFKC", question).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for short, full in _CONTRACTIONS.items():
        text = re.sub(short, full, text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\w)'s\b", "", text)
    text = re.sub(r"(?<!\d)'(\d\d)\b", r" 20\1", text)  # May '26, Sep'26
    text = re.sub(r"(?<=\w)\s+[-\u2013\u2014]\s+(?=\w)", " to ", text)  # March - May
    text = re.sub(r"\s*(?:[-=]+>|\u2192)\s*", " to ", text)  # Aug -> Sep
    text = re.sub(r"(?<=\d)\+(?!\d)", " or more ", text)  # 10+ days
    text = _MONTH_AND_YEAR.sub(r"\1 20\2", text)  # apr26, Apr2026, Apr-26
    text = re.sub(r"\b([qh][1-4])\s?[/-]\s?(\d\d)\b", r"\1 20\2", text, flags=re.IGNORECASE)  # Q3/26
    text = re.sub(r"\bw/[ce]\b|\bwc\b", "week of", text, flags=re.IGNORECASE)  # w/c 18 May
    for written, full in _WRITTEN_SHORT.items():
        text = re.sub(written, full, text, flags=re.IGNORECASE)
    text = re.sub(r"\biso[\s-]week\b(\s+(?=20\d\d))?", lambda m: "" if m[1] else "week", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(day|week|month|quarter|year)[\s-]?wise\b", r"by \1", text, flags=re.IGNORECASE)  # month-wise
    text = re.sub(r"\b([dwmqy])-o-([dwmqy])\b", r"\1o\2", text, flags=re.IGNORECASE)  # m-o-m
    text = _YEAR_IN_WORDS.sub(lambda match: f"{2020 + NUMBERS[(match[1] or 'zero').lower()]}", text)
    text = _FORTNIGHTS.sub(_in_weeks, text)
    text = _COMPOUND.sub(_in_digits, text)  # twenty-eight, twenty-first
    text = _LARGE.sub(_as_number, text)  # a hundred, two hundred and fifty, 1.5k
    text = _DAYS_DASHED.sub(r"\1 to \2", text)  # 1-15 May
    text = _NAMES_DASHED.sub(r"\1 to \2", text)  # Jan-Mar, Q1-Q2
    text = re.sub(r"(?<=\w)[\u2013\u2014](?=\w)", " to ", text)  # 5 May\u201312 June
    text = re.sub(r"(?<=\d)\s+%", "%", text)
    text = re.sub(r"(?<!\d)%", " percent ", text)
    text = re.sub(r"(?<=[A-Za-z])[-_/](?=\w)|(?<=\d)-(?=[A-Za-z])", " ", text)
    shouted = text == text.upper()
    return [
        Token(match.group().lower(), match.group().lower() if shouted else match.group())
        for match in _TOKEN.finditer(text)
    ]


def _in_digits(match: re.Match[str]) -> str:
    tens, one = match[1].lower(), match[2].lower()
    return f"{TENS[tens] + NUMBERS[one]}" if one in NUMBERS else f"{TENS[tens] + ORDINALS[one]}th"


def _in_weeks(match: re.Match[str]) -> str:
    many = (match[1] or "a").lower()
    return f"{2 * (1 if many in ('a', 'an') else NUMBERS.get(many) or int(many))} weeks"


def _as_number(match: re.Match[str]) -> str:
    one, rest = match[1].lower(), (match[3] or match[4] or "zero").lower()
    times = 1.0 if one in ("a", "an") else NUMBERS[one] if one in NUMBERS else float(one)
    is_hundreds = (match[2] or "").lower() == "hundred"
    return f"{times * (100 if is_hundreds else 1000) + (NUMBERS[rest] if rest in NUMBERS else int(rest)):g}"


def spoken(tokens: list[Token]) -> str:
    """Tokens as they were written, for a message."""
    return " ".join(token.original for token in tokens)
