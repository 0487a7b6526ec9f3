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

/**
 * Return the body of a further table below a growing one, with its columns: the browser lays out a table as a whole.
 * @param {HTMLElement} node the block of the table
 */
export function continueTable(node) {
  const [table] = node.getElementsByTagName("table");
  const { width } = table.getBoundingClientRect();
  if (width === 0) return table.tBodies[0];
  if (!table.style.width) fixColumns(table, (100 * width) / node.clientWidth);
  const next = /** @type {HTMLTableElement} */ (table.cloneNode());
  next.append(table.querySelector("colgroup").cloneNode(true), element("tbody"));
  node.append(next);
  return next.tBodies[0];
}

/** Fix the columns of a table as they are. `width`: percent of its parent. */
function fixColumns(table, width) {
  const widths = [...table.rows[0].cells].map((cell) => cell.getBoundingClientRect().width);
  const sum = widths.reduce((total, each) => total + each, 0);
  const columns = widths.map((each) => element("col", { width: `${(100 * each) / sum}%` }));
  table.prepend(element("colgroup", {}, ...columns));
  Object.assign(table.style, { tableLayout: "fixed", width: `${width}%` });
}

/** Undo the changes that keep the layout of growing blocks cheap: after a change of the width, they would show. */
export function joinParts(root) {
  for (const columns of root.querySelectorAll("colgroup")) {
    const table = columns.parentElement;
    const [first] = table.parentElement.getElementsByTagName("tbody");
    columns.remove();
    table.removeAttribute("style");
    if (first.parentElement === table) continue;
    first.append(...table.rows);
    table.remove();
  }
  for (const group of root.querySelectorAll(".chunk, .lines")) group.replaceWith(...group.childNodes);
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
    const before = node.previousSibling;
    if (before && !isLines(before) && startsLine(node, before)) return before;
  }
  return null;
}

/** Return whether a node begins a line below the end of the node before it. */
function startsLine(node, before) {
  const [first] = rectsOf(node);
  const last = [...rectsOf(before)].at(-1);
  return Boolean(first && last) && first.left < last.left;
}

function rectsOf(node) {
  const range = document.createRange();
  range.selectNode(node);
  return range.getClientRects();
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
