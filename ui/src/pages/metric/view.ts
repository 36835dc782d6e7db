/** The metric page's state, read from the URL and written back to it. */
import type { Filter, Metric } from "../../api/types";
import type { Moment } from "../../lib/moment";
import { length, stretch } from "../../lib/words";
import { DAY, HOUR, addDays, iso, localText, parseLocal, startOfDay } from "../../lib/zoned";

export type Compare = "week" | "previous" | "year" | "none";

export interface View {
  start: number;
  end: number;
  preset: string | null;
  grain: string;
  compare: Compare;
  shift: number; // days back to the comparison period; 0 compares with nothing
  filters: Filter[];
  chosen: [number, number] | null;
  readEnd: number; // the line ends here: in the past nothing later was known
  knownEnd: number; // what is summed up and compared ends here: buckets that still fill are not set against full ones
}

export const PRESETS = [
  { value: "1d", label: "Last day", days: 1 },
  { value: "3d", label: "Last 3 days", days: 3 },
  { value: "7d", label: "Last 7 days", days: 7 },
  { value: "28d", label: "Last 28 days", days: 28 },
  { value: "91d", label: "Last 13 weeks", days: 91 },
  { value: "364d", label: "Last 52 weeks", days: 364 },
];

export const GRAINS = ["15 minutes", "hour", "day", "week", "month"] as const;
const LENGTH: Record<string, number> = { "15 minutes": HOUR / 4, hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY };

export function grainsFor(span: number): string[] {
  return GRAINS.filter((grain) => span / LENGTH[grain]! <= 3000 && span / LENGTH[grain]! >= 2);
}

function defaultGrain(span: number): string {
  return span <= 1.1 * DAY ? "15 minutes" : span <= 21 * DAY ? "hour" : span <= 400 * DAY ? "day" : "week";
}

export function readView(search: URLSearchParams, at: Moment): View {
  const { zone } = at;
  const from = parseLocal(search.get("start") ?? "", zone);
  const to = parseLocal(search.get("end") ?? "", zone);
  const custom = from !== null && to !== null && from < to;
  const preset = custom ? null : (PRESETS.find((one) => one.value === search.get("range")) ?? PRESETS[2]!);
  const dayEnd = lastDayEnd(at);
  const end = custom ? to : dayEnd;
  const start = custom ? from : addDays(dayEnd, -preset!.days, zone);
  const days = Math.max(1, Math.round((end - start) / DAY));
  const asked = search.get("compare");
  const compare: Compare = asked === "week" || asked === "previous" || asked === "year" || asked === "none" ? asked : days <= 7 ? "week" : "previous";
  const allowed = grainsFor(end - start);
  const grain = search.get("grain");
  const chosen = (search.get("sel") ?? "").split("..").map((text) => parseLocal(text, zone));
  const [first = null, last = null] = chosen;
  return {
    start,
    end,
    preset: preset?.value ?? null,
    grain: grain && allowed.includes(grain) ? grain : defaultGrain(end - start),
    compare,
    shift: { week: 7, previous: days, year: 364, none: 0 }[compare],
    filters: search.getAll("f").map(readFilter).filter((one) => one !== null),
    chosen: first !== null && last !== null && first < last ? [first, last] : null,
    readEnd: at.asOf === null ? end : known(start, end, at.until),
    knownEnd: known(start, end, at.until),
  };
}

/** Where the last day ends that has something to show: today, or yesterday while nothing of today is complete yet. */
function lastDayEnd({ at, until, zone }: Moment): number {
  const today = startOfDay(at, zone);
  if (today === at || (until !== null && until <= today && until > addDays(today, -1, zone))) return today;
  return addDays(today, 1, zone);
}

function known(start: number, end: number, until: number | null): number {
  return until === null ? end : Math.max(start + LENGTH["15 minutes"]!, Math.min(end, until));
}

/** "origin:EWR" keeps, "!origin:EWR" leaves out; several values are parted by "|". */
function readFilter(text: string): Filter | null {
  const exclude = text.startsWith("!");
  const body = exclude ? text.slice(1) : text;
  const colon = body.indexOf(":");
  if (colon < 1) return null;
  return { dimension: body.slice(0, colon), values: body.slice(colon + 1).split("|").map(decodeURIComponent), exclude };
}

export function writeFilters(filters: readonly Filter[]): string[] {
  return filters.map((one) => `${one.exclude ? "!" : ""}${one.dimension}:${one.values.map((v) => encodeURIComponent(String(v)).replaceAll("%20", " ")).join("|")}`);
}

/** Keep only `value` (or, pressed again, all); with `exclude` leave it out. */
export function toggle(filters: readonly Filter[], dimension: string, value: string, exclude: boolean): Filter[] {
  const same = filters.find((one) => one.dimension === dimension && one.exclude === exclude);
  const others = filters.filter((one) => one.dimension !== dimension);
  if (same?.values.includes(value)) {
    const rest = same.values.filter((one) => one !== value);
    return rest.length && exclude ? [...others, { dimension, values: rest, exclude }] : others;
  }
  return [...others, { dimension, values: exclude && same ? [...same.values, value] : [value], exclude }];
}

/** What of the view is summed up: the chosen stretch or the whole, never beyond what is known; and as long before. */
export interface Scope {
  start: number;
  end: number;
  before: [number, number] | null;
}

export function scopeOf(view: View, zone: string, chosen: boolean): Scope {
  const [start, end] = chosen && view.chosen ? view.chosen : [view.start, view.end];
  const stop = Math.min(end, Math.max(view.knownEnd, start + 1));
  const before: [number, number] | null = view.shift ? [addDays(start, -view.shift, zone), addDays(stop, -view.shift, zone)] : null;
  return { start, end: stop, before };
}

export function span(start: number, end: number): { start: string; end: string } {
  return { start: iso(start), end: iso(end) };
}

export function rangeName(view: View, zone: string): string {
  return PRESETS.find((one) => one.value === view.preset)?.label ?? stretch(view.start, view.end, zone);
}

export function compareName(view: View): string {
  const days = Math.round((view.end - view.start) / DAY);
  return { week: "A week before", previous: days === 7 ? "A week before" : `The ${length(days * DAY).replace(/^24 h$/, "day")} before`, year: "52 weeks before", none: "Nothing" }[view.compare];
}

export function chosenText(chosen: [number, number], zone: string): string {
  return `${localText(chosen[0], zone)}..${localText(chosen[1], zone)}`;
}

/** Filters that a monitor's slice can hold: one value kept per dimension; null if there is any other. */
export function sliceOf(filters: readonly Filter[]): Record<string, string> | null {
  const slice: Record<string, string> = {};
  for (const { dimension, values, exclude } of filters) {
    if (exclude || values.length !== 1) return null;
    slice[dimension] = String(values[0]);
  }
  return slice;
}

/** A dimension to break down by, and the dimension that holds the names of its values, if there is one. */
export interface Board {
  name: string;
  label: string;
  title: string | null;
}

/** The dimensions, each but those that only name the values of another: they stand beside it. */
export function boardsOf({ dimensions }: Metric): Board[] {
  const names = new Set(dimensions.map((one) => one.name));
  const key = (one: { names?: string | null }): string | null => (one.names && names.has(one.names) ? one.names : null);
  return dimensions.filter((one) => key(one) === null).map(({ name, label }) => ({ name, label, title: dimensions.find((one) => key(one) === name)?.name ?? null }));
}

export function dimensionLabel(metric: Metric, name: string): string {
  return metric.dimensions.find((one) => one.name === name)?.label ?? name;
}
