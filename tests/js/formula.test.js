import assert from "node:assert/strict";
import { test } from "node:test";
import { lex } from "../../html/js/markdown/lex.js";

/** Sentences with prices and other dollars, backslashes and brackets: none has a formula. */
const NO_FORMULA = String.raw`
가격은 $5이고, 저건 $10입니다.
커피는 $4.50, 케이크는 $6예요.
$100~$200 사이에서 골라 보세요.
$100-$200 정도면 충분해요.
$5,$6,$7 중에 하나예요.
5$와 10$ 중에 골라 주세요.
10$, 20$ 지폐만 받아요.
미화 $1,000(약 130만 원)이고, 연회비는 $95예요.
월 $20/년 $200 요금제가 있어요.
US$5와 HK$40을 환전했어요.
NT$100, A$20, C$30은 모두 달러예요.
$5=6,900원, $10=13,800원으로 계산했어요.
하루 $50씩 7일이면 $350입니다.
*할인가* $30, **정가** $45
| 요금제 | $10 | $20 |
$ 기호는 달러를 뜻해요. $ 뒤에 숫자를 써요.
매출이 $2.3M에서 $4.1M으로 늘었어요.
$0.99짜리 노래 10곡이면 $9.90이에요.
총액: $1,234.56 (세금 $98.76 포함)
약 $3~5면 돼요. $10은 비싸요.
수수료 $1 + 배송비 $4 = 합계 $5
$5 + $3 = $8
달러($)와 유로(€), 원(₩)
$가 오르면 수출이 늘고, $가 내리면 수입이 늘어요.
비용은 $a$100처럼 쓰지 않아요.
\$5와 \$6처럼 이스케이프한 값
변수는 $HOME/$USER와 $PATH예요.
$HOME 디렉터리에서 $PATH 변수를 고쳐요.
PHP에서는 $name과 $age를 써요.
jQuery의 $(this)와 $.ajax()를 함께 써요.
It costs $5 to $10 per month.
Pay $5/month, or $50/year.
Between $1M and $2M was raised.
From $5, and the rest is 10$.
He paid $20 and she paid $30, so the total is $50.
Prices: $5, $10, and $15.
The $5 coffee and the $7 cake.
I have $20 in cash and another $30 at home.
Is it $5 or $6? It is $7!
AAPL rose to $190, TSLA fell to $240.
$1 = ₩1,380이고 $2 = ₩2,760이에요.
\(주\)서연은 2026년에 세워졌어요.
출처는 \[1\]과 \[2\]예요.
괄호는 \(이렇게\) 적어요.
\[참고\] 자세한 내용은 아래에 있어요.
$$ 저렴한 식당, $$$ 비싼 식당
평점 4.5 · $$ · 한식당
`;

