import { TimeChart } from "../../chart/TimeChart";
import { short } from "../../lib/numbers";
import type { Chartable } from "./chartable";

const PLAIN = { unit: "", format: "number" };

export default function ResultChart({ shape, zone }: { shape: Chartable; zone: string }) {
  if (shape.kind === "time") {
    const time = shape.values.map((one) => one.at);
    return (
      <div className="result-chart">
        <TimeChart label={`${shape.series} by ${shape.name}`} name={shape.series} by={PLAIN} better={null} zone={zone} grain="hour" start={time[0] ?? 0} end={(time.at(-1) ?? 1) + 1} time={time} actual={shape.values.map((one) => one.value)} height={300} legend />
      </div>
    );
  }
  const most = Math.max(...shape.values.map((one) => Math.abs(one.value ?? 0)), 1e-12);
  return (
    <ul className="result-chart result-bars" aria-label={`${shape.series} by ${shape.name}`}>
      {shape.values.map((one, i) => (
        <li key={i}><span className="name">{one.label}</span><i className="bar" style={{ width: `${(100 * Math.abs(one.value ?? 0)) / most}%` }} /><span className="num">{one.value === null ? "null" : short(one.value)}</span></li>
      ))}
    </ul>
  );
}
