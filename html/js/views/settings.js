import { Guests } from "../state/guests.js";
import { say } from "../text.js";
import { preferenceChoices } from "./settings/choices.js";
import { dataSections } from "./settings/data.js";
import { loadWords, openDialog } from "./settings/dialog.js";
import { moveSection } from "./settings/move.js";

/**
 * The settings, in a dialog. `shown` is the conversation on the screen, or null where nothing was said in it;
 * `removeAll()` deletes every conversation. Where people sign in, they have nothing to move.
 */
export async function showSettings({ auth, storage, preferences, api, shown, removeAll }) {
  await loadWords();
  if (document.querySelector("dialog[open]")) return;
  const closed = new AbortController();
  const dialog = openDialog(
    say("settingsTitle"),
    ...preferenceChoices(preferences),
    ...(auth === "guest" ? [moveSection(new Guests(storage))] : []),
    ...dataSections({ api, shown, removeAll, closed: closed.signal, close: () => dialog.close() }),
  );
  dialog.addEventListener("close", () => closed.abort());
}
