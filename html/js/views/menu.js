import { element } from "./dom.js";

const MARGIN_PX = 8;

/**
 * Open a menu at a button (https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/). It closes on Escape, on Tab and on a
 * press outside of it; the focus then returns to the button. Items with `isChosen` are a choice of one.
 * @param {HTMLElement} button
 * @param {string} label
 * @param {{ name: string, note?: string, className?: string, isChosen?: boolean, choose: () => void }[]} items
 */
export function openMenu(button, label, items) {
  const menu = element("div", { className: "menu", role: "menu", popover: "auto", ariaLabel: label });
  const nodes = items.map(({ name, note, className = "", isChosen, choose }) => {
    const item = element("button", { type: "button", role: "menuitem", tabIndex: -1, className }, name);
    if (isChosen !== undefined) Object.assign(item, { role: "menuitemradio", ariaChecked: String(isChosen) });
    if (note) item.append(element("small", {}, note));
    item.addEventListener("click", () => {
      menu.hidePopover();
      choose();
    });
    return item;
  });
  menu.append(...nodes);
  const close = () => menu.hidePopover();
  const closed = new AbortController();
  const { signal } = closed;
  menu.addEventListener("keydown", (event) => moveFocus(event, nodes, close));
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    button.ariaExpanded = "false";
    closed.abort();
    menu.remove();
  });
  button.after(menu);
  button.ariaExpanded = "true";
  menu.showPopover();
  placeAt(menu, button);
  (nodes[items.findIndex(({ isChosen }) => isChosen)] ?? nodes[0]).focus({ preventScroll: true });
  button.addEventListener("pointerdown", () => ignoreClick(button), { signal });
  button.closest(".scroller")?.addEventListener("scroll", () => placeAt(menu, button), { signal });
  addEventListener("resize", close, { signal });
}

/** Keep the press that closes the menu from opening it again. */
function ignoreClick(button) {
  button.addEventListener("click", (event) => event.stopPropagation(), { once: true });
}

function moveFocus(event, items, close) {
  const at = items.indexOf(document.activeElement);
  const last = items.length - 1;
  const next = {
    ArrowDown: at === last ? 0 : at + 1,
    ArrowUp: at === 0 ? last : at - 1,
    Home: 0,
    End: last,
  }[event.key];
  if (event.key === "Tab") close();
  if (next === undefined) return;
  event.preventDefault();
  items[next].focus();
}

/** Place a menu below a button, or above it where that has no room, inside the window. */
function placeAt(menu, button) {
  const { left, top, bottom } = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const isBelow = bottom + height + MARGIN_PX <= innerHeight;
  const maxLeft = innerWidth - width - MARGIN_PX;
  menu.style.left = `${Math.max(MARGIN_PX, Math.min(left, maxLeft))}px`;
  menu.style.top = `${isBelow ? bottom : Math.max(MARGIN_PX, top - height)}px`;
}
