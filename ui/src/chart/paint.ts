/** What uPlot does not draw itself: grid, band, the parts outside it, the bucket that still fills. */
import type uPlot from "uplot";
import type { Better } from "../api/types";
import { judge } from "../lib/numbers";

export type Values = readonly (number | null | undefined)[];

export interface Drawn {
  time: readonly number[];
  actual: Values;
  expected?: Values;
  lower?: Values;
  upper?: Values;
  compare?: Values;
  outside?: readonly boolean[];
  better: Better;
  partial: number | null; // the index of the bucket that still fills
  grid: readonly number[];
  line?: number; // a goal or limit, across the whole chart
  ahead?: number; // the index from which what is expected is a projection
}

export interface Colours {
  series: string;
  band: string;
  compare: string;
  grid: string;
  base: string;
  paper: string;
  bad: string;
  good: string;
  accent: string;
}

export function colours(of: Element): Colours {
  const style = getComputedStyle(of);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    series: read("--ink"),
    band: read("--c-band"),
    compare: read("--c-compare"),
    grid: read("--line"),
    base: read("--line-control"),
    paper: read("--paper"),
    bad: read("--bad"),
    good: read("--good"),
    accent: read("--accent"),
  };
}

type Point = [number, number];

function place(u: uPlot, x: number, y: number): Point {
  return [u.valToPos(x, "x", true), u.valToPos(y, "y", true)];
}

function known(v: number | null | undefined): v is number {
  return v !== null && v !== undefined && Number.isFinite(v);
}

/** Runs of consecutive indexes for which `keep` holds. */
function* runs(length: number, keep: (i: number) => boolean): Generator<number[]> {
  let run: number[] = [];
  for (let i = 0; i <= length; i++) {
    if (i < length && keep(i)) run.push(i);
    else if (run.length) {
      yield run;
      run = [];
    }
  }
}

function trace(ctx: CanvasRenderingContext2D, points: readonly Point[]): void {
  points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
}

export function paintUnder(u: uPlot, drawn: Drawn, ink: Colours): void {
  const { ctx, bbox } = u;
  ctx.save();
  if (drawn.lower && drawn.upper) paintBand(u, drawn.time, drawn.lower, drawn.upper, ink.band);
  ctx.lineWidth = Math.max(1, Math.round(devicePixelRatio));
  for (const value of drawn.grid) {
    const y = Math.round(u.valToPos(value, "y", true)) + (ctx.lineWidth % 2) / 2;
    ctx.strokeStyle = value === 0 || value === drawn.grid[0] ? ink.base : ink.grid;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

function paintBand(u: uPlot, time: readonly number[], lower: Values, upper: Values, fill: string): void {
  u.ctx.fillStyle = fill;
  const floor = u.scales.y?.min ?? 0;
  const ceiling = u.scales.y?.max ?? 1;
  const clamp = (v: number): number => Math.min(Math.max(v, floor), ceiling);
  for (const run of runs(time.length, (i) => known(lower[i]) && known(upper[i]))) {
    u.ctx.beginPath();
    trace(u.ctx, [
      ...run.map((i) => place(u, time[i]!, clamp(upper[i]!))),
      ...run.toReversed().map((i) => place(u, time[i]!, clamp(lower[i]!))),
    ]);
    u.ctx.fill();
  }
}

/** "bad", "good" or "" for bucket i. */
export function tone(drawn: Drawn, i: number): "" | "bad" | "good" {
  const value = drawn.actual[i];
  if (!known(value) || i === drawn.partial) return "";
  const high = drawn.upper?.[i];
  const low = drawn.lower?.[i];
  const outside = drawn.outside ? drawn.outside[i] : (known(high) && value > high) || (known(low) && value < low);
  if (!outside) return "";
  const middle = drawn.expected?.[i] ?? high ?? 0;
  return judge(value - middle, drawn.better);
}

export function paintOver(u: uPlot, drawn: Drawn, ink: Colours): void {
  const { ctx } = u;
  ctx.save();
  ctx.lineJoin = ctx.lineCap = "round";
  for (const which of ["bad", "good"] as const) {
    for (const run of runs(drawn.time.length, (i) => tone(drawn, i) === which)) paintOutside(u, drawn, run, ink[which], which);
  }
  if (drawn.line !== undefined) paintLine(u, drawn.line, ink);
  if (drawn.ahead !== undefined && drawn.expected) paintAhead(u, drawn, drawn.expected, drawn.ahead, ink);
  if (drawn.partial !== null) paintPartial(u, drawn, drawn.partial, ink);
  ctx.restore();
}

function paintOutside(u: uPlot, drawn: Drawn, run: readonly number[], colour: string, which: "bad" | "good"): void {
  const { ctx } = u;
  const first = run[0]!;
  const from = known(drawn.actual[first - 1]) ? [first - 1, ...run] : run;
  const line = from.map((i) => place(u, drawn.time[i]!, drawn.actual[i]!));
  const above = which === "bad" ? drawn.better !== "up" : drawn.better === "up";
  const edge = above ? drawn.upper : drawn.lower;
  const border = from.toReversed().map((i) => place(u, drawn.time[i]!, known(edge?.[i]) ? edge[i]! : drawn.actual[i]!));
  ctx.globalAlpha = 0.1;
  ctx.fillStyle = colour;
  ctx.beginPath();
  trace(ctx, [...line, ...border]);
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  if (line.length === 1) line.push([line[0]![0] + 0.01, line[0]![1]]);
  trace(ctx, line);
  ctx.stroke();
}

/** A line that somebody drew: what is not to be crossed, or to be reached. */
function paintLine(u: uPlot, value: number, ink: Colours): void {
  const { ctx, bbox } = u;
  const y = u.valToPos(value, "y", true);
  ctx.strokeStyle = ink.accent;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([7 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  trace(ctx, [[bbox.left, y], [bbox.left + bbox.width, y]]);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** What is to come, from the last that is known on. */
function paintAhead(u: uPlot, drawn: Drawn, expected: Values, ahead: number, ink: Colours): void {
  const { ctx } = u;
  const last = drawn.actual[ahead - 1];
  const points: Point[] = known(last) ? [place(u, drawn.time[ahead - 1]!, last)] : [];
  for (let i = ahead; i < drawn.time.length; i++) if (known(expected[i])) points.push(place(u, drawn.time[i]!, expected[i]!));
  ctx.strokeStyle = ink.series;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([1.5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  trace(ctx, points);
  ctx.stroke();
  ctx.setLineDash([]);
}

function paintPartial(u: uPlot, drawn: Drawn, at: number, ink: Colours): void {
  const value = drawn.actual[at];
  if (!known(value)) return;
  const { ctx } = u;
  const [x, y] = place(u, drawn.time[at]!, value);
  const before = drawn.actual[at - 1];
  ctx.strokeStyle = ink.series;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  if (known(before)) {
    ctx.setLineDash([3 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    trace(ctx, [place(u, drawn.time[at - 1]!, before), [x, y]]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  ctx.fillStyle = ink.paper;
  ctx.beginPath();
  ctx.arc(x, y, 3 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
}

/** Values that have no neighbour would be invisible as a line; they are drawn as dots. */
export function alone(values: Values): number[] {
  const found: number[] = [];
  values.forEach((v, i) => {
    if (known(v) && !known(values[i - 1]) && !known(values[i + 1])) found.push(i);
  });
  return found;
}
