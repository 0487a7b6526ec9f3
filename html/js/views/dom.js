const SVG = "http://www.w3.org/2000/svg";

/** An element of the markup, by its id. */
export const part = (id) => document.getElementById(id);

/** An element with properties (`dataset` and `aria…` included) and children; a string is text, never markup. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  const { dataset, ...rest } = properties;
  Object.assign(node, rest);
  Object.assign(node.dataset, dataset);
  return append(node, children);
}

export function append(node, children) {
  node.append(...children);
  return node;
}

/** Shows or hides a part of the page. The keyboard that is on it goes on from `next`, and not from nowhere. */
export function hide(node, isHidden, next) {
  if (isHidden && node.contains(document.activeElement)) next.focus({ preventScroll: true });
  node.hidden = isHidden;
}

/** A line icon, 24 units square; its look is the style sheet's. */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const paths = {
  pencil: "M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3",
  trash: "M5 7h14M10 7V4.5h4V7m3.5 0-.8 12.5H7.3L6.5 7",
};
