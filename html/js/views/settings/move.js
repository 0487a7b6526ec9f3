import { say } from "../../text.js";
import { element } from "../dom.js";
import { button, section } from "./dialog.js";

const QUIET_ZONE = 4; // modules, as the standard asks
const MODULE_PX = 6; // whole, or modules would differ in size

/** Taking the conversations along to another device, and back to those that were on this one before. */
export function moveSection(guests) {
  const box = element("div", { className: "move" });
  box.append(button(say("moveShow"), () => reveal(box, guests.link)));
  const warning = element("p", { className: "note" }, say("moveWarning"));
  return section(say("moveTitle"), warning, box, keptGuests(guests));
}

async function reveal(box, link) {
  const shown = element("input", {
    type: "text",
    readOnly: true,
    value: link,
    ariaLabel: say("moveLink"),
    spellcheck: false,
  });
  shown.addEventListener("focus", () => shown.select());
  const said = element("p", { role: "status" });
  const copy = button(say("moveCopy"), async () => {
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = say("copied");
    } catch {
      shown.focus();
      said.textContent = say("moveCopyFailed");
    }
  });
  box.replaceChildren(shown, element("div", { className: "buttons" }, copy), said);
  copy.focus();
  try {
    box.prepend(await drawCode(link));
    box.scrollIntoView({ block: "center" });
  } catch {
    said.textContent = say("moveCodeFailed");
  }
}

/** Black on white in any theme, or a camera does not find it. */
async function drawCode(text) {
  const { correction, generate } = await import("../../../vendor/lean-qr.js");
  const canvas = element("canvas", { className: "code-image", role: "img", ariaLabel: say("moveCode") });
  generate(text, { minCorrectionLevel: correction.M }).toCanvas(canvas, {
    on: [0, 0, 0],
    off: [255, 255, 255],
    pad: QUIET_ZONE,
  });
  canvas.style.width = `${canvas.width * MODULE_PX}px`;
  return canvas;
}

function keptGuests(guests) {
  const { kept } = guests;
  if (kept.length === 0) return "";
  const list = element("ul", {}, ...kept.map((guest) => renderKept(guest, guests)));
  return element("div", { className: "kept" }, element("p", {}, say("keptTitle")), list);
}

function renderKept({ secret, at }, guests) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const row = element(
    "li",
    {},
    element("p", { className: "note" }, say("keptUntil", { time: format.format(new Date(at)) })),
  );
  const back = button(say("keptBack"), () => {
    guests.become(secret);
    history.replaceState(null, "", location.pathname);
    location.reload();
  });
  const buttons = element("div", { className: "buttons" });
  const offer = () => buttons.replaceChildren(back, forget);
  const forget = button(say("keptForget"), () => {
    const yes = button(
      say("keptForgetYes"),
      () => {
        guests.forget(secret);
        row.replaceChildren(element("p", { className: "note", role: "status" }, say("keptForgotten")));
      },
      "danger",
    );
    const no = button(say("cancel"), offer);
    buttons.replaceChildren(element("p", { role: "alert" }, say("keptForgetAsk")), yes, no);
    no.focus();
  });
  offer();
  row.append(buttons);
  return row;
}
