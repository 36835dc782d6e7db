import { useMonitors, useScores } from "../../api/hooks";
import type { MonitorView, Score } from "../../api/types";
import { Link } from "../../components/Link";
import { money } from "../../lib/numbers";
import { sliceFilters } from "../../lib/slice";
import { href } from "../../lib/url";
import { date } from "../../lib/words";

/** How good each monitor was over the last 90 days: what it raised, what people said of it, how early it was. */
export function Scores({ zone }: { zone: string }) {
  const scores = useScores().data ?? [];
  const monitors = useMonitors().data ?? [];
  if (scores.length === 0) return null;
  const since = scores[0]?.since;
  return (
    <section aria-label="Monitors">
      <h2 className="section">Monitors <span className="faint">What they raised{since && ` since ${date(Date.parse(since), zone)}`}, and what it was worth.</span></h2>
      <div className="rows-box">
        <table className="plain-rows">
          <thead><tr><th>Monitor</th><th className="num">Raised</th><th className="num">Useful</th><th className="num">Not useful</th><th className="num" title="Of those that people said anything of; in brackets Wilson’s interval, 95%">Precision</th><th className="num" title="How long before a plain daily threshold would have shown it; the median">Lead</th><th className="num">Money</th><th className="num">Lost before</th></tr></thead>
          <tbody>{scores.map((one) => <Row key={one.monitor} score={one} of={monitors.find((each) => each.name === one.monitor)} />)}</tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ score, of }: { score: Score; of?: MonitorView }) {
  const { told, before, lead, precision, precision_low: low, precision_high: high } = score;
  return (
    <tr>
      <th scope="row">{of ? <Link href={href(`/metrics/${of.metric}`, { f: sliceFilters(of.slice) })}>{score.monitor}</Link> : score.monitor} <span className="faint">{of?.label}</span>{score.advice && <p className="advice">{score.advice}</p>}</th>
      <td className="num">{score.raised}</td>
      <td className="num">{score.useful}</td>
      <td className="num">{score.not_useful}</td>
      <td className="num">{precision === null ? "–" : `${percent(precision)} (${percent(low ?? 0)} to ${percent(high ?? 1)})`}</td>
      <td className="num">{lead === null ? "–" : `${lead < 0 ? "−" : lead > 0 ? "+" : ""}${Math.abs(lead)} h`}</td>
      <td className="num">{told ? money(told.amount, told.currency) : "–"}</td>
      <td className="num">{before ? money(before.amount, before.currency) : "–"}</td>
    </tr>
  );
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;
