import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Columns } from './chart-data.ts';

export interface PlotProps {
  columns: Columns;
  /** Seconds since the epoch: the ends of the time axis. */
  from: number;
  to: number;
  /** The end of the value axis; its beginning is 0. */
  top: number;
  /** Tokens of the lines' colours, `--chart-1`; the second line is dashed. */
  colours: readonly string[];
}

const colourOf = (token: string) => getComputedStyle(document.documentElement).getPropertyValue(token).trim();

/** Of `#rrggbb`: 9 % of it. */
const faint = (colour: string) => `${colour}17`;

function seriesOf(colours: readonly string[]): UPlot.Series[] {
  return colours.map((token, index) => ({
    stroke: () => colourOf(token),
    width: 1.5,
    points: { show: false },
    spanGaps: false,
    ...(index > 0 ? { dash: [5, 3] } : {}),
    ...(colours.length === 1 ? { fill: () => faint(colourOf(token)) } : {}),
  }));
}

function create(box: HTMLElement, colours: readonly string[], bounds: () => PlotProps): UPlot {
  return new UPlot(
    {
      width: Math.max(1, box.clientWidth),
      height: Math.max(1, box.clientHeight),
      // a line at 0 stands above the axis, not under it
      padding: [1, 0, 2, 0],
      cursor: { show: false },
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: {
        x: { time: true, range: () => [bounds().from, bounds().to] },
        y: { range: () => [0, bounds().top] },
      },
      series: [{}, ...seriesOf(colours)],
    },
    bounds().columns,
    box,
  );
}

/** The lines of a chart on a canvas that fills its box; grid, words and crosshair are the page's. Straight between samples. */
export default function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const colours = props.colours.join();
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const own = create(element, colours.split(','), () => latest.current);
    plot.current = own;
    const sized = new ResizeObserver(() =>
      own.setSize({ width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) }),
    );
    sized.observe(element);
    // the canvas has its colours from the theme
    const themed = new MutationObserver(() => own.redraw());
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      sized.disconnect();
      themed.disconnect();
      own.destroy();
    };
  }, [colours]);
  useEffect(() => {
    plot.current?.setData(props.columns);
  }, [props.columns]);
  return <div ref={box} className="absolute inset-0 overflow-hidden" aria-hidden />;
}
