import { fromWire } from "../../api.js";
import { formatDay } from "../../dates.js";
import { t } from "../../text.js";
import { element } from "../dom.js";
import { revokeShare } from "../share.js";
import { button, section } from "./dialog.js";

/** The links that the user has shared, each with a button that ends it. */
export class SharesSection {
  node;
  #api;
  #list = element("ul", { className: "shares" });
  #status = element("p", { role: "status" });
  #again = button(t("sharesAgain"), () => this.#load());

  /** @param {import("../../api.js").HistoryApi} api */
  constructor(api) {
    this.#api = api;
    this.#again.hidden = true;
    this.node = section(t("sharesTitle"), this.#list, this.#status, this.#again);
    this.#load();
  }

  async #load() {
    this.#status.textContent = t("sharesLoading");
    try {
      const { shares } = fromWire(await this.#api.request("GET", "/history/shares"));
      this.#list.replaceChildren(...shares.map((share) => this.#renderShare(share)));
      this.#status.textContent = shares.length ? "" : t("sharesNone");
      this.#again.hidden = true;
    } catch {
      this.#status.textContent = t("sharesFailed");
      this.#again.hidden = false;
    }
  }

  /** @param {import("../share.js").Share} share */
  #renderShare({ shareId, title, createdAt, expiresAt }) {
    const time = t("sharesTime", { made: formatDay(createdAt), until: formatDay(expiresAt) });
    const end = button(t("sharesRevoke"), () => this.#revoke(shareId, row, end));
    end.ariaLabel = t("sharesRevokeLabel", { title });
    const row = element(
      "li",
      {},
      element("div", {}, element("p", {}, title), element("p", { className: "note" }, time)),
      end,
    );
    return row;
  }

  async #revoke(shareId, row, end) {
    end.disabled = true;
    this.#status.textContent = t("shareRevoking");
    try {
      await revokeShare(this.#api, shareId);
    } catch {
      end.disabled = false;
      end.focus();
      this.#status.textContent = t("shareRevokeFailed");
      return;
    }
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#status.textContent = t("shareRevoked");
    (next?.querySelector("button") ?? this.node.closest("dialog").querySelector("button")).focus();
  }
}
