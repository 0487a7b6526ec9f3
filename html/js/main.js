import { HistoryApi } from "./api.js";
import { loadConfig } from "./config.js";
import { GuestIdentity } from "./identity.js";
import { Socket } from "./socket.js";
import { Chat } from "./state/chat.js";
import { Conversations } from "./state/conversations.js";
import { Delivery } from "./state/delivery.js";
import { Outbox } from "./state/outbox.js";
import { Storage } from "./storage.js";
import { say, speak } from "./text.js";
import { ComposerView } from "./views/composer.js";
import { ConversationsView } from "./views/conversations.js";
import { part } from "./views/dom.js";
import { Follow } from "./views/follow.js";
import { HistoryView } from "./views/history.js";
import { StatusView } from "./views/status.js";
import { TranscriptView } from "./views/transcript.js";

/** Puts the page together: everything is made here, and knows only what it is handed. */
async function bootstrap() {
  const storage = new Storage();
  await speak(storage.get("seoyeon.language") ?? "ko");
  const config = await loadConfig();
  const identity = new GuestIdentity(storage);
  const { isNew } = identity;
  const token = () => identity.token();

  const api = new HistoryApi(token);
  const socket = new Socket(config.websocketUrl, token);
  const outbox = new Outbox(storage);
  const delivery = new Delivery(socket, outbox);
  const chat = new Chat(api, delivery);
  const conversations = new Conversations(api);

  const follow = new Follow();
  const ask = (text) => {
    conversations.touch(chat.conversationId, text);
    remember(chat.conversationId);
    chat.ask(text);
    follow.toEnd();
  };
  const composer = new ComposerView({
    storage,
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
    edit: (turn) => composer.write(turn.text),
  });
  new HistoryView(chat, ask);
  const status = new StatusView({ chat, delivery, socket });
  const startNew = () => {
    chat.start();
    remember("");
    closeSidebar();
    composer.focus();
  };
  const removeFailed = () => status.alert(say("removeFailed"));
  new ConversationsView({
    conversations,
    chat,
    open: (id) => {
      remember(id);
      chat.open(id);
      closeSidebar();
      composer.focus();
    },
    remove: async (id) => {
      try {
        await conversations.remove(id);
      } catch (error) {
        removeFailed();
        throw error;
      }
      delivery.forget(id);
      status.tell(say("removed"));
      if (id === chat.conversationId) startNew();
    },
    failed: removeFailed,
  });
  for (const button of document.querySelectorAll('[data-action="new"]')) button.addEventListener("click", startNew);
  for (const type of ["conversation", "turn", "removed"]) {
    chat.addEventListener(type, () => composer.answering(Boolean(chat.current)));
  }
  chat.addEventListener("history", () => chat.ready && composer.ready());
  addEventListener("hashchange", () => {
    const id = remembered();
    if (id && id !== chat.conversationId) chat.open(id);
  });

  for (const turn of outbox.turns()) delivery.follow(turn);
  socket.start();
  composer.focus();
  if (isNew) chat.start();
  else chat.open(remembered());
  conversations.load();
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
