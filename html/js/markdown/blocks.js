import { t } from "../text.js";
import { append, element } from "../views/dom.js";
import { codeParts, createCode, languageOf, patchCodePart, renderCodePart } from "./code.js";
import { renderFormula } from "./formula.js";
import { continueTable } from "./growth.js";
import { renderInline } from "./inline.js";

const TEXT_PART = /.{80,}?\s|.+$/gs; // so that a long text is many nodes, of which the last one grows

/**
 * The blocks that grow by parts, so that the parts before the last ones can stay as they are.
 * @typedef {object} PartedBlock
 * @property {(token: any) => HTMLElement[]} nodes the block without parts; empty if the parts are children of its parent
 * @property {(node: HTMLElement) => Element} holder the parent of the parts
 * @property {(node: HTMLElement) => Element} [openGroup] append a parent of further parts, which `joinParts` dissolves
 * @property {(token: any) => any[]} parts
 * @property {(part: any) => string} key equal for parts that look the same
 * @property {(part: any) => (Node | string)[]} render
 * @property {(nodes: ChildNode[], part: any) => void} [patch] show another part in the nodes of a part
 * @property {(token: any) => unknown[]} shape equal for blocks that differ in their parts only
 */
const inlineParts = {
  parts: (token) => (token.tokens ?? [token]).flatMap(splitText),
  key: ({ type, raw, href = "" }) => `${type} ${raw} ${href}`,
  render: (token) => renderInline([token]),
  shape: () => [],
};

/** @type {Record<string, PartedBlock>} */
const parted = {
  paragraph: { ...inlineParts, nodes: () => [element("p")], holder: (node) => node },
  text: { ...inlineParts, nodes: () => [], holder: (node) => node },
  code: {
    nodes: (token) => [renderCode(token)],
    holder: (node) => node.querySelector("code"),
    parts: codeParts,
    key: ({ pieces }) => JSON.stringify(pieces),
    render: renderCodePart,
    patch: patchCodePart,
    shape: (token) => [token.lang],
  },
  list: {
    nodes: (token) => [renderList(token)],
    holder: (node) => node,
    openGroup: (node) => node.appendChild(element("div", { className: "chunk", role: "none" })),
    parts: (token) => token.items,
    key: (item) => item.raw,
    render: (item) => [renderItem(item)],
    shape: (token) => [token.ordered, token.loose],
  },
  table: {
    nodes: (token) => [renderTable(token)],
    holder: (node) => node.querySelector("tbody"),
    openGroup: continueTable,
    parts: (token) => token.rows,
    key: (cells) => JSON.stringify(cells.map(({ text }) => text)),
    render: (cells) => [renderRow(cells, "td")],
    shape: (token) => [token.align, token.header.map(({ text }) => text)],
  },
};

const renderers = {
  heading: (token) => element("h3", { ariaLevel: headingLevel(token) }, ...renderInline(token.tokens)),
  formula: (token) => element("p", { className: "raw" }, token.isOpen ? token.raw : renderFormula(token)),
  footnote: renderFootnote,
  details: renderDetails,
  blockquote: (token) => append(element("blockquote"), renderBlocks(token.tokens)),
  hr: () => element("hr"),
  html: (token) => element("p", { className: "raw" }, token.raw.trimEnd()),
};

/** Return how a block grows by parts, or undefined. */
export function partsOf({ type }) {
  return parted[type];
}

/** Render a block to the nodes that its parent contains. */
export function renderBlock(token) {
  const kind = partsOf(token);
  if (!kind) return [renderers[token.type]?.(token) ?? element("p", {}, token.raw)];
  const nodes = kind.nodes(token);
  const parts = kind.parts(token).flatMap(kind.render);
  if (nodes.length === 0) return parts.map((part) => (typeof part === "string" ? new Text(part) : part));
  kind.holder(nodes[0]).append(...parts);
  return nodes;
}

/** Return the tokens that are rendered: not blank lines and link definitions. */
export function rendered(tokens) {
  return tokens.filter(({ type }) => type !== "space" && type !== "def");
}

function renderBlocks(tokens) {
  return rendered(tokens).flatMap(renderBlock);
}

/** The heading of the answer, of level 2, is above those in it. */
function headingLevel({ depth }) {
  return String(Math.min(depth + 2, 6));
}

function renderFootnote({ label, tokens }) {
  const ariaLabel = t("footnoteBack", { label });
  const back = element("button", { type: "button", ariaLabel, dataset: { reference: label } }, label);
  const content = append(element("div"), renderBlocks(tokens));
  return element("div", { className: "footnote", tabIndex: -1, dataset: { label } }, back, content);
}

function renderDetails({ summary, tokens }) {
  const title = summary.length > 0 ? renderInline(summary) : [t("fold")];
  const content = append(element("div"), renderBlocks(tokens));
  return element("details", {}, element("summary", {}, ...title), content);
}

function splitText(token) {
  if (token.type !== "text" || token.tokens || token.raw !== token.text) return [token];
  return token.raw.match(TEXT_PART)?.map((text) => ({ type: "text", raw: text, text })) ?? [];
}

function renderCode(token) {
  const language = languageOf(token);
  return element(
    "div",
    { className: "code" },
    element(
      "div",
      { className: "code-bar" },
      element("span", {}, language),
      element("button", { type: "button", dataset: { copy: "code" } }, t("copy")),
    ),
    element("pre", { tabIndex: 0 }, createCode(language)),
  );
}

function renderList(token) {
  const list = element(token.ordered ? "ol" : "ul");
  if (token.ordered && token.start !== 1) list.setAttribute("start", token.start);
  return list;
}

function renderItem(item) {
  return append(element("li", { className: item.task ? "task" : "" }), renderItemContent(item.tokens));
}

function renderItemContent(tokens) {
  return rendered(tokens).flatMap((token) =>
    token.type === "checkbox" ? [renderCheckbox(token.checked)] : renderBlock(token),
  );
}

function renderCheckbox(checked) {
  const label = t(checked ? "taskDone" : "taskOpen");
  return element("span", { className: "box", role: "img", ariaLabel: label }, checked ? "☑" : "☐");
}

function renderTable(token) {
  const head = element("thead", {}, renderRow(token.header, "th"));
  return element("div", { className: "table", tabIndex: 0 }, element("table", {}, head, element("tbody")));
}

function renderRow(cells, tag) {
  return element("tr", {}, ...cells.map((cell) => renderCell(cell, tag)));
}

function renderCell(cell, tag) {
  const node = element(tag, {}, ...renderInline(cell.tokens));
  if (cell.align) node.dataset.align = cell.align;
  return node;
}
