import type { Incident } from "../../api/types";
import { early } from "./Warned";

const CHECKS: Record<string, string> = {
  stale: "Data: nothing new", late: "Data: late", volume: "Data: unusual volume", schema: "Data: columns changed", values: "Data: values missing",
  builds: "Data: can't be read", audit: "Data: differs from its source",
};

/** What is not the usual kind of incident, in words beside its name: an early warning, data that is not right, a bucket that is not complete. */
export function Kind({ incident }: { incident: Incident }) {
  const says = incident.warning ? early(incident.warning) : incident.data ? CHECKS[incident.data.check] ?? "Data" : incident.kind === "so_far" ? "So far" : null;
  return says === null ? null : <span className="early">{says}</span>;
}
