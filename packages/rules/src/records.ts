/** A row of a collection, as an event carries it; absent fields have the zero value of their type. */
export type RecordRow = Readonly<Record<string, unknown>>;

/** The rows of the collections that are followed, as they are at the moment of a decision. Collections go by id. */
export interface Records {
  /** Whether all rows of a collection are at hand; where not, nothing that takes one of them can be decided. */
  readonly has: (collectionId: string) => boolean;
  readonly get: (collectionId: string, id: string) => RecordRow | undefined;
  /** All rows, in any order. */
  readonly all: (collectionId: string) => Iterable<RecordRow>;
  /** The rows whose field is this text, or whose list has it, in any order; looked up, not searched. */
  readonly by: (collectionId: string, field: string, value: string) => Iterable<RecordRow>;
  /**
   * What a column says in the rows that {@link Records.by} finds, a text for each, empty where it is none; to be read
   * at once. Nothing where one of the rows has a list in the field. Without it the rows are looked at.
   */
  readonly textsBy?: (collectionId: string, lookUp: ColumnLookUp) => readonly string[] | undefined;
}

/** Which column is asked for, and of which rows: those whose field is this text. */
export interface ColumnLookUp {
  readonly field: string;
  readonly value: string;
  readonly column: string;
}
