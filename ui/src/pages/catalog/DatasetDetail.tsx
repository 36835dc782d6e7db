import type { Catalog, CatalogDataset } from "../../api/types";
import { Link } from "../../components/Link";
import { count } from "../../lib/numbers";
import { href } from "../../lib/url";
import { until } from "../../lib/words";
import { Lineage } from "./Lineage";
import { Pairs } from "./Pairs";

export function DatasetDetail({ dataset, catalog, zone }: { dataset: CatalogDataset; catalog: Catalog; zone: string }) {
  const metrics = catalog.metrics.filter((one) => one.dataset === dataset.name);
  const table = catalog.tables.find((one) => one.path === dataset.table);
  const rollups = catalog.rollups.filter((one) => one.dataset === dataset.name);
  return (
    <>
      <p className="sub">{dataset.description}</p>
      <Pairs pairs={[
        ["Owner", dataset.owner],
        ["Data until", dataset.data_until ? until(Date.parse(dataset.data_until), zone, true) : "–"],
        ["Table", dataset.table ? <Link key="t" href={href("/catalog", { kind: "tables", name: dataset.table })}>{dataset.table}</Link> : "its own SQL"],
        ["Time", dataset.time],
        ["Rows", table?.rows ? count(table.rows) : ""],
        ["Dimensions", dataset.dimensions.join(", ")],
      ]} />
      <h3>Lineage</h3>
      <Lineage columns={[
        dataset.table ? [{ name: dataset.table, note: "table", to: href("/catalog", { kind: "tables", name: dataset.table }) }] : [],
        [{ name: dataset.name, note: "dataset", me: true }],
        rollups.slice(0, 6).map((one) => ({ name: one.name, note: `rollup, ${one.grain}`, to: href("/catalog", { kind: "rollups", name: one.name }) })),
      ]} />
      <h3>Metrics</h3>
      <ul className="members">
        {metrics.map((one) => <li key={one.name}><Link href={href("/catalog", { kind: "metrics", name: one.name })}>{one.short}</Link> <span className="faint">{one.description}</span></li>)}
      </ul>
    </>
  );
}
