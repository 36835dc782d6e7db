import "./spark.css";

interface Props {
  values: readonly (number | null)[];
  lower?: readonly (number | null)[];
  upper?: readonly (number | null)[];
}

/** A small line on its own scale, from 0 unless its values lie far from 0; gaps stay gaps. */
export function Spark({ values, lower, upper }: Props) {
  const known = [...values, ...(upper ?? []), ...(lower ?? [])].filter((v): v is number => v !== null && Number.isFinite(v));
  if (known.length < 2) return <span className="spark" />;
  const high = Math.max(...known);
  const least = Math.min(...known);
  const low = least > 0.6 * high ? least - (high - least) * 0.2 : Math.min(0, least);
  const x = (i: number): number => (i / Math.max(1, values.length - 1)) * 1000;
  const y = (v: number): number => 1000 - ((v - low) / (high - low || 1)) * 1000;
  return (
    <span className="spark" aria-hidden="true">
      <svg viewBox="0 0 1000 1000" preserveAspectRatio="none">
        {lower && upper && <path className="band" d={bandPath(lower, upper, x, y)} />}
        <path className="series" d={linePath(values, x, y)} />
      </svg>
    </span>
  );
}

type Scale = (v: number) => number;

function linePath(values: readonly (number | null)[], x: Scale, y: Scale): string {
  let pen = "M";
  let path = "";
  values.forEach((v, i) => {
    if (v === null) { pen = "M"; return; }
    path += `${pen}${x(i).toFixed(1)},${y(v).toFixed(1)} `;
    pen = "L";
  });
  return path;
}

function bandPath(lower: readonly (number | null)[], upper: readonly (number | null)[], x: Scale, y: Scale): string {
  let path = "";
  let run: number[] = [];
  const close = (): void => {
    if (run.length > 1) {
      const top = run.map((i) => `${x(i).toFixed(1)},${y(upper[i] ?? 0).toFixed(1)}`);
      const bottom = run.toReversed().map((i) => `${x(i).toFixed(1)},${y(lower[i] ?? 0).toFixed(1)}`);
      path += `M${top.join(" ")} ${bottom.join(" ")}Z`;
    }
    run = [];
  };
  upper.forEach((v, i) => (v === null || lower[i] === null ? close() : run.push(i)));
  close();
  return path;
}
