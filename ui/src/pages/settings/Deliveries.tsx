import { useDeliveries } from "../../api/hooks";
import type { Delivery } from "../../api/types";
import { Link } from "../../components/Link";
import { href } from "../../lib/url";
import { moment, plural } from "../../lib/words";

/** What was told, or waits to be: the latest first. */
export function Deliveries({ zone }: { zone: string }) {
  const found = useDeliveries(30).data ?? [];
  return (
    <section aria-label="Messages">
      <h2 className="section">Messages <span className="faint">The last ones, by the wall clock.</span></h2>
      {found.length === 0 ? <p className="sub">Nothing was told yet.</p> : (
        <div className="rows-box">
          <table className="plain-rows">
            <thead><tr><th>When</th><th>By</th><th>What</th><th>State</th></tr></thead>
            <tbody>
              {found.map((one) => (
                <tr key={one.id}>
                  <td className="faint">{moment(Date.parse(one.ended ?? one.made), zone)}</td>
                  <td>{one.channel}</td>
                  <td><About message={one} /></td>
                  <td><State message={one} zone={zone} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function About({ message }: { message: Delivery }) {
  const [incident] = message.incidents;
  const says = message.subject || message.kind;
  return incident === undefined ? <>{says}</> : <Link href={href(`/incidents/${incident}`)}>{says}</Link>;
}

function State({ message: { state, due, attempts, trouble }, zone }: { message: Delivery; zone: string }) {
  if (state === "sent") return <span className="good">sent{attempts > 1 && `, after ${plural(attempts - 1, "failure")}`}</span>;
  if (state === "failed") return <span className="bad">failed: {trouble}</span>;
  if (state === "dropped") return <span className="faint">not needed</span>;
  return <>{attempts ? `tried ${attempts === 1 ? "once" : `${attempts} times`}: ${trouble} Again ` : "waits until "}{moment(Date.parse(due), zone)}</>;
}
