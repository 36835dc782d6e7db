import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { Happening, Incident } from "../../api/types";
import { iso } from "../../lib/zoned";

/** The project's events that touch the range, as incidents in it name them. */
export function useProjectEvents(start: number, end: number): Happening[] {
  const found = useQuery({
    queryKey: ["incidents", start, end],
    queryFn: ({ signal }) => get<{ incidents: Incident[] }>(`/incidents?start=${iso(start)}&end=${iso(end)}`, signal),
    staleTime: 300_000,
    retry: false,
  });
  const events = new Map<string, Happening>();
  for (const incident of found.data?.incidents ?? []) for (const event of incident.events) events.set(event.name + event.start, event);
  return [...events.values()].filter((event) => Date.parse(event.start) < end && Date.parse(event.end) > start);
}
