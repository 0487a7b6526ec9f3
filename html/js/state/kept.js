import "../common.js";
import { KEPT_PREFIX, LAST_USER, SESSION, userTag } from "../keys.js";
import { storage } from "../returning_guest.js";
import { Preferences } from "./preferences.js";

const LIST = "/history/conversations";
const ANSWERED_MS = 5_000; // until a conversation with a new answer is read and kept again

/**
 * The responses of the history API that this device keeps for times without a network: the first page of the list, and
 * if the user wants that, the newest page of each conversation on it. The cache belongs to one user.
 */
const open = () => caches.open(KEPT_PREFIX + userTag(storage));
/** Keys are addresses; no request goes to them. */
const turnsKey = (conversationId) => `/history?conversation_id=${encodeURIComponent(conversationId)}`;

/** Whether the user wants conversations to be kept. */
export function keepsConversations() {
  return new Preferences(storage).get("keep") === "on";
}

/**
 * Keep conversations up to date while answers arrive, if the user wants them to be kept.
 * @param {{ chat: import("./chat.js").Chat, api: import("../api.js").HistoryApi }} context
 */
export function keepAnswers({ chat, api }) {
  let timer = 0;
  chat.on("turn", ({ detail: turn }) => {
    if (turn.unfinished || chat.isTemporary || !keepsConversations()) return;
    clearTimeout(timer);
    timer = setTimeout(() => api.turns(turn.conversationId).catch(() => {}), ANSWERED_MS);
  });
}

/** Keep a response, unless nothing of its kind is kept. */
export async function keep(path, page) {
  if (storage.get(LAST_USER) && !storage.get(SESSION)) return; // the user has signed out meanwhile
  if (path === LIST) await keepList(page);
  else if (keepsConversations() && page.turns.length > 0) await keepTurns(page);
}

/** Return the kept response to a request, or null. By default, the turns are those of the newest conversation. */
export async function read(path, { conversation_id: conversationId }) {
  if (path === LIST) return readJson(LIST);
  const list = await readJson(LIST);
  const newest = list?.conversations.toSorted(byActivity)[0];
  if (list && !conversationId && !newest) return { turns: [], next_cursor: null };
  return readJson(turnsKey(conversationId ?? newest?.conversation_id));
}

/** Delete a conversation from what is kept. */
export async function forget(conversationId) {
  await (await open()).delete(turnsKey(conversationId));
  const list = await readJson(LIST);
  const others = list?.conversations.filter(({ conversation_id: id }) => id !== conversationId);
  if (others) await write(LIST, { ...list, conversations: others });
}

/** Delete all kept conversations, but not the list. */
export async function forgetConversations() {
  const kept = await open();
  for (const request of await kept.keys()) if (new URL(request.url).search) await kept.delete(request);
}

/** Keep the list, and of the conversations only those on it. */
async function keepList(list) {
  await write(LIST, list);
  const listed = new Set(
    list.conversations.map(({ conversation_id: id }) => new URL(turnsKey(id), location.href).href),
  );
  const kept = await open();
  for (const { url } of await kept.keys()) if (new URL(url).search && !listed.has(url)) await kept.delete(url);
}

async function keepTurns(page) {
  const [{ conversation_id: conversationId }] = page.turns;
  const list = await readJson(LIST);
  const isListed = list?.conversations.some(({ conversation_id: id }) => id === conversationId);
  // A temporary conversation is on no list. Only the newest page is kept: older ones cannot be loaded.
  if (isListed) await write(turnsKey(conversationId), { ...page, next_cursor: null });
}

const byActivity = (one, other) => other.last_activity_at.localeCompare(one.last_activity_at);

async function readJson(key) {
  const response = await (await open()).match(key);
  return response ? response.json() : null;
}

async function write(key, value) {
  await (await open()).put(key, Response.json(value));
}
