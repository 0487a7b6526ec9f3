import { append, element } from "../views/dom.js";

const ENTITY = /&(?:#(x?[\da-f]{1,7})|(amp|lt|gt|quot|nbsp));/gi;
const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0" };
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

const renderers = {
  text: (token) => (token.tokens ? renderInline(token.tokens) : [decodeEntities(token.text)]),
  escape: (token) => [token.text],
  html: (token) => [/^<br\s*\/?>$/i.test(token.raw) ? element("br") : token.raw],
  strong: (token) => [element("strong", {}, ...renderInline(token.tokens))],
  em: (token) => [element("em", {}, ...renderInline(token.tokens))],
  del: (token) => [element("del", {}, ...renderInline(token.tokens))],
  codespan: (token) => [element("code", {}, token.text)],
  br: () => [element("br")],
  link: (token) => renderLink(token.href, renderInline(token.tokens)),
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

function safeUrl(href) {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return SCHEMES.has(url.protocol) ? url.href : null;
}

/** Decode the character references that models write. The lexer keeps them, and no HTML parser reads the result. */
function decodeEntities(text) {
  return text.replace(ENTITY, (_, code, name) => {
    if (name) return NAMED[name.toLowerCase()];
    const point = Number(/x/i.test(code) ? `0${code}` : code);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point).toWellFormed() : "\ufffd";
  });
}
