/** A visit to the page at `process.argv[2]` by the Firefox at `process.argv[3]`: typing, streaming, a reload, sharing. */
import assert from "node:assert/strict";
import { launch } from "puppeteer-core";

const [address, executablePath] = process.argv.slice(2);
const firefox = await launch({ browser: "firefox", executablePath, headless: true });
try {
  await visit(await firefox.newPage());
} finally {
  await firefox.close();
}

async function visit(page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.setDefaultTimeout(60_000);
  await page.goto(address);
  await page.locator("#welcome").wait();

  await type(page, "첫 줄", "둘째 줄");
  await page.keyboard.press("Enter");
  await untilText(page, ".bubble", "첫 줄\n둘째 줄");
  await untilText(page, ".prose strong", "굵은 글씨");
  await page.waitForSelector('.turn[data-status="answering"]');

  await page.reload();
  await page.waitForSelector('.turn[data-status="done"]');
  await untilText(page, ".prose", "굵은 글씨와 나머지 답이에요.");

  await type(page, "멈출 질문");
  await page.keyboard.press("Enter");
  await page.waitForSelector('.turn:last-child[data-status="answering"]');
  await page.keyboard.press("Escape");
  await untilText(page, ".turn:last-child .state", "여기서 멈췄어요.");

  const link = await share(page);
  const reader = await firefox.newPage();
  reader.on("pageerror", (error) => errors.push(String(error)));
  await reader.goto(link);
  await untilText(reader, ".prose", "굵은 글씨와 나머지 답이에요.");
  assert.deepEqual(errors, []);
}

/** Type lines into the question box; Shift+Enter breaks them. */
async function type(page, ...lines) {
  await page.focus("#question");
  for (const [index, line] of lines.entries()) {
    if (index > 0) {
      await page.keyboard.down("Shift");
      await page.keyboard.press("Enter");
      await page.keyboard.up("Shift");
    }
    await page.keyboard.type(line);
  }
}

async function share(page) {
  await page.click('.turn[data-status="done"] [data-action="share"]');
  await page.locator("::-p-aria(링크 만들기)").click();
  const field = await page.waitForSelector("dialog input[readonly]");
  return field.evaluate(({ value }) => value);
}

async function untilText(page, selector, text) {
  await page.waitForFunction(
    (wanted, part) => [...document.querySelectorAll(wanted)].some(({ textContent }) => textContent.trim() === part),
    {},
    selector,
    text,
  );
}
