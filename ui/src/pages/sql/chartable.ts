import type { Column } from "../../api/types";

export interface Chartable {
  kind: "time" | "bars";
  name: string;
  values: { label: string; at: number; value: number | null }[];
  series: string;
}

export function isNumber(type: string): boolean {
  return /int|float|double|decimal|numeric|real|number/i.test(type);
}

/** What a result can be drawn as: its first time or name against its first number; null where it has neither. */
export function chartable(columns: readonly Column[], rows: readonly unknown[][]): Chartable | null {
  const number = columns.findIndex((column) => isNumber(column.type));
  const time = columns.findIndex((column) => /date|time/i.test(column.type));
  const name = columns.findIndex((column, i) => i !== number && !isNumber(column.type));
  const across = time >= 0 ? time : name;
  if (number < 0 || across < 0 || rows.length < 2) return null;
  const values = rows.slice(0, 5000).map((row) => {
    const value = row[number];
    const label = String(row[across] ?? "null");
    return { label, at: Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(label) ? label : `${label.replace(" ", "T")}${label.length > 10 ? "Z" : ""}`), value: value === null || value === undefined ? null : Number(value) };
  });
  const kind = time >= 0 && values.every((one) => Number.isFinite(one.at)) ? "time" : "bars";
  return { kind, name: columns[across]?.name ?? "", series: columns[number]?.name ?? "", values: kind === "time" ? values.toSorted((a, b) => a.at - b.at) : values.slice(0, 40) };
}
