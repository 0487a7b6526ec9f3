/**
 * Render a text that grows piece by piece, and return the milliseconds of each update until its layout is done.
 * `ours` is the page's renderer. `flowing` renders what the page shows, at its ticks, of pieces of 40 ms that arrive in
 * frames of 100 ms. `usual` renders the whole text to HTML again, as chats commonly do, without the sanitizer that such
 * a chat also needs. Only every `stride`-th piece is rendered.
 */
async ({ way, pieces, stride }) => {
  const { marked } = await import("/vendor/marked.js");
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  const { Pace, TICK_MS } = await import("/js/views/reveal.js");
  window.requestAnimationFrame = (draw) => (draw(), 0);
  const root = document.createElement("div");
  root.className = "prose";
  document.body.replaceChildren("안녕하세요, 서연이에요. Abc", root); // load the fonts
  root.getBoundingClientRect();
  const stream = new MarkdownStream(root);
  const { port1, port2 } = new MessageChannel(); // a new task for each piece, without the 4 ms of a timer
  const idle = () =>
    new Promise((done) => {
      port1.onmessage = done;
      port2.postMessage(null);
    });

  function* growing() {
    let text = "";
    for (const [index, piece] of pieces.entries()) {
      text += piece;
      if ((index + 1) % stride === 0) yield text;
    }
  }

  function* flowing() {
    const pace = new Pace();
    const frames = [];
    for (let end = 1; end < pieces.length + 2.5; end += 2.5) frames.push(pieces.slice(0, end).join(""));
    for (let now = 0; frames.length > 0 || !pace.isWhole; now += TICK_MS / 2) {
      if (now % 100 === 0 && frames.length > 0) pace.receive(frames.shift(), now);
      if (now % TICK_MS || pace.isWhole) continue;
      pace.advance(now);
      yield pace.shown;
    }
  }

  const texts = way === "flowing" ? flowing() : growing();
  const costs = [];
  while (true) {
    await idle();
    const before = performance.now();
    const { value, done } = texts.next();
    if (done) return costs;
    if (way === "usual") root.innerHTML = marked.parse(value);
    else stream.show(value);
    root.getBoundingClientRect();
    costs.push(performance.now() - before);
  }
};
