/** How a change of a metric is made up of its slices. Exact: what the slices contribute adds up to the change. */
import type { Metric, Value } from "../../api/types";

/** value = base + factor * top / bottom */
export interface Ratio {
  base: number;
  factor: number;
  top: string;
  bottom: string;
}

const RATIO = /(?:(\d+(?:\.\d+)?)\s*-\s*)?(?:(\d+(?:\.\d+)?)\s*\*\s*)?\b([a-z_]\w*)\s*\/\s*([a-z_]\w*)\b/;

/** The ratio a metric's definition says it is, if its parts are metrics of the same dataset. */
export function ratioOf(metric: Metric, metrics: readonly Metric[]): Ratio | null {
  if (metric.kind === "conversion") {
    const start = /^(?:\w+\.)?(\w+) to /.exec(metric.definition.text)?.[1] ?? "";
    return { base: 0, factor: 1, top: `${metric.dataset}.${metric.short}_converted`, bottom: `${metric.dataset}.${start}` };
  }
  if (metric.kind !== "ratio" && metric.kind !== "derived") return null;
  const found = RATIO.exec(metric.definition.text);
  if (!found) return null;
  const [, base, factor, top = "", bottom = ""] = found;
  const names = new Set(metrics.filter((one) => one.dataset === metric.dataset).map((one) => one.short));
  if (!names.has(top) || !names.has(bottom)) return null;
  const scale = factor === undefined ? 1 : Number(factor);
  return { base: Number(base ?? 0), factor: base === undefined ? scale : -scale, top: `${metric.dataset}.${top}`, bottom: `${metric.dataset}.${bottom}` };
}

/** One slice now and before: its value and, of a ratio, its parts. */
export interface Side {
  value: number | null;
  top: number;
  bottom: number;
}

export interface Row {
  key: string;
  value: Value;
  title: string; // the name of what `value` is the code of; "" where it has none
  after: number | null;
  before: number | null;
  weight: number; // its part of the whole now, 0 to 1
  rate: number; // contribution because the slice itself changed
  mix: number; // contribution because the slice grew or shrank
  total: number; // rate + mix
}

const NONE: Side = { value: null, top: 0, bottom: 0 };

export function rowsOf(after: Map<Value, Side>, before: Map<Value, Side> | null, ratio: Ratio | null, titles: ReadonlyMap<Value, string> = new Map()): Row[] {
  const keys = [...new Set([...after.keys(), ...(before?.keys() ?? [])])];
  const sum = (sides: Map<Value, Side>, pick: (side: Side) => number): number => [...sides.values()].reduce((all, side) => all + pick(side), 0);
  const bottomNow = sum(after, (side) => side.bottom);
  const bottomThen = before ? sum(before, (side) => side.bottom) : 0;
  const whole = before && ratio ? (sum(after, (s) => s.top) / (bottomNow || 1) + sum(before, (s) => s.top) / (bottomThen || 1)) / 2 : 0;
  const valueNow = sum(after, (side) => Math.abs(side.value ?? 0));
  return keys.map((key) => {
    const now = after.get(key) ?? NONE;
    const then = before?.get(key) ?? NONE;
    const weight = ratio ? now.bottom / (bottomNow || 1) : Math.abs(now.value ?? 0) / (valueNow || 1);
    let rate = 0;
    let mix = 0;
    if (before && ratio) {
      const weightThen = then.bottom / (bottomThen || 1);
      const rateNow = now.bottom ? now.top / now.bottom : then.bottom ? then.top / then.bottom : 0;
      const rateThen = then.bottom ? then.top / then.bottom : rateNow;
      rate = (ratio.factor * (weight + weightThen) * (rateNow - rateThen)) / 2;
      mix = ratio.factor * (weight - weightThen) * ((rateNow + rateThen) / 2 - whole);
    } else if (before) {
      rate = (now.value ?? 0) - (then.value ?? 0);
    }
    return { key: String(key), value: key, title: titles.get(key) ?? "", after: now.value, before: before ? then.value : null, weight, rate, mix, total: rate + mix };
  });
}

/** Largest contribution first; without a comparison, largest part of the whole first. */
export function ranked(rows: readonly Row[], compared: boolean): Row[] {
  const size = (row: Row): number => (compared ? Math.abs(row.total) : row.weight);
  return rows.toSorted((a, b) => size(b) - size(a) || b.weight - a.weight || (b.after ?? 0) - (a.after ?? 0));
}
