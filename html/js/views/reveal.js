import { createStream, loadRenderer } from "../markdown/renderer.js";

export const TICK_MS = 40; // 25 paints a second, as many as there were when each frame was shown as it came
const MIN_GAP_MS = 40;
const MAX_GAP_MS = 200;
const FINISH_MS = 80;
const graphemes = new Intl.Segmenter("ko", { granularity: "grapheme" });

/** The pace at which received text is shown: it flows until the next frame is expected. Pure; times in milliseconds. */
export class Pace {
  #text = "";
  #position = 0;
  #shown = 0;
  #rate = 0; // characters per millisecond
  #gap = MIN_GAP_MS; // between frames, averaged
  #receivedAt = -Infinity;
  #advancedAt = -Infinity;

  /** Return the text to show. */
  get shown() {
    return this.#text.slice(0, this.#shown);
  }

  get isWhole() {
    return this.#shown === this.#text.length;
  }

  receive(text, now) {
    if (this.isWhole && this.#shown > 0) this.#advancedAt = now - TICK_MS;
    const gap = Math.min(MAX_GAP_MS, Math.max(MIN_GAP_MS, now - this.#receivedAt));
    this.#gap += (gap - this.#gap) / 4;
    this.#receivedAt = now;
    this.#text = text;
    this.#rate = (text.length - this.#shown) / this.#gap;
  }

  /** Show the last text within FINISH_MS. */
  hurry() {
    this.#rate = (this.#text.length - this.#shown) / FINISH_MS;
  }

  skip(text) {
    this.#text = text;
    this.#position = this.#shown = text.length;
  }

  /** Show what is due. A grapheme, such as an emoji of several code points, is shown as a whole. */
  advance(now) {
    const elapsed = Math.min(MAX_GAP_MS, Math.max(TICK_MS, now - this.#advancedAt));
    this.#advancedAt = now;
    this.#position = Math.min(this.#text.length, Math.max(this.#position, this.#shown) + this.#rate * elapsed);
    this.#shown = this.#boundary(Math.ceil(this.#position - 1e-6));
  }

  #boundary(end) {
    if (end >= this.#text.length) return this.#text.length;
    const segments = graphemes.segment(this.#text.slice(this.#shown, end + 2)); // with both halves of a surrogate pair
    return this.#shown + segments.containing(end - this.#shown).index;
  }
}

/**
 * An answer on the screen that flows instead of jumping with each frame. It is shown at once under reduced motion, in a
 * hidden tab, and where the caller says so.
 */
export class Reveal {
  #root;
  /** @type {import("../markdown/stream.js").MarkdownStream | null} */
  #stream = null;
  #finished;
  #pace = new Pace();
  #text = "";
  #isFinal = false;
  #timer = 0;

  /**
   * @param {HTMLElement} root
   * @param {() => void} [finished] called when a whole answer is shown
   */
  constructor(root, finished) {
    this.#root = root;
    this.#finished = finished;
    // Its failure leaves the answer as plain text; the next answer tries again.
    loadRenderer().then(
      () => !this.#stream && this.#text && this.#paint(),
      () => {},
    );
  }

  /** Show a growing answer. */
  show(text, atOnce = false) {
    this.#isFinal = false;
    this.#receive(text, atOnce);
  }

  /** Show a whole answer, by FINISH_MS later. */
  finish(text, atOnce = false) {
    this.#isFinal = true;
    this.#receive(text, atOnce);
  }

  #receive(text, atOnce) {
    const isNew = text !== this.#text;
    this.#text = text;
    if (atOnce || document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#pace.skip(text);
    } else if (isNew) this.#pace.receive(text, performance.now());
    if (this.#isFinal) this.#pace.hurry();
    if (this.#pace.isWhole) this.#paint();
    else if (!this.#timer) this.#tick();
  }

  #tick() {
    this.#timer = 0;
    if (this.#pace.isWhole) return;
    if (document.hidden) this.#pace.skip(this.#text);
    else this.#pace.advance(performance.now());
    this.#timer = setTimeout(() => this.#tick(), TICK_MS);
    this.#paint();
  }

  #paint() {
    this.#stream ??= this.#startStream();
    if (!this.#stream) {
      this.#root.textContent = this.#pace.shown;
      return;
    }
    if (this.#isFinal && this.#pace.isWhole) {
      this.#stream.finish(this.#text);
      this.#finished?.();
    } else this.#stream.show(this.#pace.shown);
  }

  #startStream() {
    const stream = createStream(this.#root);
    stream?.replace(this.#pace.shown);
    return stream;
  }
}
