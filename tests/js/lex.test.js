import assert from "node:assert/strict";
import { test } from "node:test";
import { lex } from "../../html/js/markdown/lex.js";

const TAGS = { strong: "strong", em: "em", del: "del" };

/** The inline tokens of a paragraph as HTML, for comparison. */
function inline(tokens) {
  return tokens
    .map((token) => {
      if (token.type === "br") return "<br>";
      if (token.type === "codespan") return `<code>${token.text}</code>`;
      if (token.type === "link") return `<a>${token.href}</a>`;
      const content = token.tokens ? inline(token.tokens) : token.text;
      const tag = TAGS[token.type];
      return tag ? `<${tag}>${content}</${tag}>` : content;
    })
    .join("");
}

for (const [text, html] of [
  ["**서버리스(serverless)**는 좋다", "<strong>서버리스(serverless)</strong>는 좋다"],
  ['**"강조"**라고 했다', '<strong>"강조"</strong>라고 했다'],
  ["**100%**입니다", "<strong>100%</strong>입니다"],
  ["이것은**‘강조’**라고", "이것은<strong>‘강조’</strong>라고"],
  ["**『훈민정음』**의", "<strong>『훈민정음』</strong>의"],
  ["*강조(emphasis)*는", "<em>강조(emphasis)</em>는"],
  ["***둘 다(both)***는", "<em><strong>둘 다(both)</strong></em>는"],
  ["**굵게 *기울임(italic)*은 안에**도", "<strong>굵게 <em>기울임(italic)</em>은 안에</strong>도"],
  ["*기울임 **굵게(bold)**는 안에*도", "<em>기울임 <strong>굵게(bold)</strong>는 안에</em>도"],
  ["**하나(1)**와 **둘(2)**를", "<strong>하나(1)</strong>와 <strong>둘(2)</strong>를"],
  ["**`코드`**를", "<strong><code>코드</code></strong>를"],
  ["__밑줄__은 굵다", "<strong>밑줄</strong>은 굵다"],
  ["_기울임_을, __(강조)__를", "<em>기울임</em>을, <strong>(강조)</strong>를"],
  ["**굵게 *기울임*은**입니다", "<strong>굵게 <em>기울임</em>은</strong>입니다"],
  ["*기울임 **굵게**는*이다", "<em>기울임 <strong>굵게</strong>는</em>이다"],
  ["파일_이름_은 두고 __init__은 둔다", "파일_이름_은 두고 __init__은 둔다"],
  [
    "이것은*강조*라고, **굵게*기울임*은**입니다",
    "이것은<em>강조</em>라고, <strong>굵게<em>기울임</em>은</strong>입니다",
  ],
  ["가격은 3 * 4 * 5원", "가격은 3 * 4 * 5원"],
  ["** 빈칸 **은", "** 빈칸 **은"],
  ["10~20명, 3~5일", "10~20명, 3~5일"],
  ["~~취소(x)~~는", "<del>취소(x)</del>는"],
  ["a **b** c", "a <strong>b</strong> c"],
  ["snake_case_name과 2*3*4", "snake_case_name과 2<em>3</em>4"],
  ["첫 줄\n둘째 줄", "첫 줄<br>둘째 줄"],
  ["https://example.com에서", "<a>https://example.com</a>에서"],
  ["https://example.com/path를 보세요", "<a>https://example.com/path</a>를 보세요"],
  ["https://example.com/a/에서는, 그리고", "<a>https://example.com/a/</a>에서는, 그리고"],
  ["https://example.com/a?b=1#c입니다.", "<a>https://example.com/a?b=1#c</a>입니다."],
  ["https://ko.wikipedia.org/wiki/경주 참고", "<a>https://ko.wikipedia.org/wiki/경주</a> 참고"],
  ["https://example.com/길?q=1", "<a>https://example.com/길?q=1</a>"],
  ["https://example.com/?q=가 처럼", "<a>https://example.com/?q=가</a> 처럼"],
  ["https://example.com/a이벤트/b", "<a>https://example.com/a이벤트/b</a>"],
]) {
  test(`inline marks: ${JSON.stringify(text)}`, () => {
    const [paragraph, ...rest] = lex(text);
    assert.deepEqual([paragraph.type, rest.length], ["paragraph", 0]);
    assert.equal(inline(paragraph.tokens), html);
  });
}

test("a link definition of the text before is known", () => {
  const links = lex("[나중]: https://example.com/later\n\n").links;
  const [paragraph] = lex("[글][나중]", { links });
  assert.equal(inline(paragraph.tokens), "<a>https://example.com/later</a>");
});

test("a list of sources is text, a numbered link definition is not", () => {
  const text = (source) => lex(source).map(({ type }) => type);
  assert.deepEqual(text("[1]: 규정.hwp"), ["paragraph"]);
  assert.deepEqual(text("[1]: https://example.com"), ["def"]);
});
