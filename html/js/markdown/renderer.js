/** @type {typeof import("./stream.js").MarkdownStream | null} */
let loaded = null;
/** @type {Promise<void> | undefined} */
let loading;

/** Load the renderer, which is most of the page's code and which a first visit needs only for its first answer. */
export function loadRenderer() {
  loading ??= import("./stream.js").then(
    ({ MarkdownStream }) => {
      loaded = MarkdownStream;
    },
    (error) => {
      loading = undefined; // the next call tries again
      throw error;
    },
  );
  return loading;
}

/** Return a renderer of growing text into `root`, or null until one is loaded. */
export function createStream(root) {
  return loaded && new loaded(root);
}
