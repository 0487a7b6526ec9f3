import "../common.js";
import { byId } from "./dom.js";

const NAME = "found";
const SETTLE_MS = 2_000; // in which an answer may still be rendered
const MARGIN = 16; // pixels above a question
/** @type {MutationObserver | null} */
let observer = null;

/**
 * Mark words in a turn, and scroll to the first of them. The marks are no elements: the text stays as it was rendered.
 * Browsers without custom highlights only scroll.
 * @param {HTMLElement} article
 * @param {string[]} words as they stand in the text
 * @param {import("./scroll.js").ScrollView} scroll
 */
export function showFound(article, words, scroll) {
  clearFound();
  const scroller = byId("transcript");
  let moved = false;
  const stop = () => {
    moved = true;
  };
  for (const type of ["wheel", "touchstart", "keydown"]) scroller.addEventListener(type, stop, { once: true });
  setTimeout(stop, SETTLE_MS);
  const show = () => {
    const ranges = findWords(article, words);
    if (globalThis.Highlight) CSS.highlights.set(NAME, new Highlight(...ranges));
    if (moved) return;
    const { top, height } = scroller.getBoundingClientRect();
    const start = article.getBoundingClientRect().top;
    const first = ranges[0] ?? article;
    const isFar = first.getBoundingClientRect().top - start > height / 2;
    scroll.showAt(isFar ? first : article, top + (isFar ? height / 3 : MARGIN));
  };
  show();
  observer = new MutationObserver(show);
  observer.observe(article, { childList: true, characterData: true, subtree: true });
}

export function clearFound() {
  observer?.disconnect();
  globalThis.CSS?.highlights?.delete(NAME);
}

/**
 * Return the places of words in the question and the answer of a turn, in their order, regardless of case and spaces.
 * @returns {Range[]}
 */
export function findWords(article, words) {
  const ranges = [];
  for (const root of article.querySelectorAll(".bubble, .prose")) {
    const { text, places } = readText(root);
    for (const word of words.map(plain)) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        const range = document.createRange();
        range.setStart(...places[at]);
        const [node, offset] = places[at + word.length - 1];
        range.setEnd(node, offset + 1);
        ranges.push(range);
      }
    }
  }
  return ranges.sort((one, other) => one.compareBoundaryPoints(Range.START_TO_START, other));
}

/** Return the text of a node without spaces, and the place of each of its characters. */
function readText(root) {
  const places = /** @type {[Node, number][]} */ ([]);
  let text = "";
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    for (let offset = 0; offset < node.data.length; offset += 1) {
      const character = plain(node.data[offset]);
      if (character.length !== 1) continue; // a space, or a letter that is longer in lower case
      text += character;
      places.push([node, offset]);
    }
  }
  return { text, places };
}

function plain(text) {
  return text.replace(/\s+/g, "").toLowerCase();
}
