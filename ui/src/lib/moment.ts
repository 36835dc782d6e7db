/** The moment and the zone of the view: now, or the past that the URL's `as_of` names. */
import { useBoard, useProject } from "../api/hooks";
import { usePlace } from "./url";
import { isZone, parseLocal } from "./zoned";

export interface Moment {
  zone: string;
  now: number;
  asOf: string | null; // as the URL has it; null is now
  at: number; // the moment the view is of
  until: number | null; // data is complete up to here
  wrongZone: string | null; // what the URL names as a zone and is none
  ready: boolean;
}

export function useMoment(): Moment {
  const project = useProject();
  const { search } = usePlace();
  const wished = search.get("zone");
  const known = wished === null || isZone(wished);
  const zone = (known ? wished : null) ?? project.data?.timezone ?? "UTC";
  const now = Date.parse(project.data?.now ?? new Date().toISOString());
  const text = search.get("as_of");
  const past = text ? parseLocal(text, zone) : null;
  const board = useBoard(past === null ? null : new Date(past).toISOString(), past !== null && project.isSuccess);
  const untilText = past === null ? project.data?.data_until : board.data?.data_until;
  return {
    zone,
    now,
    asOf: past === null ? null : text,
    at: past ?? now,
    until: untilText ? Date.parse(untilText) : null,
    wrongZone: known ? null : wished,
    ready: project.isSuccess && (past === null || (board.isSuccess && !board.isPlaceholderData)),
  };
}
