import type { Catalog, CatalogRollup } from "../../api/types";
import { Link } from "../../components/Link";
import { bytes, count } from "../../lib/numbers";
import { href } from "../../lib/url";
import { moment, until } from "../../lib/words";
import { Pairs } from "./Pairs";

export function RollupDetail({ rollup, zone }: { rollup: CatalogRollup; zone: string }) {
  return (
    <>
      <p className="sub">{rollup.refused ?? (rollup.stale ? "A build has something to do here; what is not built yet is answered by the source." : "Aggregates kept ready, so that metric queries need not scan the table.")} <Link href={href("/cache")}>The cache</Link> tells how it does.</p>
      <Pairs pairs={[
        ["Dataset", <Link key="d" href={href("/catalog", { kind: "datasets", name: rollup.dataset })}>{rollup.dataset}</Link>],
        ["Grain", rollup.grain],
        ["Dimensions", rollup.dimensions.join(", ") || "none"],
        ["Measures", rollup.measures.join(", ")],
        ["Partitions", count(rollup.partitions)],
        ["Cells", count(rollup.cells)],
        ["Size", bytes(rollup.bytes)],
        ["Promised", rollup.freshness],
        ["Fresh as of", rollup.as_of ? moment(Date.parse(rollup.as_of), zone, true) : null],
        ["Built", rollup.built_at ? moment(Date.parse(rollup.built_at), zone, true) : "never"],
        ["Data until", rollup.data_until ? until(Date.parse(rollup.data_until), zone, true) : "–"],
      ]} />
    </>
  );
}

export function SourceDetail({ source, catalog }: { source: Catalog["sources"][number]; catalog: Catalog }) {
  const tables = catalog.tables.filter((one) => one.source === source.name);
  return (
    <>
      <p className={`sub ${source.state === "failed" ? "bad" : ""}`}>{source.state === "ok" ? "Answers." : `Does not answer. ${source.problem?.message ?? ""}`}</p>
      <Pairs pairs={[["Type", source.type], ["Tables", count(source.tables)]]} />
      <h3>Tables</h3>
      <ul className="members">{tables.map((one) => <li key={one.path}><Link href={href("/catalog", { kind: "tables", name: one.path })}>{one.path}</Link> <span className="faint">{one.rows === null ? "" : `${count(one.rows)} rows`}</span></li>)}</ul>
    </>
  );
}
