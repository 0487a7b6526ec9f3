import { partsOf, renderBlock } from "./blocks.js";
import { joinParts, separateLines } from "./growth.js";

/** Frozen parts or blocks of a growing answer that share an element: a layout visits all children of one that grows. */
export const GROUP_SIZE = 16;

/** A rendered block of a flow. A block of parts (see blocks.js) is updated from the first part that has changed. */
export class Block {
  token;
  /** Whether the token does not hold all of the block. */
  isPartial = false;
  #root;
  #nodes;
  #kind;
  /** @type {{ key: string | null, nodes: ChildNode[] }[]} */
  #parts = [];
  #frozen = 0;
  #grouped = 0;
  #holder;

  /** Render a token at the end of the root, or in place of another block. */
  constructor(root, token, replaced = undefined) {
    this.#root = root;
    this.token = token;
    this.#kind = partsOf(token);
    this.#nodes = this.#kind ? this.#kind.nodes(token) : renderBlock(token);
    const [first] = replaced?.nodes ?? [];
    if (first) first.before(...this.#nodes);
    else root.append(...this.#nodes);
    this.#holder = this.#firstHolder;
    if (this.#kind) this.#updateParts(token);
    if (first?.open) this.#nodes[0].open = true; // details that the reader has opened
    replaced?.remove();
  }

  get nodes() {
    return this.#nodes.length > 0 ? this.#nodes : this.#parts.flatMap(({ nodes }) => nodes);
  }

  get root() {
    return this.#root;
  }

  /** The element that holds the content that follows the frozen parts. */
  get lastContent() {
    const node = this.#kind ? this.#parts.at(-1).nodes[0] : this.#nodes[0];
    return this.token.type === "details" ? node.lastChild : node;
  }

  /** Return whether `update` can show this token. Parts without a node of the block must be the last in the root. */
  canBecome(token, isLast) {
    return Boolean(this.#kind) && this.hasShapeOf(token) && (this.#nodes.length > 0 || isLast);
  }

  hasShapeOf(token) {
    if (token?.type !== this.token.type) return false;
    const [before, after] = [this.token, token].map((other) => JSON.stringify(this.#kind.shape(other)));
    return before === after;
  }

  /** Show a token with more or other parts after the frozen ones. */
  update(token) {
    this.token = token;
    this.#updateParts(token);
  }

  /** Freeze parts: the next token that is shown does not have them. */
  freeze(count) {
    this.#frozen += count;
    this.isPartial = true;
    if (this.token.type === "paragraph") separateLines(this.#parts[this.#frozen - 1].nodes.at(-1));
    if (!this.#kind.openGroup || this.#frozen - this.#grouped < GROUP_SIZE) return;
    this.#grouped = this.#frozen;
    this.#holder = this.#kind.openGroup(this.#nodes[0]);
  }

  thaw() {
    this.#frozen = 0;
    this.#grouped = 0;
    this.isPartial = false;
    for (const node of this.#nodes) joinParts(node);
    this.#holder = this.#firstHolder;
    if (this.token.type !== "paragraph") return;
    this.#parts = [];
    this.#nodes[0].replaceChildren();
  }

  /** Mark the content after the frozen parts as rendered by another flow, so that an update renders it again. */
  handOver() {
    this.isPartial = true;
    this.token = { ...this.token, raw: null };
    if (this.#kind) this.#parts.at(-1).key = null;
  }

  /** Show the whole token, and keep the nodes if they are right. */
  correct(token) {
    if (!this.isPartial && JSON.stringify(this.token) === JSON.stringify(token)) return this;
    const fresh = new Block(document.createElement("div"), token);
    if (this.nodes[0]?.open && fresh.nodes[0]) fresh.nodes[0].open = true;
    for (const node of [...this.nodes, ...fresh.nodes]) node.normalize();
    if (fresh.nodes.every((node, index) => node.isEqualNode(this.nodes[index]))) {
      fresh.#nodes = this.nodes;
      fresh.#kind = undefined; // its parts are other nodes: an update would have to render it again
    } else this.#replaceBy(fresh.nodes);
    fresh.#root = this.#root;
    return fresh;
  }

  remove() {
    for (const node of this.nodes) node.remove();
  }

  get #firstHolder() {
    return this.#kind && this.#nodes.length > 0 ? this.#kind.holder(this.#nodes[0]) : this.#root;
  }

  #replaceBy(nodes) {
    this.nodes[0].before(...nodes);
    this.remove();
  }

  #updateParts(token) {
    const { parts, key, render, patch } = this.#kind;
    const next = parts(token).map((part) => ({ part, key: key(part) }));
    const shown = this.#parts.slice(this.#frozen);
    const isSame = next.map((part, index) => part.key === shown[index]?.key);
    let kept = isSame.includes(false) ? isSame.indexOf(false) : next.length;
    if (patch && kept < Math.min(next.length, shown.length)) {
      patch(shown[kept].nodes, next[kept].part);
      shown[kept].key = next[kept].key;
      kept += 1;
    }
    for (const { nodes } of this.#parts.splice(this.#frozen + kept)) for (const node of nodes) node.remove();
    const added = next.slice(kept).map(({ part, key }) => ({ key, nodes: render(part).map(toNode) }));
    this.#holder.append(...added.flatMap(({ nodes }) => nodes));
    this.#parts.push(...added);
  }
}

function toNode(content) {
  return typeof content === "string" ? new Text(content) : content;
}