/** Sentences, and the formulas in them. */
const FORMULAS = [
  ["답은 $x$예요.", "x"],
  ["$a*b*c$ 는 곱이에요.", "a*b*c"],
  ["\\(a+b\\)를 구해요.", "a+b"],
  ["값은$x$이다", "x"],
  ["$x_1$과 $x_2$의 합", "x_1", "x_2"],
  ["*기울임* $a*b$ *기울임*", "a*b"],
  ["**굵게 $a_1*b_2$ 끝**", "a_1*b_2"],
  ["넓이는 $\\pi r^2$입니다.", "\\pi r^2"],
  ["$E = mc^2$", "E = mc^2"],
  ["질량 $m$, 속도 $v$인 물체", "m", "v"],
  ["$f(x) = 2x + 1$일 때 $f(3) = 7$이다.", "f(x) = 2x + 1", "f(3) = 7"],
  ["따라서 $5$개입니다.", "5"],
  ["확률은 $\\frac{1}{6}$이에요.", "\\frac{1}{6}"],
  ["$\\text{속력} = \\frac{\\text{거리}}{\\text{시간}}$", "\\text{속력} = \\frac{\\text{거리}}{\\text{시간}}"],
  ["$속도 = \\frac{거리}{시간}$", "속도 = \\frac{거리}{시간}"],
  ["\\(속력 = 거리/시간\\)", "속력 = 거리/시간"],
  ["$n$번째 항은 $a_n$", "n", "a_n"],
  ["$0 \\le x \\le 1$ 범위", "0 \\le x \\le 1"],
  ["$x^2 - 5x + 6 = 0$을 풀면", "x^2 - 5x + 6 = 0"],
  ["근의 공식 $x = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}$", "x = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}"],
  ["\\(\\sin^2\\theta + \\cos^2\\theta = 1\\)", "\\sin^2\\theta + \\cos^2\\theta = 1"],
  ["가격이 $5일 때 이익은 $p-5$예요.", "p-5"],
  ["It costs $5 and the formula is $x+1$ here.", "x+1"],
  ["It costs $5, so $x=5$.", "x=5"],
  ["가격 $x$ 달러, 즉 $10이면", "x"],
  ["$\\$5 + \\$3$", "\\$5 + \\$3"],
  ["(예: $x>0$)", "x>0"],
  ["“$x$”라고 둬요", "x"],
  ["$x$, $y$, $z$는 실수", "x", "y", "z"],
  ["$O(n \\log n)$ 시간", "O(n \\log n)"],
  ["$10^{-3}$ m", "10^{-3}"],
  ["$25\\%$ 할인", "25\\%"],
  ["$\\{1, 2, 3\\}$", "\\{1, 2, 3\\}"],
  ["$A \\cap B = \\emptyset$", "A \\cap B = \\emptyset"],
  ["$\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}$", "\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}"],
  ["$\\vec{F} = m\\vec{a}$이므로", "\\vec{F} = m\\vec{a}"],
  ["$H_2O$와 $CO_2$", "H_2O", "CO_2"],
  ["$90^\\circ$ 돌려요", "90^\\circ"],
  ["문장 $$a^2+b^2=c^2$$ 안의 식", "a^2+b^2=c^2"],
  ["문장 \\[a^2+b^2=c^2\\] 안의 식", "a^2+b^2=c^2"],
  ["- 항목 $x_i$", "x_i"],
  ["> 인용 $x_i$", "x_i"],
  ["| a |\n|---|\n| $x_i$ |", "x_i"],
  ["$$\nE = mc^2\n$$", "\nE = mc^2\n"],
  ["\\[\nE = mc^2\n\\]", "\nE = mc^2\n"],
  ["식은 다음과 같아요.\n\\[ x = 1 \\]\n끝", " x = 1 "],
  ["1. 단계\n   $$\n   x = 1\n   $$\n2. 다음", "\nx = 1\n"],
  ["$$\na\n= b\n- c\n$$", "\na\n= b\n- c\n"],
  ["$$x$$\n$$y$$", "x", "y"],
  ["\\[ \\text{가} \\\\ b \\]", " \\text{가} \\\\ b "],
];

function formulas(tokens) {
  const children = ({ tokens = [], items = [], rows = [] }) => [...tokens, ...items, ...rows.flat()];
  return tokens.flatMap((token) => (token.type === "formula" ? [token.text] : formulas(children(token))));
}

const texts = NO_FORMULA.trim().split("\n");

test("both corpora have at least 40 lines", () => {
  assert.ok(texts.length >= 40 && FORMULAS.length >= 40);
});

for (const text of texts) {
  test(`no formula: ${text}`, () => assert.deepEqual(formulas(lex(text)), []));
  test(`no formula with text after it: ${text}`, () => assert.deepEqual(formulas(lex(`${text}\n\n끝`)), []));
}

for (const [text, ...found] of FORMULAS) {
  test(`formula: ${JSON.stringify(text)}`, () => assert.deepEqual(formulas(lex(text)), found));
}

test("all prices in one text stay prices", () => {
  assert.deepEqual(formulas(lex(texts.join("\n"))), []);
});

test("a formula that is not closed yet is source text while the text grows, and not in a whole text", () => {
  const marks = (text, isGrowing) => {
    const inline = lex(text, { isGrowing }).flatMap((token) => token.tokens ?? [token]);
    return inline.filter(({ type }) => type !== "text").map(({ type, isOpen }) => [type, isOpen]);
  };
  for (const text of ["식은 $a*b*c", "식은 \\(a*b*c", "$$\na*b*c\n- d", "\\[ a*b*c"]) {
    assert.deepEqual(marks(text, true), [["formula", true]], text);
    assert.notDeepEqual(marks(text, false), [["formula", true]], text);
  }
  assert.deepEqual(marks("$5와 *강조*", true), [["em", undefined]]);
  assert.deepEqual(marks("$PATH and **bold** here, and", true), [["strong", undefined]]);
});
