/** One event as an `EventSource` hands it to listeners. */
export interface SourceEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/**
 * Interprets an event stream.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventStreamParser {
  /** The id of the last whole event that had one, also where that event was of an earlier connection. */
  lastEventId: string;
  #text = "";
  #data: string[] = [];
  #type = "";
  #id: string;

  constructor(lastEventId: string) {
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  /** Takes in a piece of the stream; hands on the events that it completes. */
  push(text: string, hand: (event: SourceEvent) => void): void {
    this.#text += text;
    let start = 0;
    // a CR at the end may be the first half of a CRLF
    for (const { 0: end, index } of this.#text.matchAll(/\r\n|\n|\r(?!$)/g)) {
      this.#takeLine(this.#text.slice(start, index), hand);
      start = index + end.length;
    }
    this.#text = this.#text.slice(start);
  }

  #takeLine(line: string, hand: (event: SourceEvent) => void): void {
    if (line === "") return this.#dispatch(hand);
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#type = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(hand: (event: SourceEvent) => void): void {
    this.lastEventId = this.#id;
    const [type, data] = [this.#type, this.#data];
    this.#type = "";
    this.#data = [];
    if (data.length === 0) return;
    hand({ type: type === "" ? "message" : type, data: data.join("\n"), lastEventId: this.lastEventId });
  }
}
