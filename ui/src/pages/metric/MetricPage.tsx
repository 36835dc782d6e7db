import { useEffect, useState } from "react";
import { useMetrics } from "../../api/hooks";
import type { Metric } from "../../api/types";
import { Link } from "../../components/Link";
import { Trouble, Waiting } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { changed, go, href, usePlace } from "../../lib/url";
import { ChartBox } from "./ChartBox";
import { Controls } from "./Controls";
import { Head } from "./Head";
import { Leaderboards } from "./Leaderboards";
import { Strip, stripMetrics } from "./Strip";
import { readView } from "./view";
import "./metric.css";

/** /metrics alone: the first followed metric. */
export function FirstMetric() {
  const metrics = useMetrics();
  const first = metrics.data?.find((one) => one.following && one.kind === "ratio") ?? metrics.data?.find((one) => one.following) ?? metrics.data?.[0];
  useEffect(() => {
    if (first) go(href(`/metrics/${first.name}`), true);
  }, [first]);
  if (metrics.isError) return <Trouble error={metrics.error} onRetry={() => void metrics.refetch()} />;
  if (metrics.data && !first) return <div><h1>No metrics yet</h1><p className="sub">A dataset’s YAML defines them. The <Link href={href("/catalog")}>catalog</Link> shows the tables there are.</p></div>;
  return <Waiting height={320} />;
}

export function MetricPage({ name }: { name: string }) {
  const metrics = useMetrics();
  const at = useMoment();
  if (metrics.isError) return <Trouble error={metrics.error} onRetry={() => void metrics.refetch()} />;
  if (!metrics.data || !at.ready) return <Waiting height={320} />;
  const metric = metrics.data.find((one) => one.name === name || one.short === name);
  if (!metric) return <div><h1>No metric is called {name}</h1><p className="sub">The <Link href={href("/catalog")}>catalog</Link> lists all metrics.</p></div>;
  return <Explore metric={metric} metrics={metrics.data} />;
}

function Explore({ metric, metrics }: { metric: Metric; metrics: Metric[] }) {
  const at = useMoment();
  const { search } = usePlace();
  const view = readView(search, at);
  const [why, setWhy] = useState(false);
  useEffect(() => { document.title = `${metric.label} · Lapwing`; }, [metric]);
  const strip = stripMetrics(metric, metrics);
  const move = (by: number) => (): void => {
    const next = strip[strip.indexOf(metric) + by];
    if (next) go(window.location.pathname.replace(/[^/]+$/, next.name) + window.location.search);
  };
  useKeys({
    j: move(1),
    k: move(-1),
    w: () => setWhy(true),
    Escape: () => { if (view.chosen) go(changed({ sel: null })); },
    Z: () => window.history.back(),
  });
  return (
    <div className="explore">
      <Strip metric={metric} metrics={metrics} view={view} zone={at.zone} />
      <div className="explore-main">
        <Head metric={metric} view={view} zone={at.zone} />
        <Controls metric={metric} metrics={metrics} view={view} zone={at.zone} />
        <ChartBox metric={metric} metrics={metrics} view={view} at={at} why={why} onWhy={setWhy} />
        <Leaderboards metric={metric} metrics={metrics} view={view} zone={at.zone} />
      </div>
    </div>
  );
}
