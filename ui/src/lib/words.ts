/** Dates, spans and lists in words: en-GB, 24 hours, "Sat 9 Feb". */
import { DAY, HOUR, MINUTE, startOfDay, wall } from "./zoned";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function clock(ms: number, zone: string): string {
  const at = wall(ms, zone);
  return `${String(at.hour).padStart(2, "0")}:${String(at.minute).padStart(2, "0")}`;
}

export function date(ms: number, zone: string, weekday = true, year = false): string {
  const at = wall(ms, zone);
  return `${weekday ? `${WEEKDAYS[at.weekday]} ` : ""}${at.day} ${MONTHS[at.month - 1]}${year ? ` ${at.year}` : ""}`;
}

export function moment(ms: number, zone: string, year = false): string {
  return `${date(ms, zone, true, year)}, ${clock(ms, zone)}`;
}

export function month(ms: number, zone: string): string {
  const at = wall(ms, zone);
  return at.month === 1 ? `Jan ${at.year}` : (MONTHS[at.month - 1] ?? "");
}

/** An end that is a midnight belongs to the day before: "Tue 31 Dec, 24:00". */
export function until(ms: number, zone: string, year = false): string {
  if (startOfDay(ms, zone) !== ms) return moment(ms, zone, year);
  return `${date(ms - 1, zone, true, year)}, 24:00`;
}

/** The half-open stretch [start, end), in as few words as it needs. */
export function stretch(start: number, end: number, zone: string): string {
  const midnight = startOfDay(start, zone) === start;
  const last = startOfDay(end, zone);
  if (midnight && last !== end && last > start) return `${days(start, end, zone)}, until ${clock(end, zone)}`;
  if (!midnight || last !== end) return `${date(start, zone)} ${clock(start, zone)} to ${date(end, zone)} ${clock(end, zone)}`;
  return days(start, end, zone);
}

function days(start: number, end: number, zone: string): string {
  const first = wall(start, zone);
  const last = wall(end - 1, zone);
  if (first.year === last.year && first.month === last.month) {
    if (first.day === last.day) return date(start, zone);
    return `${first.day} to ${date(end - 1, zone, false)}`;
  }
  const years = first.year !== last.year;
  return `${date(start, zone, false, years)} to ${date(end - 1, zone, false, years)}`;
}

/** How long: "27 h", "3 days", "2 h 10 min". */
export function length(ms: number): string {
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) {
    const minutes = Math.round((ms % HOUR) / MINUTE);
    return minutes ? `${Math.floor(ms / HOUR)} h ${String(minutes).padStart(2, "0")} min` : `${Math.floor(ms / HOUR)} h`;
  }
  return `${Math.round(ms / DAY)} days`;
}

export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** The city of a zone's name: "New York". */
export function zoneName(zone: string): string {
  return zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone;
}

export function list(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}
