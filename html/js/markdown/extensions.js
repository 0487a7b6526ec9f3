import { findFormula, findFormulaBlock, maskFormulas, matchFormula, matchFormulaBlock } from "./formula_syntax.js";

const LABEL = String.raw`\[\^([^\s\]^]{1,40})\]`;
const REFERENCE = new RegExp(`^${LABEL}(?![:(])`);
const DEFINITION = new RegExp(
  String.raw`^ {0,3}${LABEL}:[ \t]*([^\n]*(?:\n(?!${LABEL}:| {0,3}(?:\x60{3}|[#>|<]|[*+-] |\d+[.)] ))[^\n]*\S[^\n]*)*` +
    String.raw`(?:\n(?:[ \t]*\n)*(?: {4}|\t)[^\n]*)*)(?:\n|$)`,
);
const RAISED = /^<(su[bp])>((?:(?!<\/?su[bp]>)[^\n]){1,200}?)<\/\1>/i;
const OPEN_RAISED = /^<(su[bp])>([^<\n]{0,200})(?:<(?:\/(?:s(?:u[bp]?)?)?)?)?$/i;
const CUT_TAG = /^<(?:\/?[a-z]{0,7})?$/i;
const DETAILS =
  /^ {0,3}<details(?: open(?:="")?)?>\s*(?=\n|<summary>)(?:<summary>((?:(?!<\/?summary>)[\s\S]){0,300})<\/summary>\n?)?/i;
const OPEN_SUMMARY = /^\s*(?:<[sumary]{0,7}|<summary>([^<]*)(?:<[^>]*)?)?$/i;
const DETAILS_TAG = /<(\/?)details\b[^>\n]*>/gi;

/** Marks that Markdown does not have: formulas, footnotes, `<sub>`, `<sup>` and `<details>`. */
export const extensions = {
  startBlock: [findFormulaBlock],
  startInline: [findFormula, (source) => find(source, /\[\^|</)],
  block: [readFormulaBlock, readDefinition, readDetails].map(withLexer),
  inline: [readFormula, readReference, readRaised].map(withLexer),
  childTokens: {},
  renderers: {},
};

/** Keep the marks of emphasis inside of formulas from pairing with others. */
export const hooks = { emStrongMask: maskFormulas };

/** Return a reader as marked calls it. */
function withLexer(read) {
  /** @this {{ lexer: import("../../vendor/marked.js").Lexer }} */
  return function (source, tokens) {
    return read(this.lexer, source, tokens);
  };
}

function find(source, pattern) {
  const at = source.search(pattern);
  return at < 0 ? undefined : at;
}

/** Return whether a source ends where the growing text does. */
function isAtEnd({ state }, source) {
  return Boolean(state.growing?.endsWith(source.trimEnd()));
}

function readFormulaBlock(lexer, source) {
  const formula = matchFormulaBlock(source, isAtEnd(lexer, source));
  return formula ? { type: "formula", display: true, ...formula } : undefined;
}

function readFormula(lexer, source, tokens) {
  if (source[0] !== "$" && source[0] !== "\\") return undefined;
  const before = tokens.at(-1)?.raw ?? "";
  const formula = matchFormula(source, before, isAtEnd(lexer, source));
  return formula ? { type: "formula", ...formula } : undefined;
}

/** The definitions are those of links, so that the text before a growing one keeps them. */
function readDefinition(lexer, source) {
  const [raw, label, content] = DEFINITION.exec(source) ?? [];
  if (!raw) return undefined;
  lexer.tokens.links[`^${label.toLowerCase()}`] = { href: "", title: "" };
  const text = content.replace(/\n(?: {1,4}|\t)/g, "\n");
  return { type: "footnote", raw, label, tokens: lexer.blockTokens(text, []) };
}

/** A number refers to a footnote that may still come. */
function readReference(lexer, source) {
  const [raw, label] = REFERENCE.exec(source) ?? [];
  if (!raw) return undefined;
  const isDefined = lexer.tokens.links[`^${label.toLowerCase()}`];
  const isExpected = lexer.state.growing !== undefined && /^\d{1,3}$/.test(label);
  return isDefined || isExpected ? { type: "reference", raw, label } : undefined;
}

function readRaised(lexer, source) {
  if (source[0] !== "<") return undefined;
  const isLast = isAtEnd(lexer, source);
  const [raw, tag, text] = RAISED.exec(source) ?? (isLast ? OPEN_RAISED.exec(source) : null) ?? [];
  if (raw) return { type: "raised", raw, tag: tag.toLowerCase(), tokens: lexer.inlineTokens(text) };
  return isLast && CUT_TAG.test(source) ? { type: "raised", raw: source, tag: null, tokens: [] } : undefined;
}

/** Without an end tag, all that follows is its content. `head`: the source before the content. */
function readDetails(lexer, source) {
  const [head, closed] = DETAILS.exec(source) ?? [];
  if (head === undefined) return undefined;
  const rest = source.slice(head.length);
  const end = findDetailsEnd(rest);
  const content = end ? rest.slice(0, end.index) : rest;
  const cut = closed === undefined && isAtEnd(lexer, source) ? OPEN_SUMMARY.exec(content) : null;
  return {
    type: "details",
    raw: end ? source.slice(0, head.length + end.index + end.length) : source,
    head,
    isOpen: !end && !cut,
    summary: lexer.inlineTokens((closed ?? cut?.[1] ?? "").trim()),
    tokens: lexer.blockTokens(cut ? "" : content, []),
  };
}

/** Return the place of the end tag in the content, with the rest of its line. */
function findDetailsEnd(content) {
  let depth = 1;
  for (const { 0: tag, 1: slash, index } of content.matchAll(DETAILS_TAG)) {
    depth += slash ? -1 : 1;
    if (depth > 0) continue;
    const rest = /^[ \t]*\n?/.exec(content.slice(index + tag.length))[0];
    return { index, length: tag.length + rest.length };
  }
  return null;
}
