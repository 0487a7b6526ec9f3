import { renderBlock, rendered } from "./blocks.js";
import { lex } from "./lex.js";

/**
 * A renderer of growing Markdown text, at a cost per update that does not depend on the length. Complete blocks are
 * frozen, and the tail is lexed at most once per animation frame. `finish` lexes the whole text and corrects the blocks
 * that differ, for example by a link defined later: the result does not depend on how the text was split.
 */
export class MarkdownStream {
  #root;
  #text = "";
  #frozenLength = 0;
  #frozen = [];
  #tail = [];
  #links = {};
  #frame = 0;

  constructor(root) {
    this.#root = root;
  }

  /** Render the whole text so far, in the next animation frame. */
  show(text) {
    const next = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    if (!next.startsWith(this.#text)) this.#reset();
    this.#text = next;
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  finish(text) {
    this.show(text);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const tokens = rendered(lex(this.#text));
    const blocks = [...this.#frozen, ...this.#tail];
    this.#frozen = this.#patch(blocks, tokens, (a, b) => JSON.stringify(a) === JSON.stringify(b));
    this.#tail = [];
    this.#frozenLength = this.#text.length;
  }

  #reset() {
    this.#text = "";
    this.#frozenLength = 0;
    this.#frozen = [];
    this.#tail = [];
    this.#links = {};
    this.#root.replaceChildren();
  }

  #draw() {
    this.#frame = 0;
    const tokens = lex(this.#text.slice(this.#frozenLength), this.#links);
    this.#links = tokens.links;
    this.#tail = this.#patch(this.#tail, rendered(tokens), (a, b) => a.type === b.type && a.raw === b.raw);
    this.#freeze(tokens);
  }

  /** Freeze the blocks before the last one, if the first line of that one is complete. */
  #freeze(tokens) {
    const last = tokens.findLastIndex((token) => token.type !== "space");
    if (last < 1 || !tokens[last].raw.includes("\n")) return;
    const done = tokens.slice(0, last);
    const raw = done.map((token) => token.raw).join("");
    if (!this.#text.startsWith(raw, this.#frozenLength)) return;
    this.#frozenLength += raw.length;
    this.#frozen.push(...this.#tail.splice(0, rendered(done).length));
  }

  /** Render tokens, and keep the nodes whose token is the same. */
  #patch(blocks, tokens, same) {
    const shown = tokens.map((token, index) => {
      const old = blocks[index];
      if (!old) return this.#add(token);
      if (same(old.token, token)) return { token, node: old.node };
      return this.#replace(old, token);
    });
    for (const { node } of blocks.slice(tokens.length)) node.remove();
    return shown;
  }

  #add(token) {
    const node = renderBlock(token);
    this.#root.append(node);
    return { token, node };
  }

  #replace(old, token) {
    if (old.token.type === "code" && token.type === "code" && old.token.lang === token.lang) {
      old.node.querySelector("code").textContent = token.text;
      return { token, node: old.node };
    }
    const node = renderBlock(token);
    old.node.replaceWith(node);
    return { token, node };
  }
}
