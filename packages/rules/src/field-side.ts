import {
  affinityOf,
  elementsOf,
  hasElement,
  isList,
  lengthOf,
  type RecordHolder,
  storedValue,
  valueAtPath,
} from "./field-value.ts";
import { type RecordPlace, recordPlace } from "./join-node.ts";
import { type Cell, isRecord, type Row } from "./row.ts";
import { RuleError } from "./rule-error.ts";
import type { RuleField } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { column, type Side, type TextColumn } from "./side.ts";
import { lowerAscii, type SqlValue, toText } from "./sql-value.ts";

/** A field of the record at a place; modifiers on the wrong type count for nothing. */
export function fieldSide(scope: Scope, place: RecordPlace, field: RuleField, modifier?: string): Side {
  if (isList(field.type) && modifier === "length") {
    return columnAt(place, ({ record }) => lengthOf(field, record), { ofNull: 0 });
  }
  if (isList(field.type) && modifier === "each") return eachSide(scope, place, field);
  const read = storedValue(field);
  if (modifier === "lower") return columnAt(place, (holder) => lowered(read(holder)));
  const affinity = affinityOf(field);
  const textColumns = affinity === "text" ? textColumnAt(place, field) : [];
  return columnAt(place, read, { affinity, isJson: field.type === "json", textColumns });
}

/** The columns that hold the same text as a field. */
function textColumnAt({ node, idColumns = [] }: RecordPlace, { name }: RuleField): readonly TextColumn[] {
  if (node === undefined) return [];
  return name === "id" ? [{ node, field: name }, ...idColumns] : [{ node, field: name }];
}

function lowered(value: SqlValue): SqlValue {
  const text = toText(value, false);
  return text === null ? null : lowerAscii(text);
}

/** What is read of the record at a place; of a row of NULLs, NULL. */
function columnAt(
  place: RecordPlace,
  read: (holder: RecordHolder) => SqlValue,
  { ofNull = null, ...more }: Partial<Side> & { readonly ofNull?: SqlValue } = {},
): Side {
  // direct where it can be: every rule that names a field runs through here
  if (place === recordPlace) return column(place.sources, read, more);
  return sideAt(place, (cell) => (isRecord(cell) ? read({ record: cell }) : ofNull), more);
}

/** What is read of the cell at a place. */
function sideAt(place: RecordPlace, read: (cell: Cell) => SqlValue, more: Partial<Side>): Side {
  const { sources, node, cell, anchor, isMultiple } = place;
  const get = (row: Row): SqlValue => read(cell(row));
  if (node === undefined) return column(sources, get, more);
  const reach = (row: Row): readonly SqlValue[] | undefined => {
    const values: SqlValue[] = [];
    for (const reached of place.reach(row)) {
      if (reached === undefined) return undefined;
      values.push(read(reached));
    }
    return values;
  };
  const isMissing = (row: Row): boolean => cell(row) === undefined;
  const values = isMultiple ? { values: reach } : {};
  return column(sources, get, { nodes: [node], reach, isMissing, anchor, ...values, ...more });
}

function eachSide(scope: Scope, place: RecordPlace, field: RuleField): Side {
  if (!field.multiple) {
    const read = ({ record }: RecordHolder): SqlValue => elementsOf(field, record)[0] ?? null;
    return columnAt(place, read, { textColumns: textColumnAt(place, field) });
  }
  const elements = elementPlace(scope, place, field);
  const textColumns = elementColumns(elements, place, field);
  return sideAt(elements, (cell) => (typeof cell === "string" ? cell : null), { textColumns });
}

/** The columns that hold an element of a list: the element by itself, and the list, which has it. */
export function elementColumns(
  { node }: RecordPlace,
  list: RecordPlace,
  field: RuleField,
): readonly TextColumn[] {
  const own = node === undefined ? [] : [{ node, field: "" }];
  return [...own, ...textColumnAt(list, field)];
}

/** Where the elements of a list stand, one at a time. */
export function elementPlace(scope: Scope, place: RecordPlace, field: RuleField): RecordPlace {
  const elementsIn = (cell: Cell): readonly Cell[] => {
    if (!isRecord(cell)) return [cell === undefined ? undefined : null];
    const elements = elementsOf(field, cell);
    return elements.length === 0 ? [null] : elements;
  };
  return scope.join(place, `${ownPath(scope, place)}${field.name}:each`, {
    kind: "element",
    isMultiple: field.multiple,
    cellsOf: (_, parent) => elementsIn(parent),
    finds: (name) => name === "",
    lookUp: (_, parent, { text }) => {
      if (!isRecord(parent)) return parent === undefined ? [undefined] : [];
      return hasElement(field, parent, text) ? [text] : [];
    },
  });
}

/** What stands before the name of a field, within the scope. */
export function ownPath({ origin: { name } }: Scope, { path }: RecordPlace): string {
  return path.startsWith(name) ? path.slice(name.length) : path;
}

/**
 * What stands at a path inside a json or geoPoint field.
 * @throws {RuleError} `syntax`
 */
export function jsonSide(
  place: RecordPlace,
  field: RuleField,
  { rest, start }: { readonly rest: readonly string[]; readonly start: number },
): Side {
  // PocketBase drops what it cannot put into a JSON path
  const path = rest.map((segment) => segment.replaceAll(":", ""));
  if (path.includes("")) {
    throw new RuleError("syntax", "expected a JSON path without empty segments", start);
  }
  return columnAt(place, ({ record }) => valueAtPath(field, record, path), { isJson: true });
}
