import type { Pin } from "../../chart/Overlay";
import type { Incident } from "../../api/types";
import { say } from "../../lib/numbers";
import { clock, date } from "../../lib/words";
import { DAY } from "../../lib/zoned";

/** The grain of an incident's chart, read off the distance of its buckets. */
export function grainOf({ chart: { time } }: Incident): string {
  const step = Math.min(...time.slice(1, 50).map((at, i) => at - (time[i] ?? 0)));
  return step >= 27 * DAY ? "month" : step >= 7 * DAY - 7_200_000 ? "week" : step >= DAY - 7_200_000 ? "day" : step <= 900_000 ? "15 minutes" : "hour";
}

/** From the first bucket to the end of the last. */
export function chartSpan({ chart: { time } }: Incident): [number, number] {
  const first = time[0] ?? 0;
  const last = time.at(-1) ?? first + 1;
  return [first, last + Math.max(1, last - (time.at(-2) ?? first))];
}

/** Words for the incident's bucket furthest from what was expected; under the line where it fell. */
export function worst(incident: Incident, zone: string): Pin | null {
  const { chart } = incident;
  const opened = Date.parse(incident.opened);
  let at = -1;
  let most = 0;
  chart.actual.forEach((value, i) => {
    const far = Math.abs((value ?? NaN) - (chart.expected[i] ?? NaN));
    if (chart.outside[i] && (chart.time[i] ?? 0) >= opened && far > most) [most, at] = [far, i];
  });
  const value = chart.actual[at];
  const time = chart.time[at];
  if (time === undefined || value === null || value === undefined) return null;
  const daily = ["day", "week", "month"].includes(grainOf(incident));
  const below = value < (chart.expected[at] ?? value);
  return { at: time, value, below, strong: say(value, incident), label: daily ? date(time, zone) : `at ${clock(time, zone)}` };
}
