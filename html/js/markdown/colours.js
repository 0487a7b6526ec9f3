import "../common.js";
import prism from "../../vendor/prismjs.js";

const LONGEST_LINE = 1_000; // characters; a longer one, as of minified code, would be read again with each piece
const LONGEST_TEXT = 100_000;
const PLAIN = /^(?:|te?xt|plain|plaintext|mermaid)$/;
const ALIASES = {
  "c++": "cpp",
  "c#": "csharp",
  golang: "go",
  zsh: "bash",
  console: "bash",
  ps1: "powershell",
  jsonc: "json",
};

/** The colours of Prism's tokens. Operators and punctuation have the colour of the text. */
const COLOURS = Object.fromEntries(
  Object.entries({
    comment: "comment prolog doctype cdata",
    keyword: "keyword boolean tag selector atrule rule directive important null nil",
    string: "string char regex attr-value url template-string inserted",
    number: "number constant symbol unit color variable",
    name: "function function-definition class-name attr-name property key decorator annotation builtin table deleted",
  }).flatMap(([colour, types]) => types.split(" ").map((type) => [type, colour])),
);

/**
 * Return the coloured pieces of code, and the offsets at which no token goes on; null for a language that Prism does not
 * have.
 * @typedef {{ text: string, colour: string }} Piece
 * @returns {{ pieces: Piece[], ends: Set<number> } | null}
 */
export function colourCode(text, language) {
  const tokens = tokenize(text, language.toLowerCase());
  return tokens && { pieces: flatten(tokens), ends: tokenEnds(tokens) };
}

function tokenize(text, language) {
  if (text.length > LONGEST_TEXT || new RegExp(`[^\\n]{${LONGEST_LINE}}`).test(text)) return null;
  const name = Object.hasOwn(ALIASES, language) ? ALIASES[language] : language;
  const grammar = Object.hasOwn(prism.languages, name) ? prism.languages[name] : null;
  return typeof grammar === "object" && grammar && !PLAIN.test(name) ? prism.tokenize(text, grammar) : null;
}

/** Return the offsets at which a token ends, and those of the line breaks between tokens. */
function tokenEnds(tokens) {
  const ends = new Set();
  let at = 0;
  for (const token of tokens) {
    if (typeof token === "string") for (const { index } of token.matchAll(/\n/g)) ends.add(at + index + 1);
    at += token.length;
    ends.add(at);
  }
  return ends;
}

/** @returns {Piece[]} */
function flatten(tokens, outer = "") {
  return tokens.flatMap((token) => {
    if (typeof token === "string") return [{ text: token, colour: outer }];
    const { type, content, alias } = token;
    const names = [type, ...[alias ?? []].flat()];
    const inner = COLOURS[names.find((name) => Object.hasOwn(COLOURS, name))] ?? outer;
    return flatten([content].flat(), inner);
  });
}
