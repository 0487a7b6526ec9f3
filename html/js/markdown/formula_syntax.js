/** A formula without macros and texts, in which words show that it is none. */
const COMMAND_WITH_WORDS =
  /\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|operatorname|mbox|ce|begin|end)\*?\s*\{[^{}]*\}/g;
const COMMAND = /\\[a-z]+/gi;
const HANGUL = /\p{Script=Hangul}/u;
const OPERATOR = /\\[a-z]|[=^_+*/<>|×÷√∑∫≤≥≠∞±-]/i;
const STRONG_OPERATOR = /\\[a-z]|[=^_]/i;
const PROSE = /[a-z]{3,}[\s,.;:!?]+[a-z]{2,}/i;
const ONLY_DIGITS = /^[\s\d,]*$/;
const ENDS_IN_AMOUNT = /[\dA-Za-z$]$/;
const LONGEST_INLINE = 1_000; // characters
const LONGEST_BLOCK = 4_000;
const BLANK_LINE = /\n[ \t]*\n/;

/** The delimiters of formulas. `open`: a formula that the end of the text cuts off. */
const BRACKETS = [
  { display: true, closed: /^\\\[((?:\\(?!\])[\s\S]|[^\\])+?)\\\]/, open: /^\\\[((?:\\(?!\])[\s\S]|[^\\])*\\?)$/ },
  { display: false, closed: /^\\\(((?:\\(?!\))[\s\S]|[^\\])+?)\\\)/, open: /^\\\(((?:\\(?!\))[\s\S]|[^\\])*\\?)$/ },
  { display: true, closed: /^\$\$((?:\\[\s\S]|[^\\$])+?)\$\$(?!\$)/, open: /^\$\$((?:\\[\s\S]|[^\\$])*\\?)\$?$/ },
];
const DOLLAR = /^\$(?![\s$])((?:\\[^\n]|[^\\$\n])+)\$(?![A-Za-z\d$])/;
const OPEN_DOLLAR = /^\$(?![\s$])((?:\\[^\n]|[^\\$\n])*\\?)$/;
const BLOCK = /^ {0,3}(?:\$\$((?:\\[\s\S]|[^\\$]|\$(?!\$))+?)\$\$|\\\[((?:\\(?!\])[\s\S]|[^\\])+?)\\\])[ \t]*(?:\n|$)/;
const OPEN_BLOCK = /^ {0,3}(?:\$\$|\\\[)[\s\S]*$/;
const BLOCK_START = /\n(?= {0,3}(?:\$\$|\\\[))/;
const DELIMITER = /\$|\\[[(]/g;

/**
 * Return the formula at the beginning of an inline source, or null. `$` is also the sign of a price: see `isFormula`.
 * @param {string} source
 * @param {string} before the text before the source
 * @param {boolean} isGrowing whether the source ends where a growing text ends
 * @returns {{ raw: string, text: string, display: boolean, isOpen: boolean } | null}
 */
export function matchFormula(source, before, isGrowing) {
  if (source[0] === "$" && source[1] !== "$") return matchDollars(source, before, isGrowing);
  const start = source.slice(0, LONGEST_INLINE);
  for (const { display, closed, open } of BRACKETS) {
    const [raw, text] = closed.exec(start) ?? [];
    if (raw) return isBracketed(text) ? { raw, text, display, isOpen: false } : null;
    const cut = isGrowing && start === source && open.exec(source);
    if (cut && isBracketed(`${cut[1]}=`)) return { raw: source, text: cut[1], display, isOpen: true };
  }
  return null;
}

/**
 * Return the formula that a block begins with, or null. Text after it on its last line makes it inline.
 * @param {boolean} isGrowing whether the source ends where a growing text ends
 */
export function matchFormulaBlock(source, isGrowing) {
  if (!/^ {0,3}[$\\]/.test(source)) return null;
  const start = source.slice(0, LONGEST_BLOCK).split(BLANK_LINE, 1)[0];
  const [raw, dollars, brackets] = BLOCK.exec(start) ?? [];
  const text = dollars ?? brackets;
  if (raw) return isBracketed(text) ? { raw: source.slice(0, raw.length), text, isOpen: false } : null;
  const isCut = isGrowing && start.trimEnd() === source.trimEnd() && OPEN_BLOCK.test(start);
  return isCut && !/\$\$.*\$\$|\\\[.*\\\]/.test(start) ? { raw: source, text: start, isOpen: true } : null;
}

/** Return the place of the next line that may begin a formula, or undefined. */
export function findFormulaBlock(source) {
  const at = source.search(BLOCK_START);
  return at < 0 ? undefined : at + 1;
}

/** Return the place of the next delimiter, or undefined. */
export function findFormula(source) {
  DELIMITER.lastIndex = 0;
  return DELIMITER.exec(source)?.index;
}

/** Replace the formulas of an inline source by characters that are no marks of emphasis. */
export function maskFormulas(source) {
  let masked = "";
  let at = 0;
  DELIMITER.lastIndex = 0;
  for (let match = DELIMITER.exec(source); match; match = DELIMITER.exec(source)) {
    const formula = matchFormula(source.slice(match.index), source.slice(0, match.index), false);
    if (!formula) continue;
    masked += `${source.slice(at, match.index)}${"a".repeat(formula.raw.length)}`;
    at = match.index + formula.raw.length;
    DELIMITER.lastIndex = at;
  }
  return masked + source.slice(at);
}

/** As Pandoc does, and with words excluded: `$5 to $6`, `$5이고 $6`, `10$, 20$` and `$HOME/$USER` are no formulas. */
function matchDollars(source, before, isGrowing) {
  if (ENDS_IN_AMOUNT.test(before)) return null;
  const start = source.slice(0, LONGEST_INLINE);
  const match = DOLLAR.exec(start);
  if (match) {
    const [raw, text] = match;
    const ends = /\s$/.test(text) && !text.endsWith("\\ ");
    return !ends && isFormula(text) ? { raw, text, display: false, isOpen: false } : null;
  }
  const cut = isGrowing && start === source && OPEN_DOLLAR.exec(source);
  return cut && isFormula(cut[1]) ? { raw: source, text: cut[1], display: false, isOpen: true } : null;
}

function isFormula(text) {
  const rest = text.replace(COMMAND_WITH_WORDS, "");
  if (HANGUL.test(rest) && !STRONG_OPERATOR.test(text)) return false;
  return !PROSE.test(rest.replace(COMMAND, " "));
}

/** Brackets are also escaped ones: `\(주\)`, `\[1\]`. */
function isBracketed(text) {
  const rest = text.replace(COMMAND_WITH_WORDS, "");
  if (!text.trim() || BLANK_LINE.test(text) || ONLY_DIGITS.test(text)) return false;
  if (HANGUL.test(rest) && !OPERATOR.test(text)) return false;
  return !PROSE.test(rest.replace(COMMAND, " ")) || OPERATOR.test(text);
}
