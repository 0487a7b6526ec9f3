/**
 * Render a text that grows piece by piece, and return the milliseconds of each piece until its layout is done.
 * `ours` is the page's renderer. `usual` renders the whole text to HTML again, as chats commonly do, without the
 * sanitizer that such a chat also needs. Only every `stride`-th piece is rendered.
 */
async ({ way, pieces, stride }) => {
  const { marked } = await import("/vendor/marked.js");
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  window.requestAnimationFrame = (draw) => (draw(), 0);
  const root = document.createElement("div");
  root.className = "prose";
  document.body.replaceChildren("안녕하세요, 서연이에요. Abc", root); // load the fonts
  root.getBoundingClientRect();
  const stream = new MarkdownStream(root);
  const show = {
    ours: (text) => stream.show(text),
    usual: (text) => {
      root.innerHTML = marked.parse(text);
    },
  }[way];
  const { port1, port2 } = new MessageChannel(); // a new task for each piece, without the 4 ms of a timer
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
