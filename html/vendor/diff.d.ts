export { default } from "diff/lib/diff/base.js";
