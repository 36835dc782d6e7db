import { useEffect, useRef, type RefObject } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../lib/theme";
import { alone, colours, paintOver, paintUnder, type Drawn } from "./paint";

/** Room around the plotting area, so that thick lines on its edge are not cut. */
const EDGE = 6;

export interface PlotOptions {
  drawn: Drawn;
  start: number;
  end: number;
  low: number;
  high: number;
  onHover?: (index: number | null) => void;
  onSelect?: (start: number, end: number) => void;
}

/** Keeps a uPlot in `box` that fills it, drawn anew when what it shows, its size or the theme changes. */
export function usePlot(box: RefObject<HTMLDivElement | null>, options: PlotOptions): void {
  const { drawn, start, end, low, high } = options;
  const theme = useTheme();
  const calls = useRef(options);
  calls.current = options;
  const selects = Boolean(options.onSelect);
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const ink = colours(host);
    const solid = drawn.actual.map((v, i) => (i === drawn.partial ? null : (v ?? null)));
    const line = (stroke: string, width: number, values: readonly (number | null)[]): uPlot.Series => ({
      stroke,
      width,
      pxAlign: 0, // as what paint.ts draws over it, so that both lie on one line
      points: { show: true, size: 4, width: 0, fill: stroke, filter: () => alone(values) },
    });
    const before = drawn.compare?.map((v) => v ?? null);
    const plot = new uPlot(
      {
        width: host.clientWidth,
        height: host.clientHeight + 2 * EDGE,
        padding: [EDGE, 0, EDGE, 0],
        legend: { show: false },
        scales: { x: { time: false, range: [start, end] }, y: { range: [low, high] } },
        axes: [{ show: false }, { show: false }],
        series: [{}, ...(before ? [line(ink.compare, 1, before)] : []), line(ink.series, 1.5, solid)],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: selects, y: false, setScale: false, dist: 4 },
        },
        hooks: {
          drawClear: [(u) => paintUnder(u, drawn, ink)],
          draw: [(u) => paintOver(u, drawn, ink)],
          setCursor: [(u) => calls.current.onHover?.((u.cursor.left ?? -1) < 0 ? null : (u.cursor.idx ?? null))],
          setSelect: [(u) => select(u)],
        },
      },
      [drawn.time as number[], ...(before ? [before] : []), solid],
      host,
    );
    function select(u: uPlot): void {
      const { left, width } = u.select;
      if (width < 4) return;
      calls.current.onSelect?.(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    }
    const watch = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: host.clientHeight + 2 * EDGE }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [box, drawn, start, end, low, high, theme, selects]);
}
