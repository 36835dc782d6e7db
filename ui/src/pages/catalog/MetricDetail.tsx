import { useAnswer } from "../../api/hooks";
import type { Catalog, Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { Spark } from "../../components/Spark";
import { useMoment } from "../../lib/moment";
import { money, say } from "../../lib/numbers";
import { href } from "../../lib/url";
import { date, until } from "../../lib/words";
import { addDays, iso, startOfDay } from "../../lib/zoned";
import { ratioOf } from "../metric/parts";
import { numbers } from "../metric/useBreakdown";
import { Lineage } from "./Lineage";
import { Pairs } from "./Pairs";

export function MetricDetail({ metric, catalog, zone }: { metric: Metric; catalog: Catalog; zone: string }) {
  const dataset = catalog.datasets.find((one) => one.name === metric.dataset);
  const better = metric.better ? ` ${metric.better === "up" ? "Higher" : "Lower"} is better.` : "";
  const { definition } = metric;
  return (
    <>
      <p className="sub">{metric.description || metric.label}{better}</p>
      <Lately metric={metric} zone={zone} />
      <Pairs pairs={[
        ["Owner", metric.owner],
        ["Data until", dataset?.data_until ? until(Date.parse(dataset.data_until), zone, true) : "–"],
        ["Dataset", <Link key="d" href={href("/catalog", { kind: "datasets", name: metric.dataset })}>{metric.dataset}</Link>],
        ["Dimensions", metric.dimensions.map((one) => one.label).join(", ")],
        ["Unit", metric.unit ?? ""],
        ["Worth", metric.value !== null && metric.currency ? `${money(metric.value, metric.currency)} each` : ""],
        ["Tags", metric.tags.length ? <Tags key="t" tags={metric.tags} /> : ""],
        ["Followed", metric.following ? "Yes" : "No"],
      ]} />
      <h3>Lineage</h3>
      <MetricLineage metric={metric} catalog={catalog} />
      <h3>Definition <span className="faint">{definition.file}{definition.line ? `, line ${definition.line}` : ""}, {definition.hash.slice(0, 6)}</span></h3>
      <pre className="sent yaml" tabIndex={0}>{definition.text.trimEnd()}</pre>
    </>
  );
}

function Tags({ tags }: { tags: string[] }) {
  return <>{tags.map((tag, at) => <span key={tag}>{at > 0 && ", "}<Link href={href("/catalog", { kind: "metrics", tag })}>{tag}</Link></span>)}</>;
}

function Lately({ metric, zone }: { metric: Metric; zone: string }) {
  const at = useMoment();
  const end = startOfDay(at.until ?? at.at, zone);
  const { data } = useAnswer(at.ready ? { metrics: [metric.name], grain: "day", start: iso(addDays(end, -42, zone)), end: iso(end), zone } : null);
  const values = numbers(data, metric.name);
  return (
    <div className="mini">
      <Spark values={values} />
      <span><b>{say(values.at(-1), metric)}</b> {date(end - 1, zone)}</span>
    </div>
  );
}

function MetricLineage({ metric, catalog }: { metric: Metric; catalog: Catalog }) {
  const dataset = catalog.datasets.find((one) => one.name === metric.dataset);
  const ratio = ratioOf(metric, catalog.metrics);
  const parts = ratio ? [ratio.top, ratio.bottom] : [];
  const kinds = new Map(catalog.metrics.map((one) => [one.name, one.kind]));
  const rollups = catalog.rollups.filter((one) => one.dataset === metric.dataset);
  const link = (kind: string, name: string): string => href("/catalog", { kind, name });
  return (
    <Lineage columns={[
      [{ name: dataset?.table ?? metric.dataset, note: "table", to: dataset?.table ? link("tables", dataset.table) : undefined }],
      [{ name: metric.dataset, note: "dataset", to: link("datasets", metric.dataset) }],
      ...(parts.length ? [parts.map((name) => ({ name: name.split(".").at(-1) ?? name, note: kinds.get(name) ?? "", to: link("metrics", name) }))] : []),
      [{ name: metric.short, note: metric.kind, me: true }],
      rollups.slice(0, 4).map((one) => ({ name: one.name, note: `rollup, ${one.grain}`, to: link("rollups", one.name) })),
    ]} />
  );
}
