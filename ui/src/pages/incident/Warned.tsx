import type { Incident } from "../../api/types";
import { Readout } from "../../components/Readout";
import { judge, money, parts, say } from "../../lib/numbers";
import { length } from "../../lib/words";

const SIDES: Record<string, string> = { at_least: "at least", at_most: "at most", exactly: "exactly", "limit above": "not above", "limit below": "not below", "leading above": "higher than usual", "leading below": "lower than usual" };

const NAMED: Record<string, [string, string]> = { limit: ["Projected", "Limit"], drift: ["Now", "A week before"], leading: ["Expected to be", "Usual"] };

const LIKELY: Record<string, string> = { pacing: "Will miss", limit: "Will cross", leading: "Will follow" };

const HAPPENED: Record<string, string> = { pacing: "Missed", limit: "Crossed" };

const KINDS: Record<string, string> = { pacing: "Goal at risk", limit: "Nears a limit", drift: "Slow drift", leading: "Usually follows" };

/** What kind of early warning it is, in words. */
export function early(warning: NonNullable<Incident["warning"]>): string {
  return KINDS[warning.kind] ?? "Early warning";
}

/** The line that somebody drew, for the chart: of goals and limits. */
export function drawnLine(incident: Incident): { value: number; label: string } | null {
  const { warning } = incident;
  if (!warning || warning.goal === null || !["pacing", "limit"].includes(warning.kind)) return null;
  return { value: warning.goal, label: `${warning.kind === "limit" ? "limit" : "goal"} ${say(warning.goal, incident)}` };
}

/** Of an early warning: what is projected with its interval, the goal, how likely a miss is, and how long there is. */
export function WarnedReadouts({ incident }: { incident: Incident }) {
  const { warning, difference, at_stake, better, lower, upper } = incident;
  if (!warning) return null;
  const bare = { ...incident, unit: "" };
  const range = lower === null || upper === null ? undefined : `${say(lower, bare)} to ${say(upper, bare)}`;
  const left = warning.due === null ? null : Date.parse(warning.due) - incident.chart.until;
  const [first, second] = NAMED[warning.kind] ?? ["Projected", "Goal"];
  const early = warning.projected === null && warning.so_far !== null; // nothing can be projected yet
  const happened = warning.chance !== null && warning.chance >= 1 ? HAPPENED[warning.kind] : undefined;
  const chance = warning.chance === null ? null : happened ? "already" : `${Math.min(99, Math.round(warning.chance * 100))}%`;
  return (
    <dl className="readouts">
      <Readout label={early ? "So far" : first} value={parts(early ? warning.so_far : warning.projected, incident)} note={early ? undefined : range} />
      <Readout label={second} value={parts(warning.goal, bare)} note={SIDES[`${warning.kind} ${warning.aim}`] ?? SIDES[warning.aim]} />
      {chance === null
        ? <Readout label="Difference" value={parts(difference, incident, true)} tone={judge(difference, better)} />
        : <Readout label={happened ?? LIKELY[warning.kind] ?? "Likely"} value={{ text: chance, unit: "" }} note={at_stake ? `${money(at_stake.amount, at_stake.currency)} ${warning.kind === "leading" ? "at stake" : "short"}` : undefined} />}
      {left === null
        ? <Readout label="Came true before" value={{ text: warning.warnings ? `${warning.came} of ${warning.warnings}` : "–", unit: "" }} note={warning.warnings ? undefined : "the first of its kind"} />
        : <Readout label="Time left" value={{ text: left > 0 ? length(left) : "none", unit: "" }} note={warning.warnings ? `${warning.came} of ${warning.warnings} like it came true` : "the first of its kind"} />}
    </dl>
  );
}
