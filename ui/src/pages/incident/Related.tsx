import type { IncidentView } from "../../api/types";
import { Link } from "../../components/Link";
import { Spark } from "../../components/Spark";
import { href } from "../../lib/url";

export function Related({ related }: { related: IncidentView["related"] }) {
  return (
    <section className="related">
      <h2 className="section">Related metrics</h2>
      <ul>
        {related.map((one) => (
          <li key={one.metric}><Link href={href(`/metrics/${one.metric}`)}><span className="name">{one.label}</span><Spark values={one.series} /><span>{one.says}</span></Link></li>
        ))}
      </ul>
    </section>
  );
}
