"""Markdown on the screen: Korean, safe, and the same however it was cut."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from bench import stream

SAMPLE = """# 경주 여행

경주는 **천년의 역사(新羅)**를 품은 도시예요.
다음 줄은 *기울임*과 `코드`, ~~지운 말~~이 있어요.

제목처럼 보이는 줄
---

1. **불국사(佛國寺)**는 아침에
   - 안쪽 목록
   - 또 하나

   이어지는 문단
2. 점심은 *쌈밥*

* 느슨한 목록

* 두 번째

- [x] 예약
- [ ] 자전거

| 장소 | 시간 |
|:--|--:|
| 불국사 | **2시간** |
| 대릉원 | 1~2시간 |

> 인용문은
> 두 줄
게으른 줄

```python
def f(x):

    return "**코드 안은 그대로**"
```

    들여쓴 코드

<b>태그</b>와 <!-- 주석 --> 그리고 &lt;꺾쇠&gt; &amp; &#44032;

<div>
블록
</div>

[나중에 정의된 링크][나중], https://example.com/길?q=1 그리고 ![그림](https://example.com/a.png)

***

[나중]: https://example.com/later "제목"

끝 문단
"""

SENTENCE = "번째 **굵은 말(bold)**과 `코드`, *기울임*이 있는 [줄](https://example.com)이에요."
LONG_BLOCKS = {
    "list": "".join(f"{i}. {i}{SENTENCE}\n" for i in range(1, 60)),
    "tight list that becomes loose": "".join(f"- {i}{SENTENCE}\n" for i in range(30))
    + "\n- 늦게\n\n- 느슨해져요\n",
    "nested list": "".join(f"- {i}{SENTENCE}\n  1. 하나\n     - 둘\n" for i in range(30)),
    "list in one item": "1. 목록\n"
    + "".join(f"   - {i}{SENTENCE}\n" for i in range(40))
    + "\n   이어지는 문단\n\n2. 다음\n",
    "code in an item": "- 설치\n\n  ```sh\n"
    + "".join(f"  npm install package-{i}\n" for i in range(60))
    + "  ```\n- 다음\n",
    "tasks": "".join(f"- [{'x' if i % 2 else ' '}] {i}{SENTENCE}\n" for i in range(40)),
    "lists side by side": "".join(f"{'-*+'[i // 20]} {i}{SENTENCE}\n" for i in range(60)),
    "table": "| 장소 | 시간 |\n|:--|--:|\n"
    + "".join(f"| {i}{SENTENCE} | `{i}` |\n" for i in range(40))
    + "\n끝\n",
    "code": "```python\n" + "".join(f"def f{i}():\n\n    pass\n" for i in range(50)) + "```\n끝\n",
    "open code": "~~~\n" + "``` x\n\n" * 150,
    "paragraph": "".join(f"{i}{SENTENCE} " for i in range(50)),
    "paragraph of lines": "".join(f"{i}{SENTENCE} 3 * 4 [열린\n" for i in range(50)) + "\n끝\n",
    "heading of lines": "".join(f"{i}{SENTENCE}\n" for i in range(30)) + "---\n\n끝\n",
    "quote": "".join(f"> {i}{SENTENCE}\n" for i in range(40)) + "게으른 줄\n\n끝\n",
    "quote of blocks": "".join(f"> {i}{SENTENCE}\n>\n> - 하나\n>   - 둘\n>\n" for i in range(20)),
    "lazy item": "- 항목\n" + "".join(f"게으른 {i}{SENTENCE}\n" for i in range(30)),
    "bold without an end": "**열린 " + "".join(f"{i}{SENTENCE} " for i in range(40)),
}

SHOW = """async ({ text, pieces }) => {
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => { draw(); return 0; };
  const root = document.createElement("div");
  const stream = new MarkdownStream(root);
  let shown = "";
  for (const piece of pieces) stream.show((shown += piece));
  stream.finish(text);
  return root.innerHTML;
}"""

CUTS = """async ({ text, rounds }) => {
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => { draw(); return 0; };
  let seed = 20261122;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const whole = document.createElement("div");
  new MarkdownStream(whole).finish(text);
  const different = [];
  for (let round = 0; round < rounds; round += 1) {
    const root = document.createElement("div");
    const stream = new MarkdownStream(root);
    const longest = [1, 3, 20, 200][round % 4];
    const cuts = [];
    for (let at = 0; at < text.length; ) {
      at += 1 + Math.floor(random() * longest);
      cuts.push(at);
      stream.show(text.slice(0, at));
    }
    stream.finish(text);
    if (root.innerHTML !== whole.innerHTML) different.push({ cuts, html: root.innerHTML });
  }
  return different;
}"""

GROWING = """async (text) => {
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => { draw(); return 0; };
  const grown = document.createElement("div");
  const stream = new MarkdownStream(grown);
  const different = [];
  for (let at = 5; at < text.length; at += 5) {
    stream.show(text.slice(0, at));
    if (at % 105 || /\\s$/.test(text.slice(0, at))) continue; // the lexer trims items, not quotes
    const fresh = document.createElement("div");
    new MarkdownStream(fresh).finish(text.slice(0, at));
    const joined = grown.cloneNode(true);
    for (const part of joined.querySelectorAll(".lines, .chunk")) {
      part.replaceWith(...part.childNodes);
    }
    if (joined.innerHTML !== fresh.innerHTML) different.push(text.slice(0, at));
  }
  return different;
}"""


WORK = """async (pieces) => {
  const { Lexer } = await import("/vendor/marked.js");
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => { draw(); return 0; };
  const root = document.createElement("div");
  root.className = "prose";
  document.body.replaceChildren(root);
  const work = { characters: [], nodes: [], siblings: [] };
  let characters = 0;
  const { lex } = Lexer.prototype;
  Lexer.prototype.lex = function (text) {
    characters += text.length;
    return lex.call(this, text);
  };
  const mutations = new MutationObserver(() => {});
  mutations.observe(root, { childList: true, subtree: true });
  const stream = new MarkdownStream(root);
  let text = "";
  for (const piece of pieces) {
    characters = 0;
    stream.show((text += piece));
    const records = mutations.takeRecords();
    const added = new Set(records.flatMap(({ addedNodes }) => [...addedNodes]));
    const parents = new Set(records.map(({ target }) => target).filter((node) => node.isConnected));
    const sum = (numbers) => [...numbers].reduce((total, number) => total + number, 0);
    work.characters.push(characters);
    work.nodes.push(sum([...added].map((node) => 1 + (node.querySelectorAll?.("*").length ?? 0))));
    work.siblings.push(Math.max(0, ...[...parents].map((node) => node.childNodes.length)));
  }
  Lexer.prototype.lex = lex;
  return work;
}"""


def show(page: Page, text: str, pieces: list[str] | None = None) -> str:
    html: str = page.evaluate(SHOW, {"text": text, "pieces": pieces or []})
    return html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "**굵게 *기울임(italic)*은 안에**도",
            "<strong>굵게 <em>기울임(italic)</em>은 안에</strong>도",
        ),
        ("**`코드`**를", "<strong><code>코드</code></strong>를"),
        ("~~취소(x)~~는", "<del>취소(x)</del>는"),
        ("첫 줄\n둘째 줄", "첫 줄<br>둘째 줄"),
        ("&lt;b&gt; &amp; &#44032; &unknown;", "&lt;b&gt; &amp; 가 &amp;unknown;"),
    ],
)
def test_inline_marks(bare: Page, text: str, html: str) -> None:
    assert show(bare, text) == f"<p>{html}</p>"


@pytest.mark.parametrize(
    ("text", "href", "content"),
    [
        ("[글](https://example.com/a?b=1&c=2)", "https://example.com/a?b=1&amp;c=2", "글"),
        ("[편지](mailto:a@example.com)", "mailto:a@example.com", "편지"),
        ("https://example.com에서", "https://example.com/", "https://example.com"),
        ("<https://example.com/길>", "https://example.com/%EA%B8%B8", "https://example.com/길"),
        ("![그림](https://example.com/a.png)", "https://example.com/a.png", "그림"),
    ],
)
def test_links_lead_out_safely(bare: Page, text: str, href: str, content: str) -> None:
    link = f'<a href="{href}" target="_blank" rel="noopener noreferrer nofollow">{content}</a>'
    assert link in show(bare, text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "앞 <img src=x onerror=alert(1)> 뒤",
        "<svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](\x01javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](//example.com)",
        "[x](/relative)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        '[x](https://example.com "onmouseover=alert(1)")',
        "[x]: javascript:alert(1)\n\n[x]",
        '<a href="javascript:alert(1)">x</a>',
        "```<img src=x onerror=alert(1)>\n<script>alert(1)</script>\n```",
        "| <img src=x onerror=alert(1)> |\n|--|\n| <script>alert(1)</script> |",
        "- [ ] <iframe src=javascript:alert(1)>",
    ],
)
def test_nothing_in_an_answer_can_run(bare: Page, text: str) -> None:
    html = show(bare, text)
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert tags <= {
        *("p", "a", "br", "code", "div", "span", "button", "pre"),
        *("ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    }
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert all(href.startswith("https://") for href in re.findall(r'<a href="([^"]*)"', html))


def test_html_is_shown_as_it_was_written(bare: Page) -> None:
    assert show(bare, "<b>굵게</b>") == "<p>&lt;b&gt;굵게&lt;/b&gt;</p>"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("| a | b |\n|:-:|--:|\n| 1<br>2 | 3 |", '<td data-align="center">1<br>2</td>'),
        ("- [x] 한 일", '<span class="box" role="img" aria-label="완료">☑</span>한 일'),
        ("3. 셋\n4. 넷", '<ol start="3"><li class="">셋</li><li class="">넷</li></ol>'),
        ("- 하나\n  - 둘", '<ul><li class="">하나<ul><li class="">둘</li></ul></li></ul>'),
        ("> 인용", "<blockquote><p>인용</p></blockquote>"),
        ("## 제목", '<h3 aria-level="4">제목</h3>'),
        ("###### 제목", '<h3 aria-level="6">제목</h3>'),
        ("```py\na < b\n```", '<pre tabindex="0"><code><span>a &lt; b</span></code></pre>'),
    ],
)
def test_blocks(bare: Page, text: str, html: str) -> None:
    assert html in show(bare, text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("앞\n\n| 장소", "<p>앞</p>"),
        ("앞\n\n| 장소 | 시간 |\n|:-", "<p>앞</p>"),
        ("| 장소\n\n다음", "<p>| 장소</p><p>다음</p>"),
        ("앞\n\n| 장소 |\n다음", "<p>앞</p><p>| 장소 |<br>다음</p>"),
    ],
)
def test_the_head_of_a_table_is_not_shown_as_text(bare: Page, text: str, shown: str) -> None:
    html = bare.evaluate(
        """async (text) => {
          const { MarkdownStream } = await import("/js/markdown/stream.js");
          window.requestAnimationFrame = (draw) => { draw(); return 0; };
          const root = document.createElement("div");
          new MarkdownStream(root).show(text);
          return root.innerHTML;
        }""",
        text,
    )
    assert html == shown


def test_however_it_was_cut_it_looks_the_same(bare: Page) -> None:
    assert bare.evaluate(CUTS, {"text": SAMPLE, "rounds": 24}) == []


@pytest.mark.parametrize("kind", LONG_BLOCKS)
def test_a_long_block_looks_the_same_however_it_was_cut(bare: Page, kind: str) -> None:
    assert bare.evaluate(CUTS, {"text": LONG_BLOCKS[kind], "rounds": 4}) == []


@pytest.mark.parametrize("kind", LONG_BLOCKS)
def test_a_long_block_is_right_while_it_grows(bare: Page, kind: str) -> None:
    assert bare.evaluate(GROWING, LONG_BLOCKS[kind]) == []


def test_odd_line_ends_and_broken_marks_look_the_same_too(bare: Page) -> None:
    text = "# \r\n- a\r\n\r\n  b\r\n**열린 **마크(\r\n```\n<!-- \n\n끝나지 않은 코드\n\n| a |\n"
    assert bare.evaluate(CUTS, {"text": text, "rounds": 24}) == []


def test_finishing_moves_nothing(bare: Page) -> None:
    kept = bare.evaluate(
        """async (text) => {
          const { MarkdownStream } = await import("/js/markdown/stream.js");
          window.requestAnimationFrame = (draw) => { draw(); return 0; };
          const root = document.createElement("div");
          const stream = new MarkdownStream(root);
          for (let at = 1; at <= text.length; at += 1) stream.show(text.slice(0, at));
          const before = [...root.children];
          stream.finish(text);
          return before.every((node, index) => root.children[index] === node);
        }""",
        SAMPLE.replace("[나중에 정의된 링크][나중], ", ""),
    )
    assert kept


@pytest.mark.parametrize(
    "kind",
    [
        *("paragraph", "paragraph of lines", "quote", "quote of blocks"),
        *("list", "nested list", "lists side by side", "tasks", "table"),
    ],
)
def test_a_long_block_does_not_move_at_the_end(bare: Page, kind: str) -> None:
    grown = bare.evaluate(
        """async (text) => {
          const { MarkdownStream } = await import("/js/markdown/stream.js");
          window.requestAnimationFrame = (draw) => { draw(); return 0; };
          const root = document.createElement("div");
          root.className = "prose";
          document.body.replaceChildren(root);
          const stream = new MarkdownStream(root);
          for (let at = 7; at < text.length; at += 7) stream.show(text.slice(0, at));
          stream.show(text);
          const separate = root.querySelectorAll(".lines, .chunk, colgroup").length;
          const { height } = root.getBoundingClientRect();
          stream.finish(text);
          const joined = document.createElement("div");
          new MarkdownStream(joined).finish(text);
          return {
            separate,
            moved: root.getBoundingClientRect().height - height,
            same: root.innerHTML === joined.innerHTML,
          };
        }""",
        LONG_BLOCKS[kind].split("게으른")[0].rstrip(),  # the lazy line ends the growth of the quote
    )
    assert grown["separate"] > 0
    assert grown["moved"] == 0
    assert grown["same"]


@pytest.mark.parametrize("kind", stream.SAMPLES)
def test_the_work_for_a_piece_does_not_grow_with_the_answer(bare: Page, kind: str) -> None:
    pieces = replace(stream.SAMPLES[kind], length=12 * 1024, pieces=750).cut()
    work: dict[str, list[int]] = bare.evaluate(WORK, pieces)
    most = {name: max(each[450:]) for name, each in work.items()}
    assert most["characters"] < 1_000  # lexed again
    assert most["nodes"] < 300  # created
    assert most["siblings"] < 200  # of a new node: the browser visits all of them
