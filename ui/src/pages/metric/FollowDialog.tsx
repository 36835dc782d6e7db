import { useState } from "react";
import { useBacktest } from "../../api/hooks";
import type { Backtest, FollowBody, Metric } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Modal } from "../../components/Modal";
import { Trouble } from "../../components/Trouble";
import { say } from "../../lib/numbers";
import { sliceName } from "../../lib/slice";
import { date, moment, plural } from "../../lib/words";
import "./follow.css";

interface Props {
  /** What is followed, as people call it. */
  label: string;
  /** Those it may be of: one, or all of a tag. */
  metrics: Metric[];
  body: FollowBody;
  zone: string;
  busy: boolean;
  onFollow: (body: FollowBody) => void;
  onClose: () => void;
}

const SHOWN = 6;
const PLAIN = { unit: "", format: "" };
/** Of the choices: what a monitor is that chooses nothing. */
const USUAL = 2;

/** What following would have brought to the board over the past, before it is followed: how often, and what. */
export function FollowDialog({ label, metrics, body, zone, busy, onFollow, onClose }: Props) {
  const [sensitivity, choose] = useState<number | null>(null);
  const [by, split] = useState("");
  const chosen: FollowBody = { ...body, sensitivity, ...(by && { by: [by] }) };
  const tried = useBacktest(chosen);
  const within = Object.keys(body.slice ?? {}).length ? sliceName(body.slice ?? {}, metrics[0]) : "";
  return (
    <Modal label={`Follow ${label}`} className="follow-dialog" onClose={onClose}>
      <header>
        <h2>Follow {label}{within && <span className="sub"> {within}</span>}</h2>
        <button className="plain square" aria-label="Close" onClick={onClose}><Icon name="cross" /></button>
      </header>
      <label className="split">
        <span>Watch</span>
        <select value={by} onChange={(event) => split(event.target.value)}>
          <option value="">the whole{within && " of it"}</option>
          {common(metrics).filter(({ name }) => !(name in (body.slice ?? {}))).map(({ name, label: value }) => (
            <option key={name} value={name}>the whole, and each {value.toLowerCase()}</option>
          ))}
          <option value="all">every slice: each value of each dimension, and pairs of them</option>
        </select>
      </label>
      {tried.isError && <Trouble error={tried.error} onRetry={() => void tried.refetch()} />}
      {tried.isPending && <p className="sub">Trying it on the past…</p>}
      {tried.data && <Tried found={tried.data} metrics={metrics} zone={zone} chosen={sensitivity} onChoose={choose} />}
      <footer className="actions">
        <button className="button" onClick={onClose}>Cancel</button>
        <button className="button primary" autoFocus disabled={busy} onClick={() => onFollow(chosen)}>Follow</button>
      </footer>
    </Modal>
  );
}

/** The dimensions that all of the metrics have. */
function common(metrics: Metric[]): Metric["dimensions"] {
  const [first, ...others] = metrics;
  return (first?.dimensions ?? []).filter(({ name }) => others.every((one) => one.dimensions.some((each) => each.name === name)));
}

function Tried({ found, metrics, zone, chosen, onChoose }: { found: Backtest; metrics: Metric[]; zone: string; chosen: number | null; onChoose: (to: number | null) => void }) {
  if (!found.since) return <p>There is too little history yet to say how often it would come to your board.</p>;
  const shown = found.incidents.slice(0, SHOWN).map((one) => ({ ...one, of: metrics.find((each) => each.name === one.metric) }));
  const several = metrics.length > 1;
  const sliced = found.series > metrics.length;
  const isOn = (sensitivity: number, at: number): boolean => chosen === null ? at === USUAL : sensitivity === chosen;
  return (
    <>
      <p>It would have come to your board <strong>{found.fired === 0 ? "never" : plural(found.fired, "time")}</strong> since {date(Date.parse(found.since), zone, false, true)}{often(found)}.{heldBack(found)}</p>
      <fieldset className="choices">
        <legend>Tell me</legend>
        {found.choices.map((one, at) => (
          <label key={one.sensitivity} className={isOn(one.sensitivity, at) ? "on" : ""} title={`${one.sensitivity} robust standard deviations`}>
            <input type="radio" name="sensitivity" checked={isOn(one.sensitivity, at)} onChange={() => onChoose(at === USUAL ? null : one.sensitivity)} />
            <span>{one.fired}</span> <small>{NAMES[at]}</small>
          </label>
        ))}
      </fieldset>
      {shown.length > 0 && (
        <table>
          <thead><tr><th>Known</th>{several && <th>Metric</th>}{sliced && <th>Slice</th>}<th className="number">Was</th><th className="number">Expected</th></tr></thead>
          <tbody>
            {shown.map((one) => (
              <tr key={`${one.known}${one.metric}${JSON.stringify(one.slice)}`}>
                <td>{moment(Date.parse(one.known), zone, true)}</td>
                {several && <td>{one.of?.label ?? one.metric}</td>}
                {sliced && <td>{sliceName(one.slice, one.of)}</td>}
                <td className="number">{say(one.actual, one.of ?? PLAIN)}</td>
                <td className="number">{say(one.expected, one.of ?? PLAIN)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found.fired > shown.length && <p className="sub">and {found.fired - shown.length} before these</p>}
    </>
  );
}

function often({ fired, per_week }: Backtest): string {
  if (fired < 2) return "";
  return per_week >= 0.7 ? `, about ${Math.round(per_week)} a week` : `, about once in ${Math.round(1 / per_week)} weeks`;
}

/** What the budget of false alarms held back. */
function heldBack({ held, budget }: Backtest): string {
  if (!held || !budget) return "";
  const room = budget >= 0.7 ? `${plural(Math.round(budget), "alarm")} a week` : `one alarm in ${Math.round(1 / budget)} weeks`;
  return ` The budget, which leaves it ${room} beside what is followed already, would have held back ${held} more.`;
}

const NAMES = ["much", "more", "as usual", "less", "little", "only the worst"];
