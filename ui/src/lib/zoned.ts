/** Wall-clock arithmetic in a named zone. Times are UTC epoch milliseconds. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Wall {
  year: number;
  month: number; // 1 to 12
  day: number;
  hour: number;
  minute: number;
  weekday: number; // 0 is Monday
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formatters.set(zone, found);
  }
  return found;
}

export function isZone(name: string): boolean {
  try {
    formatter(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The wall clock at `ms`, as if it were UTC. */
function shifted(ms: number, zone: string): number {
  const at: Record<string, number> = {};
  for (const part of formatter(zone).formatToParts(ms)) at[part.type] = Number(part.value);
  return Date.UTC(at.year ?? 0, (at.month ?? 1) - 1, at.day, at.hour, at.minute, at.second);
}

export function wall(ms: number, zone: string): Wall {
  const date = new Date(shifted(ms, zone));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    weekday: (date.getUTCDay() + 6) % 7,
  };
}

/** The instant at which the wall clock of `zone` shows this. `day` and `month` may overflow. In a gap: just after it. */
export function instant(zone: string, year: number, month: number, day: number, hour = 0, minute = 0): number {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  let ms = wanted;
  for (let round = 0; round < 3; round++) ms += wanted - shifted(ms, zone);
  return ms;
}

export function startOfDay(ms: number, zone: string): number {
  const at = wall(ms, zone);
  return instant(zone, at.year, at.month, at.day);
}

/** The same wall clock, `days` later. */
export function addDays(ms: number, days: number, zone: string): number {
  const at = wall(ms, zone);
  return instant(zone, at.year, at.month, at.day + days, at.hour, at.minute) + (ms % MINUTE);
}

/** The first start of a bucket of `grain` after `ms`. */
export function nextBucket(ms: number, grain: string, zone: string): number {
  if (grain === "15 minutes") return ms + 15 * MINUTE;
  if (grain === "hour") return ms + HOUR;
  const at = wall(ms, zone);
  if (grain === "month") return instant(zone, at.year, at.month + 1, 1);
  return instant(zone, at.year, at.month, at.day + (grain === "week" ? 7 : 1));
}

/** Local midnights in [start, end]. */
export function midnights(start: number, end: number, zone: string): number[] {
  const found: number[] = [];
  let at = startOfDay(start, zone);
  if (at < start) at = addDays(at, 1, zone);
  for (; at <= end; at = addDays(at, 1, zone)) found.push(at);
  return found;
}

/** A text such as 2013-02-08 or 2013-02-08T11:00 read on the wall clock of `zone`; with an offset or Z as it says. */
export function parseLocal(text: string, zone: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?(?::\d{2}(?:\.\d+)?)?$/.exec(text);
  if (match) return instant(zone, +match[1]!, +match[2]!, +match[3]!, +(match[4] ?? 0), +(match[5] ?? 0));
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** The shortest wall-clock text that `parseLocal` reads back. */
export function localText(ms: number, zone: string): string {
  const at = wall(ms, zone);
  const two = (n: number): string => String(n).padStart(2, "0");
  const date = `${at.year}-${two(at.month)}-${two(at.day)}`;
  return at.hour || at.minute ? `${date}T${two(at.hour)}:${two(at.minute)}` : date;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
