import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Sample } from "./cluster.ts";
import { schemeChanges } from "./color-scheme.ts";
import { formatClock } from "./format.ts";
import { samples } from "./live-cluster.ts";

/** How much is shown at least. */
const minSeconds = 60;

/** A number of each sample that is drawn. */
type Quantity = Exclude<keyof Sample, "at">;

interface PlotProps {
  readonly title: string;
  readonly quantities: readonly Quantity[];
  readonly format: (value: number) => string;
}

/** The last minutes of some numbers: what they are now, or were where the pointer is. */
export function Plot({ title, quantities, format }: PlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const pointed = useSignal<number | undefined>(undefined);
  const shown = samples.value[pointed.value ?? samples.value.length - 1];
  const say = (quantity: Quantity): string => {
    const value = shown?.[quantity] ?? null;
    return value === null ? "–" : format(value);
  };
  useEffect(() => {
    if (place.current === null) return;
    const onPoint = (index: number | undefined): void => void (pointed.value = index);
    const { drawn, end } = draw(place.current, { quantities, format, onPoint });
    plot.current = drawn;
    return end;
  }, [schemeChanges.value]);
  useEffect(() => plot.current?.setData(dataOf(quantities)), [samples.value, schemeChanges.value]);
  const isOne = quantities.length === 1;
  const label = quantities.map((quantity) => `${isOne ? "" : quantity} ${say(quantity)}`).join(", ");
  return (
    <section class="card plot">
      <header>
        <h2>{title}</h2>
        <span class="muted tools">
          {pointed.value !== undefined && shown && formatClock(shown.at * 1_000)}
        </span>
      </header>
      <p class="figures" data-plot={quantities[0]}>
        {quantities.map((quantity, index) => (
          <span key={quantity}>
            {!isOne && <span class={`key series-${index}`}>{quantity}</span>}
            <strong>{say(quantity)}</strong>
          </span>
        ))}
      </p>
      <div ref={place} class="canvas" role="img" aria-label={`${title}, last 5 minutes; now ${label}`} />
    </section>
  );
}

interface Drawing extends Omit<PlotProps, "title"> {
  readonly onPoint: (index: number | undefined) => void;
}

function draw(
  place: HTMLElement,
  { quantities, format, onPoint }: Drawing,
): { drawn: UPlot; end: () => void } {
  const height = 132;
  const axis = {
    stroke: colorOf(place, "muted"),
    font: "11px system-ui, sans-serif",
    ticks: { show: false },
  };
  const grid = { stroke: colorOf(place, "grid-line"), width: 1 };
  const options: UPlot.Options = {
    width: place.clientWidth,
    height,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: (_, first, last) => [Math.min(first, last - minSeconds), last] },
      y: { range: (_, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 80,
        values: (_, ats) => ats.map((at) => formatClock(at * 1_000)),
      },
      { ...axis, grid, size: 46, space: 36, values: (_, values) => values.map((value) => format(value)) },
    ],
    series: [
      {},
      ...quantities.map((_, index) => lineOf(colorOf(place, `series-${index}`), quantities.length)),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  };
  const drawn = new UPlot(options, dataOf(quantities), place);
  const observer = new ResizeObserver(() => drawn.setSize({ width: place.clientWidth, height }));
  observer.observe(place);
  const end = (): void => {
    observer.disconnect();
    drawn.destroy();
  };
  return { drawn, end };
}

function lineOf(color: string, count: number): UPlot.Series {
  const line = { stroke: color, width: 1.5, points: { show: false } };
  return count === 1 ? { ...line, fill: color.replace("rgb(", "rgba(").replace(")", ", 0.1)") } : line;
}

/** The colour that a class gives to text: a canvas takes no names of colours. */
function colorOf(place: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.className = name;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function dataOf(quantities: readonly Quantity[]): UPlot.AlignedData {
  const columns = quantities.map((quantity) => samples.value.map((sample) => sample[quantity]));
  return [samples.value.map(({ at }) => at), ...columns];
}
