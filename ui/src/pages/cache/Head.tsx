import type { Rollups } from "../../api/types";
import { Readout } from "../../components/Readout";
import { bytes, count, type Parts } from "../../lib/numbers";
import { moment, plural } from "../../lib/words";
import { asked, fromCache, headline } from "./says";

interface Props {
  cache: Rollups;
  zone: string;
  busy: boolean;
  onBuild: () => void;
}

/** How much of what was asked came from rollups, and what that is worth. */
export function Head({ cache, zone, busy, onBuild }: Props) {
  const since = moment(Date.parse(cache.since), zone);
  const others = cache.shared + cache.missed;
  const kept = cache.rollups.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <header className="cache-head">
      <div>
        <h1>{headline(cache)}</h1>
        <p className="sub">
          {asked(cache) === 0 ? `Counted since this server began on ${since}.` : `${plural(asked(cache), "question")} of pages, people and monitors since this server began on ${since}.`}
          {others > 0 && ` ${count(others)} needed a source; why is said below.`}
        </p>
        <div className="actions"><button className="button" onClick={onBuild} disabled={busy}>Build what changed</button></div>
      </div>
      <dl className="readouts">
        <Readout label="From rollups" value={{ text: count(fromCache(cache) - cache.by_products), unit: "" }} />
        {cache.by_products > 0 && <Readout label="By-products" value={{ text: count(cache.by_products), unit: "" }} />}
        <Readout label="In part" value={{ text: count(cache.shared), unit: "" }} />
        <Readout label="Missed" value={{ text: count(cache.missed), unit: "" }} />
        <Readout label="Kept" value={sized(kept)} />
        <Readout label="Not read, at most" value={sized(cache.bytes_saved)} />
      </dl>
    </header>
  );
}

function sized(size: number | null): Parts {
  const [text = "", unit = ""] = bytes(size).split(" ");
  return { text, unit };
}
