"""Formulas, coloured code, footnotes and the little HTML of answers, under the page's policy."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend, wait_until
from tests.browser.site import Site, stored_turn
from tests.browser.test_markdown import CUTS, GROWING, SENTENCE

LIBRARIES = ("js/markdown/mathml", "js/markdown/colours", "vendor/character-entities")
LOAD = """async (libraries) => {
  await Promise.all(libraries.map((library) => import(`/${library}.js`)));
  await new Promise((done) => setTimeout(done));
}"""
SHOW = """async ({ text, libraries }) => {
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  const root = document.createElement("div");
  root.className = "prose";
  document.body.replaceChildren(root);
  const refused = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    refused.push(`${violatedDirective} ${blockedURI}`));
  new MarkdownStream(root).finish(text);
  await (LOAD)(libraries);
  return { html: root.innerHTML, refused };
}""".replace("LOAD", LOAD)
# For each prefix of a text: its tags in the order of the answer, and its height.
STEPS = """async ({ text, step }) => {
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => { draw(); return 0; };
  const root = document.createElement("div");
  root.className = "prose";
  document.body.replaceChildren(root);
  root.style.alignSelf = "start";
  const stream = new MarkdownStream(root);
  const steps = [];
  for (let at = step; at < text.length + step; at += step) {
    stream.show(text.slice(0, at));
    const tags = [...root.querySelectorAll("*")].map(({ localName }) => localName);
    steps.push({ tags, height: root.getBoundingClientRect().height, text: root.innerText });
  }
  return steps;
}"""

# Compared with another growing text, in which an open formula is source text, too.
GROWING_ALIKE = GROWING.replace(".finish(", ".show(").replace(
    "fresh.innerHTML", "fresh.innerHTML.replace(/<div class=.chunk.[^>]*><.div>/, '')"
)

SAMPLE = r"""# 이차방정식

$x^2 - 5x + 6 = 0$의 해는 \(x = 2\)와 $x=3$이고, 책값은 $5이에요.[^1]

$$
x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}
$$

물은 H<sub>2</sub>O, 넓이는 10 m<sup>2</sup>예요. &rarr; &frac12; &amp;rarr; &nosuch;

1. 전개하면
   \[ (x-2)(x-3) = 0 \]
2. 표

| 값 | 식 |
|---|---|
| 1 | $x_1$ |

<details>
<summary>정답 **보기**</summary>

- 하나 $a$
- 둘

```python
x = '''여러
줄'''  # 주석
```

</details>

```js
/* 여러 줄
   주석 */
const a = `템플릿 ${1 + 2}`;
```

둘째 각주[^글]와 [^없음]이에요.

[^1]: 첫 각주 **굵게**
    이어지는 줄
