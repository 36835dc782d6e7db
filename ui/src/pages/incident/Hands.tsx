import type { Incident } from "../../api/types";
import { moment } from "../../lib/words";

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
