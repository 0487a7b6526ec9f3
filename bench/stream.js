/**
 * Shows a text that grows by pieces, and times each piece until its layout is done, in milliseconds.
 * `ours` is the page's own way; `usual` renders all of it to HTML again, as chats commonly do, though without
 * the sanitizer that such a chat needs besides. Every `stride`-th piece is shown.
 */
async ({ way, pieces, stride }) => {
  const { marked } = await import("/vendor/marked.js");
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => (draw(), 0);
  const root = document.createElement("div");
  root.className = "prose";
  document.body.replaceChildren("안녕하세요, 서연이에요. Abc", root); // the page has used its fonts before
  root.getBoundingClientRect();
  const stream = new MarkdownStream(root);
  const show = {
    ours: (text) => stream.show(text),
    usual: (text) => {
      root.innerHTML = marked.parse(text);
    },
  }[way];
  const { port1, port2 } = new MessageChannel(); // a task of its own for each piece, without a timer's 4 ms
  const idle = () =>
    new Promise((done) => {
      port1.onmessage = done;
      port2.postMessage(null);
    });
  const costs = [];
  let text = "";
  for (const [index, piece] of pieces.entries()) {
    text += piece;
    if ((index + 1) % stride) continue;
    await idle();
    const before = performance.now();
    show(text);
    root.getBoundingClientRect();
    costs.push(performance.now() - before);
  }
  return costs;
};
