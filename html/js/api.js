/** The history API (contract D). Every method throws when it is refused or the network fails. */
export class HistoryApi {
  #token;
  #renew;

  /** `renew(refused)` gives a token in place of a refused one, or nothing where there is no other. */
  constructor(token, renew) {
    this.#token = token;
    this.#renew = renew;
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

  async #request(...request) {
    const token = await this.#token();
    try {
      return await this.#send(token, ...request);
    } catch (error) {
      const renewed = error.status === 401 && (await this.#renew(token));
      if (!renewed) throw error;
      return this.#send(renewed, ...request);
    }
  }

  async #send(token, method, path, query = {}, body = undefined) {
    const url = new URL(path, window.location);
    for (const [name, value] of Object.entries(query)) {
      if (value) url.searchParams.set(name, value);
    }
    const headers = { Authorization: `Bearer ${token}` };
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
