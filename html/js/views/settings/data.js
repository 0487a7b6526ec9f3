import { Exporter } from "../../export.js";
import { say } from "../../text.js";
import { element } from "../dom.js";
import { choice } from "./choices.js";
import { button, section } from "./dialog.js";

const KEEP_URL_MS = 60_000; // a slow disk may still be reading

/** Taking conversations out, and deleting them all. */
export function dataSections(context) {
  return [new ExportSection(context).node, new RemovalSection(context).node];
}

class ExportSection {
  node;
  #api;
  #shown;
  #closed;
  #scope;
  #state = element("div", { className: "progress" });
  #status = element("p", { role: "status" });
  #start;

  constructor({ api, shown, closed }) {
    this.#api = api;
    this.#shown = shown;
    this.#closed = closed;
    this.#scope = shown ? "shown" : "all";
    const scopes = [
      ["shown", say("exportShown")],
      ["all", say("exportAll")],
    ];
    const scope = choice("scope", say("exportWhich"), shown ? scopes : scopes.slice(1), this.#scope, (value) => {
      this.#scope = value;
    });
    this.#start = element(
      "div",
      { className: "buttons" },
      button(say("exportMarkdown"), () => this.#run("markdown")),
      button(say("exportJson"), () => this.#run("json")),
    );
    this.node = section(say("exportTitle"), scope, this.#start, this.#status, this.#state);
  }

  #run(format) {
    const chosen = this.#scope === "shown" ? [this.#shown] : undefined;
    this.#gather(new Exporter(this.#api, format, chosen));
  }

  async #gather(exporter) {
    const cancel = new AbortController();
    const stop = button(say("cancel"), () => cancel.abort());
    const progress = () => this.#tell("exporting", exporter);
    this.#start.hidden = true;
    this.#state.replaceChildren(stop);
    stop.focus();
    progress();
    try {
      await exporter.gather(AbortSignal.any([cancel.signal, this.#closed]), progress);
      this.#save(exporter, "exported");
    } catch {
      if (cancel.signal.aborted) this.#end(say("exportCancelled"));
      else if (!this.#closed.aborted) this.#offer(exporter);
    }
  }

  /** The network failed: what is there can be had, and the rest tried again. */
  #offer(exporter) {
    this.#tell("exportFailed", exporter);
    const again = button(say("exportAgain"), () => this.#gather(exporter));
    const partly = button(say("exportPartly"), () => this.#save(exporter, "exportedPartly"));
    partly.disabled = exporter.gathered === 0;
    this.#state.replaceChildren(
      again,
      partly,
      button(say("cancel"), () => this.#end("")),
    );
    again.focus();
  }

  #save(exporter, message) {
    const url = URL.createObjectURL(exporter.blob());
    const day = new Intl.DateTimeFormat("sv").format(); // year-month-day, in local time
    element("a", { href: url, download: `${say("name")}-${day}.${exporter.ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), KEEP_URL_MS);
    this.#end(say(message, this.#counts(exporter)));
  }

  #end(text) {
    this.#status.textContent = text;
    this.#state.replaceChildren();
    this.#start.hidden = false;
    this.#start.firstElementChild.focus();
  }

  #tell(key, exporter) {
    this.#status.textContent = say(key, this.#counts(exporter));
  }

  #counts({ gathered, total }) {
    const number = new Intl.NumberFormat(document.documentElement.lang);
    return { count: number.format(gathered), total: number.format(total) };
  }
}

class RemovalSection {
  node;
  #box = element("div", { className: "buttons" });
  #removeAll;
  #close;

  constructor({ removeAll, close }) {
    this.#removeAll = removeAll;
    this.#close = close;
    this.node = section(say("removeAllTitle"), element("p", { className: "note" }, say("removeAllNote")), this.#box);
    this.#offer();
  }

  #offer() {
    this.#box.replaceChildren(button(say("removeAll"), () => this.#ask(say("removeAllAsk")), "danger"));
  }

  #ask(words) {
    const yes = button(say("removeAllYes"), () => this.#remove(yes), "danger");
    const no = button(say("cancel"), () => {
      this.#offer();
      this.#box.firstElementChild.focus();
    });
    const question = element("p", { id: "remove-all-ask", role: "alert" }, words);
    const box = element("div", { className: "confirm", role: "group" }, question, element("div", {}, yes, no));
    box.setAttribute("aria-labelledby", question.id);
    this.#box.replaceChildren(box);
    no.focus();
  }

  async #remove(yes) {
    yes.disabled = true;
    yes.textContent = say("removingAll");
    try {
      await this.#removeAll();
      this.#close();
    } catch {
      this.#ask(say("removeAllFailed"));
    }
  }
}
