/** The page of a link: it requests the copy of the key in its address, shows it, and does nothing else. */
import "./common.js";
import { fromWire } from "./api.js";
import { formatDay } from "./dates.js";
import { createStream, loadRenderer } from "./markdown/renderer.js";
import { Preferences } from "./state/preferences.js";
import { Storage } from "./storage.js";
import messages from "./text/share.js";
import { addMessages, setLanguage, t } from "./text.js";
import { copyText } from "./views/copy.js";
import { byId, element } from "./views/dom.js";

const preferences = new Preferences(new Storage());

async function start() {
  await setLanguage(preferences.get("language"));
  addMessages(messages[document.documentElement.lang] ?? messages.ko);
  document.title = `${t("sharedTitle")} · ${t("name")}`;
  byId("title").textContent = t("sharedTitle");
  byId("again").textContent = t("shareAgain");
  byId("again").addEventListener("click", load);
  byId("turns").addEventListener("click", ({ target }) => copyCode(target.closest("[data-copy]")));
  addEventListener("hashchange", () => location.reload()); // another link
  await load();
}

async function load() {
  for (const id of ["again", "continue"]) byId(id).hidden = true;
  byId("state").textContent = t("sharedLoading");
  try {
    const [copy] = await Promise.all([request(location.hash.slice(1)), loadRenderer()]);
    show(copy);
  } catch ({ status }) {
    const isGone = status === 404;
    byId("state").textContent = t(isGone ? "sharedGone" : status === 429 ? "sharedBusy" : "sharedFailed");
    byId("again").hidden = isGone;
    if (isGone) offer("sharedHome", "/");
  }
}

async function request(key) {
  if (!/^[\w-]{43}$/.test(key)) throw { status: 404 };
  const response = await fetch("/history/shared", { headers: { "Share-Key": key }, cache: "no-store" });
  if (!response.ok) throw response;
  return fromWire(await response.json());
}

function show({ turns, createdAt, expiresAt, truncated }) {
  byId("state").textContent = "";
  byId("notice").textContent = t("sharedNotice", { made: formatDay(createdAt), until: formatDay(expiresAt) });
  byId("truncated").textContent = t("sharedTruncated");
  byId("notice").hidden = false;
  offer("sharedContinue", `/#copy=${location.hash.slice(1)}`);
  byId("truncated").hidden = !truncated;
  byId("turns").replaceChildren(...turns.map(renderTurn));
}

/** Show the link at the end of the page. */
function offer(name, href) {
  Object.assign(byId("continue"), { textContent: t(name), href, hidden: false });
}

/** Render a question and its answer with the renderer of the chat. Their text is that of a stranger. */
function renderTurn({ text, answer, mode, status, stopReason }) {
  const prose = element("div", { className: "prose" });
  const parts = [element("h2", { className: "speaker" }, t("name")), prose];
  createStream(prose).finish(answer);
  if (status === "failed") parts.push(element("p", { className: "state" }, t("sharedUnanswered")));
  else if (stopReason !== "stop") parts.push(element("p", { className: "state" }, t("sharedCut")));
  const name = mode === "chat" ? [] : [element("p", { className: "mode" }, t(mode))];
  return element(
    "article",
    { className: "turn" },
    element(
      "div",
      { className: "question" },
      element("h2", { className: "hidden" }, t("sharedYou")),
      ...name,
      element("p", { className: "bubble" }, text),
    ),
    element("div", { className: "answer" }, ...parts),
  );
}

function copyCode(button) {
  if (button) copyText(button.closest(".code").querySelector("code").textContent, button);
}

start();
