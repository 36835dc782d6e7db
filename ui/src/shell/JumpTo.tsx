import { useMemo, useState, type KeyboardEvent } from "react";
import { useCatalog, useMetrics } from "../api/hooks";
import { Icon, type IconName } from "../components/Icon";
import { Modal } from "../components/Modal";
import { go, href } from "../lib/url";
import "./jumpto.css";

interface Entry {
  kind: string;
  icon: IconName;
  name: string;
  says: string;
  to: string;
}

const PAGES: Entry[] = [
  { kind: "page", icon: "board", name: "Board", says: "What needs a look", to: "/" },
  { kind: "page", icon: "sql", name: "SQL", says: "Ask it yourself", to: "/sql" },
  { kind: "page", icon: "catalog", name: "Catalog", says: "What is there", to: "/catalog" },
  { kind: "page", icon: "cache", name: "Cache", says: "Why it is fast, or not: rollups, how fresh they are, what missed", to: "/cache" },
];

function useEntries(): Entry[] {
  const metrics = useMetrics().data;
  const catalog = useCatalog().data;
  return useMemo(() => {
    const found = (metrics ?? []).map((m): Entry => ({ kind: "metric", icon: "metric", name: m.label, says: m.description || m.name, to: `/metrics/${m.name}` }));
    const tables = (catalog?.tables ?? []).map((t): Entry => ({ kind: "table", icon: "table", name: t.path, says: t.description || `Table of ${t.source}`, to: `/catalog?kind=tables&name=${encodeURIComponent(t.path)}` }));
    const datasets = (catalog?.datasets ?? []).map((d): Entry => ({ kind: "dataset", icon: "page", name: d.name, says: d.description ?? "", to: `/catalog?kind=datasets&name=${encodeURIComponent(d.name)}` }));
    return [...found, ...PAGES, ...datasets, ...tables];
  }, [metrics, catalog]);
}

/** Every word typed must begin a word of the name, or be found in the description; names first. */
function matches(entries: Entry[], typed: string): Entry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const score = (entry: Entry): number => {
    const name = entry.name.toLowerCase();
    const rest = `${entry.says} ${entry.kind} ${entry.to}`.toLowerCase();
    let sum = 0;
    for (const word of words) {
      const found = name.startsWith(word) ? 4 : name.split(/[\s._]/).some((w) => w.startsWith(word)) ? 3 : name.includes(word) ? 2 : rest.includes(word) ? 1 : 0;
      if (!found) return 0;
      sum += found;
    }
    return sum;
  };
  if (!words.length) return entries.slice(0, 9);
  const scored = entries.map((entry) => ({ entry, score: score(entry) })).filter((one) => one.score > 0);
  return scored.toSorted((a, b) => b.score - a.score).slice(0, 9).map((one) => one.entry);
}

export function JumpTo({ onClose }: { onClose: () => void }) {
  const entries = useEntries();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = matches(entries, typed);
  const open = (entry: Entry | undefined): void => {
    if (!entry) return;
    const [path = "/", query] = entry.to.split("?");
    go(href(path, query ? Object.fromEntries(new URLSearchParams(query)) : {}));
    onClose();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") open(found[at]);
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Modal label="Search" className="jump" onKeyDown={press} onClose={onClose}>
      <div className="jump-input">
        <Icon name="search" />
        <input autoFocus value={typed} placeholder="A metric, a table, a page" aria-label="Search metrics, tables and pages" role="combobox" aria-expanded="true" aria-controls="jump-found" aria-activedescendant={found.length ? `jump-${at}` : undefined}
          onChange={(event) => { setTyped(event.target.value); setAt(0); }} />
      </div>
      <ul id="jump-found" role="listbox" aria-label="Found">
        {found.map((entry, i) => (
          <li key={entry.kind + entry.to} id={`jump-${i}`} role="option" aria-selected={i === at} onPointerMove={() => setAt(i)} onClick={() => open(entry)}>
            <Icon name={entry.icon} /><b>{entry.name}</b><span className="says">{entry.says}</span><span className="kind">{entry.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="none">Nothing is called “{typed}”. Metrics, datasets and tables are searched by name and description.</p>}
    </Modal>
  );
}
