const segmenter = new Intl.Segmenter("ko", { granularity: "sentence" });
const HAS_WORD = /[\p{L}\p{N}]/u;
const BLOCKS = new Set(
  "ADDRESS BLOCKQUOTE DD DETAILS DIV DL DT H1 H2 H3 H4 H5 H6 HR LI OL P SECTION SUMMARY TABLE TD TH TR UL".split(" "),
);

/**
 * Return the text of a rendered answer for reading aloud, a line for each block. `codeText` stands for code and
 * formulas; buttons, such as the marks of sources, are left out.
 * @param {Node} node
 * @param {string} codeText
 * @returns {string}
 */
export function readableText(node, codeText) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent.replaceAll(/\s+/g, " ");
  const tag = node.nodeName.toUpperCase();
  if (tag === "BUTTON") return "";
  const isCode = node instanceof HTMLElement && node.classList.contains("code"); // with its language and button
  if (isCode || tag === "MATH") return `\n${codeText}\n`;
  const text = [...node.childNodes].map((child) => readableText(child, codeText)).join("");
  if (tag === "BR") return "\n";
  return BLOCKS.has(tag) ? `\n${text}\n` : text;
}

/**
 * Return the sentences of a text, in order. Those of a growing text stay when it grows: its last sentence may not be
 * complete, and is left out unless `isFinal`.
 * @param {string} text
 * @param {boolean} isFinal
 * @returns {string[]}
 */
export function splitSentences(text, isFinal) {
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => [...segmenter.segment(line)].map(({ segment }) => segment.trim()));
  if (!isFinal) lines.at(-1).pop();
  return lines.flat().filter((sentence) => HAS_WORD.test(sentence));
}
