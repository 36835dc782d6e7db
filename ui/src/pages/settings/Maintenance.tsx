import { useMaintain, useMaintenance } from "../../api/hooks";
import type { MaintenanceWindow } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Menu } from "../../components/Menu";
import { useWho } from "../../components/Who";
import { moment } from "../../lib/words";
import { HOUR, iso, localText, parseLocal } from "../../lib/zoned";

type Wish = { name: string; start: string; end: string } | { end: string };

/** Stretches in which nothing is raised: those written in files, and those made here. */
export function Maintenance({ zone, now }: { zone: string; now: number }) {
  const windows = useMaintenance().data ?? [];
  const maintain = useMaintain();
  const { ask, question } = useWho<Wish>((wish, who) => maintain.mutate("name" in wish ? { begin: { ...wish, who } } : { end: wish.end, who }));
  return (
    <section className="maintenance" aria-label="Maintenance">
      <header>
        <h2 className="section">Maintenance <span className="faint">Nothing is raised in it, and nothing learned of it.</span></h2>
        <Menu label="Add a window" title="Maintenance" icon="plus">
          {(close) => <Form zone={zone} now={now} onMake={(wish) => { ask(wish); close(); }} />}
        </Menu>
      </header>
      {maintain.isError && <p className="bad" role="alert">{maintain.error.message}</p>}
      {windows.length === 0 ? <p className="sub">None is planned, and none was.</p> : <ul>{windows.map((one) => <Row key={one.id ?? one.name + one.start} window={one} zone={zone} onRemove={(end) => ask({ end })} />)}</ul>}
      {question}
    </section>
  );
}

function Row({ window: one, zone, onRemove }: { window: MaintenanceWindow; zone: string; onRemove: (id: string) => void }) {
  const { id } = one;
  return (
    <li>
      <div><b>{one.name}</b><p className="faint">{one.monitors.length ? one.monitors.join(", ") : "all monitors"}, {id === null ? "written in lapwing.yaml" : `made by ${one.who}`}</p></div>
      <span>{moment(Date.parse(one.start), zone)} to {moment(Date.parse(one.end), zone)}</span>
      {id !== null && <button className="plain square" title="Take it back" aria-label={`Take back ${one.name}`} onClick={() => onRemove(id)}><Icon name="cross" /></button>}
    </li>
  );
}

function Form({ zone, now, onMake }: { zone: string; now: number; onMake: (wish: Wish) => void }) {
  const read = (form: HTMLFormElement): void => {
    const data = new FormData(form);
    const [start, end] = ["start", "end"].map((key) => parseLocal(String(data.get(key)), zone));
    if (start !== null && start !== undefined && end !== null && end !== undefined) onMake({ name: String(data.get("name")), start: iso(start), end: iso(end) });
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); read(event.currentTarget); }}>
      <label className="field">What it is<input name="name" required maxLength={200} placeholder="New booking system" /></label>
      <label className="field">From, {zone}<input name="start" type="datetime-local" required defaultValue={localText(now, zone).slice(0, 16)} /></label>
      <label className="field">To<input name="end" type="datetime-local" required defaultValue={localText(now + 2 * HOUR, zone).slice(0, 16)} /></label>
      <button className="button primary">Raise nothing then</button>
    </form>
  );
}
