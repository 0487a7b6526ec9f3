import "../common.js";
import texts from "../text/updates.js";
import { addMessages, t } from "../text.js";
import { byId, element, setHidden } from "./dom.js";

const WORKER = "/service-worker.js";
const CHECK_MS = 3_600_000; // for a page that stays open

/** Not in every browser. @type {{ trustedTypes?: { createPolicy: (name: string, rules: object) => any } }} */
const { trustedTypes } = /** @type {any} */ (window);

/**
 * Register the service worker, and offer to load a newer version of the page while nothing is written or answered.
 * @param {{ chat: import("../state/chat.js").Chat, status: import("./status.js").StatusView }} context
 */
export async function watchUpdates({ chat, status }) {
  const workers = navigator.serviceWorker;
  const policy = trustedTypes?.createPolicy("service-worker", { createScriptURL: () => WORKER });
  await workers.register(policy?.createScriptURL("") ?? WORKER, { updateViaCache: "none" });
  workers.addEventListener("message", () => offerUpdate(chat, status), { once: true });
  workers.startMessages();
  let last = 0;
  const check = () => {
    if (document.hidden || Date.now() - last < CHECK_MS) return;
    last = Date.now();
    workers.controller?.postMessage("update");
  };
  document.addEventListener("visibilitychange", check);
  check();
}

function offerUpdate(chat, status) {
  addMessages(texts[document.documentElement.lang] ?? texts.ko);
  const button = element("button", { type: "button", className: "quiet" }, t("updateNow"));
  const bar = element("div", { className: "connection", id: "update", hidden: true }, t("updateReady"), button);
  byId("composer").before(bar);
  const question = byId("question");
  let isAnnounced = false;
  const show = () => {
    const isBusy = question.value !== "" || chat.turns.some(({ unfinished }) => unfinished);
    setHidden(bar, isBusy, question);
    if (!isBusy && !isAnnounced) status.announce(t("updateReady"));
    isAnnounced ||= !isBusy;
  };
  button.addEventListener("click", () => location.reload());
  document.addEventListener("input", show);
  for (const event of /** @type {const} */ (["turn", "removed", "conversation"])) chat.on(event, show);
  show();
}
