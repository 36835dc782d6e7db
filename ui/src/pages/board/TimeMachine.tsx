import type { KeyboardEvent, PointerEvent } from "react";
import type { Board } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Link } from "../../components/Link";
import { Menu } from "../../components/Menu";
import { useKeys } from "../../lib/keys";
import { useMoment } from "../../lib/moment";
import { changed, go } from "../../lib/url";
import { date, moment, plural } from "../../lib/words";
import { addDays, instant, localText, parseLocal } from "../../lib/zoned";

/** The board as it stood: a strip of days, each as high as its open incidents, and steps of a day either way. */
export function TimeMachine({ board, zone }: { board: Board; zone: string }) {
  const view = useMoment();
  const days = shownDays(board, view.at, zone);
  const past = view.asOf !== null;
  const travel = (ms: number): void => go(changed({ as_of: ms >= view.now ? null : localText(ms, zone) }), true);
  const earlier = (): void => travel(addDays(view.at, -1, zone));
  const later = (): void => { if (past) travel(addDays(view.at, 1, zone)); };
  useKeys({ "[": earlier, "]": later });
  const here = days.findIndex((day, i) => day.at <= view.at && (days[i + 1]?.at ?? Infinity) > view.at);
  const press = (event: PointerEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const day = days[Math.min(days.length - 1, Math.floor(((event.clientX - box.left) / box.width) * days.length))];
    if (day) travel(addDays(day.at, 1, zone));
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key === "ArrowLeft") earlier();
    else if (event.key === "ArrowRight") later();
    else return;
    event.preventDefault();
  };
  const first = days[0];
  const last = days.at(-1);
  return (
    <section className="machine" aria-label="Time machine">
      <div className="machine-at">
        <span className="faint">As of</span>
        <button className="plain square" title="A day earlier ([)" aria-label="A day earlier" onClick={earlier}><Icon name="left" /></button>
        <Menu plain label={<span className="when">{moment(view.at, zone, true)}</span>} title="As of">
          {(close) => <AsOf at={view.at} zone={zone} onChoose={(ms) => { travel(ms); close(); }} />}
        </Menu>
        <button className="plain square" title="A day later (])" aria-label="A day later" disabled={!past} onClick={later}><Icon name="right" /></button>
        {past ? <Link className="go-now" href={changed({ as_of: null })}>Go to now</Link> : <span className="now-tag">now{board.pinned ? ", the data’s end" : ""}</span>}
      </div>
      <div className="days" role="slider" tabIndex={0} aria-label="As of" aria-valuemin={0} aria-valuemax={days.length - 1} aria-valuenow={Math.max(0, here)} aria-valuetext={moment(view.at, zone, true)} onPointerDown={press} onKeyDown={key}>
        {days.map((day, i) => (
          <i key={day.at} className={`${day.open ? "open" : ""} ${i > here ? "later" : ""} ${i === here ? "here" : ""}`} title={`${date(day.at, zone)}: ${day.open ? plural(day.open, "incident") : "none open"}`}>
            <b style={{ height: day.open ? 3 + Math.min(day.open, 2.2) * 5 : 3 }} />
          </i>
        ))}
      </div>
      <div className="days-x"><span>{first && date(first.at, zone, false, true)}</span><span>{last && date(last.at, zone, false, true)}</span></div>
    </section>
  );
}

function AsOf({ at, zone, onChoose }: { at: number; zone: string; onChoose: (ms: number) => void }) {
  const read = (text: string): void => {
    const ms = parseLocal(text, zone);
    if (ms !== null) onChoose(ms);
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); read(String(new FormData(event.currentTarget).get("at"))); }}>
      <label className="field">Date and time, {zone}<input name="at" type="datetime-local" defaultValue={localText(at, zone).padEnd(16, "T00:00").slice(0, 16)} /></label>
      <button className="button primary">Show the board as of then</button>
    </form>
  );
}

interface Day { at: number; open: number }

/** About six weeks around the moment of the view. */
function shownDays(board: Board, at: number, zone: string): Day[] {
  const days = board.days.map(({ day, open }): Day => {
    const [y = 0, m = 1, d = 1] = day.split("-").map(Number);
    return { at: instant(zone, y, m, d), open };
  });
  const here = days.findIndex((day, i) => day.at <= at && (days[i + 1]?.at ?? Infinity) > at);
  const end = Math.min(days.length, Math.max(42, (here < 0 ? days.length : here) + 8));
  return days.slice(Math.max(0, end - 42), end);
}
