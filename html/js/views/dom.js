const SVG = "http://www.w3.org/2000/svg";

/**
 * Return the element of the markup with this id. It has `any` type: the markup, not the caller, decides its tag.
 * @returns {any}
 */
export const byId = (id) => document.getElementById(id);

/**
 * Create an element with properties (`dataset` and `aria…` included) and children. A string is text, never markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  const { dataset, ...rest } = properties;
  Object.assign(node, rest);
  Object.assign(node.dataset, dataset);
  return append(node, children);
}

/**
 * @template {Node & ParentNode} Parent
 * @param {Parent} node
 * @returns {Parent}
 */
export function append(node, children) {
  node.append(...children);
  return node;
}

/** Show or hide an element. If it contains the focus, move that to `next`. */
export function setHidden(node, isHidden, next) {
  if (isHidden && node.contains(document.activeElement)) next.focus({ preventScroll: true });
  node.hidden = isHidden;
}

/** Load a style sheet that the markup has disabled, once. Reject if that fails; a further call tries again. */
export async function loadStyle(id) {
  const link = byId(id);
  if (!link.disabled) return;
  link.disabled = false;
  await new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      link.disabled = true;
      reject(new Error(link.href));
    };
  });
}

/** Make the page usable: until the listeners are in place, the markup is inert, so that no click is lost. */
export function enableControls() {
  for (const node of document.querySelectorAll("[inert]")) node.removeAttribute("inert");
}

/** Create a line icon, 24 units square; the style sheet gives it its look. */
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

/** Create the face of 서연; the style sheet moves its eyes and mouth. */
export function face() {
  return document.querySelector(".face").cloneNode(true);
}

export const paths = {
  pin: "M9 4.5h6l-.8 5.5 2.8 2.5V15H7v-2.5L9.8 10zM12 15v5",
  unpin: "M9 4.5h6l-.8 5.5 2.8 2.5V15H7v-2.5L9.8 10zM12 15v5M4.5 4.5l15 15",
  pencil: "M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3",
  up: "M4 11h3.5v9H4zM7.5 11l4-7c1.5 0 2.3 1 2 2.5L12.8 10H18a2 2 0 0 1 2 2.4l-1.2 6A2 2 0 0 1 16.8 20H7.5",
  down: "M4 13h3.5V4H4zM7.5 13l4 7c1.5 0 2.3-1 2-2.5L12.8 14H18a2 2 0 0 0 2-2.4l-1.2-6A2 2 0 0 0 16.8 4H7.5",
  trash: "M5 7h14M10 7V4.5h4V7m3.5 0-.8 12.5H7.3L6.5 7",
};
