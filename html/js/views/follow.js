import { hide, part } from "./dom.js";

const NEAR_PX = 48;

/** Keeps the end of the transcript in view while it grows, and lets go as soon as the reader scrolls up. */
export class Follow {
  #scroller = part("transcript");
  #button = part("to-end");
  #following = true;
  #lastTop = 0;

  constructor() {
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#button.addEventListener("click", () => this.toEnd());
    const sizes = new ResizeObserver(() => this.#grown());
    sizes.observe(part("turns"));
    sizes.observe(this.#scroller);
  }

  toEnd() {
    this.#following = true;
    this.#grown();
  }

  /** Runs a change that adds content above what is read, and keeps what is read in its place. */
  keepPlace(change) {
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    this.#lastTop = this.#scroller.scrollTop;
  }

  #grown() {
    if (this.#following) {
      const hasTurns = part("turns").childElementCount > 0; // a welcome is read from its beginning
      this.#scroller.scrollTop = hasTurns ? this.#scroller.scrollHeight : 0;
      this.#lastTop = this.#scroller.scrollTop;
    }
    this.#offer();
  }

  #scrolled() {
    const { scrollTop } = this.#scroller;
    if (scrollTop < this.#lastTop - 1) this.#following = false;
    if (this.#distance() < 2 || (scrollTop > this.#lastTop && this.#distance() < NEAR_PX)) {
      this.#following = true;
    }
    this.#lastTop = scrollTop;
    this.#offer();
  }

  #offer() {
    hide(this.#button, this.#following || this.#distance() < NEAR_PX, this.#scroller);
  }

  #distance() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }
}
