/** The history API (contract D). Every method throws when it is refused or the network fails. */
export class HistoryApi {
  #token;

  constructor(token) {
    this.#token = token;
  }

  /** Turns of a conversation, oldest first inside a page, newest page first. */
  turns(conversationId, cursor) {
    return this.#request("GET", "/history", { conversation_id: conversationId, cursor });
  }

  conversations(cursor) {
    return this.#request("GET", "/history/conversations", { cursor });
  }

  remove(conversationId) {
    return this.#request("DELETE", `/history/conversations/${encodeURIComponent(conversationId)}`);
  }

  removeAll() {
    return this.#request("DELETE", "/history");
  }

  async #request(method, path, query = {}) {
    const url = new URL(path, window.location);
    for (const [name, value] of Object.entries(query)) {
      if (value) url.searchParams.set(name, value);
    }
    const headers = { Authorization: `Bearer ${this.#token()}` };
    const response = await fetch(url, { method, headers, cache: "no-store" });
    if (!response.ok) throw new Error(`history: ${response.status}`);
    return method === "GET" ? response.json() : null;
  }
}
