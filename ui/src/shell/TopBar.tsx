import { useProject } from "../api/hooks";
import { Icon, Mark, type IconName } from "../components/Icon";
import { Link } from "../components/Link";
import { Choices, Menu } from "../components/Menu";
import { useMoment } from "../lib/moment";
import { toggleTheme } from "../lib/theme";
import { changed, go, href } from "../lib/url";
import { length, moment, until, zoneName } from "../lib/words";
import "./topbar.css";

const PAGES: { name: string; to: string; icon: IconName; keys: string; owns: string[] }[] = [
  { name: "Board", to: "/", icon: "board", keys: "g b", owns: ["", "incidents"] },
  { name: "Metrics", to: "/metrics", icon: "metric", keys: "g m", owns: ["metrics"] },
  { name: "SQL", to: "/sql", icon: "sql", keys: "g s", owns: ["sql"] },
  { name: "Catalog", to: "/catalog", icon: "catalog", keys: "g c", owns: ["catalog"] },
  { name: "Cache", to: "/cache", icon: "cache", keys: "g r", owns: ["cache"] },
];

export function TopBar({ path, onSearch, onKeys }: { path: string; onSearch: () => void; onKeys: () => void }) {
  const project = useProject().data;
  const page = path.split("/")[1] ?? "";
  return (
    <>
      <header className="top">
        <Link className="brand" href={href("/")}><Mark /><span>{project?.name ?? "Lapwing"}</span></Link>
        <nav aria-label="Pages">
          {PAGES.map((one) => (
            <Link key={one.to} href={href(one.to)} title={one.keys} aria-current={one.owns.includes(page) ? "page" : undefined}>{one.name}</Link>
          ))}
        </nav>
        <button className="search" onClick={onSearch} aria-label="Search">
          <Icon name="search" /><span>Search</span><kbd>/</kbd>
        </button>
        <div className="status">
          <DataUntil />
          <ZonePicker zones={project?.time_zones ?? []} own={project?.timezone ?? "UTC"} />
          <Link className="plain square" href={href("/settings")} title="Settings (g e)" aria-label="Settings" aria-current={page === "settings" ? "page" : undefined}><Icon name="settings" /></Link>
          <button className="plain square" title="Light or dark" aria-label="Light or dark" onClick={toggleTheme}><Icon name="theme" /></button>
          <button className="plain square" title="Keyboard (?)" aria-label="Keyboard" onClick={onKeys}>?</button>
        </div>
      </header>
      <nav className="tabs" aria-label="Pages, below">
        {PAGES.map((one) => (
          <Link key={one.to} href={href(one.to)} aria-current={one.owns.includes(page) ? "page" : undefined}><Icon name={one.icon} />{one.name}</Link>
        ))}
      </nav>
    </>
  );
}

function DataUntil() {
  const at = useMoment();
  if (at.until === null) return <span className="until faint">Data until –</span>;
  const age = at.at - at.until;
  return (
    <span className="until" title={`All data before ${moment(at.until, at.zone, true)} is there`}>
      Data until <b>{until(at.until, at.zone, at.asOf === null)}</b>
      <span className="faint late">{at.asOf ? `as of ${moment(at.at, at.zone)}` : age > 60_000 ? `${length(age)} ago` : ""}</span>
    </span>
  );
}

function ZonePicker({ zones, own }: { zones: string[]; own: string }) {
  const { zone } = useMoment();
  const options = [...new Set([own, zone, "UTC", ...zones])].map((name) => ({
    value: name,
    label: zoneName(name),
    note: name === own ? "the project’s" : undefined,
  }));
  return (
    <span className="zone">
      <Menu plain label={zoneName(zone)} title="Time zone">
        {(close) => (
          <Choices options={options} chosen={zone} onChoose={(name) => { go(changed({ zone: name === own ? null : name })); close(); }} />
        )}
      </Menu>
    </span>
  );
}
