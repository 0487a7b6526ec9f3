import { keptUploads } from "../keys.js";
import { supports } from "../protocol.js";
import { t } from "../text.js";
import { byId } from "./dom.js";

/**
 * The ways of a file onto the page: the button in the question box, drop and paste. The documents are loaded with the
 * first file, and with a conversation that has some. Functions without documents refuse a file in words.
 */
export class AttachView {
  #context;
  /** @type {Promise<import("./documents.js").DocumentsView> | null} */
  #view = null;
  #listedId = null;
  #canAttach = supports("add_document");

  /** @param {import("./documents.js").DocumentsContext} context */
  constructor(context) {
    this.#context = context;
    this.#listenToFiles();
    if (!this.#canAttach) return;
    const { chat, delivery, status, storage, tabStorage } = context;
    const failed = () => status.alert(t("attachFailed")); // the questions still wait, and can be taken back
    for (const id of keptUploads(storage, tabStorage)) {
      delivery.hold(id, true);
      this.#load().then(({ documents }) => documents.restore(id), failed);
    }
    const [button, input] = [byId("attach"), byId("files")];
    button.hidden = false;
    button.title = button.ariaLabel;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.#add(input.files);
      input.value = ""; // the same file can be chosen again
    });
    chat.on("history", ({ detail }) => {
      if (detail !== "ready" || chat.conversationId === this.#listedId) return;
      this.#listedId = chat.conversationId;
      (window.requestIdleCallback ?? setTimeout)(() => this.refresh());
    });
  }

  /** Load the list of the shown conversation's documents. The page shows it only if there are some. */
  async refresh() {
    const { api, chat } = this.#context;
    const id = chat.conversationId;
    if (!this.#canAttach || !chat.mayHaveDocuments) return;
    if (this.#view) {
      (await this.#load()).documents.load(id);
      return;
    }
    const listed = await api.documents(id).catch(() => []);
    if (listed.length > 0) (await this.#load()).documents.receive(id, listed);
  }

  #listenToFiles() {
    const { dataset } = document.body;
    const receive = (event, { files }) => {
      event.preventDefault(); // the browser would leave the page for the file
      delete dataset.dropping;
      if (this.#canAttach) this.#add(files);
      else this.#context.status.alert(t("noFiles"));
    };
    addEventListener("dragover", (event) => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (this.#canAttach) dataset.dropping = "";
    });
    addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? delete dataset.dropping);
    addEventListener("drop", (event) => hasFiles(event.dataTransfer) && receive(event, event.dataTransfer));
    document.addEventListener("paste", (event) => {
      const { clipboardData } = event;
      const isText = clipboardData.types.includes("text/plain"); // a table comes with a picture of it
      if (hasFiles(clipboardData) && !isText) receive(event, clipboardData);
    });
  }

  async #add(files) {
    const list = [...files]; // emptied when the event has ended
    const { chat, delivery, status } = this.#context;
    const { conversationId } = chat;
    delivery.hold(conversationId, true); // a question can be sent before the module is loaded
    try {
      await (await this.#load()).add(conversationId, list);
    } catch {
      delivery.hold(conversationId, false);
      status.alert(t("attachFailed"));
    }
  }

  async #load() {
    this.#view ??= import("./documents.js").then(({ DocumentsView }) => new DocumentsView(this.#context));
    try {
      return await this.#view;
    } catch (error) {
      this.#view = null; // the next file tries again
      throw error;
    }
  }
}

function hasFiles({ types }) {
  return types.includes("Files");
}
