import { t } from "../text.js";
import { append, element } from "../views/dom.js";
import { renderInline } from "./inline.js";

const renderers = {
  paragraph: (token) => element("p", {}, ...renderInline(token.tokens)),
  text: (token) => element("p", {}, ...renderInline(token.tokens ?? [token])),
  heading: (token) => element("h3", { dataset: { depth: token.depth } }, ...renderInline(token.tokens)),
  code: renderCode,
  blockquote: (token) => append(element("blockquote"), renderBlocks(token.tokens)),
  list: renderList,
  table: renderTable,
  hr: () => element("hr"),
  html: (token) => element("p", { className: "raw" }, token.raw.trimEnd()),
};

export function renderBlock(token) {
  return renderers[token.type]?.(token) ?? element("p", {}, token.raw);
}

/** Return the tokens that are rendered: not blank lines and link definitions. */
export function rendered(tokens) {
  return tokens.filter(({ type }) => type !== "space" && type !== "def");
}

function renderBlocks(tokens) {
  return rendered(tokens).map(renderBlock);
}

function renderCode(token) {
  const language = /^[\w+#.-]*/.exec(token.lang ?? "")[0];
  return element(
    "div",
    { className: "code" },
    element(
      "div",
      { className: "code-bar" },
      element("span", {}, language),
      element("button", { type: "button", dataset: { copy: "code" } }, t("copy")),
    ),
    element("pre", { tabIndex: 0 }, element("code", {}, token.text)),
  );
}

function renderList(token) {
  const list = element(token.ordered ? "ol" : "ul");
  if (token.ordered && token.start !== 1) list.setAttribute("start", token.start);
  return append(list, token.items.map(renderItem));
}

function renderItem(item) {
  const node = element("li", { className: item.task ? "task" : "" });
  for (const token of item.tokens) {
    if (token.type === "checkbox") append(node, [renderCheckbox(token.checked)]);
    else if (token.type === "text") append(node, renderInline(token.tokens ?? [token]));
    else append(node, renderBlocks([token]));
  }
  return node;
}

function renderCheckbox(checked) {
  const label = t(checked ? "taskDone" : "taskOpen");
  return element("span", { className: "box", role: "img", ariaLabel: label }, checked ? "☑" : "☐");
}

function renderTable(token) {
  const row = (cells, tag) => element("tr", {}, ...cells.map((cell) => renderCell(cell, tag)));
  const head = element("thead", {}, row(token.header, "th"));
  const body = element("tbody", {}, ...token.rows.map((cells) => row(cells, "td")));
  return element("div", { className: "table", tabIndex: 0 }, element("table", {}, head, body));
}

function renderCell(cell, tag) {
  const node = element(tag, {}, ...renderInline(cell.tokens));
  if (cell.align) node.dataset.align = cell.align;
  return node;
}
