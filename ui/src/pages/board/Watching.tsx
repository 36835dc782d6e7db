import { useMonitors, useSuggestions } from "../../api/hooks";
import type { Board, Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { sliceName } from "../../lib/slice";
import { href } from "../../lib/url";
import { list, moment, plural, until } from "../../lib/words";

/** What is watched and when it is looked at again: as important as an alarm is knowing that someone looks. */
export function Watching({ board, zone, metrics }: { board: Board; zone: string; metrics: Metric[] }) {
  const monitors = useMonitors().data ?? [];
  const suggested = useSuggestions().data ?? [];
  const labels = [...new Set(monitors.map((m) => metrics.find((one) => one.name === m.metric)?.label ?? m.metric))];
  const { last_check, next_check, data_until, resolved, snoozed, watching, troubles } = board;
  return (
    <section className="watching" aria-label="What is watched">
      <div>
        <h2>Last check {last_check ? moment(Date.parse(last_check), zone) : "–"}</h2>
        <p>{data_until ? `All data until ${until(Date.parse(data_until), zone)} was looked at.` : "No data was looked at yet."}</p>
        {troubles.map((one) => <p key={one.monitor} className="bad">{one.monitor} can’t be judged: {one.says}</p>)}
      </div>
      <div>
        <h2>Next check {next_check ? moment(Date.parse(next_check), zone) : "–"}</h2>
        <p>{next_check ? "When the next bucket is complete." : board.pinned ? "The project’s clock stands still, so nothing new comes in." : "None is planned."}</p>
      </div>
      <div>
        <h2>Watching {plural(watching.metrics, "metric")}, {plural(watching.series, "series", "series")}</h2>
        {suggested.length > 0 && (
          <p>Worth following: {suggested.slice(0, 3).map((one, at) => (
            <span key={one.metric}>{at > 0 && ", "}<Link href={href(`/metrics/${one.metric}`)} title={one.why}>{one.label}</Link></span>
          ))}.</p>
        )}
        <p>{labels.length ? `${list(labels)}.` : ""} <Link href={href("/metrics")}>Follow another</Link> · <Link href={href("/settings")}>Who is told</Link></p>
      </div>
      <div>
        <h2>Resolved lately</h2>
        {resolved.length === 0 && <p>None.</p>}
        {resolved.slice(0, 3).map((one) => (
          <p key={one.id}><Link href={href(`/incidents/${encodeURIComponent(one.id)}`)}>{one.label}</Link> {sliceName(one.slice, undefined)}, {moment(Date.parse(one.resolved), zone)}</p>
        ))}
        {snoozed.map((one) => (
          <p key={one.id}>Snoozed: <Link href={href(`/incidents/${encodeURIComponent(one.id)}`)}>{one.label}</Link> {sliceName(one.slice, undefined)}, until {moment(Date.parse(one.until), zone)}</p>
        ))}
      </div>
    </section>
  );
}
