import { element } from "../views/dom.js";
import { Block, GROUP_SIZE } from "./block.js";
import { rendered } from "./blocks.js";
import { joinParts } from "./growth.js";
import { lex } from "./lex.js";
import { splitBlock } from "./split.js";

const LONG = 600; // characters; a shorter block is lexed again at each update

/** As marked finds them. The marker of an item includes the spaces before its content. */
const ITEM_MARKER = /^ {0,3}(?:[*+-]|\d{1,9}[.)])(?: {1,4}(?! )| (?= {4}))/;
const DETAILS_TAG = /<\/?details/i;
const QUOTE_MARKER = /^ {0,3}>[ \t]?/;
const TABLE_HEAD = /^ {0,3}\|[^\n]*(?:\n[ |:-]*)?$/;
const CUT_TAG = /^ {0,3}<(?:\/?[a-z]{0,7}|details>)$/i;
const STARTS_NO_LIST_ITEM = /^[^\s\d*+-]/;

/**
 * A growing sequence of blocks in an element, at a cost per update that does not depend on the length. The blocks before
 * the last one are frozen, and so are the parts of the last one: only the text after them is lexed again. The content of
 * a long quote or of a long list item is a flow, too.
 */
export class Flow {
  #root;
  /** The element for new blocks: the root, or the last group in it. */
  #holder;
  #grouped = 0;
  #isTop;
  #isLoose;
  #isEmpty = true;
  #text = "";
  #frozenLength = 0;
  /** @type {Block[]} */
  #frozen = [];
  /** @type {Block[]} */
  #tail = [];
  #links;
  /** The first block of the tail, if some of its parts are frozen. `prefix`: lexed before the tail, to continue it. */
  #open = null;
  /** @type {Container | null} */
  #inner = null;

  /** `isTop`: whether it is not the content of a list item; `isLoose`: whether the list of that item is loose. */
  constructor(root, { isTop = true, isLoose = true, links = {} } = {}) {
    this.#root = root;
    this.#holder = root;
    this.#isTop = isTop;
    this.#isLoose = isLoose;
    this.#links = links;
  }

