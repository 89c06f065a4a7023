/**
 * Writes a finite REAL as SQLite does: `10.0`, `1.5`, `1.0e+20`, `1.0e-05`.
 * @see SQLite src/util.c sqlite3FpDecode, src/printf.c `%!.17g`
 */
export function realToText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return `${value}.0`;
  const sign = value < 0 ? "-" : "";
  const { digits, exponent } = decimalOf(Math.abs(value));
  if (exponent < -4 || exponent > 16) return sign + scientific(digits, exponent);
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function scientific(digits: string, exponent: number): string {
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.charAt(0)}.${digits.slice(1) || "0"}e${exponent < 0 ? "-" : "+"}${size}`;
}

/** `digits` with a point behind the first, times ten to the `exponent`. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

/** At most 17 digits; fewer where 14 or so, rounded, read as the same number: 49.47, not 49.469999999999999. */
function decimalOf(value: number): Decimal {
  const { digits, exponent } = longDecimalOf(value);
  const short = shortened(digits, exponent);
  return short !== undefined && numberOf(short) === value ? short : rounded({ digits, exponent }, 17);
}

/** 18 digits; 19 where the power of two below the value has fewer digits than the value. */
function longDecimalOf(value: number): Decimal {
  const below = exponentOf(2 ** Math.min(Math.floor(Math.log2(value)), 1023));
  const [digits = "", exponent = "0"] = value.toExponential(17 + exponentOf(value) - below).split("e");
  return { digits: digits.replace(".", ""), exponent: Number(exponent) };
}

function exponentOf(value: number): number {
  const text = value.toExponential();
  return Number(text.slice(text.indexOf("e") + 1));
}

/** The digits before a run of nines, the last one up by one, or before a run of zeros. */
function shortened(digits: string, exponent: number): Decimal | undefined {
  if (digits.slice(14, 16) === "99") {
    const kept = digits.slice(0, 14).replace(/9+$/, "");
    return rounded({ digits, exponent }, kept.length + 1);
  }
  if (digits.slice(13, 16) !== "000") return undefined;
  return { digits: digits.slice(0, 13).replace(/0+$/, ""), exponent };
}

function rounded({ digits, exponent }: Decimal, length: number): Decimal {
  const kept = BigInt(digits.slice(0, length)) + (digits.charAt(length) >= "5" ? 1n : 0n);
  const text = String(kept);
  return { digits: text.replace(/0+$/, ""), exponent: exponent + text.length - length };
}

function numberOf({ digits, exponent }: Decimal): number {
  return Number(`${digits}e${exponent - digits.length + 1}`);
}
