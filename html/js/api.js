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

  rename(conversationId, title) {
    return this.#request("PATCH", pathOf(conversationId), {}, { title });
  }

  removeAll() {
    return this.#request("DELETE", "/history");
  }

  /** Goes on when the page is closed. What is not there is removed. */
  async remove(conversationId) {
    await this.#request("DELETE", pathOf(conversationId)).catch((error) => {
      if (error.status !== 404) throw error;
    });
  }

  async #request(method, path, query = {}, body = undefined) {
    const url = new URL(path, window.location);
    for (const [name, value] of Object.entries(query)) {
      if (value) url.searchParams.set(name, value);
    }
    const headers = { Authorization: `Bearer ${this.#token()}` };
    if (body) headers["Content-Type"] = "application/json";
    const keepalive = method === "DELETE";
    const response = await fetch(url, { method, headers, keepalive, cache: "no-store", body: JSON.stringify(body) });
    if (!response.ok) throw Object.assign(new Error(`history: ${response.status}`), { status: response.status });
    return response.status === 204 ? null : response.json();
  }
}

function pathOf(conversationId) {
  return `/history/conversations/${encodeURIComponent(conversationId)}`;
}
