import { toWire } from "./api.js";
import { supports } from "./protocol.js";
import { t } from "./text.js";

/** @typedef {import("./api.js").HistoryApi} HistoryApi */

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/**
 * Conversations collected into one file, with the user's instructions if it is all of them. After a network failure, `collect` throws, and the next `collect` continues
 * with the conversation that failed.
 */
export class Exporter {
  #api;
  #format;
  #conversations;
  #branch;
  #cursor = null;
  #isListed;
  #chunks = [];
  /** @type {string | null} */
  #instructions = null;

  /**
   * @param {HistoryApi} api
   * @param {"json" | "markdown"} format
   * @param {import("./api.js").Conversation[]} [conversations] by default all conversations
   * @param {Parameters<HistoryApi["turns"]>[2]} [branch] by default the branch that a conversation shows
   */
  constructor(api, format, conversations, branch = {}) {
    this.#api = api;
    this.#format = formats[format];
    this.#conversations = conversations ?? [];
    this.#branch = branch;
    this.#isListed = conversations !== undefined;
  }

  get collected() {
    return this.#chunks.length;
  }

  /** The number of conversations that are known so far. */
  get total() {
    return this.#conversations.length;
  }

  get extension() {
    return this.#format.extension;
  }

  /**
   * Collect the conversations that are still missing. Throws an AbortError if the signal is aborted.
   * @param {AbortSignal} signal
   * @param {() => void} progress called after each request for the list and each conversation
   */
  async collect(signal, progress) {
    if (!this.#isListed && supports("instructions")) this.#instructions ??= await this.#api.instructions();
    while (!this.#isListed) {
      const page = await this.#api.conversations(this.#cursor);
      signal.throwIfAborted();
      this.#conversations.push(...page.conversations);
      this.#cursor = page.nextCursor;
      this.#isListed = !page.nextCursor;
      progress();
    }
    while (this.collected < this.total) {
      const conversation = this.#conversations[this.collected];
      const turns = await this.#loadTurns(conversation.conversationId, signal);
      this.#chunks.push(new Blob([this.#format.render(conversation, turns)]));
      progress();
    }
  }

  createBlob(now = new Date()) {
    const complete = this.#isListed && this.collected === this.total;
    const parts = this.#format.join(this.#chunks, now, complete, this.#instructions);
    return new Blob(parts, { type: this.#format.type });
  }

  /** Load all turns of a conversation, oldest first. */
  async #loadTurns(id, signal) {
    const pages = [];
    let cursor;
    do {
      const page = await this.#api.turns(id, cursor, this.#branch);
      signal.throwIfAborted();
      pages.unshift(page.turns);
      cursor = page.nextCursor;
    } while (cursor);
    return pages.flat();
  }
}

/** Conversations and turns as the history API returns them. */
const json = {
  extension: "json",
  type: "application/json",
  render: (conversation, turns) => JSON.stringify(toWire({ ...conversation, turns }), null, 2),
  join: (chunks, now, complete, instructions) => {
    const written = instructions === null ? "" : ` "instructions": ${JSON.stringify(instructions)},`;
    const head = `{"version": 1, "exported_at": "${now.toISOString()}", "complete": ${complete},${written} "conversations": [\n`;
    return [head, ...joinWith(chunks, ",\n"), "\n]}\n"];
  },
};

const markdown = {
  extension: "md",
  type: "text/markdown;charset=utf-8",
  render: (conversation, turns) => {
    const title = (conversation.title || turns[0]?.question || "").replace(/\s+/g, " ").trim();
    return `# ${title || "…"}\n\n${turns.map(renderTurn).join("\n")}`;
  },
  join: (chunks, _now, _complete, instructions) => {
    const first = instructions ? [`# ${t("instructions")}\n\n${closeFence(instructions)}\n`] : [];
    return joinWith([...first, ...chunks], "\n\n");
  },
};

const formats = { json, markdown };

function renderTurn({ question, answer, createdAt }) {
  const { lang } = document.documentElement;
  const time = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(createdAt));
  const asked = `## ${t("you")} · ${time}\n\n${closeFence(question)}\n`;
  return answer ? `${asked}\n## ${t("name")}\n\n${closeFence(answer)}\n` : asked;
}

/** Close the code block that a text ends in, so that it does not include the text that follows. */
export function closeFence(source) {
  let open = null;
  for (const line of source.split("\n")) {
    const [, fence, rest] = FENCE.exec(line) ?? [];
    if (!fence) continue;
    if (!open) open = fence[0] === "`" && rest.includes("`") ? null : fence;
    else if (fence[0] === open[0] && fence.length >= open.length && !rest.trim()) open = null;
  }
  return open ? `${source.trimEnd()}\n${open}` : source.trimEnd();
}

function joinWith(chunks, separator) {
  return chunks.flatMap((chunk, index) => (index ? [separator, chunk] : [chunk]));
}
