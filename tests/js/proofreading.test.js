import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTexts, findCorrectedText } from "../../html/js/proofreading.js";

const BEFORE = "몇일 전에 말씀드린데로 내일 뵈요.\n늦으면 않 되요!";
const AFTER = "며칠 전에 말씀드린 대로 내일 봬요.\n늦으면 안 돼요!";

/** Write differences as text: `[-removed-]`, `[+added+]`, `{changed characters}`. */
function write(differences) {
  const join = (parts) => parts.map(({ text, isChanged }) => (isChanged ? `{${text}}` : text)).join("");
  const mark = (sign, parts) => (parts.length ? `[${sign}${join(parts)}${sign}]` : "");
  return differences.map(({ same, removed, added }) => same ?? mark("-", removed) + mark("+", added)).join("");
}

for (const answer of [
  "- 설명\n\n고친 글:\n며칠 전",
  "고친 글: 며칠 전",
  "고친 글：\n며칠 전",
  "설명\n**고친 글:**\n며칠 전\n",
  "설명\n**고친 글**: 며칠 전",
  "## 고친 글\n\n며칠 전",
  "설명\n고친 글:\n```\n며칠 전\n```",
  "설명\n고친 글:\n“며칠 전”",
  "설명\n고친 글:\n**며칠** 전",
]) {
  test(`the corrected text is found after its line: ${JSON.stringify(answer)}`, () => {
    assert.equal(findCorrectedText(answer, "몇일 전"), "며칠 전");
  });
}

for (const answer of [
  "고칠 곳이 없어요.",
  "고친 글은 다음과 같아요.\n며칠 전",
  "고친 글:\n",
  "고친 글:\n하나\n\n고친 글:\n둘",
  "글쓴이가 고친 글: 며칠 전",
]) {
  test(`a corrected text that is not certain is not found: ${JSON.stringify(answer)}`, () => {
    assert.equal(findCorrectedText(answer, "몇일 전"), null);
  });
}

test("marks of the original stay in the corrected text", () => {
  assert.equal(findCorrectedText("고친 글:\n**며칠** 전", "**몇일** 전"), "**며칠** 전");
  assert.equal(findCorrectedText('고친 글:\n"며칠 전"', '"몇일 전"'), '"며칠 전"');
  assert.equal(findCorrectedText("고친 글:\n하나\n\n둘", "하나\n\n두울"), "하나\n\n둘");
});

test("texts are compared by words, and similar words by characters", () => {
  assert.equal(
    write(compareTexts(BEFORE, AFTER)),
    "[-몇일-][+며칠+] 전에 [-말씀드린{데}로-][+말씀드린{ 대}로+] 내일 [-{뵈}요.-][+{봬}요.+]\n" +
      "늦으면 [-{않} {되}요!-][+{안} {돼}요!+]",
  );
  assert.equal(write(compareTexts("I has went there.", "I went there.")), "I [-{has }-]went there.");
  assert.equal(write(compareTexts("네", "네, 좋아요")), "[-네-][+네{, 좋아요}+]");
  assert.equal(write(compareTexts("같은 글", "같은 글")), "같은 글");
});

test("a comparison of any two texts holds both", () => {
  const words = ["가", "나다", " ", "\n", "라마바", "라마사", "👍", "  ", "."];
  let seed = 7;
  const draw = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return words[seed % words.length];
  };
  const text = (parts) => parts.map((part) => part.text).join("");
  for (let round = 0; round < 500; round += 1) {
    const [before, after] = [0, 1].map(() => Array.from({ length: round % 12 }, draw).join(""));
    const differences = compareTexts(before, after);
    assert.equal(differences.map(({ same, removed }) => same ?? text(removed)).join(""), before);
    assert.equal(differences.map(({ same, added }) => same ?? text(added)).join(""), after);
  }
});

test("a long addition is shown whole", () => {
  const addition = "가".repeat(3_000);
  assert.equal(write(compareTexts("네", `네 ${addition}`)), `네[+ ${addition}+]`);
});

test("texts that differ too much are not compared", () => {
  const words = (word) => Array.from({ length: 1_500 }, (_, index) => `${word}${index}`).join(" ");
  assert.equal(compareTexts(words("가"), words("나")), null);
});
