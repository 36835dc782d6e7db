import type { Catalog } from "../../api/types";
import { Link } from "../../components/Link";
import { href } from "../../lib/url";
import { DatasetDetail } from "./DatasetDetail";
import type { Item } from "./items";
import { MetricDetail } from "./MetricDetail";
import { RollupDetail, SourceDetail } from "./OtherDetail";
import { TableDetail } from "./TableDetail";

export function Detail({ item, catalog, zone }: { item: Item; catalog: Catalog; zone: string }) {
  return (
    <aside className="detail" aria-label={item.title}>
      <header>
        <h2>{item.title}</h2>
        <span className="faint">{item.kind.slice(0, -1)}</span>
        {item.kind === "metrics" && <Link className="button primary" href={href(`/metrics/${item.name}`)}>Explore</Link>}
        {item.kind === "tables" && <Link className="button primary" href={href("/sql", { q: `select *\nfrom   ${item.name}\nlimit  100\n` })}>Query</Link>}
      </header>
      <Body item={item} catalog={catalog} zone={zone} />
    </aside>
  );
}

function Body({ item, catalog, zone }: { item: Item; catalog: Catalog; zone: string }) {
  const metric = item.kind === "metrics" && catalog.metrics.find((one) => one.name === item.name);
  const dataset = item.kind === "datasets" && catalog.datasets.find((one) => one.name === item.name);
  const table = item.kind === "tables" && catalog.tables.find((one) => one.path === item.name);
  const rollup = item.kind === "rollups" && catalog.rollups.find((one) => one.name === item.name);
  const source = item.kind === "sources" && catalog.sources.find((one) => one.name === item.name);
  if (metric) return <MetricDetail metric={metric} catalog={catalog} zone={zone} />;
  if (dataset) return <DatasetDetail dataset={dataset} catalog={catalog} zone={zone} />;
  if (table) return <TableDetail table={table} catalog={catalog} />;
  if (rollup) return <RollupDetail rollup={rollup} zone={zone} />;
  if (source) return <SourceDetail source={source} catalog={catalog} />;
  return null;
}
