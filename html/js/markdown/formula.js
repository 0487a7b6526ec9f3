import { element } from "../views/dom.js";
import { LazyLibrary } from "./library.js";

const temml = new LazyLibrary(() => import("./mathml.js"));

/**
 * Render a formula as MathML in an element that keeps its source. The source is shown until Temml is loaded, and for a
 * formula that it cannot read.
 */
export function renderFormula({ raw, text, display }) {
  const source = raw.trim();
  const node = element("span", { className: display ? "formula display" : "formula", dataset: { source } }, source);
  if (display) node.tabIndex = 0; // a wide one is scrolled, by keys too
  const show = () => {
    const math = temml.loaded.renderMath(text, display);
    if (math) node.replaceChildren(math);
  };
  if (temml.loaded) show();
  else temml.use(show);
  return node;
}
