import { LazyLibrary } from "./library.js";

/** `&name;`, `&#10;` and `&#x0a;`, as CommonMark has them. */
const REFERENCE = /&(?:#(x[\da-f]{1,6}|\d{1,7})|([a-z][\da-z]{1,31}));/gi;

/** @type {Record<string, string>} */
const COMMON = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", hellip: "…", middot: "·" };

const list = new LazyLibrary(async () => (await import("../../vendor/character-entities.js")).characterEntities);

/** Decode the character references of a text. The lexer keeps them, and no HTML parser reads the result. */
export function decodeEntities(text) {
  const names = list.loaded ?? COMMON;
  return text.replace(REFERENCE, (source, code, name) => {
    if (name) return Object.hasOwn(names, name) ? names[name] : source;
    const point = Number(/x/i.test(code) ? `0${code}` : code);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point).toWellFormed() : "\ufffd";
  });
}

/** Render a text with its character references, those that are not common as soon as the list of HTML is loaded. */
export function renderText(source) {
  const text = decodeEntities(source);
  if (list.loaded || !hasOthers(source)) return text;
  const node = new Text(text);
  list.use(() => {
    if (node.data.startsWith(text)) node.data = decodeEntities(source) + node.data.slice(text.length);
  });
  return node;
}

function hasOthers(source) {
  return [...source.matchAll(REFERENCE)].some(([, , name]) => name && !Object.hasOwn(COMMON, name));
}
