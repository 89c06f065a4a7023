/**
 * Turns a header name into the key that rules read it by: `X-API-Key` and `xApiKey` become `x_api_key`.
 * @see PocketBase tools/inflector, Snakecase
 */
export function snakeCaseHeaderName(name: string): string {
  return name
    .split(/[\W_]+/)
    .filter((word) => word !== "")
    .map((word) => word.replace(/(?<=[^A-Z])[A-Z]/g, "_$&"))
    .join("_")
    .toLowerCase();
}
