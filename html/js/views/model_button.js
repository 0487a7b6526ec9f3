import { findModel, modelChoices } from "../models.js";
import { t } from "../text.js";
import { byId, element } from "./dom.js";

/** Show the button that names the model of the shown conversation and opens the choice, if several are deployed. */
export function showModelButton(context) {
  if (modelChoices().length === 0) return;
  const { chat, status } = context;
  const node = element("button", {
    type: "button",
    className: "quiet model menu-button has-name",
    ariaHasPopup: "menu",
  });
  const render = () => {
    node.textContent = t("model", { name: findModel(chat.model)?.name ?? t("modelAutomatic") });
  };
  node.addEventListener("click", async () => {
    try {
      const { openModels } = await import("./model.js");
      await openModels(node, context);
    } catch {
      status.alert(t("variantFailed"));
    }
  });
  for (const type of ["conversation", "turn", "removed", "branch", "model"]) chat.on(type, render);
  byId("hint").parentElement.append(node);
}
