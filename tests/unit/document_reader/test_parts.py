"""Parts: their size, their units, and their text, which is the document's."""

from document_reader.content import Content, Section, from_markdown
from document_reader.letters import clean, is_readable
from document_reader.parts import PART_CHARACTERS, split_content
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text(st.sampled_from("가나 .\n|a"), max_size=3_000)


@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_the_parts_of_a_page_joined_are_its_text(texts: list[str]) -> None:
    pages = [Section(str(n), text) for n, text in enumerate(texts, 1)]
    parts, truncated = split_content(Content("page", len(pages), pages))

    assert not truncated
    assert all(len(part.text) <= PART_CHARACTERS for part in parts)
    for page in pages:
        joined = "".join(part.text for part in parts if part.name == page.name)
        assert joined == clean(page.text) or not page.text.strip()


@given(text=st.text())
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert clean(cleaned) == cleaned


def test_private_use_characters_are_mapped_or_dropped() -> None:
    assert clean("\uf53a글\ue123 \U000f02b1 추진배경 \U000f0853 개요") == "한글 ① 추진배경 • 개요"


def test_lone_surrogates_controls_and_decomposed_hangul() -> None:
    assert clean("가\ud800나\x02\x00\r\n한") == "가나\n한"


def test_letters_of_foreign_scripts_are_a_wrong_encoding() -> None:
    assert is_readable("○ 추진배경: 2026. 3. 1. ~ 漢字 「규정」 ①②③ → ±5%")
    assert not is_readable("ࠀఅѱؠಀ ਗ਼ਜ਼ॐ 가나")


def test_a_heading_names_its_section_without_private_use_characters() -> None:
    [part] = split_content(from_markdown("# \U000f02b1\ue000 추진배경\n\n본문"))[0]
    assert part.name == "① 추진배경"
