import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { Card } from "./card.tsx";
import type { Sample } from "./cluster.ts";
import { chosenScheme } from "./color-scheme.ts";
import { formatClock } from "./format.ts";
import { samples } from "./live-cluster.ts";

/** How much is shown at least. */
const minMs = 60_000;

const height = 146;

interface PlotProps {
  readonly title: string;
  /** The numbers of each sample that are drawn. */
  readonly quantities: readonly Exclude<keyof Sample, "at">[];
  readonly format: (value: number) => string;
}

/** The last minutes of some numbers: what they are now, or were where the pointer is. */
export function Plot(props: PlotProps): JSX.Element {
  const { title, quantities, format } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const pointed = useSignal<number | undefined>(undefined);
  const shown = samples.value[pointed.value ?? samples.value.length - 1];
  const figures = quantities.map((quantity) => {
    const value = shown?.[quantity] ?? null;
    return { name: quantities.length > 1 ? quantity : "", text: value === null ? "–" : format(value) };
  });
  useLayoutEffect(() => {
    if (place.current === null) return;
    plot.current = draw(place.current, props, ({ cursor }) => (pointed.value = cursor.idx ?? undefined));
    const fit = (): void => plot.current?.setSize({ width: place.current?.clientWidth ?? 0, height });
    addEventListener("resize", fit);
    return () => {
      removeEventListener("resize", fit);
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(quantities)), [samples.value, chosenScheme.value]);
  const words = figures.map(({ name, text }) => `${name} ${text}`).join(", ");
  return (
    <Card title={title} note={pointed.value !== undefined && shown && formatClock(shown.at)}>
      <p class="row figures" data-plot={quantities[0]}>
        {figures.map(({ name, text }, index) => (
          <span key={name}>
            <span class={`series-${index}`}>{name}</span> <strong>{text}</strong>
          </span>
        ))}
      </p>
      <div ref={place} role="img" aria-label={`${title}, last 5 minutes; now ${words}`} />
    </Card>
  );
}

function draw(place: HTMLElement, { quantities, format }: PlotProps, onPoint: (plot: UPlot) => void): UPlot {
  const axis = { stroke: colorOf(place, "muted"), font: "11px system-ui", ticks: { show: false } };
  const grid = { stroke: colorOf(place, "muted", 20), width: 1 };
  const series = quantities.map((_, index) => ({
    stroke: colorOf(place, `series-${index}`),
    fill: colorOf(place, `series-${index}`, quantities.length > 1 ? 0 : 10),
    width: 1.5,
    points: { show: false },
  }));
  const options: UPlot.Options = {
    ms: 1,
    width: place.clientWidth,
    height,
    padding: [12, 38, 10, 4],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: (_, first, last) => [Math.min(first, last - minMs), last] },
      y: { range: (_, _least, most) => [0, Math.max(1, most * 1.1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 80, values: (_, ats) => ats.map(formatClock) },
      { ...axis, grid, size: 46, space: 36, values: (_, values) => values.map(format) },
    ],
    series: [{}, ...series],
    hooks: { setCursor: [onPoint] },
  };
  return new UPlot(options, dataOf(quantities), place);
}

/** So many percent of the colour that a class gives to text, as it is when that is drawn: a canvas takes no names of colours. */
function colorOf(place: HTMLElement, name: string, part = 100): () => string {
  return () => {
    const probe = place.appendChild(document.createElement("i"));
    probe.className = name;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return `color-mix(in srgb, ${color} ${part}%, transparent)`;
  };
}

function dataOf(quantities: PlotProps["quantities"]): UPlot.AlignedData {
  const columns = quantities.map((quantity) => samples.value.map((sample) => sample[quantity]));
  return [samples.value.map(({ at }) => at), ...columns];
}