  /** Render the whole text so far. Return false if the container has to be lexed again, as its list becomes loose. */
  show(text) {
    this.#text = text;
    if (this.#inner?.show(text)) return true;
    this.#inner = null;
    const source = (this.#open?.prefix ?? "") + text.slice(this.#frozenLength);
    const tokens = lex(source, { links: this.#links, isTop: this.#isTop, isGrowing: true });
    if (!this.#isTop && !this.#isLoose && tokens.slice(0, -1).some(isBlankLine)) return false;
    if (!this.#isTop && this.#isLoose) loosen(tokens);
    if (this.#open && !this.#continueOpen(tokens[0])) {
      this.#frozenLength = this.#open.start;
      this.#open.block.thaw();
      this.#open = null;
      return this.show(text);
    }
    this.#links = tokens.links;
    this.#patch(rendered(isUnreadable(tokens.at(-1)) ? tokens.slice(0, -1) : tokens));
    this.#freeze(source, tokens);
    return true;
  }

  /** Lex the whole text again, and correct the blocks that differ. */
  finish(text) {
    this.#text = text;
    this.#inner = null;
    this.#open = null;
    this.#frozenLength = 0;
    this.#holder = this.#root;
    this.#grouped = 0;
    joinParts(this.#root);
    const tokens = lex(text);
    const blocks = [...this.#frozen, ...this.#tail];
    this.#tail = rendered(tokens).map((token, index) => blocks[index]?.correct(token) ?? new Block(this.#root, token));
    for (const block of blocks.slice(this.#tail.length)) block.remove();
    this.#frozen = [];
    this.#isEmpty = false;
    this.#links = tokens.links;
    this.#freezeBlocks(text, tokens);
  }

  #continueOpen(token) {
    const { block, prefix } = this.#open;
    if (token?.type === "list" && block.token.loose && !token.loose) {
      token.loose = true;
      for (const item of token.items) loosen(item.tokens);
    }
    if (token?.type === "paragraph" || token?.type === "text") {
      token.tokens = withoutPrefix(token.tokens, prefix.length);
    }
    return block.hasShapeOf(token);
  }

  #patch(tokens) {
    if (this.#isEmpty) this.#root.replaceChildren(); // of a container, which has been rendered already
    this.#isEmpty = false;
    const blocks = this.#tail;
    for (const block of blocks.splice(tokens.length)) block.remove();
    this.#tail = tokens.map((token, index) => {
      const block = blocks[index];
      if (!block) return new Block(this.#openGroup(), token);
      if (block.token.type === token.type && block.token.raw === token.raw && !this.#open) return block;
      if (!block.canBecome(token, index === blocks.length - 1)) return new Block(block.root, token, block);
      block.update(token);
      return block;
    });
  }

  /** Return the element for a new block, after a group of frozen ones a new one. */
  #openGroup() {
    if (this.#isTop && this.#frozen.length - this.#grouped >= GROUP_SIZE) {
      this.#grouped = this.#frozen.length;
      this.#holder = this.#root.appendChild(element("div", { className: "chunk" }));
    }
    return this.#holder;
  }

  #freeze(source, tokens) {
    const last = this.#freezeBlocks(source, tokens);
    if (!last || this.#tail.length !== 1) return;
    if (last.type === "details" && last.isOpen) return this.#openContainer(this.#tail[0], last, 0);
    if (last.raw.length < LONG) return;
    const prefix = this.#open?.prefix ?? "";
    const split = splitBlock(last, prefix);
    const [block] = this.#tail;
    if (split && source.slice(source.length - this.#tailLength).startsWith(split.raw.slice(prefix.length))) {
      this.#open ??= { block, start: this.#frozenLength };
      this.#open.prefix = split.prefix;
      this.#frozenLength += split.raw.length - prefix.length;
      block.freeze(split.count);
    }
    if (this.#tailLength >= LONG) this.#openContainer(block, last, split?.count ?? 0);
  }

  get #tailLength() {
    return this.#text.length - this.#frozenLength;
  }

  /** Freeze the blocks before the last one, if that one can no longer become a part of them. Return its token. */
  #freezeBlocks(source, tokens) {
    const index = tokens.findLastIndex(({ type }) => type !== "space");
    const last = tokens[index];
    if (index < 1) return last;
    const done = tokens.slice(0, index);
    const raw = done.map((token) => token.raw).join("");
    if (!isSeparate(done, last) || !source.startsWith(raw)) return null;
    this.#frozenLength += raw.length - (this.#open?.prefix.length ?? 0);
    this.#open = null;
    this.#frozen.push(...this.#tail.splice(0, rendered(done).length));
    return last;
  }

  /** Render the content of a long quote, of the long last item of a list, or of details with a nested flow. */
  #openContainer(block, token, frozenCount) {
    const isItem = token.type === "list" && token.items.length === frozenCount + 1 && !token.items.at(-1).task;
    const first = this.#text.slice(this.#frozenLength);
    const indent = isItem ? ITEM_MARKER.exec(first)?.[0].length : 0;
    const strip = isItem ? indent && unindent(indent) : strippers[token.type];
    if (!strip) return;
    const flow = new Flow(block.lastContent, { isTop: !isItem, isLoose: !isItem || token.loose, links: this.#links });
    const container = new Container(flow, this.#frozenLength + (token.head?.length ?? 0), strip);
    if (!container.show(this.#text)) return;
    this.#inner = container;
    block.handOver();
  }
}

/** The lines of a quote or list item, whose content without the markers is a flow. */
class Container {
  #flow;
  #position;
  #strip;
  #content = "";

  /** @param {(line: string, isFirst: boolean) => string | null} strip Returns null if the line may not belong to it. */
  constructor(flow, start, strip) {
    this.#flow = flow;
    this.#position = start;
    this.#strip = strip;
  }

  /** Show the text of the outer flow. Return false if it does not end in the container. */
  show(text) {
    const lines = text
      .slice(this.#position)
      .replace(/\n\s*$/, "")
      .split("\n");
    const last = lines.pop();
    for (const line of lines) {
      const content = this.#strip(line, this.#content === "");
      if (content === null) return false;
      this.#content += `${content}\n`;
      this.#position += line.length + 1;
    }
    const content = last && this.#strip(last, this.#content === "");
    return content !== null && this.#flow.show(this.#content + content);
  }
}

function unindent(indent) {
  const space = " ".repeat(indent);
  return (line, isFirst) => {
    if (isFirst || line.startsWith(space)) return line.slice(indent);
    return line.trim() ? null : "";
  };
}

function unquote(line) {
  return QUOTE_MARKER.test(line) ? line.replace(QUOTE_MARKER, "") : null;
}

/** The line of an end tag ends the container; nested details are lexed as a whole. */
function keepUntilTag(line) {
  return DETAILS_TAG.test(line) ? null : line;
}

const strippers = { blockquote: unquote, details: keepUntilTag };

/** Return whether the last block cannot become a part of the one before it, however its first line goes on. */
function isSeparate(before, last) {
  if (last.raw.includes("\n")) return true;
  const [block, space] = before.slice(-2);
  if (space?.type !== "space" || block.codeBlockStyle) return false;
  return block.type !== "list" || STARTS_NO_LIST_ITEM.test(last.raw);
}

/** Return whether a growing block is a cut tag, or probably the head of a table whose delimiter row has not arrived. */
function isUnreadable(token) {
  return /^(?:paragraph|text|html)$/.test(token?.type) && (TABLE_HEAD.test(token.raw) || CUT_TAG.test(token.raw));
}

function isBlankLine({ type, raw }) {
  return type === "space" && /\n.*\n/.test(raw);
}

/** Make the texts of list items paragraphs, as in a loose list. */
function loosen(tokens) {
  for (const token of tokens) if (token.type === "text") token.type = "paragraph";
}

/** Return inline tokens without the first characters. */
function withoutPrefix(tokens, length) {
  const [first, ...rest] = tokens;
  if (length === 0 || !first) return tokens;
  if (first.raw.length <= length) return withoutPrefix(rest, length - first.raw.length);
  if (first.type !== "text") return tokens;
  const raw = first.raw.slice(length);
  return [{ ...first, raw, text: raw }, ...rest];
}
