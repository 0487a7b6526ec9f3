import "../common.js";
import { Guests } from "../identity/transfer.js";
import { supports } from "../protocol.js";
import { t } from "../text.js";
import { dictationSection, preferenceChoices } from "./settings/choices.js";
import { ExportSection, keepSection, RemoveAllSection } from "./settings/data.js";
import { loadMessages, openDialog } from "./settings/dialog.js";
import { InstructionsSection } from "./settings/instructions.js";
import { SharesSection } from "./settings/shares.js";
import { transferSection } from "./settings/transfer_section.js";

const hasDictation = "SpeechRecognition" in window || "webkitSpeechRecognition" in window;

/**
 * @typedef {object} SettingsContext
 * @property {"guest" | "cognito"} auth
 * @property {import("../storage.js").Storage} storage
 * @property {import("../state/preferences.js").Preferences} preferences
 * @property {import("../api.js").HistoryApi} api
 * @property {import("../state/chat.js").Chat} chat
 * @property {import("../state/conversations.js").Conversations} conversations
 * @property {import("../state/delivery.js").Delivery} delivery
 * @property {import("../state/instructions.js").Instructions} instructions
 * @property {import("../state/navigation.js").Navigation} navigation
 * @property {boolean} hasBranches whether the functions keep several branches of a conversation
 * @property {import("./composer.js").ComposerView} composer
 * @property {import("./status.js").StatusView} status
 */

/**
 * Open the settings dialog, unless a dialog is open. Only guests can move to another device.
 * @param {SettingsContext} context
 */
export async function openSettings(context) {
  const shown = shownConversation(context);
  await loadMessages();
  if (document.querySelector("dialog[open]")) return;
  const closed = new AbortController();
  const dialog = openDialog(
    t("settingsTitle"),
    ...preferenceChoices(context.preferences),
    ...(supports("set_instructions") ? [new InstructionsSection(context.instructions).node] : []),
    ...(hasDictation ? [dictationSection(context.preferences)] : []),
    ...(context.auth === "guest" ? [transferSection(new Guests(context.storage))] : []),
    ...(supports("shares") ? [new SharesSection(context.api).node] : []),
    new ExportSection(context, shown, closed.signal).node,
    ...(window.caches ? [keepSection(context)] : []),
    new RemoveAllSection(context, () => dialog.close()).node,
  );
  dialog.addEventListener("close", () => closed.abort());
}

/** Return the shown conversation, or null if it has no turns. */
function shownConversation({ chat, conversations }) {
  if (chat.turns.length === 0) return null;
  return conversations.find(chat.conversationId) ?? { conversationId: chat.conversationId, title: "" };
}
