import type { Incident } from "../../api/types";
import { Link } from "../../components/Link";
import { sliceFilters } from "../../lib/slice";
import { href } from "../../lib/url";

/** The cause in words; the slice that explains it is a link into the metric. */
export function Cause({ incident }: { incident: Incident }) {
  const { cause, events, slice, metric } = incident;
  const names = events.map((event) => event.name).join(" and ");
  const within = names ? `Within ${events.length === 1 ? "the event" : "the events"} ${names}. ` : "";
  if (incident.data) return <>{incident.data.says}{incident.folded > 0 && ` ${incident.folded === 1 ? "One incident of a metric rests" : `${incident.folded} incidents of metrics rest`} on this data, and ${incident.folded === 1 ? "is" : "are"} not told.`}</>;
  if (incident.kind === "so_far") return <>The {incident.grain} is not complete: what is there is compared with what is usual at its age.</>;
  if (incident.doubt) return <>{incident.doubt}</>;
  if (incident.warning) return <>{within}{incident.warning.says}</>;
  if (!cause) return incident.state === "open" ? <>{within}No cause was looked for yet.</> : <>{within}</>;
  return (
    <>
      {within}{cause.says}
      {cause.slice && <> <Link href={href(`/metrics/${metric}`, { f: sliceFilters({ ...slice, ...cause.slice }) })}>See this slice</Link></>}
    </>
  );
}
