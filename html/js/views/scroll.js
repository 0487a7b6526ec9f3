import { byId, setHidden } from "./dom.js";

const NEAR_PX = 48;

/** The transcript's scroll position. It follows the end of a growing answer until the reader scrolls up. */
export class ScrollView {
  #scroller = byId("transcript");
  #button = byId("to-end");
  #following = true;
  #lastTop = 0;

  constructor() {
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#button.addEventListener("click", () => this.scrollToEnd());
    const sizes = new ResizeObserver(() => this.#resized());
    sizes.observe(byId("turns"));
    sizes.observe(this.#scroller);
  }

  scrollToEnd() {
    this.#following = true;
    this.#resized();
  }

  /** Run a change that adds content at the top, and keep the visible content in its place. */
  keepPosition(change) {
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    this.#lastTop = this.#scroller.scrollTop;
  }

  /** Show a node with its top at this distance from the top of the window, and stop following the end. */
  showAt(node, top) {
    this.#following = false;
    this.#scroller.scrollTop += node.getBoundingClientRect().top - top;
    this.#lastTop = this.#scroller.scrollTop;
  }

  #resized() {
    if (this.#following) {
      const hasTurns = byId("turns").childElementCount > 0; // the welcome is shown from its beginning
      this.#scroller.scrollTop = hasTurns ? this.#scroller.scrollHeight : 0;
      this.#lastTop = this.#scroller.scrollTop;
    }
    this.#updateButton();
  }

  #scrolled() {
    const { scrollTop } = this.#scroller;
    if (scrollTop < this.#lastTop - 1) this.#following = false;
    if (this.#distance() < 2 || (scrollTop > this.#lastTop && this.#distance() < NEAR_PX)) {
      this.#following = true;
    }
    this.#lastTop = scrollTop;
    this.#updateButton();
  }

  #updateButton() {
    setHidden(this.#button, this.#following || this.#distance() < NEAR_PX, this.#scroller);
  }

  /** Return the distance to the end, in pixels. */
  #distance() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }
}
