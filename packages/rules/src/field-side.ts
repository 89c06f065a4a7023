import {
  affinityOf,
  elementsOf,
  isList,
  lengthOf,
  type RecordHolder,
  storedValue,
  valueAtPath,
} from "./field-value.ts";
import { RuleError } from "./rule-error.ts";
import type { Subject } from "./row.ts";
import type { RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { column, type Side } from "./side.ts";
import { lowerAscii, type SqlValue, toText } from "./sql-value.ts";

/** A row whose fields a rule names: the event's record, or the auth record behind the request. */
export interface FieldRow {
  readonly source: "record" | "auth";
  /** What stands before the name of a field. */
  readonly prefix: string;
  /** Reads something of the row. */
  readonly reading: <T>(read: (holder: RecordHolder) => T) => (subject: Subject) => T;
}

export const recordRow: FieldRow = {
  source: "record",
  prefix: "",
  reading: (read) => read,
};

export const authRow: FieldRow = {
  source: "auth",
  prefix: "@request.auth.",
  reading:
    (read) =>
    ({ request: { auth = {} } }) =>
      read({ record: auth }),
};

/** A field of a row; modifiers on the wrong type count for nothing. */
export function fieldSide(scope: Scope, row: FieldRow, field: RuleField, modifier?: string): Side {
  const { source, reading } = row;
  if (isList(field.type) && modifier === "length") {
    return column(
      [source],
      reading(({ record }) => lengthOf(field, record)),
    );
  }
  if (isList(field.type) && modifier === "each") return eachSide(scope, row, field);
  const read = storedValue(field);
  if (modifier === "lower") {
    return column(
      [source],
      reading((holder) => lowered(read(holder))),
    );
  }
  return column([source], reading(read), { affinity: affinityOf(field), isJson: field.type === "json" });
}

function lowered(value: SqlValue): SqlValue {
  const text = toText(value, false);
  return text === null ? null : lowerAscii(text);
}

function eachSide(scope: Scope, { source, prefix, reading }: FieldRow, field: RuleField): Side {
  const values = reading(({ record }): readonly SqlValue[] => {
    const elements = elementsOf(field, record);
    return elements.length === 0 ? [null] : elements;
  });
  if (!field.multiple) return column([source], (row) => values(row)[0] ?? null);
  return column([source], scope.element(`${prefix}${field.name}:each`, values), { values });
}

/**
 * What stands at a path inside a json or geoPoint field.
 * @throws {RuleError} `syntax`
 */
export function jsonSide(
  { source, reading }: FieldRow,
  field: RuleField,
  { rest, start }: { readonly rest: readonly string[]; readonly start: number },
): Side {
  checkJsonPath(rest, start);
  // PocketBase drops what it cannot put into a JSON path
  const path = rest.map((segment) => segment.replaceAll(":", ""));
  return column(
    [source],
    reading(({ record }) => valueAtPath(field, record, path)),
    { isJson: true },
  );
}

/** @throws {RuleError} `syntax` */
export function checkJsonPath(rest: readonly string[], start: number): void {
  if (rest.some((segment) => segment.replaceAll(":", "") === "")) {
    throw new RuleError("syntax", "expected a JSON path without empty segments", start);
  }
}
