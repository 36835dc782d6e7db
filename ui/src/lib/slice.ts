import type { Metric, Slice, Value } from "../api/types";

/** A value of a dimension as read: yes and no for flags, "none" for null. */
export function valueName(value: Value): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/** A slice in words: "Airport EWR, Carrier UA", or "all". */
export function sliceName(slice: Slice, metric?: Metric): string {
  const parts = Object.entries(slice).map(([name, value]) => {
    const label = metric?.dimensions.find((dimension) => dimension.name === name)?.label ?? name;
    return `${label} ${valueName(value)}`;
  });
  return parts.join(", ") || "all";
}

/** A slice as the metric page's filters. */
export function sliceFilters(slice: Slice): string[] {
  return Object.entries(slice).map(([name, value]) => `${name}:${value === null ? "" : String(value)}`);
}
