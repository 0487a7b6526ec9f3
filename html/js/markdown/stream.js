import messages from "../text/answer.js";
import { addMessages } from "../text.js";
import { Flow } from "./flow.js";
import { followFootnote } from "./footnotes.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);
addEventListener("click", followFootnote);

/**
 * A renderer of growing Markdown text, at most once per animation frame. `finish` renders the whole text and corrects
 * the blocks that differ, for example by a link defined later: the result does not depend on how the text was split.
 */
export class MarkdownStream {
  #root;
  #text = "";
  #flow;
  #frame = 0;

  constructor(root) {
    this.#root = root;
    this.#flow = new Flow(root);
  }

  /** Render the whole text so far, in the next animation frame. */
  show(text) {
    const next = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    if (!next.startsWith(this.#text)) {
      this.#flow = new Flow(this.#root);
      this.#root.replaceChildren();
    }
    this.#text = next;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#flow.show(this.#text);
    });
  }

  /** Render the whole text so far without waiting for a frame, in place of other content. */
  replace(text) {
    this.#root.replaceChildren();
    this.show(text);
    this.#cancelFrame();
    this.#flow.show(this.#text);
  }

  finish(text) {
    this.show(text);
    this.#cancelFrame();
    this.#flow.finish(this.#text);
  }

  #cancelFrame() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
