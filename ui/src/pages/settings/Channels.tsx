import { useTestChannel } from "../../api/hooks";
import type { Channel, Subscription } from "../../api/types";

const TYPES: Record<Channel["type"], string> = { email: "e-mail", webhook: "webhook", apprise: "by Apprise" };

/** The ways out, each with a test; and who gets what by them. */
export function Channels({ channels, subscriptions }: { channels: Channel[]; subscriptions: Subscription[] }) {
  const test = useTestChannel();
  return (
    <>
      <h2 className="section">Channels</h2>
      <div className="rows-box">
        <table className="plain-rows">
          <thead><tr><th>Name</th><th>Kind</th><th>To</th><th>Used by</th><th><span className="hidden">Test</span></th></tr></thead>
          <tbody>
            {channels.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td>{TYPES[one.type]}</td>
                <td>{one.to.join(", ")}</td>
                <td>{one.subscriptions.join(", ") || <span className="faint">nobody</span>}</td>
                <td className="num">
                  <span role="status">{test.data?.channel === one.name && !test.isPending && (test.data.state === "sent" ? <span className="good">Sent. </span> : <span className="bad">{test.data.trouble} </span>)}</span>
                  <button className="button" disabled={test.isPending} onClick={() => test.mutate(one.name)}>{test.isPending && test.variables === one.name ? "Sending" : "Send a test"}<span className="hidden"> by {one.name}</span></button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {test.isError && <p className="bad" role="alert">{test.error.message}</p>}
      {subscriptions.length > 0 && (
        <>
          <h2 className="section">Subscriptions</h2>
          <div className="rows-box">
            <table className="plain-rows">
              <thead><tr><th>Name</th><th>About</th><th>By</th><th>When</th><th>If nobody acknowledges</th></tr></thead>
              <tbody>
                {subscriptions.map((one) => (
                  <tr key={one.name}><th scope="row">{one.name}</th><td>{one.about}</td><td>{one.channels.join(", ")}</td><td>{one.when}</td><td>{one.escalation ?? <span className="faint">–</span>}</td></tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}
