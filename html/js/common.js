/**
 * The modules that the first load shares with those loaded later. All of the latter import this one, so that the build
 * needs one chunk for them, and not one for each combination: each chunk is compressed separately.
 */
import "./address.js";
import "./api.js";
import "./dates.js";
import "./enter.js";
import "./identity/guest.js";
import "./identity/transfer_link.js";
import "./markdown/renderer.js";
import "./models.js";
import "./protocol.js";
import "./state/preferences.js";
import "./storage.js";
import "./text.js";
import "./views/copy.js";
import "./views/dom.js";
