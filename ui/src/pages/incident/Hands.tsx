import { useDeliveries } from "../../api/hooks";
import type { Incident } from "../../api/types";
import { moment, plural } from "../../lib/words";

/** In whose hands it is: who has acknowledged it, to whom it is assigned, until when it is left alone. */
export function Hands({ incident, zone }: { incident: Incident; zone?: string }) {
  const { acknowledged, assignee, snoozed_until } = incident;
  return (
    <>
      {acknowledged && <>Acknowledged by {acknowledged.who}{zone && `, ${moment(Date.parse(acknowledged.at), zone)}`}. </>}
      {assignee && <>Assigned to {assignee}. </>}
      {snoozed_until && zone && <>Snoozed until {moment(Date.parse(snoozed_until), zone)}. </>}
    </>
  );
}

/** By how many channels it was told, and when first. */
export function Told({ id, zone }: { id: string; zone: string }) {
  const sent = (useDeliveries(50, id).data ?? []).filter((one) => one.state === "sent" && one.ended !== null);
  const first = sent.at(-1)?.ended;
  if (!first) return null;
  const channels = new Set(sent.map((one) => one.channel)).size;
  return <span className="faint told">Told {plural(channels, "channel")}, first {moment(Date.parse(first), zone)}</span>;
}
