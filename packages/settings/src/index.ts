export { SettingReader, type SettingRow } from "./setting-reader.ts";
