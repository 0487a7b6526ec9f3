import { partsOf } from "./blocks.js";

const OPENER = /[*_`~[<]/;
const OPENER_REACH = 1_500; // characters: emphasis that does not end within them is taken for plain text for now
const KEPT = 200; // characters at the end of a paragraph, which the next ones can still change
const MAX_OPEN_PARTS = 4; // of 20 lines of code
const LIST_ITEM = /^ {0,3}(?:[*+-]|\d{1,9}[.)]) +[^\s*-]/;

/**
 * Return the parts at the beginning of a block that no longer change, or null if there are none. The text after them,
 * lexed with `prefix` before it, is the rest of the block.
 * @param {string} prefix of the block's token, whose text has been frozen in part already
 * @returns {{ count: number, raw: string, prefix: string } | null} `raw`: of these parts, with the old prefix
 */
export function splitBlock(token, prefix) {
  return splitters[token.type]?.(token, prefix) ?? null;
}

const splitters = {
  list: splitList,
  table: splitTable,
  code: splitCode,
  paragraph: splitInline,
  text: splitInline,
};

function splitList({ items }) {
  const last = items.at(-1);
  if (items.length < 2 || !(last.raw.includes("\n") || LIST_ITEM.test(last.raw))) return null;
  const done = items.slice(0, -1);
  return { count: done.length, raw: done.map(({ raw }) => raw).join(""), prefix: "" };
}

function splitTable({ raw, rows }) {
  const lines = raw.split("\n");
  const count = rows.length - 1;
  if (count < 1 || lines.length !== rows.length + 2) return null;
  return { count, raw: joinLines(lines.slice(0, count + 2)), prefix: joinLines(lines.slice(0, 2)) };
}

/**
 * Keep a complete line: the closing fence removes the line break before it. Keep also the lines of a token that goes on,
 * such as a comment, unless it is long.
 */
function splitCode(token) {
  const parts = partsOf(token).parts(token);
  const last =
    parts.length > MAX_OPEN_PARTS ? parts.length - 2 : parts.slice(0, -1).findLastIndex(({ isWhole }) => isWhole);
  if (token.codeBlockStyle || last < 0 || !parts.at(-1).lines.includes("\n")) return null;
  const done = parts.slice(0, last + 1).map(({ lines }) => lines);
  const lines = token.raw.split("\n");
  const count = done.join("").split("\n").length; // the first line is the fence
  return { count: done.length, raw: joinLines(lines.slice(0, count)), prefix: joinLines(lines.slice(0, 1)) };
}

/** Split after white space, at a place that no delimiter before it can reach. */
function splitInline(token, prefix) {
  const parts = partsOf(token).parts(token);
  const length = parts.reduce((sum, { raw }) => sum + raw.length, 0);
  let [end, opener, count, best] = [0, Infinity, 0, null];
  for (const { type, raw } of parts) {
    if (type === "text" && OPENER.test(raw)) opener = Math.min(opener, end);
    end += raw.length;
    count += 1;
    if (length - end < KEPT || (opener < end && length - opener < OPENER_REACH)) break;
    if (/\s$/.test(raw)) best = { count, end, breaks: raw.endsWith("\n") };
  }
  if (!best) return null;
  const done = parts.slice(0, best.count).map(({ raw }) => raw);
  return { count: best.count, raw: prefix + done.join(""), prefix: best.breaks ? "x\n" : "x " };
}

function joinLines(lines) {
  return lines.map((line) => `${line}\n`).join("");
}
