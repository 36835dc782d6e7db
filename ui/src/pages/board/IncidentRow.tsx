import type { Incident, Metric } from "../../api/types";
import { TimeChart } from "../../chart/TimeChart";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { Readouts } from "../incident/Readouts";
import { sliceFilters, sliceName } from "../../lib/slice";
import { href } from "../../lib/url";
import { length, moment } from "../../lib/words";
import { Kind } from "../incident/Kind";
import { drawnLine } from "../incident/Warned";
import { Looking } from "../incident/Actions";
import { Cause } from "../incident/Cause";
import { Hands } from "../incident/Hands";
import { chartSpan, grainOf, worst } from "../incident/incident";
import { useActing } from "../incident/useActing";
import { Learned, Votes } from "../incident/Votes";

interface Props {
  incident: Incident;
  metric?: Metric;
  zone: string;
  focused: boolean;
  now: number | null;
  onFocus: () => void;
}

/** One incident, `now` being the moment at which something can be done about it (null: in the past nothing can): what it is and its numbers in words on the left, the line against its band on the right. */
export function IncidentRow({ incident, metric, zone, focused, now, onFocus }: Props) {
  const acting = useActing(incident.id);
  const to = href(`/incidents/${encodeURIComponent(incident.id)}`);
  const opened = Date.parse(incident.opened);
  const { chart } = incident;
  const [start, end] = chartSpan(incident);
  const peak = worst(incident, zone);
  const slice = sliceName(incident.slice, metric);
  return (
    <article className="incident" data-focus={focused || undefined} onPointerDown={onFocus}>
      <div className="what">
        <h2><Link href={to}>{incident.label}</Link> {!incident.data && <span className="slice">{slice}</span>}<Kind incident={incident} /></h2>
        <Readouts incident={incident} />
        <p className="cause"><Cause incident={incident} /></p>
        <p className="since">Since {moment(opened, zone)}: {length(Math.max(0, chart.until - opened))}. Known at {moment(Date.parse(incident.known_at), zone)}.{incident.flapping && " It comes and goes."}{incident.foreseen && <> <Link href={href(`/incidents/${incident.foreseen.id}`)}>{incident.foreseen.says}</Link></>} <Hands incident={incident} /></p>
        <div className="actions">
          <Link className={`button ${focused ? "primary" : ""}`} href={to}>Open {focused && <kbd><Icon name="enter" /></kbd>}</Link>
          {now === null
            ? incident.metric && <Link className="button" href={href(`/metrics/${incident.metric}`, { f: sliceFilters(incident.slice), grain: incident.data ? incident.grain : grainOf(incident) })}>Explore</Link>
            : <Looking incident={incident} zone={zone} now={now} act={acting.send} keys={focused} />}
          {now !== null && focused && <Votes incident={incident} act={acting.send} keys />}
        </div>
        {acting.extra}
        <Learned incident={incident} />
      </div>
      {chart.time.length > 0 && <TimeChart
        label={incident.warning ? `${incident.label}, ${slice}: ${incident.warning.says}` : `${incident.label}, ${slice}, since ${moment(opened, zone)} outside the expected range`}
        name={incident.label} by={incident} better={incident.better} zone={zone} grain={grainOf(incident)}
        start={start} end={end} {...chart} line={drawnLine(incident)} projects={incident.warning !== null} events={incident.events} pins={peak ? [peak] : []} height={incident.events.length ? 244 : 222}
      />}
    </article>
  );
}
