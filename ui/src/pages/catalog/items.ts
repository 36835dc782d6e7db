import type { Catalog } from "../../api/types";

export type Kind = "metrics" | "datasets" | "tables" | "rollups" | "sources";

export interface Item {
  kind: Kind;
  name: string;
  title: string;
  says: string;
  type: string;
  owner: string;
  until: string | null;
  tags: string[];
  note: string; // what this kind's last column holds
}

export const KINDS: { kind: Kind; label: string; note: string }[] = [
  { kind: "metrics", label: "Metrics", note: "Dataset" },
  { kind: "datasets", label: "Datasets", note: "Metrics" },
  { kind: "tables", label: "Tables", note: "Columns" },
  { kind: "rollups", label: "Rollups", note: "Grain" },
  { kind: "sources", label: "Sources", note: "Tables" },
];

/** Everything the catalog knows, one row each. */
export function items(catalog: Catalog): Item[] {
  const untilOf = new Map(catalog.datasets.map((one) => [one.name, one.data_until]));
  const owner = (text: string | null | undefined): string => text?.split("@")[0] ?? "";
  return [
    ...catalog.metrics.map((m): Item => ({ kind: "metrics", name: m.name, title: m.short, says: m.description || m.label, type: m.kind, owner: owner(m.owner), until: untilOf.get(m.dataset) ?? null, tags: m.tags, note: m.dataset })),
    ...catalog.datasets.map((d): Item => ({ kind: "datasets", name: d.name, title: d.name, says: d.description ?? "", type: "dataset", owner: owner(d.owner), until: d.data_until, tags: [], note: String(d.metrics.length) })),
    ...catalog.tables.map((t): Item => ({ kind: "tables", name: t.path, title: t.path, says: t.description || `${t.columns.slice(0, 6).map((c) => c.name).join(", ")}${t.columns.length > 6 ? ", …" : ""}`, type: "table", owner: t.source, until: null, tags: [], note: String(t.columns.length) })),
    ...catalog.rollups.map((r): Item => ({ kind: "rollups", name: r.name, title: r.name, says: r.dimensions.length ? `By ${r.dimensions.join(", ")}` : "The whole, without dimensions", type: r.stale ? "stale" : r.built_at ? "built" : "not built", owner: r.dataset, until: r.data_until, tags: [], note: r.grain })),
    ...catalog.sources.map((s): Item => ({ kind: "sources", name: s.name, title: s.name, says: s.state === "ok" ? "Answers" : (s.problem?.message ?? "Does not answer"), type: s.type, owner: "", until: null, tags: [], note: String(s.tables) })),
  ];
}
