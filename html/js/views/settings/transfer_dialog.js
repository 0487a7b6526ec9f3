import "../../common.js";
import { HistoryApi } from "../../api.js";
import { Guests, isSecret } from "../../identity/transfer.js";
import { t } from "../../text.js";
import { element } from "../dom.js";
import { button, loadMessages, openDialog } from "./dialog.js";

/**
 * Ask whether this browser should become the guest of a transfer link, so that two people's conversations are not mixed
 * by accident. Return whether it has become that guest.
 */
export async function askToSwitchGuest(storage, secret) {
  const guests = new Guests(storage);
  await loadMessages();
  if (!isSecret(secret)) await showNotice(t("transferBroken"));
  else if (secret === guests.secret) await showNotice(t("transferSame"));
  else {
    const isUsed = await hasConversations(guests);
    const paragraphs = isUsed ? [t("transferAsk"), t("transferKeeps")] : [t("transferNotice")];
    const [yes, no] = isUsed ? [t("transferReplace"), t("transferKeep")] : [t("transferOpen"), t("cancel")];
    const agreed = await ask([...paragraphs, t("transferShared")], yes, no);
    if (agreed) await guests.switchTo(secret, isUsed);
    return agreed;
  }
  return false;
}

/** Return whether the current guest may have something to lose; true if the server cannot be reached. */
async function hasConversations(guests) {
  if (!guests.secret) return false;
  if (guests.hasUnsent) return true;
  try {
    const page = await new HistoryApi(() => guests.secret).conversations();
    return page.conversations.length > 0;
  } catch {
    return true;
  }
}

function showNotice(text) {
  return ask([text], t("close"));
}

/** @returns {Promise<boolean>} */
function ask(paragraphs, yes, no = "") {
  return new Promise((resolve) => {
    const answer = (agreed) => () => {
      resolve(agreed); // before closing: the `close` event would resolve with false
      dialog.close();
    };
    const buttons = [button(yes, answer(true), "plain primary"), ...(no ? [button(no, answer(false))] : [])];
    const content = paragraphs.map((text) => element("p", {}, text));
    const dialog = openDialog(t("transferTitle"), ...content, element("div", { className: "buttons" }, ...buttons));
    dialog.addEventListener("close", () => resolve(false));
    buttons.at(-1).focus();
  });
}
