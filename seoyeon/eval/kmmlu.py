"""Items in the format of KMMLU (HAERAE-HUB/KMMLU on Hugging Face): CSV files of one subject each.

A row has `question`, the options `A` to `D`, and `answer`, the number of the right one from 1.
"""

from collections.abc import Mapping

from seoyeon.eval.items import Check, Item

OPTIONS = "ABCD"
_REQUEST = "정답의 글자 하나만 답해 주세요."


def parse_row(row: Mapping[str, str], subject: str, number: int) -> Item:
    """Return the item of a row; raise KeyError or ValueError for a fault."""
    answer = row["answer"].strip()
    correct = answer if answer in tuple(OPTIONS) else OPTIONS[int(answer) - 1 : int(answer)]
    if not correct:
        raise ValueError(f"the answer {answer} is none of 1 to 4")
    options = "\n".join(f"{name}. {row[name]}" for name in OPTIONS)
    question = f"{row['question'].strip()}\n\n{options}\n\n{_REQUEST}"
    checks = (Check("choice", {"correct": correct, "options": OPTIONS}),)
    return Item(f"{subject}-{number}", subject, (question,), checks)
