/** Numbers as people read them: the true minus sign, thousands by comma, percent and points, 3 figures in readouts. */
import type { Better, Measured } from "../api/types";

export const UNKNOWN = "–";
const MINUS = "−";
const NARROW = " ";

function grouped(value: number, digits: number): string {
  return Math.abs(value).toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function withSign(text: string, value: number, plus: boolean): string {
  const zero = !/[1-9]/.test(text);
  if (zero) return text;
  return value < 0 ? MINUS + text : plus ? `+${text}` : text;
}

/** Digits behind the point for a value of this size. */
function places(value: number): number {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return 0;
  return size >= 10 || size === 0 ? 1 : size >= 1 ? 1 : 2;
}

/** "1.23 M": at most `figures` significant figures. */
export function short(value: number, figures = 3): string {
  const size = Math.abs(value);
  const steps: [number, string][] = [[1e9, "B"], [1e6, "M"], [1e3, "k"]];
  for (const [step, suffix] of steps) {
    if (size < step) continue;
    const scaled = size / step;
    const digits = Math.max(0, figures - 1 - Math.floor(Math.log10(scaled)));
    return withSign(`${grouped(scaled, Math.min(digits, 2))}${NARROW}${suffix}`, value, false);
  }
  return withSign(grouped(value, places(value)), value, false);
}

export function percent(value: number, digits = 1): string {
  return `${withSign(grouped(value * 100, digits), value, false)}%`;
}

/** A value and its unit apart, so that the unit may be set smaller. */
export interface Parts {
  text: string;
  unit: string;
}

export function parts(value: number | null | undefined, by: Measured, plus = false): Parts {
  if (value === null || value === undefined || !Number.isFinite(value)) return { text: UNKNOWN, unit: "" };
  if (by.format === "percent") {
    const text = withSign(grouped(value * 100, 1), value, plus);
    return plus ? { text, unit: "pp" } : { text: `${text}%`, unit: "" };
  }
  if (by.format === "currency") return { text: withSign(money(Math.abs(value), by.unit || "USD"), value, plus), unit: "" };
  const text = Math.abs(value) >= 1e6 ? short(Math.abs(value)) : grouped(value, places(value));
  return { text: withSign(text, value, plus), unit: by.unit ?? "" };
}

export function say(value: number | null | undefined, by: Measured): string {
  const { text, unit } = parts(value, by);
  return unit ? `${text} ${unit}` : text;
}

/** A difference, with its sign; shares differ by points. */
export function difference(value: number | null | undefined, by: Measured): string {
  const { text, unit } = parts(value, by, true);
  return unit ? `${text} ${unit}` : text;
}

/** Change against `before` as people compare it: points for shares, else percent. */
export function change(after: number | null, before: number | null, by: Measured): string {
  if (after === null || before === null) return UNKNOWN;
  if (by.format === "percent") return difference(after - before, by);
  if (before === 0) return after === 0 ? "0%" : UNKNOWN;
  const share = (after - before) / Math.abs(before);
  return `${withSign(grouped(share * 100, Math.abs(share) < 0.0995 ? 1 : 0), share, true)}%`;
}

const SIGNS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹" };

export function money(amount: number, currency: string): string {
  const sign = SIGNS[currency];
  const size = Math.abs(amount);
  // With cents where they count, and small prices in two figures.
  const text = size >= 99.995 || Number.isInteger(size) ? short(size) : size >= 0.1 ? grouped(size, 2) : size >= 1e-4 ? String(+size.toPrecision(2)) : "0";
  return (amount < 0 ? MINUS : "") + (sign ? sign + text : `${text}${NARROW}${currency}`);
}

export function bytes(size: number | null | undefined): string {
  if (size === null || size === undefined) return UNKNOWN;
  const steps: [number, string][] = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];
  for (const [step, name] of steps) if (size >= step) return `${(size / step).toFixed(size < 10 * step ? 1 : 0)} ${name}`;
  return `${size} B`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : value.toLocaleString("en-GB");
}

/** The colour of a change: only where the metric says which way is better, and not of what is `said` as 0. */
export function judge(value: number | null | undefined, better: Better, said = "1"): "" | "bad" | "good" {
  if (!value || !better || !/[1-9]/.test(said)) return "";
  return (value > 0) === (better === "up") ? "good" : "bad";
}
