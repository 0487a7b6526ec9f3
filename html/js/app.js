import "./common.js";
import { HistoryApi } from "./api.js";
import { loadConfig } from "./config.js";
import { takeSecret } from "./identity/transfer_link.js";
import { COPY, OUTBOX_PREFIX, SECRET, temporaryKey } from "./keys.js";
import { loadRenderer } from "./markdown/renderer.js";
import { setModels } from "./models.js";
import { setFeatures, supports } from "./protocol.js";
import { COPY_FRAGMENT, guest, guestApi, storage, tabStorage, transferSecret } from "./returning_guest.js";
import { Socket } from "./socket.js";
import { Chat } from "./state/chat.js";
import { Conversations } from "./state/conversations.js";
import { Delivery } from "./state/delivery.js";
import { Drafts } from "./state/drafts.js";
import { Instructions } from "./state/instructions.js";
import { Navigation } from "./state/navigation.js";
import { Outbox } from "./state/outbox.js";
import { Preferences } from "./state/preferences.js";
import { refreshOnReturn } from "./state/refresh.js";
import { Tabs } from "./state/tabs.js";
import { setLanguage, t } from "./text.js";
import { AttachView } from "./views/attach.js";
import { ComposerView } from "./views/composer.js";
import { ConversationsView } from "./views/conversations.js";
import { byId, enableControls } from "./views/dom.js";
import { HistoryView } from "./views/history.js";
import { showModelButton } from "./views/model_button.js";
import { RemovalsView } from "./views/removals.js";
import { ScrollView } from "./views/scroll.js";
import { SettingsButton } from "./views/settings_button.js";
import { Shortcuts } from "./views/shortcuts.js";
import { SidebarView } from "./views/sidebar.js";
import { StatusView } from "./views/status.js";
import { claimTemporary, TemporaryView } from "./views/temporary.js";
import { TranscriptView } from "./views/transcript.js";
import { WelcomeView } from "./views/welcome.js";

const KEEP_PAGE_MS = 3_000; // after the start, so that it does not slow the first load down

const preferences = new Preferences(storage);

async function start() {
  const loading = loadConfig();
  await setLanguage(preferences.get("language"));
  const config = await loading;
  setFeatures(config.features);
  setModels(config.models);
  if (config.auth === "guest") await offerTransfer(transferSecret);
  const identity = await openIdentity(config);
  const { isNew } = identity;
  // Answers that are rendered twice would move.
  const rendering = isNew || loadRenderer().catch(() => {});
  const state = createState(config, identity);
  const { attach, composer, context, removals } = createViews(config, state);
  if (config.auth === "guest") watchGuest();

  const temporaryId = await restoreTemporary();
  await rendering;
  state.delivery.restore();
  state.socket.start();
  enableControls();
  composer.focus();
  if (isNew) state.chat.start();
  else state.navigation.restore(temporaryId).then(() => state.instructions.load().catch(() => {}));
  removals.resume();
  refreshOnReturn([state.conversations, state.chat, attach]);
  addEventListener("hashchange", () => location.hash.startsWith(COPY_FRAGMENT) && location.reload());
  if (tabStorage.get(COPY)) import("./views/share.js").then(({ copyShared }) => copyShared(context));
  setTimeout(() => keepPage(context).catch(() => {}), KEEP_PAGE_MS);
}

/** Let the service worker store the page, for the next load. After a failure, the next load tries again. */
async function keepPage(context) {
  if (!navigator.serviceWorker) return; // a private window of some browsers, or an address without HTTPS
  const [updates, kept] = await Promise.all([import("./views/updates.js"), import("./state/kept.js")]);
  kept.keepAnswers(context);
  await updates.watchUpdates(context);
}

function createState({ websocketUrl }, identity) {
  const token = () => identity.token();
  const api = identity === guest ? guestApi : new HistoryApi(token, (refused) => identity.renew(refused));
  const socket = new Socket(websocketUrl, token);
  const delivery = new Delivery(socket, new Outbox(storage, tabStorage), new Tabs());
  const drafts = new Drafts(storage, tabStorage);
  const chat = new Chat(api, delivery, drafts);
  const conversations = new Conversations(api);
  socket.on("frame", ({ detail }) => {
    if (detail.type === "title") conversations.setModelTitle(detail.conversationId, detail.title);
  });
  delivery.on("adopted", ({ detail }) => conversations.touch(detail.conversationId, detail.question));
  const navigation = new Navigation(chat, conversations);
  return { api, socket, delivery, drafts, chat, conversations, instructions: new Instructions(api), navigation };
}

