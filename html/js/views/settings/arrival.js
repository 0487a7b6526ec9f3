import { HistoryApi } from "../../api.js";
import { Guests, isSecret } from "../../state/guests.js";
import { say } from "../../text.js";
import { element } from "../dom.js";
import { button, loadWords, openDialog } from "./dialog.js";

/**
 * Someone opened a link that carries a guest's secret. Two people's conversations must not be mixed unasked:
 * whether this browser is that guest now. Waits for the answer.
 */
export async function receiveGuest(storage, secret) {
  const guests = new Guests(storage);
  await loadWords();
  if (!isSecret(secret)) await tell(say("arrivalBroken"));
  else if (secret === guests.secret) await tell(say("arrivalSame"));
  else {
    const used = await isUsed(guests);
    const words = used ? ["arrivalAsk", "arrivalKeeps"] : ["arrivalNotice"];
    const [yes, no] = used ? ["arrivalReplace", "arrivalKeep"] : ["arrivalOpen", "cancel"];
    const agreed = await ask(
      [...words, "arrivalShared"].map((key) => say(key)),
      say(yes),
      say(no),
    );
    if (agreed) guests.become(secret, used);
    return agreed;
  }
  return false;
}

/** Whether there is something to lose: unless the server says that there is nothing, there may be. */
async function isUsed(guests) {
  if (!guests.secret) return false;
  if (guests.hasOwn) return true;
  try {
    const page = await new HistoryApi(() => guests.secret).conversations();
    return page.conversations.length > 0;
  } catch {
    return true;
  }
}

function tell(words) {
  return ask([words], say("close"));
}

function ask(words, yes, no) {
  return new Promise((resolve) => {
    const end = (agreed) => () => {
      resolve(agreed); // now, since `close` comes later: what is gone from the screen has been decided
      dialog.close();
    };
    const buttons = [button(yes, end(true), "plain primary"), ...(no ? [button(no, end(false))] : [])];
    const content = words.map((text) => element("p", {}, text));
    const dialog = openDialog(say("arrivalTitle"), ...content, element("div", { className: "buttons" }, ...buttons));
    dialog.addEventListener("close", () => resolve(false));
    buttons.at(-1).focus();
  });
}
