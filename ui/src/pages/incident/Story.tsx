import type { IncidentView } from "../../api/types";
import type { Pin } from "../../chart/Overlay";
import { clock, date } from "../../lib/words";

type Steps = IncidentView["story"];

const NAMES: Record<string, string> = {
  foreseen: "Foreseen", opened: "Opened", flapping: "Flapping", grew: "Grew", cause: "Cause found", worst: "Worst so far", easing: "Easing", resolved: "Resolved", ended: "Ended",
  acknowledged: "Acknowledged", assigned: "Assigned", snoozed: "Snoozed", accepted: "The new normal", reopened: "Reopened", closed: "Closed",
  retracted: "Retracted", withdrawn: "Corrected", voted: "A word on its use",
};

/** The steps, each at the time when people could know it. */
export function Story({ story, zone }: { story: Steps; zone: string }) {
  const opened = story.findIndex((step) => step.kind === "opened");
  const days = story.map((step) => date(Date.parse(step.at), zone));
  return (
    <ol className="story">
      {story.map((step, i) => (
        <li key={i} className={step.kind}>
          <span className="number">{i + 1}</span>
          <time dateTime={step.at}>{days[i] !== days[i - 1] && <b>{days[i]}</b>}{clock(Date.parse(step.at), zone)}</time>
          <div><b>{step.kind === "opened" && i > opened ? "Back" : NAMES[step.kind] ?? step.kind}</b><p>{step.says}</p></div>
        </li>
      ))}
    </ol>
  );
}

/** The numbers of the steps on the chart. Steps that lie close together share a mark; every other one is lower. */
export function storyPins(story: Steps, start: number, end: number): Pin[] {
  const pins: (Pin & { first: number; last: number })[] = [];
  story.forEach((step, i) => {
    const at = Math.min(end, Date.parse(step.at));
    const before = pins.at(-1);
    if (before && at - before.at < (end - start) * 0.022) before.last = i + 1;
    else pins.push({ at, label: "", first: i + 1, last: i + 1 });
  });
  return pins.map((pin, i) => {
    const before = pins[i - 1];
    const close = before !== undefined && pin.at - before.at < (end - start) * 0.05;
    return { at: pin.at, label: pin.first === pin.last ? `${pin.first}` : `${pin.first}–${pin.last}`, low: close && i % 2 === 1 };
  });
}
