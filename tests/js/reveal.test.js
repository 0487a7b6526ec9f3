import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../html/js/views/reveal.js";

const TICK = 40;

/** Play frames, each `[time, text]`, and return `[time, shown]` at each tick until all is shown. */
function play(frames) {
  const pace = new Pace();
  const steps = [];
  let text = "";
  for (let now = 0; frames.length > 0 || !pace.isWhole; now += 1) {
    if (frames[0]?.[0] === now) {
      text += frames.shift()[1];
      pace.receive(text, now);
    }
    if (now % TICK || pace.isWhole) continue;
    pace.advance(now);
    steps.push([now, pace.shown]);
  }
  return steps;
}

test("the first text is shown at once", () => {
  assert.deepEqual(play([[0, "안녕하세요"]]), [[0, "안녕하세요"]]);
});

test("later text flows until the next frame is expected", () => {
  const frames = Array.from({ length: 40 }, (_, number) => [number * 100, "가나다라마바사아자차"]);
  const steps = play(frames);
  const later = steps.filter(([now]) => now > 2_000);
  const added = later.slice(1).map(([, shown], index) => shown.length - later[index][1].length);
  assert.ok(Math.max(...added) <= 7, `${added}`); // a frame has 10
  for (const [now, shown] of later) assert.ok(shown.length >= 10 * Math.floor(now / 100 - 1), `${now}`);
  assert.equal(steps.at(-1)[1].length, 400);
});

test("the last text is shown within 120 ms", () => {
  const pace = new Pace();
  pace.receive("가", 0);
  pace.advance(0);
  pace.receive("가".repeat(500), 1_000);
  pace.advance(1_000);
  pace.hurry();
  pace.advance(1_040);
  pace.advance(1_080);
  assert.ok(pace.isWhole);
});

test("a snapshot is shown at once", () => {
  const pace = new Pace();
  pace.receive("가나", 0);
  pace.skip("다른 글");
  assert.equal(pace.shown, "다른 글");
  assert.ok(pace.isWhole);
});

test("no grapheme is cut", () => {
  const family = "👨‍👩‍👧‍👦";
  const flag = "🇰🇷";
  const text = `가${family}나${flag}다🙂e\u0301`.repeat(4);
  const whole = new Set();
  for (const { index } of new Intl.Segmenter("ko").segment(text)) whole.add(index);
  const pace = new Pace();
  pace.receive("앞", 0);
  pace.advance(0);
  pace.receive(`앞${text}`, 200);
  const lengths = [];
  for (let now = 200; !pace.isWhole; now += 1) {
    pace.receive(`앞${text}`, now - (now % 200)); // slowly, so that every place is reached
    pace.advance(now);
    lengths.push(pace.shown.length - 1);
  }
  assert.ok(lengths.length > 3);
  assert.deepEqual(
    lengths.filter((shown) => shown < text.length && !whole.has(shown)),
    [],
  );
});
