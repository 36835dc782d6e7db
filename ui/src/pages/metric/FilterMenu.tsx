import { useState } from "react";
import { useAnswer } from "../../api/hooks";
import type { Filter, Metric } from "../../api/types";
import { Choices, Menu } from "../../components/Menu";
import { valueName } from "../../lib/slice";
import { column } from "./useBreakdown";
import { dimensionLabel, scopeOf, span, toggle, type View } from "./view";

/** Adds a filter: first the dimension, then the value. */
export function FilterMenu({ metric, view, zone, onChange }: { metric: Metric; view: View; zone: string; onChange: (filters: Filter[]) => void }) {
  const [dimension, setDimension] = useState<string | null>(null);
  return (
    <Menu icon="plus" title="Filter" label="Filter">
      {(close) => dimension === null ? (
        <Choices options={metric.dimensions.map((one) => ({ value: one.name, label: one.label }))} chosen={null} onChoose={setDimension} />
      ) : (
        <Values metric={metric} dimension={dimension} view={view} zone={zone}
          onBack={() => setDimension(null)}
          onChoose={(value) => { onChange(toggle(view.filters, dimension, value, false)); setDimension(null); close(); }} />
      )}
    </Menu>
  );
}

function Values({ metric, dimension, view, zone, onChoose, onBack }: {
  metric: Metric; dimension: string; view: View; zone: string; onChoose: (value: string) => void; onBack: () => void;
}) {
  const [typed, setTyped] = useState("");
  const scope = scopeOf(view, zone, false);
  const answer = useAnswer({ metrics: [metric.name], by: [dimension], zone, ...span(scope.start, scope.end) });
  const values = column(answer.data, dimension).filter((v) => v !== null);
  const found = values.filter((v) => String(v).toLowerCase().includes(typed.toLowerCase())).slice(0, 40);
  return (
    <>
      <label className="field">{dimensionLabel(metric, dimension)} is<input value={typed} onChange={(event) => setTyped(event.target.value)} /></label>
      <Choices options={found.map((v) => ({ value: String(v), label: valueName(v) }))} chosen={null} onChoose={onChoose} />
      <button className="link" onClick={onBack}>All dimensions</button>
    </>
  );
}
