import type { Happening } from "../api/types";
import { clock, date } from "../lib/words";
import type { Scale, Tick } from "./ticks";

/** A mark at a time: a number in a ring with a rule down, or words above a point of the line. */
export interface Pin {
  at: number;
  label: string;
  value?: number;
  strong?: string;
  low?: boolean;
  below?: boolean; // the words stand under the point
}

interface Props {
  start: number;
  end: number;
  scale: Scale;
  ticks: readonly Tick[];
  until: number | null;
  zone: string;
  events?: readonly Happening[];
  pins?: readonly Pin[];
  chosen?: [number, number] | null;
  line?: { value: number; label: string } | null;
}

/** All words of a chart, as HTML over the canvas, so that they stay crisp and can be read by software. */
export function Overlay({ start, end, scale, ticks, until, zone, events = [], pins = [], chosen, line }: Props) {
  const x = (ms: number): number => Math.min(100, Math.max(0, ((ms - start) / (end - start)) * 100));
  const y = (v: number): number => 100 - ((v - scale.low) / (scale.high - scale.low)) * 100;
  const stops = until !== null && until > start && until < end - (end - start) * 0.003;
  return (
    <div className="overlay" aria-hidden="true">
      {scale.ticks.map((tick) => <span className="tick-y" key={tick.at} style={{ top: `${y(tick.at)}%` }}>{tick.label}</span>)}
      {ticks.map((tick) => <span className={`tick-x ${x(tick.at) > 93 ? "last" : ""} ${x(tick.at) > 84 ? "late" : ""}`} key={tick.at} style={{ left: `${x(tick.at)}%` }}>{x(tick.at) > 96 ? "" : tick.label}</span>)}
      {line && <span className="line-note" style={{ top: `${y(line.value)}%` }}>{line.label}</span>}
      {chosen && <i className="chosen" style={{ left: `${x(chosen[0])}%`, width: `${x(chosen[1]) - x(chosen[0])}%` }} />}
      {stops && (
        <i className={`until-rule ${x(until) > 88 ? "at-end" : ""}`} style={{ left: `${x(until)}%` }}>
          <b>until<br />{clock(until, zone) === "00:00" ? date(until, zone, false) : clock(until, zone)}</b>
        </i>
      )}
      {events.map((event, i) => {
        const before = events[i - 1];
        const close = before !== undefined && Math.abs(x(Date.parse(event.start)) - x(Date.parse(before.start))) < 6;
        const from = x(Date.parse(event.start));
        const to = x(Date.parse(event.end));
        return to <= 0 || from >= 100 ? null : (
          <span className={`event ${from > 80 ? "leftwards" : ""}`} key={event.name + event.start} style={{ left: `${from}%`, width: `${Math.max(0.5, to - from)}%` }} title={event.name}>{!close && <b>{event.name}</b>}</span>
        );
      })}
      {pins.map((pin) => pin.value === undefined ? (
        <i className={`step ${pin.low ? "low" : ""}`} key={pin.at} style={{ left: `${x(pin.at)}%` }}><b>{pin.label}</b></i>
      ) : (
        <span className={`note ${x(pin.at) > 90 ? "leftwards" : ""} ${pin.below && y(pin.value) < 86 ? "below" : ""}`} key={pin.at} style={{ left: `${x(pin.at)}%`, top: `${y(pin.value)}%` }}>{pin.strong && <b>{pin.strong}</b>} {pin.label}</span>
      ))}
    </div>
  );
}
