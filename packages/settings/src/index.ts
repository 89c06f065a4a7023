export { SettingReader } from "./setting-reader.ts";
