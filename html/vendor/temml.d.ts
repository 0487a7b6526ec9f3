export * from "temml";
export { default } from "temml";
