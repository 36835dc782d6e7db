import type { Measured } from "../api/types";
import { say } from "../lib/numbers";
import { clock, date } from "../lib/words";
import type { Drawn } from "./paint";

interface Props {
  drawn: Drawn;
  hover: number | null;
  name: string;
  compareName?: string;
  by: Measured;
  zone: string;
  grain: string;
  left: number;
  tight: boolean;
}

/** One line above the chart: what the lines are; under the pointer, their values at that time. */
export function Legend({ drawn, hover, name, compareName, by, zone, grain, left, tight }: Props) {
  const at = hover === null ? undefined : drawn.time[hover];
  const value = (values: Drawn["actual"] | undefined): string => (at === undefined || hover === null ? "" : ` ${say(values?.[hover], by)}`);
  const low = hover === null ? null : drawn.lower?.[hover];
  const high = hover === null ? null : drawn.upper?.[hover];
  return (
    <div className="legend" style={{ left }}>
      {at !== undefined && <b>{date(at, zone)}{grain === "hour" || grain.endsWith("minutes") ? ` ${clock(at, zone)}` : ""}</b>}
      <span><i className="key ink" />{name}<b>{value(drawn.actual)}</b>{hover !== null && hover === drawn.partial ? ", still filling" : ""}</span>
      {drawn.upper && (
        <span><i className="key band" />Expected{at !== undefined && low !== null && low !== undefined ? <b> {say(low, by)} to {say(high, by)}</b> : ""}</span>
      )}
      {drawn.compare && <span><i className="key before" />{compareName}<b>{value(drawn.compare)}</b></span>}
      {tight && at === undefined && <span className="faint">axis does not begin at 0</span>}
    </div>
  );
}
