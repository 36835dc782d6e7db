import type { Incident } from "../../api/types";
import { Readout } from "../../components/Readout";
import { WarnedReadouts } from "./Warned";
import { judge, money, parts, say } from "../../lib/numbers";

/** Actual, expected with its range, the difference in colour, money. */
export function Readouts({ incident }: { incident: Incident }) {
  const { actual, expected, lower, upper, difference, at_stake, better } = incident;
  if (incident.warning) return <WarnedReadouts incident={incident} />;
  if (incident.data) return <DataReadouts incident={incident} />;
  const soFar = incident.kind === "so_far";
  const range = lower === null || upper === null ? undefined : `${say(lower, { ...incident, unit: "" })} to ${say(upper, { ...incident, unit: "" })}`;
  return (
    <dl className="readouts">
      <Readout label={soFar ? "So far" : "Actual"} value={parts(actual, incident)} />
      <Readout label={soFar ? "Usual at this age" : "Expected"} value={parts(expected, { ...incident, unit: "" })} note={range} />
      <Readout label="Difference" value={parts(difference, incident, true)} tone={judge(difference, better)} />
      <Readout label={incident.state === "resolved" ? "Cost" : "At stake"} value={{ text: at_stake ? money(at_stake.amount, at_stake.currency) : "–", unit: "" }} note={at_stake ? undefined : "no value is set"} />
    </dl>
  );
}

/** Of data: the rows that are there and that were expected, where it is about rows. */
function DataReadouts({ incident }: { incident: Incident }) {
  const { data, actual, expected } = incident;
  if (!data || actual === null || expected === null) return null;
  return (
    <dl className="readouts">
      <Readout label="There" value={parts(actual, incident)} />
      <Readout label="Expected" value={parts(expected, { ...incident, unit: "" })} />
    </dl>
  );
}
