import { say } from "./text.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/**
 * Conversations gathered into one file, each as soon as it is complete. Where the network fails, `gather` throws;
 * what is there stays, and the next `gather` goes on. Without `conversations`: all that there are.
 */
export class Exporter {
  #api;
  #format;
  #todo;
  #cursor = null;
  #listed;
  #parts = [];

  constructor(api, format, conversations) {
    this.#api = api;
    this.#format = formats[format];
    this.#todo = conversations ?? [];
    this.#listed = conversations !== undefined;
  }

  get gathered() {
    return this.#parts.length;
  }

  /** How many there are, as far as is known. */
  get total() {
    return this.#todo.length;
  }

  get type() {
    return this.#format.type;
  }

  get ending() {
    return this.#format.ending;
  }

  /** `progress()` is called after each step; an aborted signal ends it with an AbortError. */
  async gather(signal, progress) {
    while (!this.#listed) {
      const page = await this.#api.conversations(this.#cursor);
      signal.throwIfAborted();
      this.#todo.push(...page.conversations);
      this.#cursor = page.next_cursor;
      this.#listed = !page.next_cursor;
      progress();
    }
    while (this.gathered < this.total) {
      const conversation = this.#todo[this.gathered];
      const turns = await this.#turns(conversation.conversation_id, signal);
      this.#parts.push(new Blob([this.#format.part(conversation, turns)]));
      progress();
    }
  }

  blob(now = new Date()) {
    const complete = this.#listed && this.gathered === this.total;
    return new Blob(this.#format.whole(this.#parts, now, complete), { type: this.type });
  }

  /** All turns of a conversation, oldest first. */
  async #turns(id, signal) {
    const pages = [];
    let cursor;
    do {
      const page = await this.#api.turns(id, cursor);
      signal.throwIfAborted();
      pages.unshift(page.turns);
      cursor = page.next_cursor;
    } while (cursor);
    return pages.flat();
  }
}

const json = {
  ending: "json",
  type: "application/json",
  part: (conversation, turns) => JSON.stringify({ ...conversation, turns }, null, 2),
  whole: (parts, now, complete) => {
    const head = `{"version": 1, "exported_at": "${now.toISOString()}", "complete": ${complete}, "conversations": [\n`;
    return [head, ...between(parts, ",\n"), "\n]}\n"];
  },
};

const markdown = {
  ending: "md",
  type: "text/markdown;charset=utf-8",
  part: (conversation, turns) => {
    const title = (conversation.title || turns[0]?.text || "").replace(/\s+/g, " ").trim();
    return `# ${title || "…"}\n\n${turns.map(renderTurn).join("\n")}`;
  },
  whole: (parts) => between(parts, "\n\n"),
};

const formats = { json, markdown };

function renderTurn({ text, answer, created_at: at }) {
  const { lang } = document.documentElement;
  const time = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
  const question = `## ${say("you")} · ${time}\n\n${closeFence(text)}\n`;
  return answer ? `${question}\n## ${say("name")}\n\n${closeFence(answer)}\n` : question;
}

/** A code block that was cut off must not swallow what comes after it. */
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

function between(parts, separator) {
  return parts.flatMap((part, index) => (index ? [separator, part] : [part]));
}
