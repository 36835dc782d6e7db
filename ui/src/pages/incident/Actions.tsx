import type { Incident } from "../../api/types";
import { Choices, Menu } from "../../components/Menu";
import { useKeys } from "../../lib/keys";
import { me } from "../../lib/me";
import { moment } from "../../lib/words";
import { addDays, HOUR, iso, localText, parseLocal, startOfDay, wall } from "../../lib/zoned";
import type { Send } from "./useActing";

interface Props {
  incident: Incident;
  zone: string;
  now: number;
  act: Send;
}

/** What can be done about an incident as it is now. */
export function Actions({ incident, zone, now, act }: Props) {
  if (incident.state === "retracted") return null;
  if (incident.state === "resolved") {
    return <><button className="button" onClick={() => act({ action: "reopen" })}>Reopen</button><Assign incident={incident} act={act} /></>;
  }
  return (
    <>
      <Looking incident={incident} zone={zone} now={now} act={act} keys />
      <Assign incident={incident} act={act} />
      {!incident.warning && !incident.data && incident.kind !== "so_far" && <button className="button" title="The baseline starts again from here, and the incident is closed" onClick={() => act({ action: "accept" })}>This is the new normal</button>}
      <button className="button" onClick={() => act({ action: "resolve" })}>Resolve</button>
    </>
  );
}

/** The two quickest: I see it, and not now. `keys`: by `a` and `s`, too. */
export function Looking({ incident, zone, now, act, keys }: Props & { keys: boolean }) {
  const acknowledge = (): void => { if (!incident.acknowledged) act({ action: "acknowledge" }); };
  useKeys({ a: acknowledge }, keys);
  return (
    <>
      {!incident.acknowledged && <button className="button" onClick={acknowledge}>Acknowledge {keys && <kbd>a</kbd>}</button>}
      <Snooze zone={zone} now={now} act={act} keys={keys} />
    </>
  );
}

function Snooze({ zone, now, act, keys }: Omit<Props, "incident"> & { keys: boolean }) {
  const options = snoozes(now, zone).map((ms) => ({ value: iso(ms), label: `Until ${moment(ms, zone)}` }));
  return (
    <Menu label={<>Snooze {keys && <kbd>s</kbd>}</>} title="Snooze" hotkey={keys ? "s" : undefined}>
      {(close) => {
        const until = (at: string): void => { act({ action: "snooze", until: at }); close(); };
        const read = (text: string): void => { const ms = parseLocal(text, zone); if (ms !== null) until(iso(ms)); };
        return (
          <>
            <Choices options={options} chosen={null} onChoose={until} />
            <form onSubmit={(event) => { event.preventDefault(); read(String(new FormData(event.currentTarget).get("until"))); }}>
              <label className="field">Until, {zone}<input name="until" type="datetime-local" required defaultValue={localText(now + 2 * HOUR, zone).slice(0, 16)} /></label>
              <button className="button">Snooze</button>
            </form>
          </>
        );
      }}
    </Menu>
  );
}

/** In four hours, tomorrow at eight, Monday at eight. */
export function snoozes(now: number, zone: string): number[] {
  const today = startOfDay(now, zone);
  const monday = addDays(today, 7 - wall(now, zone).weekday, zone);
  return [...new Set([now + 4 * HOUR, addDays(today, 1, zone) + 8 * HOUR, monday + 8 * HOUR])];
}

function Assign({ incident, act }: { incident: Incident; act: Send }) {
  return (
    <Menu label="Assign" title="Assign">
      {(close) => (
        <form onSubmit={(event) => { event.preventDefault(); act({ action: "assign", to: String(new FormData(event.currentTarget).get("to")) }); close(); }}>
          <label className="field">To; nobody, where empty<input name="to" maxLength={100} defaultValue={incident.assignee || me()} /></label>
          <button className="button primary">Assign</button>
        </form>
      )}
    </Menu>
  );
}
