import { useState } from "react";
import type { Filter, Metric } from "../../api/types";
import { CopyLink } from "../../components/CopyLink";
import { Icon } from "../../components/Icon";
import { Choices, Menu } from "../../components/Menu";
import { valueName } from "../../lib/slice";
import { changed, go } from "../../lib/url";
import { localText } from "../../lib/zoned";
import { FilterMenu } from "./FilterMenu";
import { SeriesReceipt } from "./SeriesReceipt";
import { PRESETS, compareName, dimensionLabel, grainsFor, rangeName, writeFilters, type Compare, type View } from "./view";

const COMPARES: { value: Compare; label: string }[] = [
  { value: "week", label: "A week before" },
  { value: "previous", label: "As long before" },
  { value: "year", label: "52 weeks before" },
  { value: "none", label: "Nothing" },
];

export function Controls({ metric, metrics, view, zone }: { metric: Metric; metrics: Metric[]; view: View; zone: string }) {
  const setFilters = (filters: Filter[]): void => go(changed({ f: writeFilters(filters) }));
  return (
    <div className="controls">
      <Menu icon="clock" title="Time range" label={rangeName(view, zone)} hotkey="t">
        {(close) => (
          <>
            <Choices options={PRESETS} chosen={view.preset} onChoose={(range) => { go(changed({ range, start: null, end: null, sel: null, grain: null, compare: null })); close(); }} />
            <CustomRange view={view} zone={zone} onDone={close} />
          </>
        )}
      </Menu>
      <Menu title="Grain" label={capital(view.grain)}>
        {(close) => <Choices options={grainsFor(view.end - view.start).map((grain) => ({ value: grain, label: capital(grain) }))} chosen={view.grain} onChoose={(grain) => { go(changed({ grain })); close(); }} />}
      </Menu>
      <Menu title="Compare" label={view.shift ? `Against ${compareName(view).replace(/^[AT]/, (c) => c.toLowerCase())}` : "Not compared"} hotkey="c">
        {(close) => <Choices options={COMPARES} chosen={view.compare} onChoose={(compare) => { go(changed({ compare })); close(); }} />}
      </Menu>
      <span className="separator" />
      {view.filters.map((filter, i) => (
        <FilterChip key={filter.dimension} filter={filter} label={dimensionLabel(metric, filter.dimension)} onRemove={() => setFilters(view.filters.filter((_, at) => at !== i))} />
      ))}
      <FilterMenu metric={metric} view={view} zone={zone} onChange={setFilters} />
      <span className="right">
        <SeriesReceipt metric={metric} metrics={metrics} view={view} zone={zone} />
        <CopyLink />
      </span>
    </div>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function FilterChip({ filter, label, onRemove }: { filter: Filter; label: string; onRemove: () => void }) {
  const words = filter.values.map((value) => valueName(value === "true" ? true : value === "false" ? false : value)).join(" or ");
  return (
    <span className={`chip set ${filter.exclude ? "not" : ""}`}>
      {label} {filter.exclude ? "is not" : "is"} <b>{words}</b>
      <button title="Remove" aria-label={`Remove ${label}`} onClick={onRemove} onKeyDown={(event) => { if (event.key === "Backspace") onRemove(); }}><Icon name="cross" /></button>
    </span>
  );
}

function CustomRange({ view, zone, onDone }: { view: View; zone: string; onDone: () => void }) {
  const text = (ms: number): string => { const t = localText(ms, zone); return t.length === 10 ? `${t}T00:00` : t; };
  const [wrong, setWrong] = useState("");
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget);
      const [start, end] = [String(form.get("start")), String(form.get("end"))];
      if (start >= end) return setWrong("The end must be after the start.");
      go(changed({ start, end, range: null, sel: null, grain: null, compare: null }));
      onDone();
    }}>
      <label className="field">From<input type="datetime-local" name="start" defaultValue={text(view.start)} required /></label>
      <label className="field">Until, not included<input type="datetime-local" name="end" defaultValue={text(view.end)} required /></label>
      {wrong && <p className="bad" role="alert">{wrong}</p>}
      <button className="button">Show</button>
    </form>
  );
}
