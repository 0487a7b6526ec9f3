import "../common.js";
import { element } from "../views/dom.js";
import { plainText } from "./plain.js";
import { MarkdownStream } from "./stream.js";

const FORMULA_START = /^\s*[=+\-@\t\r]/;

/**
 * Return a Markdown text as the clipboard takes it: HTML without the page's controls, and text without marks. Formulas are
 * their source, as no program pastes MathML.
 */
export function renderForClipboard(markdown) {
  const root = element("div");
  new MarkdownStream(root).finish(markdown);
  simplify(root);
  return { html: serialize(root), text: plainText(root) };
}

/** Return the rows of a table as the text of their cells. */
export function tableRows(table) {
  return [...table.rows].map((row) => [...row.cells].map(cellText));
}

/** Return rows as lines of cells between tabs. */
export function toTsv(rows) {
  return rows.map((row) => row.map((cell) => cell.replace(/[\t\n]+/g, " ")).join("\t")).join("\n");
}

/**
 * Return rows as CSV (RFC 4180) with a byte order mark, so that Excel reads UTF-8. A cell that a spreadsheet would take
 * for a formula begins with an apostrophe, unless it is a number.
 */
export function toCsv(rows) {
  const quote = (cell) => {
    const safe = FORMULA_START.test(cell) && !/^[+-]?[\d.,]+%?$/.test(cell) ? `'${cell}` : cell;
    return /[",\n\r']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\ufeff${rows.map((row) => row.map(quote).join(",")).join("\r\n")}\r\n`;
}

/** Keep the sources of formulas in a copied selection. */
export function copySelection(event) {
  const selection = getSelection();
  const range = selection.rangeCount > 0 && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const root = range && elementOf(range.commonAncestorContainer);
  if (!root?.closest(".prose") && !root?.querySelector(".prose")) return;
  const inside = elementOf(range.commonAncestorContainer).closest(".formula");
  const content = element("div");
  content.append(inside ? inside.cloneNode(true) : range.cloneContents());
  if (!content.querySelector(".formula")) return;
  simplify(content);
  event.clipboardData.setData("text/plain", plainText(content));
  event.clipboardData.setData("text/html", serialize(content));
  event.preventDefault();
}

function elementOf(node) {
  return node instanceof Element ? node : node.parentElement;
}

function cellText(cell) {
  const copy = cell.cloneNode(true);
  simplify(copy);
  return plainText(copy);
}

/** Replace what only the page shows by what other programs know. */
function simplify(root) {
  for (const node of root.querySelectorAll(".formula")) node.replaceWith(node.dataset.source);
  for (const node of root.querySelectorAll(".code-bar")) node.remove();
  for (const node of root.querySelectorAll(".code code span, .lines, .chunk")) node.replaceWith(...node.childNodes);
  for (const node of root.querySelectorAll(".code, .table")) node.replaceWith(...node.childNodes);
  for (const node of root.querySelectorAll("button"))
    node.replaceWith(node.closest("sup") ? `[${node.textContent}]` : `${node.textContent}. `);
  for (const node of root.querySelectorAll("h3")) node.replaceWith(element(headingOf(node), {}, ...node.childNodes));
  for (const node of root.querySelectorAll("table")) node.setAttribute("border", "1");
  for (const node of root.querySelectorAll("[data-align]")) node.setAttribute("align", node.dataset.align);
  for (const node of root.querySelectorAll("*")) {
    for (const name of ["class", "tabindex", "data-align", "data-label", "data-source"]) node.removeAttribute(name);
  }
  root.normalize();
}

/** @returns {"h1" | "h2" | "h3" | "h4"} */
function headingOf(node) {
  return /** @type {any} */ (`h${node.ariaLevel - 2}`);
}

function serialize(root) {
  const nodes = [...root.childNodes].map((node) => new XMLSerializer().serializeToString(node));
  return nodes.join("").replaceAll(' xmlns="http://www.w3.org/1999/xhtml"', "");
}