/** @param {import("./config.js").Config} config */
function createViews({ auth, maxTextLength, model }, state) {
  const { chat, drafts, navigation } = state;
  const scroll = new ScrollView();
  const status = new StatusView(state);
  const composer = new ComposerView({
    storage,
    tabStorage,
    drafts,
    preferences,
    limit: maxTextLength,
    chat,
    navigation,
    status,
  });
  const sidebar = new SidebarView(navigation, composer, preferences);
  new TranscriptView({ ...state, preferences, scroll, composer, status, model });
  new HistoryView(chat);
  new WelcomeView(navigation, composer, status);
  const removals = new RemovalsView({ ...state, status, storage: tabStorage });
  new ConversationsView({ ...state, removals, status });
  new TemporaryView({ ...state, status, storage, tabStorage });
  const hasBranches = supports("turns.branches");
  const context = { ...state, hasBranches, auth, storage, tabStorage, preferences, composer, scroll, sidebar, status };
  const attach = new AttachView(context);
  new SettingsButton(context);
  new Shortcuts(context);
  offerSearch(context);
  offerInstructionsSwitch(context);
  offerDictation(status);
  showModelButton({ ...context, model });
  return { attach, composer, context, removals, status };
}

/** Show the button that loads and opens the search, unless the deployment has none. */
function offerSearch(context) {
  byId("search").hidden = !supports("search");
  byId("search").addEventListener("click", async () => {
    context.sidebar.close();
    try {
      const { openSearch } = await import("./views/search.js");
      await openSearch(context);
    } catch {
      context.status.alert(t("searchUnavailable"));
    }
  });
}

/** Show the switch of the instructions once the user has some. */
function offerInstructionsSwitch(context) {
  const { instructions } = context;
  let opened = !supports("change.instructions");
  instructions.on("change", async () => {
    if (opened || !instructions.text) return;
    opened = true;
    try {
      const { InstructionsSwitch } = await import("./views/instructions_switch.js");
      await InstructionsSwitch.open(context);
    } catch {
      opened = false; // the next change tries again
    }
  });
}

/** Show the button that dictates, for users who have turned it on. */
function offerDictation(status) {
  let button = null;
  const update = async () => {
    const isOn = preferences.get("dictation") === "on";
    if (!isOn) button?.remove();
    if (isOn === Boolean(button)) return;
    button = null;
    if (!isOn) return;
    const { DictationButton } = await import("./views/dictation.js");
    button ??= new DictationButton({ status });
  };
  preferences.on("change", () => update().catch(() => {})); // the next change tries again
  update().catch(() => {});
}

/** Return the id of the temporary conversation that this tab keeps. Another user and the duplicate of a tab forget it. */
async function restoreTemporary() {
  const kept = temporaryKey(storage);
  const id = tabStorage.get(kept);
  if (id && (await claimTemporary(id))) return id;
  for (const key of [kept, ...tabStorage.keys(OUTBOX_PREFIX)]) tabStorage.remove(key);
  return null;
}

/** @param {import("./config.js").Config} config */
async function openIdentity({ auth, cognito }) {
  if (auth !== "cognito") return guest;
  const { CognitoIdentity } = await import("./identity/cognito.js");
  return CognitoIdentity.open(cognito, storage);
}

/** Ask whether to become the guest of a transfer link. Return whether the user agreed. */
async function offerTransfer(secret) {
  if (secret === null) return false;
  try {
    const { askToSwitchGuest } = await import("./views/settings/transfer_dialog.js");
    return await askToSwitchGuest(storage, secret);
  } catch {
    byId("alert").className = "toast";
    byId("alert").textContent = t("transferFailed");
    return false;
  }
}

/** Reload the page when another tab or a transfer link changes the guest. */
function watchGuest() {
  addEventListener("storage", ({ key }) => key === SECRET && location.reload());
  addEventListener("hashchange", async () => {
    if (await offerTransfer(takeSecret())) location.reload();
  });
}

start().catch((error) => {
  byId("alert").textContent = t("loadFailed");
  throw error;
});
