import { element } from "../views/dom.js";

/**
 * Move the lines at the beginning of a growing paragraph, except the last one, into a block: the browser lays out a
 * paragraph as a whole, so that each word of a long one would cost more than the one before.
 * @param {ChildNode} last the last node that no longer changes
 */
export function separateLines(last) {
  const end = findLineEnd(last);
  if (!end) return;
  const nodes = [];
  for (let node = end; node && !isLines(node); node = node.previousSibling) nodes.unshift(node);
  const lines = element("span", { className: "lines" });
  end.after(lines);
  lines.append(...nodes);
}

/** Undo `separateLines` in all paragraphs of a block: after a change of the width, the lines would end too early. */
export function joinLines(block) {
  for (const lines of block.querySelectorAll(".lines")) lines.replaceWith(...lines.childNodes);
}

/** Return the last node before a line break, the one that the text has or the one that the width makes, or null. */
function findLineEnd(last) {
  for (let node = last; node && !isLines(node); node = node.previousSibling) {
    if (node.nodeName === "BR") return node;
    const offset = node instanceof Text ? findLastLine(node) : 0;
    if (offset > 0) {
      /** @type {Text} */ (node).splitText(offset);
      return node;
    }
  }
  return null;
}

/** Return the offset of the last line that begins in a text, or 0. */
function findLastLine(text) {
  const range = document.createRange();
  range.selectNodeContents(text);
  if (range.getClientRects().length < 2) return 0;
  const top = (offset) => {
    range.setStart(text, offset);
    range.setEnd(text, offset + 1);
    return range.getBoundingClientRect();
  };
  const lastLine = top(text.length - 1).bottom;
  for (let offset = text.length - 1; offset > 0; offset -= 1) {
    if (top(offset - 1).bottom < lastLine && /\s/.test(text.data[offset - 1])) return offset;
  }
  return 0;
}

function isLines(node) {
  return node.className === "lines";
}
