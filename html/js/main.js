import { HistoryApi } from "./api.js";
import { loadConfig } from "./config.js";
import { GuestIdentity, SECRET } from "./identity.js";
import { Socket } from "./socket.js";
import { Chat } from "./state/chat.js";
import { Conversations } from "./state/conversations.js";
import { Delivery } from "./state/delivery.js";
import { takeMoved } from "./state/moved.js";
import { Outbox } from "./state/outbox.js";
import { Preferences } from "./state/preferences.js";
import { Tabs } from "./state/tabs.js";
import { Storage } from "./storage.js";
import { say, speak } from "./text.js";
import { ComposerView } from "./views/composer.js";
import { ConversationsView } from "./views/conversations.js";
import { part } from "./views/dom.js";
import { Follow } from "./views/follow.js";
import { HistoryView } from "./views/history.js";
import { RemovalsView } from "./views/removals.js";
import { StatusView } from "./views/status.js";
import { TranscriptView } from "./views/transcript.js";

const moved = takeMoved();
const storage = new Storage();
const preferences = new Preferences(storage);

/** Puts the page together: everything is made here, and knows only what it is handed. */
async function bootstrap() {
  await speak(preferences.get("language"));
  const config = await loadConfig();
  if (config.auth === "guest") await receive(moved);
  const identity = await identify(config, storage);
  const { isNew } = identity;
  const token = () => identity.token();

  const api = new HistoryApi(token, (refused) => identity.renew?.(refused));
  const socket = new Socket(config.websocketUrl, token);
  const outbox = new Outbox(storage);
  const delivery = new Delivery(socket, outbox, new Tabs());
  const chat = new Chat(api, delivery);
  const conversations = new Conversations(api);

  const follow = new Follow();
  const ask = (text, mode) => {
    conversations.touch(chat.conversationId, text);
    remember(chat.conversationId);
    chat.ask(text, { mode });
    follow.toEnd();
  };
  const composer = new ComposerView({
    storage,
    preferences,
    limit: config.maxTextLength,
    ask,
    stop: () => chat.stop(),
    isReady: () => chat.ready,
  });
  new TranscriptView(chat, follow, {
    retry: (turn) => {
      chat.retry(turn);
      composer.focus();
    },
    continue: (turn) => {
      chat.continue(turn);
      composer.focus();
    },
    edit: (turn) => composer.write(turn.text, turn.mode),
    "take-back": (turn) => {
      composer.write(turn.text, turn.mode);
      chat.discard(turn);
    },
  });
  new HistoryView(chat, ask);
  const status = new StatusView({ chat, delivery, socket });
  const startNew = () => {
    chat.start();
    remember("");
    closeSidebar();
    composer.focus();
  };
  const open = (id) => {
    remember(id);
    chat.open(id);
    closeSidebar();
    composer.focus();
  };
  const removeForGood = async (id) => {
    try {
      await conversations.remove(id);
      delivery.forget(id);
    } catch {
      status.alert(say("removeFailed"));
    }
  };
  const removals = new RemovalsView(removeForGood, new Storage(() => window.sessionStorage));
  const list = new ConversationsView(conversations, chat, {
    open,
    rename: (id, title) => conversations.rename(id, title),
    remove: ({ conversation_id: id }, byKey) => {
      const index = conversations.items.findIndex((item) => item.conversation_id === id);
      const isShown = id === chat.conversationId;
      if (isShown) {
        chat.start();
        remember("");
      }
      conversations.hide(id);
      status.tell(say("removed"));
      if (!byKey) list.focus(id, index);
      const undo = (undoneByKey) => {
        conversations.restore(id);
        status.tell(say("undone"));
        if (isShown) open(id);
        else if (undoneByKey) list.focus(id);
      };
      removals.offer(id, undo, byKey);
    },
    tell: (text) => status.tell(text),
  });
  for (const button of document.querySelectorAll('[data-action="new"]')) button.addEventListener("click", startNew);
  for (const type of ["conversation", "turn", "removed"]) {
    chat.addEventListener(type, () => composer.answering(Boolean(chat.current)));
  }
  chat.addEventListener("history", () => chat.ready && composer.ready());
  const removeAll = async () => {
    try {
      await api.removeAll();
      delivery.forgetAll();
      composer.clear();
      startNew();
      status.tell(say("removedAll"));
    } finally {
      conversations.load(); // a part of them may be gone
    }
  };
  onSettings(async () => {
    closeSidebar();
    const id = chat.conversationId;
    const known = conversations.items.find((item) => item.conversation_id === id);
    const shown = chat.turns.length > 0 ? (known ?? { conversation_id: id, title: "" }) : null;
    try {
      const { showSettings } = await import("./views/settings.js");
      await showSettings({ auth: config.auth, storage, preferences, api, shown, removeAll });
    } catch {
      status.alert(say("settingsFailed"));
    }
  });
  addEventListener("storage", ({ key }) => key === SECRET && location.reload()); // another tab is someone else now
  addEventListener("hashchange", async () => {
    if (config.auth === "guest" && (await receive(takeMoved()))) location.reload();
    const id = remembered();
    removals.undo(id);
    if (id && id !== chat.conversationId) chat.open(id);
  });

  for (const turn of outbox.turns()) delivery.follow(turn);
  socket.start();
  for (const node of document.querySelectorAll("[inert]")) node.inert = false; // from here on a click is heard
  composer.focus();
  if (isNew) chat.start();
  else chat.open(remembered());
  removals.resume(conversations);
}

/** Whether this browser is now the guest whose secret a link carried; `null`: there was none. */
async function receive(secret) {
  if (secret === null) return false;
  try {
    const { receiveGuest } = await import("./views/settings/arrival.js");
    return await receiveGuest(storage, secret);
  } catch {
    part("alert").className = "toast";
    part("alert").textContent = say("moveFailed");
    return false;
  }
}

/** By the button, or Ctrl and a comma. */
function onSettings(show) {
  part("open-settings").addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "," || !event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show();
  });
}

/** A guest needs nothing; an account's person may have to sign in first. */
async function identify({ auth, cognito }, storage) {
  if (auth !== "cognito") return new GuestIdentity(storage);
  const { CognitoIdentity } = await import("./sign_in.js");
  return CognitoIdentity.open(cognito, storage);
}

/** The shown conversation is in the address, so that a reload and the back button find it. */
function remember(id) {
  if (id !== (remembered() ?? "")) history.pushState(null, "", id ? `#${id}` : location.pathname);
}

function remembered() {
  const id = location.hash.slice(1);
  return /^[\da-f-]{36}$/i.test(id) ? id : undefined;
}

function closeSidebar() {
  const sidebar = part("sidebar");
  if (sidebar.matches(":popover-open")) sidebar.hidePopover();
}

bootstrap().catch((error) => {
  part("alert").textContent = say("loadFailed");
  throw error;
});
