import type { Incident } from "../../api/types";
import { Readout } from "../../components/Readout";
import { judge, money, parts, say } from "../../lib/numbers";
import { length } from "../../lib/words";

const SIDES: Record<string, string> = { at_least: "at least", at_most: "at most", exactly: "exactly", above: "limit, not above", below: "limit, not below" };

const KINDS: Record<string, string> = { pacing: "Goal at risk", limit: "Nears a limit", drift: "Slow drift", leading: "Usually follows" };

/** What kind of early warning it is, in words. */
export function early(warning: NonNullable<Incident["warning"]>): string {
  return KINDS[warning.kind] ?? "Early warning";
}

/** Of an early warning: what is projected with its interval, the goal, how likely a miss is, and how long there is. */
export function WarnedReadouts({ incident }: { incident: Incident }) {
  const { warning, difference, at_stake, better, lower, upper } = incident;
  if (!warning) return null;
  const bare = { ...incident, unit: "" };
  const range = lower === null || upper === null ? undefined : `${say(lower, bare)} to ${say(upper, bare)}`;
  const left = warning.due === null ? null : Date.parse(warning.due) - incident.chart.until;
  const chance = warning.chance === null ? null : `${Math.min(99, Math.round(warning.chance * 100))}%`;
  return (
    <dl className="readouts">
      <Readout label={warning.kind === "drift" ? "Now" : "Projected"} value={parts(warning.projected, incident)} note={range} />
      <Readout label={warning.kind === "drift" ? "A week before" : "Goal"} value={parts(warning.goal, bare)} note={SIDES[warning.aim]} />
      {chance === null
        ? <Readout label="Difference" value={parts(difference, incident, true)} tone={judge(difference, better)} />
        : <Readout label={warning.kind === "limit" ? "Will cross" : "Will miss"} value={{ text: chance, unit: "" }} note={at_stake ? `${money(at_stake.amount, at_stake.currency)} short` : undefined} />}
      <Readout label="Time left" value={{ text: left === null ? "–" : left > 0 ? length(left) : "none", unit: "" }} note={warning.warnings ? `${warning.came} of ${warning.warnings} like it came true` : "the first of its kind"} />
    </dl>
  );
}
