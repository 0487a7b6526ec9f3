"""Items in the format of IFEval, such as IFEval-Ko (allganize/IFEval-Ko on Hugging Face).

A line has `key`, `prompt`, and the lists `instruction_id_list` and `kwargs`. The instructions are
those of https://github.com/google-research/google-research/tree/master/instruction_following_eval,
translated into our rules: words are counted between spaces, and a keyword is found within a word,
as Korean particles follow it without a space.
"""

from collections.abc import Callable, Mapping
from typing import Any

import regex

from seoyeon.eval.items import Check, Item

KIND = "ifeval"
Arguments = Mapping[str, Any]


class Unsupported(ValueError):
    """The instruction has no rule here: its item is left out."""


def parse_line(fields: Mapping[str, Any]) -> Item:
    """Return the item of a line; raise Unsupported, or KeyError or ValueError for a fault."""
    checks = [
        check
        for instruction, arguments in zip(
            fields["instruction_id_list"], fields["kwargs"], strict=True
        )
        for check in _translate(instruction, arguments)
    ]
    return Item(f"{KIND}-{fields['key']}", KIND, (str(fields["prompt"]),), tuple(checks))


def _translate(instruction: str, arguments: Arguments) -> list[Check]:
    if instruction not in _RULES:
        raise Unsupported(instruction)
    return _RULES[instruction](
        {name: value for name, value in arguments.items() if value is not None}
    )


def _bounds(relation: str, count: int) -> dict[str, int]:
    if relation in ("at least", "이상"):
        return {"at_least": count}
    if relation in ("less than", "미만"):
        return {"at_most": count - 1}
    raise ValueError(f"unknown relation {relation}")


def _exactly(count: int) -> dict[str, int]:
    return {"at_least": count, "at_most": count}


def _count(pattern: str, **bounds: int) -> list[Check]:
    return [Check("occurrences", {"pattern": pattern, **bounds})]


def _language(arguments: Arguments) -> list[Check]:
    if arguments["language"] not in ("ko", "en"):
        raise Unsupported(f"language:response_language of {arguments['language']}")
    return [Check("language", {"target": arguments["language"]})]


def _first_word(arguments: Arguments) -> list[Check]:
    before = r"\A(?:\S.*?\n\s*\n)" + f"{{{arguments['nth_paragraph'] - 1}}}"
    word = regex.escape(arguments["first_word"])
    return [
        Check("paragraphs", _exactly(arguments["num_paragraphs"])),
        *_count(rf"(?s){before}\s*\W?{word}", at_least=1),
    ]


_RULES: dict[str, Callable[[Arguments], list[Check]]] = {
    "keywords:existence": lambda a: [Check("required", {"all_of": a["keywords"]})],
    "keywords:forbidden_words": lambda a: [Check("forbidden", {"words": a["forbidden_words"]})],
    "keywords:frequency": lambda a: _count(
        rf"(?i){regex.escape(a['keyword'])}", **_bounds(a["relation"], a["frequency"])
    ),
    "keywords:letter_frequency": lambda a: _count(
        rf"(?i){regex.escape(a['letter'])}", **_bounds(a["let_relation"], a["let_frequency"])
    ),
    "language:response_language": _language,
    "length_constraints:number_sentences": lambda a: [
        Check("sentences", _bounds(a["relation"], a["num_sentences"]))
    ],
    "length_constraints:number_words": lambda a: _count(
        r"\S+", **_bounds(a["relation"], a["num_words"])
    ),
    # Paragraphs are divided by ***.
    "length_constraints:number_paragraphs": lambda a: _count(
        r"^\s*\*\*\*\s*$", **_exactly(a["num_paragraphs"] - 1)
    ),
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": lambda a: _count(
        r"\[.*?\]", at_least=a["num_placeholders"]
    ),
    "detectable_content:postscript": lambda a: _count(
        regex.escape(a["postscript_marker"]), at_least=1
    ),
    "detectable_format:number_bullet_lists": lambda a: [
        Check("list_items", {**_exactly(a["num_bullets"]), "marker": "bullet"})
    ],
    "detectable_format:number_highlighted_sections": lambda a: _count(
        r"\*\*?[^\n*]+\*?\*", at_least=a["num_highlights"]
    ),
    "detectable_format:multiple_sections": lambda a: _count(
        rf"\s?{regex.escape(a['section_spliter'])}\s?\d+", at_least=a["num_sections"]
    ),
    "detectable_format:json_format": lambda _: [Check("json_value", {"schema": {}})],
    "detectable_format:title": lambda _: _count(r"<<[^\n]+>>", at_least=1),
    "combination:two_responses": lambda _: _count(r"\S\s*\*{6}\s*\S", **_exactly(1)),
    "combination:repeat_prompt": lambda a: [
        Check("starts_with", {"text": a["prompt_to_repeat"].strip()})
    ],
    "startend:end_checker": lambda a: [Check("ends_with", {"text": a["end_phrase"].strip()})],
    "startend:quotation": lambda _: [
        Check("starts_with", {"text": '"'}),
        Check("ends_with", {"text": '"'}),
    ],
    "punctuation:no_comma": lambda _: [Check("forbidden", {"words": [",", "，"]})],
    "change_case:english_capital": lambda _: _count(r"\p{Ll}", at_most=0),
    "change_case:english_lowercase": lambda _: _count(r"\p{Lu}", at_most=0),
    "change_case:capital_word_frequency": lambda a: _count(
        r"\b\p{Lu}{2,}\b", **_bounds(a["capital_relation"], a["capital_frequency"])
    ),
}
