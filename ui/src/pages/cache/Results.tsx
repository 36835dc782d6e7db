import { useEmptyResults, useResults } from "../../api/hooks";
import { Trouble, Waiting } from "../../components/Trouble";
import { bytes, count } from "../../lib/numbers";
import { clock, date, duration, plural } from "../../lib/words";
import type { KeptResults } from "../../api/types";

const SHOWN = 8;

/** Results of statements and answers to metric queries that are kept on disk: how many, what they are worth, and how to be rid of them. */
export function Results({ zone }: { zone: string }) {
  const results = useResults(SHOWN);
  const empty = useEmptyResults();
  const kept = results.data;
  return (
    <section className="kept-results" aria-label="Kept results">
      <h2 className="section">Kept results</h2>
      {results.isError ? <Trouble error={results.error} onRetry={() => void results.refetch()} /> : !kept ? <Waiting height={120} /> : (
        <>
          <p className="sub">{says(kept)}</p>
          {kept.results.length > 0 && (
            <table className="plain-rows">
              <thead><tr><th>Last told</th><th>Statement</th><th className="num">Rows</th><th className="num">Size</th><th className="num">Took</th></tr></thead>
              <tbody>
                {kept.results.map((one) => (
                  <tr key={`${one.since} ${one.text}`}>
                    <td className="faint">{date(Date.parse(one.told), zone, false)}, {clock(Date.parse(one.told), zone)}</td>
                    <th scope="row"><code className="mono" title={one.text}>{one.text || "its text is not kept"}</code></th>
                    <td className="num">{count(one.rows)}</td>
                    <td className="num">{bytes(one.bytes)}</td>
                    <td className="num">{duration(one.milliseconds)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {empty.isError && <Trouble error={empty.error} />}
          {kept.entries > 0 && <div className="actions"><button className="button" onClick={() => empty.mutate()} disabled={empty.isPending}>Empty</button></div>}
        </>
      )}
    </section>
  );
}

function says(kept: KeptResults): string {
  if (!kept.budget) return "This project keeps no results: its budget for them is 0.";
  const room = kept.entries ? `${plural(kept.entries, "result")}, ${bytes(kept.bytes)} of ${bytes(kept.budget)}.` : `None yet; there is room for ${bytes(kept.budget)}.`;
  const asked = kept.told + kept.run;
  if (!asked) return `${room} Nobody has asked since this server began.`;
  const saved = kept.told ? `, which saved ${duration(kept.milliseconds_saved)}` : "";
  return `${room} Since this server began ${count(kept.told)} of ${plural(asked, "statement")} ${kept.told === 1 ? "was" : "were"} told from them${saved}.`;
}