[^글]: 둘째 각주
"""
DETAILS = "<details>\n<summary>풀이</summary>\n\n"
LONG = {
    "formulas": "".join(f"{i}{SENTENCE} $x_{{{i}}} = {i}$와 \\(a*b\\) " for i in range(40)),
    "formula blocks": "".join(
        f"식 {i}\n\n$$\nx_{{{i}}} = \\frac{{1}}{{2}}\n$$\n\n" for i in range(20)
    ),
    "formulas in a list": "".join(f"- {i} $x_{{{i}}}$\n  \\[ y = {i} \\]\n" for i in range(30)),
    "details": f"{DETAILS}{SENTENCE * 20}\n\n" + "- 항목 $a$\n" * 40 + "\n</details>\n\n끝\n",
    "details in details": f"{DETAILS}{DETAILS}{SENTENCE}\n\n</details>\n\n밖\n\n</details>\n\n끝\n",
    "details without an end": f"{DETAILS}" + "".join(f"{i}{SENTENCE}\n\n" for i in range(20)),
    "comment": "```js\n/*\n" + "줄\n" * 70 + "*/\n" + "const a = 1; // 하나\n" * 30 + "```\n끝\n",
    "string": '```python\nx = """\n' + "줄 def class\n" * 30 + '"""\n' + "y = 'a'\n" * 30 + "```\n",
    "html": "```html\n<style>\n" + "a { color: red; }\n" * 30 + "</style>\n<p>글</p>\n```\n",
    "long line": "```js\n" + "var a=1;" * 200 + "\n```\n",
    "footnotes": "".join(f"글[^{i}] " for i in range(20))
    + "\n\n"
    + "".join(f"[^{i}]: {i}{SENTENCE}\n" for i in range(20)),
}


@pytest.fixture
def answers(bare: Page) -> Page:
    """An empty page with the libraries."""
    bare.evaluate(LOAD, LIBRARIES)
    return bare


def show(page: Page, text: str) -> str:
    shown = page.evaluate(SHOW, {"text": text, "libraries": LIBRARIES})
    assert shown["refused"] == []
    html: str = shown["html"]
    return html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>"),
        ("a<sup>**2**</sup>", "<p>a<sup><strong>2</strong></sup></p>"),
        ("<sub>열린", "<p>&lt;sub&gt;열린</p>"),
        ("<sub onclick=x>2</sub>", "<p>&lt;sub onclick=x&gt;2&lt;/sub&gt;</p>"),
        ("<u>밑줄</u>", "<p>&lt;u&gt;밑줄&lt;/u&gt;</p>"),
        ("&rarr;&hellip;&middot;&mdash;&copy;&frac12;", "<p>→…·—©½</p>"),
        ("&NotEqualTilde; &amp;rarr; &nosuch;", "<p>≂̸ &amp;rarr; &amp;nosuch;</p>"),
        ("&constructor;", "<p>&amp;constructor;</p>"),
        ("[^없음]", "<p>[^없음]</p>"),
        ("`$x$` `&rarr;`", "<p><code>$x$</code> <code>&amp;rarr;</code></p>"),
        (
            "<details>\n<summary>제목</summary>\n\n본문\n</details>",
            "<details><summary>제목</summary><div><p>본문</p></div></details>",
        ),
        (
            "<details>\n본문\n</details>",
            "<details><summary>자세히</summary><div><p>본문</p></div></details>",
        ),
        ('<details ontoggle="x">\n본문', '<p class="raw">&lt;details ontoggle="x"&gt;\n본문</p>'),
    ],
)
def test_marks_beyond_markdown(bare: Page, text: str, html: str) -> None:
    assert show(bare, text) == html


@pytest.mark.parametrize("text", ["$x^2$", r"\(x^2\)", "$$\nx^2\n$$", r"\[x^2\]"])
def test_a_formula_becomes_mathml(bare: Page, text: str) -> None:
    html = show(bare, text)
    assert re.search(r"<math[^>]*><msup><mi>x</mi><mn[^>]*>2</mn></msup></math>", html)
    assert ("display" in html) == ("$$" in text or r"\[" in text)


@pytest.mark.parametrize(
    "formula",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\url{https://example.com}",
        r"\includegraphics{https://example.com/a.png}",
        r"\class{action}{x}",
        r"\id{question}{x}",
        r"\style{position:fixed}{x}",
        r"\htmlStyle{position:fixed}{x}",
        r"\data{action=retry}{x}",
        r"\label{a}\ref{a}",
        r"\eqref{a}",
        r"\textcolor{url(https://example.com)}{x}",
        r"\def\a{\a\a}\a",
        r"\unknown{x}",
        r"<img src=x onerror=alert(1)>=1",
        r"\text{</math><script>alert(1)</script>}",
        r"\frac{1",
        "{" * 400 + "}" * 400,
    ],
)
def test_a_formula_cannot_do_anything(bare: Page, formula: str) -> None:
    show(bare, f"$${formula}$$")
    attributes = bare.locator(".prose *").evaluate_all(
        """(nodes) => nodes.flatMap((node) => {
          const names = node.getAttributeNames().map((name) => `${name}=${node.className}`);
          return [node.localName, ...names];
        })"""
    )
    allowed = (
        r"p|span|math|semantics|m(?:row|i|n|o|text|space|style|frac|sub|sup|subsup|padded)"
        r"|(?:display|stretchy|fence|form|lspace|rspace|mathvariant)=.*"
        r"|(?:class|data-source|style|tabindex)=(?:raw|formula display|tml-\S+)?"
    )
    assert [each for each in attributes if not re.fullmatch(allowed, each)] == []


def test_the_space_of_a_formula_is_bounded(bare: Page) -> None:
    show(bare, r"$$\rule{9999em}{9999em}\hspace{9999em}x\raise{9999em}{y}$$")
    box = bare.locator(".prose").bounding_box()
    assert box is not None
    assert box["height"] < 2_000


@pytest.mark.parametrize(
    "language", ["js", "html", "markdown", "php", "__proto__", "constructor", "extend", "DFS"]
)
def test_hostile_code_stays_text(bare: Page, language: str) -> None:
    code = "<img src=x onerror=alert(1)>\n</code></pre><script>alert(1)</script>\n`${alert(1)}`"
    html = show(bare, f"```{language}\n{code}\n```")
    assert bare.locator("code").text_content() == code
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {"div", "span", "button", "pre", "code"}


@pytest.mark.parametrize(
    ("language", "code", "colours"),
    [
        ("python", "def f(): # 주석\n  return 'a'", {"keyword", "comment", "string", "name"}),
        ("js", "const a = 1; // 하나", {"keyword", "number", "comment"}),
        ("c++", "int main() { return 0; }", {"keyword", "name", "number"}),
        ("HTML", '<p class="a">글</p>', {"keyword", "name", "string"}),
        ("mermaid", "graph TD; A-->B", set()),
        ("없는말", "const a = 1;", set()),
        ("", "const a = 1;", set()),
    ],
)
def test_code_is_coloured(bare: Page, language: str, code: str, colours: set[str]) -> None:
    html = show(bare, f"```{language}\n{code}\n```")
    assert set(re.findall(r'class="(\w+)">', html.split("<code>")[1])) == colours
    for piece in bare.locator("code > span > span").all():
        expect(piece).to_have_css("display", "inline")
    assert bare.locator("code").text_content() == code


def test_17_languages_or_more_are_coloured(answers: Page) -> None:
    languages = answers.evaluate(
        """async () => {
          const { default: prism } = await import("/vendor/prismjs.js");
          const { languages } = prism;
          return new Set(Object.values(languages).filter((each) => typeof each === "object")).size;
        }"""
    )
    assert languages > 25


def test_marks_look_the_same_however_they_were_cut(answers: Page) -> None:
    assert answers.evaluate(CUTS, {"text": SAMPLE, "rounds": 24}) == []


@pytest.mark.parametrize("kind", LONG)
def test_long_marks_look_the_same_however_they_were_cut(answers: Page, kind: str) -> None:
    assert answers.evaluate(CUTS, {"text": LONG[kind], "rounds": 4}) == []


@pytest.mark.parametrize("kind", ["formulas", "formulas in a list", "details", "comment", "string"])
def test_long_marks_are_right_while_they_grow(answers: Page, kind: str) -> None:
    assert answers.evaluate(GROWING_ALIKE, LONG[kind]) == []


@pytest.mark.parametrize(
    "text",
    [
        "식은 $a*b*c + d_1*e_1$예요.",
        r"식은 \(a*b*c\)예요.",
        "앞 문단\n\n$$\na*b*c\n= d\n- e\n+ f\n$$\n\n뒤 문단",
        "앞 문단\n\\[ a*b*c\n- d \\]\n뒤 문단",
    ],
)
def test_an_open_formula_is_source_text(answers: Page, text: str) -> None:
    formula = {"text": "$x$", "step": 3}  # loads the library
    wait_until(answers, lambda: "math" in answers.evaluate(STEPS, formula)[-1]["tags"])
    steps = answers.evaluate(STEPS, {"text": text, "step": 1})
    shown = {tag for step in steps for tag in step["tags"] if not tag.startswith("m")}
    assert shown <= {"p", "span", "br"}
    assert "math" in steps[-1]["tags"]
    changes = [
        index
        for index in range(1, len(steps))
        if steps[index]["height"] < steps[index - 1]["height"]
    ]
    assert len(changes) <= 1  # where a block of several lines becomes a formula


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("물은 H<sub>2</sub>O예요.", r"<|sub"),
        ("<details>\n<summary>정답</summary>\n\n본문\n\n</details>\n\n뒤", r"<|\bsummary|/det"),
    ],
)
def test_tags_are_never_seen(answers: Page, text: str, never: str) -> None:
    steps = answers.evaluate(STEPS, {"text": text, "step": 1})
    assert [step["text"] for step in steps if re.search(never, step["text"])] == []


@pytest.mark.parametrize("kind", ["comment", "string"])
def test_colours_keep_the_nodes_of_growing_code(answers: Page, kind: str) -> None:
    kept = answers.evaluate(
        """async (text) => {
          const { MarkdownStream } = await import("/js/markdown/stream.js");
          window.requestAnimationFrame = (draw) => { draw(); return 0; };
          const root = document.createElement("div");
          const stream = new MarkdownStream(root);
          const seen = new Set();
          for (let at = 40; at < text.length; at += 7) {
            stream.show(text.slice(0, at));
            for (const node of root.querySelectorAll(".code, code")) seen.add(node);
          }
          stream.finish(text);
          const code = root.querySelector("code");
          return { nodes: seen.size, isKept: seen.has(code), text: code.textContent };
        }""",
        LONG[kind],
    )
    assert kept["nodes"] == 2
    assert kept["isKept"]
    assert kept["text"] == LONG[kind].split("\n", 1)[1].split("\n```")[0]


def test_details_that_are_open_stay_open(answers: Page) -> None:
    opened = answers.evaluate(
        """async (text) => {
          const { MarkdownStream } = await import("/js/markdown/stream.js");
          window.requestAnimationFrame = (draw) => { draw(); return 0; };
          const root = document.createElement("div");
          const stream = new MarkdownStream(root);
          const opened = [];
          for (let at = 60; at < text.length; at += 9) {
            stream.show(text.slice(0, at));
            if (at === 60) root.querySelector("details").open = true;
            opened.push(root.querySelector("details").open);
          }
          stream.finish(text);
          return [...opened, root.querySelector("details").open];
        }""",
        LONG["details"],
    )
    assert all(opened)


@pytest.mark.usefixtures("returning")
def test_a_footnote_belongs_to_its_answer(page: Page, site: Site, backend: Backend) -> None:
    answer = "글[^1]\n\n" + "긴 글\n\n" * 40 + "[^1]: 각주"
    site.history.turns = [stored_turn(f"질문 {number}", answer) for number in range(2)]
    page.goto(site.url)
    first, last = page.locator("article").first, page.locator("article").last
    for article, other in ((last, first), (first, last)):
        article.get_by_role("button", name="각주 1 보기").click()
        expect(article.locator(".footnote")).to_be_focused()
        expect(article.locator(".footnote")).to_be_in_viewport()
        expect(other.locator(".footnote")).not_to_be_focused()
        article.get_by_role("button", name="각주 1: 본문으로 돌아가기").click()
        expect(article.get_by_role("button", name="각주 1 보기")).to_be_focused()
    assert page.locator("[id*='footnote'], [id*='fn']").count() == 0


@pytest.mark.usefixtures("returning")
def test_libraries_are_loaded_by_the_answer_that_needs_them(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "가격은 $5, 글 &amp; 글\n\n```\n코드\n```")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_contain_text("코드")
    before = loaded(page)
    assert not [name for name in before if re.match(r"mathml|colours|character", name)]
    page.locator("#question").fill("식")
    page.keyboard.press("Enter")
    backend.answer("식은 $x^2$이고 &rarr;\n\n```python\ndef f(): pass\n```")
    expect(page.locator("math")).to_be_visible()
    expect(page.locator(".keyword").first).to_have_text("def")
    expect(page.locator("article").last).to_contain_text("→")
    names = {name.split("-")[0] for name in set(loaded(page)) - set(before)}
    assert {"mathml", "colours", "character"} <= names


def loaded(page: Page) -> list[str]:
    names: list[str] = page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => name.split('/').at(-1))"
    )
    return names
