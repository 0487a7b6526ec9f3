"""The rules: whether an answer has a property.

A rule is a function of an answer and of the arguments that an item's check gives it. RULES has them
by name. Lengths count grapheme clusters: 한 is one character, composed or not.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any, Literal

import jsonschema
import regex

from seoyeon.eval.answer import Answer
from seoyeon.eval.morphology import SpeechLevel, find_speech_levels, split_sentences

Rule = Callable[..., bool]
RULES: dict[str, Rule] = {}

FOREIGN = {
    "Hanja": regex.compile(r"\p{Script=Han}"),
    "kana": regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}]"),
    "Cyrillic": regex.compile(r"\p{Script=Cyrillic}"),
    # Characters that are text by default, such as ©, ™, → and ✔, are no emoji; ☺ and ❤ are.
    "emoji": regex.compile(
        r"[\p{Emoji_Presentation}\p{Regional_Indicator}[[☀-⛿✂-➿]&&\p{Emoji}--[✔✖]]]|\p{Emoji}\uFE0F",
        regex.V1,
    ),
}
_HANGUL = regex.compile(r"\p{Script=Hangul}")
_LATIN = regex.compile(r"\p{Script=Latin}")
_LETTER = regex.compile(r"\p{L}")
_FENCE = regex.compile(r"\s*```\w*\n(.*?)\n```\s*", regex.DOTALL)
_MARKERS = {
    "bullet": regex.compile(r"^\s*[-*•·]\s+\S", regex.MULTILINE),
    "number": regex.compile(r"^\s*\(?\d+[.)]\s*\S", regex.MULTILINE),
}
_TABLE_ROW = regex.compile(r"^\s*\|.*\|\s*$", regex.MULTILINE)
_TABLE_RULE = regex.compile(r"^\s*\|(\s*:?-+:?\s*\|)+\s*$", regex.MULTILINE)
_NUMBER = regex.compile(r"(?<![\d.])-?\d[\d,]*(?:\.\d+)?")
_MARK = regex.compile(r"\[(\d{1,4})\]")
_FULL_DATE = regex.compile(
    r"(?:(?P<year>\d{4})(?:년|[-./])\s*)?(?P<month>\d{1,2})(?:월|[-./])\s*(?P<day>\d{1,2})(?:일|\b)"
)
_WEEKDAYS = "월화수목금토일"
_ABSENT = regex.compile(
    r"(찾|확인|알|답변?)\S*\s*(수|수가|수는) 없|(나와|적혀|쓰여|들어)\s*있지\s*않|나오지 않|모르"
    r"|(언급|포함|명시|기재|설명|제공|기록|안내)\S*(지\s*않|\s*없)|없(습니다|어요|네요|음|다|는|으)"
)
# As html/js/proofreading.js finds it.
_CORRECTED = regex.compile(r"^[#>*_\s]*고친 글(?:\*\*|__)?\s*(?:[:：](?:\*\*|__)?\s*(.*))?$")
_QUOTED = regex.compile(r"""["“'‘](.*)["”'’]""", regex.DOTALL)


def rule(function: Rule) -> Rule:
    """Add a function to RULES."""
    RULES[function.__name__] = function
    return function


@rule
def hangul(answer: Answer, at_least: float) -> bool:
    """Return whether this share of the letters is Hangul."""
    return _share(_HANGUL, answer.text) >= at_least


@rule
def no_foreign_characters(answer: Answer, allowed: Sequence[str] = ()) -> bool:
    """Return whether Hanja, kana, Cyrillic and emoji are missing, but for the `allowed` ones."""
    return not any(FOREIGN[name].search(answer.text) for name in FOREIGN.keys() - set(allowed))


@rule
def language(answer: Answer, target: Literal["ko", "en"]) -> bool:
    """Return whether nine in ten letters are of the language's script."""
    return _share({"ko": _HANGUL, "en": _LATIN}[target], answer.text) >= 0.9


@rule
def speech_level(answer: Answer, allowed: Sequence[SpeechLevel], at_least: float = 1) -> bool:
    """Return whether this share of the sentences with a final ending has one of the levels."""
    levels = find_speech_levels(answer.text)
    fitting = sum(level in allowed for level in levels)
    return bool(levels) and fitting / len(levels) >= at_least


@rule
def characters(answer: Answer, at_least: int = 0, at_most: int = 10**6) -> bool:
    """Return whether the length, with spaces, is within the bounds."""
    return at_least <= len(regex.findall(r"\X", answer.text.strip())) <= at_most


@rule
def sentences(answer: Answer, at_least: int = 0, at_most: int = 10**6) -> bool:
    return at_least <= len(split_sentences(answer.text)) <= at_most


@rule
def lines(answer: Answer, at_least: int = 0, at_most: int = 10**6) -> bool:
    """Return whether the number of lines that are not empty is within the bounds."""
    return at_least <= sum(bool(line.strip()) for line in answer.text.splitlines()) <= at_most


@rule
def paragraphs(answer: Answer, at_least: int = 0, at_most: int = 10**6) -> bool:
    """Return whether the number of blocks between empty lines is within the bounds."""
    blocks = regex.split(r"\n\s*\n", answer.text.strip())
    return at_least <= len(blocks) <= at_most


@rule
def list_items(
    answer: Answer,
    at_least: int = 0,
    at_most: int = 10**6,
    marker: Literal["any", "bullet", "number"] = "any",
) -> bool:
    """Return whether the number of lines that begin with a list marker is within the bounds."""
    chosen = _MARKERS.values() if marker == "any" else [_MARKERS[marker]]
    return at_least <= sum(len(each.findall(answer.text)) for each in chosen) <= at_most


@rule
def table(answer: Answer, rows: int = 1, columns: int = 2) -> bool:
    """Return whether there is a Markdown table of at least this size, not counting its header."""
    is_table = bool(_TABLE_RULE.search(answer.text))
    found = _TABLE_ROW.findall(answer.text)
    wide = [row for row in found if row.strip().strip("|").count("|") + 1 >= columns]
    return is_table and len(wide) >= rows + 2


@rule
def required(answer: Answer, all_of: Sequence[str] = (), any_of: Sequence[str] = ()) -> bool:
    """Return whether the words are there; case and spaces do not count."""
    text = _squeeze(answer.text)
    has_all = all(_squeeze(word) in text for word in all_of)
    return has_all and (not any_of or any(_squeeze(word) in text for word in any_of))


@rule
def occurrences(answer: Answer, pattern: str, at_least: int = 0, at_most: int = 10**6) -> bool:
    """Return whether the number of matches of a regular expression is within the bounds."""
    found = sum(1 for _ in regex.finditer(pattern, answer.text, regex.MULTILINE))
    return at_least <= found <= at_most


@rule
def forbidden(answer: Answer, words: Sequence[str]) -> bool:
    """Return whether none of the words is there; case does not count."""
    text = answer.text.casefold()
    return not any(word.casefold() in text for word in words)


@rule
def starts_with(answer: Answer, text: str) -> bool:
    return answer.text.strip().startswith(text)


@rule
def ends_with(answer: Answer, text: str) -> bool:
    return answer.text.strip().endswith(text)


@rule
def json_value(answer: Answer, schema: dict[str, Any]) -> bool:
    """Return whether the answer is JSON of this schema and nothing else, but for a code fence."""
    text = _FENCE.fullmatch(answer.text)
    try:
        jsonschema.validate(json.loads(text[1] if text else answer.text), schema)
    except (ValueError, jsonschema.ValidationError):
        return False
    return True


@rule
def choice(answer: Answer, correct: str, options: str = "ABCD") -> bool:
    """Return whether the option is chosen: see `find_choice`."""
    return find_choice(answer.text, options) == correct


def find_choice(text: str, options: str) -> str | None:
    """Return the chosen option, one of the characters of `options`.

    It is the one after "정답" or "답", or else the first word of the answer, or else the only one
    that occurs.
    """
    plain = unicodedata.normalize("NFKC", text).replace("*", "")  # ③ becomes 3
    one = rf"(?<![A-Za-z0-9가-힣])([{options}])(?![A-Za-z0-9.]?[A-Za-z0-9])"
    named = regex.search(rf"(?:정답|답)(?:은|:| )*[\s:(\[]*{one}", plain)
    first = regex.match(rf"[\s(\[]*{one}", plain)
    if found := named or first:
        return str(found[1])
    each = set(regex.findall(one, plain))
    return each.pop() if len(each) == 1 else None


@rule
def number(answer: Answer, equals: float) -> bool:
    """Return whether the last number of the answer is this one."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", answer.text))
    return bool(found) and float(found[-1].replace(",", "")) == equals


@rule
def date(answer: Answer, part: Literal["date", "weekday", "month", "year"], days: int = 0) -> bool:
    """Return whether the answer names the day of the question, `days` later, and no other one."""
    day = (answer.asked_at + timedelta(days=days)).date()
    if part == "date":
        found = [each.groupdict() for each in _FULL_DATE.finditer(answer.text)]
        named = {
            (int(each["year"] or day.year), int(each["month"]), int(each["day"])) for each in found
        }
        return named == {(day.year, day.month, day.day)}
    pattern, expected = {
        "weekday": (rf"([{_WEEKDAYS}])요일", _WEEKDAYS[day.weekday()]),
        "month": (r"(\d{1,2})월", str(day.month)),
        "year": (r"(\d{4})", str(day.year)),
    }[part]
    return set(regex.findall(pattern, answer.text)) == {expected}


@rule
def corrects(
    answer: Answer, all_of: Sequence[str], none_of: Sequence[str] = (), keeps: float = 0.8
) -> bool:
    """Return whether a proofreading's corrected text has the corrections and keeps the rest.

    The text has each string of `all_of`, spaces included, none of `none_of`, and at least this
    similarity to the original, from 0 to 1.
    """
    corrected = find_corrected_text(answer.text)
    if corrected is None:
        return False
    similarity = SequenceMatcher(None, answer.question, corrected, autojunk=False).ratio()
    has_all = all(word in corrected for word in all_of)
    return has_all and not any(word in corrected for word in none_of) and similarity >= keeps


def find_corrected_text(text: str) -> str | None:
    """Return the text below the only line "고친 글:", without quotation marks and bold type."""
    found = text.splitlines()
    starts = [(at, head) for at, line in enumerate(found) if (head := _CORRECTED.match(line))]
    if len(starts) != 1:
        return None
    [(at, head)] = starts
    corrected = "\n".join([head[1] or "", *found[at + 1 :]]).strip()
    if fenced := _FENCE.fullmatch(corrected):
        corrected = fenced[1]
    if quoted := _QUOTED.fullmatch(corrected):
        corrected = quoted[1]
    return corrected.replace("**", "").strip() or None


@rule
def cites(answer: Answer, part: int) -> bool:
    """Return whether there are marks, such as [2], and all lead to this part of the document."""
    marks = [int(number) for number in _MARK.findall(answer.text)]
    return bool(marks) and all(answer.sources.get(mark) == part for mark in marks)


@rule
def says_absent(answer: Answer) -> bool:
    """Return whether the answer says that the documents do not have it."""
    return bool(_ABSENT.search(answer.text))


def _share(script: "regex.Pattern[str]", text: str) -> float:
    """Return the share of a script among the letters; a text without letters is of each script."""
    letters = len(_LETTER.findall(text))
    return len(script.findall(text)) / letters if letters else 1.0


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).casefold().split())
