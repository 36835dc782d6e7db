import type { IncidentView } from "../../api/types";
import { Link } from "../../components/Link";
import { Spark } from "../../components/Spark";
import { sliceFilters, sliceName } from "../../lib/slice";
import { href } from "../../lib/url";

export function Related({ related }: { related: IncidentView["related"] }) {
  return (
    <section className="related">
      <h2 className="section">Related metrics</h2>
      <ul>
        {related.map((one) => (
          <li key={one.id}>
            <Link href={href(`/metrics/${one.metric}`, { f: sliceFilters(one.slice) })}>
              <span className="name">{one.label}{Object.keys(one.slice).length > 0 && <small className="sub"> {sliceName(one.slice)}</small>}</span>
              <Spark values={one.series} /><span>{one.says}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
