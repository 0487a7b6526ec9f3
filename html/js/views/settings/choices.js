import { say } from "../../text.js";
import { element } from "../dom.js";
import { button } from "./dialog.js";

/** One of several, chosen at once: `options` are [value, label]. */
export function choice(name, legend, options, chosen, choose) {
  const labels = options.map(([value, label]) => {
    const input = element("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    return element("label", {}, input, label);
  });
  return element("fieldset", {}, element("legend", {}, legend), element("div", { className: "choice" }, ...labels));
}

/** How the page looks and behaves; each choice holds at once. */
export function preferenceChoices(preferences) {
  const of = (name, legend, options) =>
    choice(name, legend, options, preferences.get(name), (value) => preferences.set(name, value));
  return [
    languages(preferences),
    of("theme", say("theme"), [
      ["system", say("themeSystem")],
      ["light", say("themeLight")],
      ["dark", say("themeDark")],
    ]),
    of("size", say("size"), [
      ["small", say("sizeSmall")],
      ["medium", say("sizeMedium")],
      ["large", say("sizeLarge")],
    ]),
    of("enter", say("enter"), [
      ["send", say("enterSends")],
      ["line", say("enterBreaks")],
    ]),
  ];
}

/** Buttons, since an arrow key must not reload the page: it comes back in the other language, draft and all. */
function languages(preferences) {
  const spoken = preferences.get("language");
  const buttons = [
    ["ko", "한국어"],
    ["en", "English"],
  ].map(([lang, name]) => {
    const speak = () => {
      if (lang === spoken) return;
      preferences.set("language", lang);
      location.reload();
    };
    return Object.assign(button(name, speak, ""), { lang, ariaPressed: String(lang === spoken) });
  });
  const box = element("div", { className: "choice" }, ...buttons);
  return element("fieldset", {}, element("legend", {}, say("language")), box);
}
