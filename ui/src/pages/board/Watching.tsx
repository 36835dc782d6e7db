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
      <Alarms alarms={watching.alarms} />
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

/** What was raised lately, what people said of it, and how much of it was allowed. */
function Alarms({ alarms }: { alarms: Board["watching"]["alarms"] }) {
  const { weeks, budget, raised, useful, not_useful, taken_back, no_word } = alarms;
  const words = [useful && `${useful} useful`, not_useful && `${not_useful} not useful`, taken_back && `${taken_back} taken back`, no_word && `${no_word} without a word`];
  return (
    <div>
      <h2>{budget === null ? "False alarms: no budget" : `False alarms: ${plain(budget)} a week allowed`}</h2>
      <p>{raised === 0 ? `None raised in the last ${weeks} weeks.` : `In the last ${weeks} weeks ${raised} raised, ${plain(raised / weeks)} a week: ${list(words.filter((word) => word !== 0))}.`}</p>
    </div>
  );
}

const plain = (value: number): string => String(Number(value.toPrecision(2)));
