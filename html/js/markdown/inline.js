import { t } from "../text.js";
import { append, element } from "../views/dom.js";
import { decodeEntities, renderText } from "./entities.js";
import { renderFormula } from "./formula.js";

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

const renderers = {
  text: (token) => (token.tokens ? renderInline(token.tokens) : [renderText(token.text)]),
  escape: (token) => [token.text],
  html: (token) => [/^<br\s*\/?>$/i.test(token.raw) ? element("br") : token.raw],
  strong: (token) => [element("strong", {}, ...renderInline(token.tokens))],
  em: (token) => [element("em", {}, ...renderInline(token.tokens))],
  del: (token) => [element("del", {}, ...renderInline(token.tokens))],
  codespan: (token) => [element("code", {}, token.text)],
  br: () => [element("br")],
  link: (token) => renderLink(token.href, renderInline(token.tokens)),
  formula: (token) => [token.isOpen ? token.raw : renderFormula(token)],
  raised: ({ tag, tokens }) => (tag ? [element(tag, {}, ...renderInline(tokens))] : []),
  reference: (token) => [renderReference(token)],
  image: (token) => renderLink(token.href, [token.text || token.href]),
};

/** Render inline tokens to DOM nodes and strings. Unknown tokens are shown as source text. */
export function renderInline(tokens) {
  return tokens.flatMap((token) => renderers[token.type]?.(token) ?? [token.raw]);
}

/** Render a link if its URL is safe. Images are rendered as links, so that nothing is fetched. */
function renderLink(href, content) {
  const url = safeUrl(decodeEntities(href));
  if (!url) return content;
  const link = element("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" });
  return [append(link, content)];
}

/** Render the mark of a footnote. A link would change the address, which names the conversation. */
function renderReference({ label }) {
  const ariaLabel = t("footnote", { label });
  const button = element("button", { type: "button", ariaLabel, dataset: { footnote: label } }, label);
  return element("sup", { className: "reference" }, button);
}

function safeUrl(href) {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return SCHEMES.has(url.protocol) ? url.href : null;
}
