import { lazy, Suspense, useEffect, useState } from "react";
import { useProject } from "../api/hooks";
import { Trouble, Waiting } from "../components/Trouble";
import { Link } from "../components/Link";
import { useKeys } from "../lib/keys";
import { useMoment } from "../lib/moment";
import { changed, go, href, usePlace } from "../lib/url";
import { zoneName } from "../lib/words";
import { BoardPage } from "../pages/board/BoardPage";
import { CachePage } from "../pages/cache/CachePage";
import { CatalogPage } from "../pages/catalog/CatalogPage";
import { IncidentPage } from "../pages/incident/IncidentPage";
import { FirstMetric, MetricPage } from "../pages/metric/MetricPage";
import { SettingsPage } from "../pages/settings/SettingsPage";
import { Boundary } from "./Boundary";
import { JumpTo } from "./JumpTo";
import { KeysHelp } from "./KeysHelp";
import { TopBar } from "./TopBar";

// The editor is the heaviest part; only who opens this page loads it.
const SqlPage = lazy(() => import("../pages/sql/SqlPage"));

const GO = { "g b": "/", "g m": "/metrics", "g s": "/sql", "g c": "/catalog", "g r": "/cache", "g e": "/settings" };

export function App() {
  const { path } = usePlace();
  const project = useProject();
  const [open, setOpen] = useState<"jump" | "keys" | null>(null);
  useKeys({
    "/": () => setOpen("jump"),
    "?": () => setOpen("keys"),
    ...Object.fromEntries(Object.entries(GO).map(([keys, to]) => [keys, () => go(href(to))])),
  });
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen("jump");
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <a className="skip" href="#main">Skip to content</a>
      <TopBar path={path} onSearch={() => setOpen("jump")} onKeys={() => setOpen("keys")} />
      <main id="main" tabIndex={-1}>
        {project.isError ? <Trouble error={project.error} onRetry={() => void project.refetch()} /> : project.isPending ? <Waiting height={240} /> : <Boundary at={path}><WrongZone /><Page path={path} /></Boundary>}
      </main>
      {open === "jump" && <JumpTo onClose={() => setOpen(null)} />}
      {open === "keys" && <KeysHelp onClose={() => setOpen(null)} />}
    </>
  );
}

/** A zone that does not exist is told; the page goes on in the project's. */
function WrongZone() {
  const { wrongZone, zone } = useMoment();
  return wrongZone === null ? null : <p className="notice" role="status">No time zone is called {wrongZone}, so times are {zoneName(zone)}’s. <Link href={changed({ zone: null })}>Take it out of the address</Link></p>;
}

function Page({ path }: { path: string }) {
  const [, page = "", name = ""] = path.split("/");
  if (page === "") return <BoardPage />;
  if (page === "metrics") return name ? <MetricPage name={decodeURIComponent(name)} /> : <FirstMetric />;
  if (page === "incidents" && name) return <IncidentPage key={name} id={decodeURIComponent(name)} />;
  if (page === "sql") return <Suspense fallback={<Waiting height={400} />}><SqlPage /></Suspense>;
  if (page === "catalog") return <CatalogPage />;
  if (page === "cache") return <CachePage />;
  if (page === "settings") return <SettingsPage />;
  return <div><h1>There is no page here</h1><p className="sub">The address may be misspelt. The <a href={href("/")}>board</a> is a good place to start.</p></div>;
}
