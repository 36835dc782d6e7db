import { useEffect, useState } from "react";
import { useCatalog } from "../../api/hooks";
import type { Catalog } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { Trouble, Waiting } from "../../components/Trouble";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { changed, go, href, usePlace } from "../../lib/url";
import { plural, until } from "../../lib/words";
import { Detail } from "./Detail";
import { FollowTag } from "./FollowTag";
import { KINDS, items, type Item, type Kind } from "./items";
import "./catalog.css";

export function CatalogPage() {
  const catalog = useCatalog();
  useEffect(() => { document.title = "Catalog · Lapwing"; }, []);
  if (catalog.isError) return <Trouble error={catalog.error} onRetry={() => void catalog.refetch()} />;
  if (!catalog.data) return <Waiting height={320} />;
  return <Loaded catalog={catalog.data} />;
}

function Loaded({ catalog }: { catalog: Catalog }) {
  const { zone } = useMoment();
  const { search } = usePlace();
  const [typed, setTyped] = useState("");
  const all = items(catalog);
  const kind = KINDS.find((one) => one.kind === search.get("kind")) ?? KINDS[0]!;
  const owner = search.get("owner");
  const tag = search.get("tag");
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const ofKind = all.filter((item) => item.kind === kind.kind);
  const shown = ofKind
    .filter((item) => (!owner || item.owner === owner) && (!tag || item.tags.includes(tag)) && words.every((word) => `${item.name} ${item.says} ${item.tags.join(" ")}`.toLowerCase().includes(word)))
    .toSorted((a, b) => a.title.localeCompare(b.title));
  const chosen = shown.find((item) => item.name === search.get("name")) ?? (window.innerWidth > 760 ? shown[0] : undefined);
  const move = (by: number) => (): void => {
    const next = shown[(chosen ? shown.indexOf(chosen) : -1) + by];
    if (next) go(changed({ name: next.name }), true);
  };
  useKeys({ j: move(1), k: move(-1), Enter: () => { if (chosen?.kind === "metrics") go(href(`/metrics/${chosen.name}`)); } });
  return (
    <div className="catalog-page">
      <Facets all={all} ofKind={ofKind} kind={kind.kind} owner={owner} tag={tag} />
      <section className="list" aria-label={kind.label}>
        <div className="list-head">
          <h1>{plural(shown.length, kind.label.toLowerCase().slice(0, -1))}</h1>
          {tag && kind.kind === "metrics" && <FollowTag key={tag} tag={tag} metrics={catalog.metrics} zone={zone} />}
          <label className="filter"><Icon name="search" /><span className="hidden">Filter by name or description</span>
            <input value={typed} placeholder="Filter by name or description" onChange={(event) => setTyped(event.target.value)} />
          </label>
        </div>
        <table className="catalog-list">
          <thead><tr><th>Name</th><th>Kind</th><th>{kind.kind === "tables" ? "Source" : kind.kind === "rollups" ? "Dataset" : "Owner"}</th><th>Data until</th><th className="num">{kind.note}</th></tr></thead>
          <tbody>{shown.map((item) => <Row key={item.name} item={item} zone={zone} current={item === chosen} />)}</tbody>
        </table>
        {shown.length === 0 && <p className="sub">Nothing here matches. <button className="link" onClick={() => { setTyped(""); go(changed({ owner: null, tag: null })); }}>Show all {kind.label.toLowerCase()}</button></p>}
      </section>
      {chosen && <Detail key={chosen.kind + chosen.name} item={chosen} catalog={catalog} zone={zone} />}
    </div>
  );
}

function Row({ item, zone, current }: { item: Item; zone: string; current: boolean }) {
  return (
    <tr aria-current={current ? "true" : undefined} onClick={() => go(changed({ name: item.name }), true)}>
      <th scope="row"><Link href={changed({ name: item.name })} onClick={(event) => event.stopPropagation()}>{item.title}</Link><span>{item.says}</span></th>
      <td className={item.type === "stale" ? "strong" : "soft"}>{item.type}</td>
      <td>{item.owner}</td>
      <td>{item.until ? until(Date.parse(item.until), zone) : "–"}</td>
      <td className="num">{item.note}</td>
    </tr>
  );
}

function Facets({ all, ofKind, kind, owner, tag }: { all: Item[]; ofKind: Item[]; kind: Kind; owner: string | null; tag: string | null }) {
  const tags = [...new Set(ofKind.flatMap((item) => item.tags))].toSorted();
  const owners = [...Map.groupBy(ofKind.filter((item) => item.owner), (item) => item.owner)];
  return (
    <nav className="facets" aria-label="Kinds and owners">
      <h2>Kind</h2>
      <ul>
        {KINDS.map((one) => (
          <li key={one.kind}><Link href={href("/catalog", { kind: one.kind })} aria-current={one.kind === kind ? "true" : undefined}>{one.label}<span>{all.filter((item) => item.kind === one.kind).length}</span></Link></li>
        ))}
      </ul>
      {owners.length > 1 && (
        <>
          <h2>{kind === "tables" ? "Source" : kind === "rollups" ? "Dataset" : "Owner"}</h2>
          <ul>
            {owners.map(([name, found]) => (
              <li key={name}><Link href={changed({ owner: owner === name ? null : name, name: null })} aria-current={owner === name ? "true" : undefined}>{name}<span>{found.length}</span></Link></li>
            ))}
          </ul>
        </>
      )}
      {tags.length > 0 && (
        <>
          <h2>Tag</h2>
          <ul>
            {tags.map((name) => (
              <li key={name}><Link href={changed({ tag: tag === name ? null : name, name: null })} aria-current={tag === name ? "true" : undefined}>{name}<span>{ofKind.filter((item) => item.tags.includes(name)).length}</span></Link></li>
            ))}
          </ul>
        </>
      )}
    </nav>
  );
}
