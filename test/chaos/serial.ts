/**
 * The number of an event in what a listener was handed.
 * @throws {TypeError} where it has none
 */
export function serialIn(data: unknown): number {
  if (typeof data === "object" && data !== null) {
    if ("serial" in data && typeof data.serial === "number") return data.serial;
    if ("record" in data) return serialIn(data.record);
  }
  throw new TypeError(`expected an event with a serial number, got ${JSON.stringify(data)}`);
}
