import { useRuns } from "../../api/hooks";
import { Trouble, Waiting } from "../../components/Trouble";
import { clock, date, duration } from "../../lib/words";
import { runSays } from "./says";

const SHOWN = 12;

/** What built rollups lately, or tried to. */
export function LastRuns({ zone }: { zone: string }) {
  const runs = useRuns(SHOWN);
  return (
    <section>
      <h2 className="section">Last runs</h2>
      {runs.isError ? <Trouble error={runs.error} onRetry={() => void runs.refetch()} /> : !runs.data ? <Waiting height={200} /> : runs.data.length === 0 ? (
        <p className="sub">None yet. Build, or give a rollup a promise such as <code className="mono">freshness: 15 minutes</code>.</p>
      ) : (
        <table className="plain-rows runs">
          <thead><tr><th>Began</th><th>Rollup</th><th>Why</th><th>What it did</th><th className="num">Took</th></tr></thead>
          <tbody>
            {runs.data.map((run) => (
              <tr key={`${run.rollup} ${run.began}`}>
                <td className="faint">{date(Date.parse(run.began), zone, false)}, {clock(Date.parse(run.began), zone)}</td>
                <th scope="row">{run.rollup}</th>
                <td>{run.why}</td>
                <td className={run.problem && run.result === "failed" ? "bad" : ""}>{run.result === "cancelled" ? "cancelled" : run.result === "failed" ? `failed: ${runSays(run)}` : runSays(run)}{run.problem?.hint && run.result === "failed" && <span className="under">{run.problem.hint}</span>}</td>
                <td className="num">{duration(run.seconds * 1000)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
