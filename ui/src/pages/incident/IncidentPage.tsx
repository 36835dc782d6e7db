import { useEffect, useState } from "react";
import { useIncident, useMetrics } from "../../api/hooks";
import type { IncidentView } from "../../api/types";
import { TimeChart } from "../../chart/TimeChart";
import { CopyLink } from "../../components/CopyLink";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { ReceiptMark } from "../../components/Receipt";
import { Trouble, Waiting } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { sliceFilters, sliceName } from "../../lib/slice";
import { changed, href } from "../../lib/url";
import { length, moment } from "../../lib/words";
import { Actions } from "./Actions";
import { Cause } from "./Cause";
import { Causes } from "./Causes";
import { Comments } from "./Comments";
import { Hands, Told } from "./Hands";
import { chartSpan, grainOf } from "./incident";
import { Kind } from "./Kind";
import { Readouts } from "./Readouts";
import { Related } from "./Related";
import { Story, storyPins } from "./Story";
import { useActing } from "./useActing";
import { Learned, Votes } from "./Votes";
import { drawnLine } from "./Warned";
import "./incident.css";

export function IncidentPage({ id }: { id: string }) {
  const at = useMoment();
  const found = useIncident(id, at.asOf === null ? null : new Date(at.at).toISOString());
  useEffect(() => { document.title = `${found.data?.label ?? "Incident"} · Lapwing`; }, [found.data]);
  if (found.isError) return <Trouble error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Waiting height={320} />;
  return <Loaded incident={found.data} zone={at.zone} now={at.asOf === null ? at.now : null} />;
}

function Loaded({ incident, zone, now }: { incident: IncidentView; zone: string; now: number | null }) {
  const acting = useActing(incident.id);
  const metric = useMetrics().data?.find((one) => one.name === incident.metric);
  const [receipt, setReceipt] = useState(false);
  useKeys({ r: () => setReceipt(true) });
  const [start, end] = chartSpan(incident);
  const explore = href(`/metrics/${incident.metric}`, { f: sliceFilters(incident.slice), grain: incident.data ? incident.grain : grainOf(incident) });
  const slice = sliceName(incident.slice, metric);
  return (
    <div className="incident-page">
      <nav className="crumb" aria-label="Where you are"><Link href={href("/")}>Board</Link><span className="faint">Incident {incident.id.slice(0, 12)}</span></nav>
      <header className="head">
        <div>
          <h1>{incident.label} {!incident.data && <span className="slice">{slice}</span>}<Kind incident={incident} /></h1>
          <p className="sub"><State incident={incident} zone={zone} /></p>
        </div>
        <Readouts incident={incident} />
      </header>
      <div className="actions">
        {now !== null && <Actions incident={incident} zone={zone} now={now} act={acting.send} />}
        {now !== null && <Votes incident={incident} act={acting.send} keys />}
        {incident.metric && <Link className="button" href={explore}>{incident.data ? "Explore its rows" : "Explore this slice"}</Link>}
        {now !== null && <Told id={incident.id} zone={zone} />}
        {now === null && <span className="faint">As of then. <Link href={changed({ as_of: null })}>Go to now</Link> to act.</span>}
        <span className="right">
          {incident.receipt && <ReceiptMark receipt={incident.receipt} zone={zone} open={receipt} onOpen={setReceipt} />}
          <CopyLink />
        </span>
      </div>
      {acting.extra}
      <Learned incident={incident} />
      <div className="tale">
        <section aria-label="What happened"><Story story={incident.story} zone={zone} /></section>
        <section className="evidence" aria-label="Chart and causes">
          {incident.chart.time.length > 0 ? <TimeChart
            label={`${incident.label}, ${slice}, ${moment(start, zone)} to ${moment(end, zone)}, with the ${incident.story.length} steps of the incident`}
            name={incident.label} by={incident} better={incident.better} zone={zone} grain={grainOf(incident)} start={start} end={end}
            {...incident.chart} until={incident.chart.until} line={drawnLine(incident)} projects={incident.warning !== null} events={incident.events} pins={storyPins(incident.story, start, end)} height={320}
          /> : <p className="sub">{incident.data ? "Its rows are not counted, so nothing is drawn." : "Its data is not looked at any more, so nothing is drawn."}</p>}
          {incident.why && <Causes incident={incident} why={incident.why} metric={metric} />}
        </section>
      </div>
      <div className="tail">
        {incident.related.length > 0 && <Related related={incident.related} />}
        <Comments incident={incident} zone={zone} now={now} act={acting.send} />
      </div>
    </div>
  );
}

const ENDS: Record<string, string> = {
  ended: "Ended: there is no more of it,", confirmed: "Confirmed by the complete bucket", new_normal: "Closed as the new normal", by_hand: "Resolved by hand", redefined: "Closed: defined anew", deleted: "Closed: its metric is no more", unfollowed: "Closed: nobody follows it",
};

function State({ incident, zone }: { incident: IncidentView; zone: string }) {
  const opened = Date.parse(incident.opened);
  if (incident.state === "retracted") return <><span className="state">Retracted</span> {incident.resolved && moment(Date.parse(incident.resolved), zone)}. What was told of it stays here as it was.</>;
  if (incident.resolved) {
    const resolved = Date.parse(incident.resolved);
    return <><span className="state good"><Icon name="check" /> {ENDS[incident.reason ?? ""] ?? "Resolved"}</span> {moment(resolved, zone)}, after {length(resolved - opened)}. <Cause incident={incident} /> <Hands incident={incident} /></>;
  }
  return <><span className="state">Open</span> since {moment(opened, zone)}. <Cause incident={incident} />{incident.foreseen && <> <Link href={href(`/incidents/${incident.foreseen.id}`)}>{incident.foreseen.says}</Link></>} <Hands incident={incident} zone={zone} /></>;
}
