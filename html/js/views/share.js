import "../common.js";
import { randomBase64url } from "../base64url.js";
import { formatDay, formatDayAndTime, quotaRenewal } from "../dates.js";
import { COPY } from "../keys.js";
import messages from "../text/share.js";
import { addMessages, t } from "../text.js";
import { copyText } from "./copy.js";
import { element } from "./dom.js";
import { button, loadMessages, openDialog } from "./settings/dialog.js";

const KEY_BYTES = 32;
const FACTS = /** @type {const} */ (["shareWhat", "shareWho", "shareLeftOut", "shareEnd"]);

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/** @typedef {{ shareId: string, conversationId: string, title: string, createdAt: string, expiresAt: string }} Share */

/**
 * Offer to share the branch up to a turn. A failed attempt is repeated with the same key, so that it makes one link.
 * @param {{ api: import("../api.js").HistoryApi }} context
 * @param {import("../state/turn.js").Turn} turn
 */
export async function openShare({ api }, { conversationId, turnId }) {
  await loadMessages();
  if (document.querySelector("dialog[open]")) return;
  const key = randomBase64url(KEY_BYTES);
  const status = element("p", { role: "status" });
  const make = button(t("shareMake"), () => create(), "plain primary");
  const box = element("div", { className: "move" });
  const buttons = element("div", { className: "buttons" }, make);
  const facts = FACTS.map((name) => element("li", {}, t(name)));
  openDialog(t("shareTitle"), element("ul", { className: "share-facts" }, ...facts), box, status, buttons);
  make.focus();

  async function create() {
    make.ariaDisabled = "true";
    status.textContent = t("shareMaking");
    try {
      const body = { share_id: await hash(key), head: turnId };
      const { share } = await api.request("POST", `/history/conversations/${conversationId}/shares`, {}, body);
      await show(share);
    } catch (error) {
      status.textContent = failure(error, "share");
    }
    make.ariaDisabled = "false";
  }

  async function show({ share_id: shareId, expires_at: expiresAt }) {
    const url = `${location.origin}/shared.html#${key}`;
    const field = element("input", { readOnly: true, value: url, ariaLabel: t("shareLink") });
    field.addEventListener("focus", () => field.select());
    const copy = button(
      t("shareCopy"),
      () => copyText(url, copy, t("shareCopy")).catch(() => field.focus()),
      "plain primary",
    );
    const end = button(t("shareRevoke"), () => revoke(), "plain");
    box.replaceChildren(field, element("p", { className: "note" }, t("shareOnce")));
    buttons.replaceChildren(copy, end);
    copy.focus();
    const isCopied = await navigator.clipboard.writeText(url).then(
      () => true,
      () => false,
    );
    status.textContent = t(isCopied ? "shareCopied" : "shareMade", { day: formatDay(expiresAt) });

    async function revoke() {
      status.textContent = t("shareRevoking");
      try {
        await revokeShare(api, shareId);
      } catch {
        status.textContent = t("shareRevokeFailed");
        return;
      }
      status.textContent = t("shareRevoked");
      box.replaceChildren();
      const close = button(t("close"), () => buttons.closest("dialog").close());
      buttons.replaceChildren(close);
      close.focus();
    }
  }
}

/** Revoke a share. A missing one counts as revoked. */
export function revokeShare(api, shareId) {
  return api.removeAt(`/history/shares/${shareId}`);
}

/**
 * Copy the conversation of the link that this tab has opened, and show it. The tab keeps key and new id until then, also
 * over a sign-in and a reload, so that a repeated attempt makes one copy.
 */
export async function copyShared({ api, conversations, navigation, tabStorage, status }) {
  const { key, id } = JSON.parse(tabStorage.get(COPY));
  await loadMessages();
  const progress = element("p", { role: "status" }, t("copying"));
  const buttons = element("div", { className: "buttons" });
  const dialog = openDialog(t("copyTitle"), progress, buttons);
  dialog.addEventListener("close", () => tabStorage.remove(COPY));
  await copy();

  async function copy() {
    progress.textContent = t("copying");
    try {
      await api.request("POST", `/history/conversations/${id}/copy`, {}, undefined, { "Share-Key": key });
    } catch (error) {
      progress.textContent = failure(error, "copy");
      const isFinal = error.status === 404 || error.status === 400 || error.code === "quota_exceeded";
      const close = button(t("close"), () => dialog.close());
      const again = button(t("shareAgain"), () => copy(), "plain primary");
      buttons.replaceChildren(...(isFinal ? [close] : [again, close]));
      buttons.querySelector("button").focus();
      return;
    }
    dialog.close();
    conversations.load();
    navigation.open(id);
    status.announce(t("copyDone"));
  }
}

/**
 * @param {{ status?: number, code?: string }} error
 * @param {"share" | "copy"} action
 */
function failure({ status, code }, action) {
  if (code === "quota_exceeded") {
    return t(`${action}Quota`, { time: formatDayAndTime(quotaRenewal(Date.now())) });
  }
  if (status === 429) return t("shareBusy");
  return t(status === 404 || status === 400 ? `${action}Gone` : `${action}Failed`);
}

/** Return the SHA-256 of a text in hexadecimal digits. */
async function hash(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
