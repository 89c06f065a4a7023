const slabBytes = 64 * 1024;

/** Bytes within this take no slab. */
const smallBytes = 16 * 1024;

/** Slabs that nobody has are kept up to this many: 16 MiB. */
const maxFree = 256;

/**
 * Memory for bodies on their way, used again and again. Each body's own would be garbage of the kind that is dear: it lives
 * too long for the young generation, and every few megabytes of it have the engine collect the old one.
 */
export class SlabPool {
  readonly #free: Uint8Array[] = [];

  /** A part of memory that nobody else has until it is given back; what it holds is of no meaning. */
  take(): Uint8Array {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabBytes);
  }

  giveBack(slabs: readonly Uint8Array[]): void {
    this.#free.push(...slabs.slice(0, maxFree - this.#free.length));
  }
}

/** Bytes that come in pieces: the first as they came, since most bodies have no more, then in slabs of a pool. */
export class SlabBytes {
  readonly #pool: SlabPool;
  readonly #first: Uint8Array[] = [];
  #firstBytes = 0;
  readonly #slabs: Uint8Array[] = [];
  #slabsBytes = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#firstBytes + this.#slabsBytes;
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > smallBytes) return this.#copy(bytes);
    this.#first.push(bytes);
    this.#firstBytes += bytes.length;
  }

  #copy(bytes: Uint8Array): void {
    for (let read = 0; read < bytes.length;) {
      const start = this.#slabsBytes % slabBytes;
      if (start === 0) this.#slabs.push(this.#pool.take());
      const part = bytes.subarray(read, read + slabBytes - start);
      this.#slabs.at(-1)?.set(part, start);
      read += part.length;
      this.#slabsBytes += part.length;
    }
  }

  /** A copy of all bytes. */
  joined(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Buffer.concat([...this.#first, ...this.#slabs], this.length));
  }

  /** Gives the slabs back: nothing may be appended or read any more. */
  release(): void {
    this.#pool.giveBack(this.#slabs);
    this.#slabs.length = 0;
  }
}
