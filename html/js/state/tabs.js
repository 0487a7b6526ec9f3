const HANDOVER_MS = 250; // what was told last could otherwise arrive in another tab after the lock does

/**
 * The server sends an answer to one connection. Of the tabs that show it, one leads: it talks to the server, and
 * hands on what it hears. Who leads is a Web Lock for each turn, so that the next tab takes over when one closes.
 * Events: `frame` (another tab's), `question` (a request id: another tab asks where it stands), `alive` (a
 * request id: the tab that leads is there, and is read).
 */
export class Tabs extends EventTarget {
  #channel = new BroadcastChannel("seoyeon.turns");
  #releases = new Map();

  constructor() {
    super();
    this.#channel.addEventListener("message", ({ data: [name, detail] }) => {
      this.dispatchEvent(new CustomEvent(name, { detail }));
    });
  }

  leads(requestId) {
    return Boolean(this.#releases.get(requestId)?.leading);
  }

  /** Leads as soon as no other tab does; `led` is called then. */
  queue(requestId, led) {
    const place = { abort: new AbortController(), leading: false };
    this.#take(requestId, place, led, { signal: place.abort.signal });
  }

  /** Leads from now on, whoever did. If another tab does the same later, `led` is called when that one has ended. */
  seize(requestId, led) {
    this.release(requestId);
    this.#take(requestId, { leading: true }, led, { steal: true });
  }

  release(requestId) {
    const place = this.#releases.get(requestId);
    this.#releases.delete(requestId);
    place?.abort?.abort();
    setTimeout(() => place?.release?.(), HANDOVER_MS);
  }

  tell(frame) {
    this.#channel.postMessage(["frame", frame]);
  }

  ask(requestId) {
    this.#channel.postMessage(["question", requestId]);
  }

  confirm(requestId) {
    this.#channel.postMessage(["alive", requestId]);
  }

  #take(requestId, place, led, options) {
    this.#releases.set(requestId, place);
    const isMine = () => this.#releases.get(requestId) === place;
    const lead = () => {
      if (place.leading) return;
      place.leading = true;
      led();
    };
    const hold = () => {
      if (!isMine()) return undefined;
      const held = new Promise((release) => {
        place.release = release;
      });
      lead();
      return held;
    };
    const lost = (error) => {
      if (!isMine()) return;
      if (error.name === "AbortError") this.queue(requestId, led);
      else lead(); // there are no locks here: every tab is on its own
    };
    navigator.locks.request(`seoyeon.turn.${requestId}`, options, hold).catch(lost);
  }
}
