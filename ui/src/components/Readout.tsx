import "./readout.css";
import type { Parts } from "../lib/numbers";

interface Props {
  label: string;
  value: Parts;
  tone?: "" | "bad" | "good";
  note?: string;
}

/** One number with its name above, its unit small, a note below. Lives in a <dl className="readouts">. */
export function Readout({ label, value, tone = "", note }: Props) {
  return (
    <div className={`readout ${tone}`}>
      <dt>{label}</dt>
      <dd>
        {value.text}
        {value.unit && <small>{value.unit}</small>}
        {note && <em>{note}</em>}
      </dd>
    </div>
  );
}
