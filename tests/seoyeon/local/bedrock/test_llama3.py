"""The prompt parser, against Meta's own chat template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from seoyeon.local.bedrock import llama3
from seoyeon.local.bedrock.errors import BedrockError

from .support import header, prompt

# https://huggingface.co/meta-llama/Meta-Llama-3-70B-Instruct/blob/main/tokenizer_config.json
TEMPLATE = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
    "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim "
    "+ '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
RENDERED = Environment().from_string(TEMPLATE)  # noqa: S701  # a prompt is no HTML
contents = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80).map(str.strip)
clean = contents.filter(lambda text: "<|" not in text)


@given(system=st.none() | clean, turns=st.lists(clean, min_size=1, max_size=7), prefill=clean)
def test_what_metas_template_renders_is_read_back(
    system: str | None, turns: list[str], prefill: str
) -> None:
    turns = turns[: len(turns) - 1 + len(turns) % 2]
    messages = [{"role": "system", "content": system}] if system is not None else []
    messages += [
        {"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(turns)
    ]
    rendered = RENDERED.render(
        messages=messages, bos_token="<|begin_of_text|>", add_generation_prompt=True
    )
    read = llama3.parse(rendered + prefill)
    assert [{"role": turn.role, "content": turn.content} for turn in read.messages] == messages
    assert read.prefill == prefill


def test_whitespace_around_a_content_is_kept() -> None:
    read = llama3.parse(prompt(" 경주\n", prefill="\n좋은 "))
    assert read.messages[0].content == " 경주\n"
    assert read.prefill == "\n좋은 "


USER = f"{header('user')}경주<|eot_id|>"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("경주", "<|begin_of_text|> expected"),
        (f"{USER}{header('assistant')}", "<|begin_of_text|> expected"),
        ("<|begin_of_text|>", "a header"),
        (f"<|begin_of_text|>{USER}", "a header"),
        (f"<|begin_of_text|>\n{USER}{header('assistant')}", "a header"),
        (f"<|begin_of_text|>{USER}\n{header('assistant')}", "a header"),
        (f"<|begin_of_text|>{USER}{header('assistant')}"[:-1], "a header"),
        (f"<|begin_of_text|>{header('assistant')}", "no user's turn"),
        (f"<|begin_of_text|>{header('user')}경주", "lacks <|eot_id|>"),
        (f"<|begin_of_text|>{header('tool')}1<|eot_id|>{header('assistant')}", "no role"),
        (f"<|begin_of_text|>{USER}{header('system')}x<|eot_id|>{header('assistant')}", "a system"),
        (f"<|begin_of_text|>{USER}{header('assistant')}<|end_of_text|>", "<|end_of_text|> inside"),
        (f"<|begin_of_text|><|begin_of_text|>{USER}{header('assistant')}", "a header"),
    ],
)
def test_a_prompt_that_differs_from_the_format_is_refused(text: str, why: str) -> None:
    with pytest.raises(BedrockError, match="Not a Llama 3 prompt") as caught:
        llama3.parse(text)
    assert caught.value.code == "ValidationException"
    assert why in caught.value.message
