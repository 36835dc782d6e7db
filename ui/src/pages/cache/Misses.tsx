import type { Rollups } from "../../api/types";
import { count } from "../../lib/numbers";
import { plural } from "../../lib/words";

/** Why questions went to the source, the most frequent reason first. */
export function Misses({ cache }: { cache: Rollups }) {
  const most = Math.max(1, ...cache.misses.map((one) => one.count));
  return (
    <section>
      <h2 className="section">{cache.missed ? `Why ${plural(cache.missed, "question")} missed` : "Misses"}</h2>
      {cache.misses.length === 0 ? (
        <p className="sub">None: what is kept had a part in every answer.</p>
      ) : (
        <table className="plain-rows misses">
          <thead><tr><th>Reason</th><th className="num">Questions</th></tr></thead>
          <tbody>
            {cache.misses.map((one) => (
              <tr key={`${one.dataset} ${one.check}`}>
                <th scope="row">{one.says}<span className="under">{one.dataset}; the last one asked for {one.last}</span></th>
                <td className="num hit">{count(one.count)}<i className="bar" style={{ width: (56 * one.count) / most }} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
