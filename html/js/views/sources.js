import "../common.js";
import { t } from "../text.js";
import { placeText } from "./document_text.js";
import { openPassage } from "./document_viewer.js";
import { element } from "./dom.js";

const MARK = /\[(\d{1,3})\]/;

/**
 * Make the marks of an answer that name a source buttons that open it.
 * @param {HTMLElement} root the rendered answer
 * @param {import("../api.js").Source[]} sources
 */
export function markSources(root, sources) {
  const byNumber = new Map(sources.map((source) => [String(source.n), source]));
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (const text of texts) {
    if (text.parentElement.closest("code, a, button")) continue;
    const pieces = text.data.split(MARK); // every second one is a number
    const nodes = pieces.map((piece, index) => {
      if (index % 2 === 0) return piece;
      return byNumber.has(piece) ? renderMark(byNumber.get(piece)) : `[${piece}]`;
    });
    if (nodes.some((node) => typeof node !== "string")) text.replaceWith(...nodes.filter((node) => node !== ""));
  }
}

/** Open the passage that a mark names. */
export function openSource(context, turn, button) {
  const source = turn.sources.find(({ n }) => String(n) === button.dataset.source);
  return openPassage(context.api, turn.conversationId, source);
}

function renderMark(source) {
  const { n, name } = source;
  const mark = element("button", {
    type: "button",
    className: "cite",
    title: [name, placeText(source)].join(" ").trim(),
  });
  Object.assign(mark, { ariaHasPopup: "dialog", ariaLabel: t("citeLabel", { n, source: mark.title }) });
  Object.assign(mark.dataset, { action: "open-source", source: n });
  mark.append(`[${n}]`);
  return mark;
}
