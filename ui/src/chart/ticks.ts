/** Where axes are marked: 3 to 5 round values up; local midnights, weeks or months along. */
import { parts } from "../lib/numbers";
import type { Measured } from "../api/types";
import { clock, date, month } from "../lib/words";
import { DAY, HOUR, instant, midnights, startOfDay, wall } from "../lib/zoned";

export interface Tick {
  at: number;
  label: string;
}

export interface Scale {
  low: number;
  high: number;
  ticks: Tick[];
}

/** From 0, unless all values are far from it; then a tight axis, which `tight` tells. Shares stop at 100%. */
export function valueScale(values: Iterable<number | null | undefined>, by: Measured): Scale & { tight: boolean } {
  let least = Infinity;
  let most = -Infinity;
  for (const v of values) {
    if (v === null || v === undefined || !Number.isFinite(v)) continue;
    if (v < least) least = v;
    if (v > most) most = v;
  }
  if (most === -Infinity) [least, most] = [0, 1];
  const tight = by.format !== "percent" && least > 0 && least > 0.75 * most && by.unit !== null && by.unit !== "";
  const low = tight ? least : Math.min(0, least);
  const high = Math.max(most, low + (by.format === "percent" ? 0.01 : 1e-9));
  const step = round((high - low) / 4.2);
  const first = Math.floor(low / step + 1e-9) * step;
  let last = Math.ceil(high / step - 0.15) * step;
  if (by.format === "percent" && most <= 1 && last > 1) last = 1;
  const ticks: Tick[] = [];
  for (let v = first; v <= last + step * 1e-6; v += step) {
    const at = Math.abs(v) < step * 1e-6 ? 0 : v;
    ticks.push({ at, label: tickLabel(at, by, step) });
  }
  return { low: first, high: Math.max(last, high), ticks, tight };
}

function round(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10) * power;
}

function tickLabel(value: number, by: Measured, step: number): string {
  if (by.format === "percent") return `${(value * 100).toFixed(step < 0.01 ? 1 : 0).replace("-", "−")}%`;
  if (by.format === "currency") return parts(value, by).text;
  const size = Math.abs(value);
  const text = size >= 1e6 ? `${+(size / 1e6).toFixed(2)} M` : size >= 10_000 ? `${+(size / 1e3).toFixed(1)} k` : size.toLocaleString("en-GB", { maximumFractionDigits: step < 1 ? 2 : 0 });
  return value < 0 ? `−${text}` : text;
}

/** Ticks along the time axis, at most about `room` of them. */
export function timeTicks(start: number, end: number, zone: string, room: number): Tick[] {
  const span = end - start;
  if (span <= 1.5 * DAY) {
    const step = [1, 2, 3, 6, 12].find((h) => span / (h * HOUR) <= room) ?? 12;
    const ticks: Tick[] = [];
    const from = startOfDay(start, zone);
    for (let at = from; at <= end; at += step * HOUR) {
      if (at >= start) ticks.push({ at, label: at === from || wall(at, zone).hour === 0 ? date(at, zone) : clock(at, zone) });
    }
    return ticks.filter((tick) => tick.at < end);
  }
  const days = span / DAY;
  if (days <= room) return midnights(start, end - 1, zone).map((at) => ({ at, label: date(at, zone) }));
  const weeks = [1, 2].find((n) => days / (7 * n) <= room);
  if (weeks && days < 100) {
    const all = midnights(start, end - 1, zone).filter((at) => wall(at, zone).weekday === 0);
    return all.filter((_, i) => i % weeks === 0).map((at) => ({ at, label: date(at, zone, false) }));
  }
  return months(start, end, zone, Math.ceil(days / 30.4 / room));
}

function months(start: number, end: number, zone: string, every: number): Tick[] {
  const ticks: Tick[] = [];
  const first = wall(start, zone);
  const step = [1, 2, 3, 6, 12].find((n) => n >= every) ?? 12;
  for (let m = 0; ; m += 1) {
    const at = instant(zone, first.year, first.month + m, 1);
    if (at >= end) return ticks;
    if (at >= start && (wall(at, zone).month - 1) % step === 0) ticks.push({ at, label: month(at, zone) });
  }
}

