import { toWire } from "./api.js";
import { supports } from "./protocol.js";
import { t } from "./text.js";
import { placeText } from "./views/document_text.js";

/** @typedef {import("./api.js").HistoryApi} HistoryApi */

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/**
 * Conversations collected into one file, with the names of their documents, and with the user's instructions if it is all
 * of them. After a network failure, `collect` throws, and the next `collect` continues with the conversation that failed.
 */
export class Exporter {
  #api;
  #format;
  #conversations;
  #branch;
  #cursor = null;
  #isListed;
  /** Of the conversation, if it is one that was chosen. */
  title;
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
    this.title = conversations?.[0]?.title ?? "";
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
      const documents = supports("documents") ? await this.#api.documents(conversation.conversationId) : [];
      signal.throwIfAborted();
      this.#chunks.push(new Blob([this.#format.render(conversation, turns, documents)]));
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
  render: (conversation, turns, documents) => JSON.stringify(toWire({ ...conversation, documents, turns }), null, 2),
  join: (chunks, now, complete, instructions) => {
    const written = instructions === null ? "" : ` "instructions": ${JSON.stringify(instructions)},`;
    const head = `{"version": 1, "exported_at": "${now.toISOString()}", "complete": ${complete},${written} "conversations": [\n`;
    return [head, ...joinWith(chunks, ",\n"), "\n]}\n"];
  },
};

const markdown = {
  extension: "md",
  type: "text/markdown;charset=utf-8",
  render: (conversation, turns, documents) => {
    const title = (conversation.title || turns[0]?.question || "").replace(/\s+/g, " ").trim();
    const names = documents.map(({ name }) => `- ${escapeMarkdown(name)}\n`);
    const attached = names.length > 0 ? `${t("exportDocuments")}\n\n${names.join("")}\n` : "";
    return `# ${title || "…"}\n\n${attached}${turns.map(renderTurn).join("\n")}`;
  },
  join: (chunks, _now, _complete, instructions) => {
    const first = instructions ? [`# ${t("instructions")}\n\n${closeFence(instructions)}\n`] : [];
    return joinWith([...first, ...chunks], "\n\n");
  },
};

const formats = { json, markdown };

function renderTurn({ question, answer, createdAt, sources = [] }) {
  const { lang } = document.documentElement;
  const time = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(createdAt));
  const asked = `## ${t("you")} · ${time}\n\n${closeFence(question)}\n`;
  return answer ? `${asked}\n## ${t("name")}\n\n${closeFence(answer)}\n${renderSources(sources)}` : asked;
}

/** Return an answer as a Markdown file, with its sources. */
export function renderAnswer({ answer, sources }) {
  return `${closeFence(answer)}\n${renderSources(sources ?? [])}`;
}

/** List the sources that the marks of an answer name. */
function renderSources(sources) {
  if (sources.length === 0) return "";
  const lines = sources.map((source) => {
    const place = [source.name, placeText(source)].filter(Boolean).join(", ");
    return `- [${source.n}] ${escapeMarkdown(`${place}: ${source.text.replace(/\s+/g, " ").trim()}`)}\n`;
  });
  return `\n${t("exportSources")}\n\n${lines.join("")}`;
}

/** Escape a line of a document, so that it stays text. */
function escapeMarkdown(text) {
  return text.replace(/[\\`*_[\]<>|~#!&]/g, "\\$&");
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
