import { element } from "../views/dom.js";
import { LazyLibrary } from "./library.js";

const PART = /(?:[^\n]*\n){20}|.+$/gs; // blocks of lines, so that the browser does not lay all of them out again
const PLAIN = /^(?:|te?xt|plain|plaintext|mermaid)$/i;

/**
 * Lines of code. `isWhole`: no token goes on after it.
 * @typedef {{ lines: string, pieces: Piece[], isWhole: boolean }} Part
 * @typedef {import("./colours.js").Piece} Piece
 */

const prism = new LazyLibrary(() => import("./colours.js"));

/** Return a `code` element for a language, which is coloured when Prism is there. */
export function createCode(language) {
  const node = element("code");
  if (!prism.loaded && !PLAIN.test(language)) prism.use(() => colour(node, language));
  return node;
}

/** Return the language that an info string names. */
export function languageOf({ lang = "" }) {
  return /^[\w+#.-]*/.exec(lang ?? "")[0];
}

/** @returns {Part[]} */
export function codeParts(token) {
  const { pieces, ends } = prism.loaded?.colourCode(token.text, languageOf(token)) ?? {};
  let at = 0;
  return (token.text.match(PART) ?? []).map((lines) => {
    at += lines.length;
    if (!pieces) return { lines, pieces: [{ text: lines, colour: "" }], isWhole: true };
    return { lines, pieces: take(pieces, lines.length), isWhole: ends.has(at) };
  });
}

export function renderCodePart({ pieces }) {
  return [element("span", {}, ...pieces.map(renderPiece))];
}

/** Show other pieces in a rendered part, and keep those at its beginning that are the same. */
export function patchCodePart([node], { pieces }) {
  const shown = [...node.childNodes];
  const isShown = ({ text, colour }, at) => shown[at]?.textContent === text && (shown[at].className ?? "") === colour;
  const changed = pieces.findIndex((piece, at) => !isShown(piece, at));
  const kept = changed < 0 ? pieces.length : changed;
  for (const old of shown.slice(kept)) old.remove();
  node.append(...pieces.slice(kept).map(renderPiece));
}

/** Colour rendered code without replacing its parts. */
function colour(node, language) {
  const { pieces } = prism.loaded.colourCode(node.textContent, language) ?? {};
  if (!pieces) return;
  for (const part of node.children) patchCodePart([part], { pieces: take(pieces, part.textContent.length) });
}

/** Take the pieces of the first characters out of a list, with adjacent ones of a colour joined. */
function take(pieces, length) {
  const taken = [];
  let missing = length;
  while (missing > 0 && pieces.length > 0) {
    const { text, colour } = pieces[0];
    const part = text.slice(0, missing);
    if (part.length < text.length) pieces[0] = { text: text.slice(part.length), colour };
    else pieces.shift();
    missing -= part.length;
    const last = taken.at(-1);
    if (last?.colour === colour) last.text += part;
    else if (part) taken.push({ text: part, colour });
  }
  return taken;
}

function renderPiece({ text, colour }) {
  return colour ? element("span", { className: colour }, text) : new Text(text);
}
