import "../common.js";
import temml from "../../vendor/temml.js";
import { element } from "../views/dom.js";
import { copySelection } from "./copying.js";

addEventListener("copy", copySelection);

/**
 * No command may link, load, name or style anything; a space has at most 20 em, and a formula 200 expansions of macros.
 * @type {import("../../vendor/temml.js").Options}
 */
const OPTIONS = { trust: false, throwOnError: true, maxSize: [20, 20], maxExpand: 200 };
const KEPT = 200; // rendered formulas: an item or a table row that grows is rendered again with each piece

const rendered = new Map();

/** Return a formula as a new `math` element, or null if Temml cannot read it. */
export function renderMath(text, display) {
  const key = `${display} ${text}`;
  if (!rendered.has(key)) rendered.set(key, render(text, display));
  if (rendered.size > KEPT) rendered.delete(rendered.keys().next().value);
  return rendered.get(key)?.cloneNode(true);
}

/** `\ref` would make a link. */
function render(text, display) {
  const box = element("span");
  try {
    temml.render(text, box, { ...OPTIONS, displayMode: display });
  } catch {
    return null;
  }
  const isWhole = box.children.length === 1 && box.firstElementChild.localName === "math";
  return isWhole && !box.querySelector("a, [href], [id]") ? box.firstElementChild : null;
}
