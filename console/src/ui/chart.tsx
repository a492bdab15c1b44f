import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./chart.css";

export interface Series {
  label: string;
  /** One value for each time; null where there is none. */
  values: readonly (number | null)[];
}

const HEIGHT = 160;

/**
 * Lines over time, to be imported lazily. The picture is for the eye: its latest values stand below it as text.
 */
export default function Chart({
  title,
  timesMs,
  series,
  topMin,
  format,
}: {
  title: string;
  timesMs: readonly number[];
  series: readonly Series[];
  /** The scale ends here at least, so that next to nothing looks like that. */
  topMin: number;
  format: (value: number) => string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latestData = useRef<UPlot.AlignedData>([[]]);
  latestData.current = [timesMs.map((time) => time / 1000), ...series.map(({ values }) => [...values])];
  const formatValue = useRef(format);
  formatValue.current = format;
  const labels = series.map(({ label }) => label).join("\n");
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new UPlot(
        optionsOf({ element, labels: labels.split("\n"), topMin, format: (value) => formatValue.current(value) }),
        latestData.current,
        element,
      );
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    // Colours are painted, so another theme is another picture: one that is chosen, or the system's.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      dark.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels, topMin]);
  useEffect(() => {
    plot.current?.setData(latestData.current);
  });
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div ref={host} aria-hidden="true" />
      <ul>
        {series.map(({ label, values }, index) => {
          const latest = values.findLast((value) => value !== null);
          return (
            <li key={label} className={`series-${index + 1}`}>
              <span className="swatch" aria-hidden="true" />
              {label}: {latest === undefined || latest === null ? "–" : format(latest)}
            </li>
          );
        })}
      </ul>
    </figure>
  );
}

function optionsOf({
  element,
  labels,
  topMin,
  format,
}: {
  element: HTMLElement;
  labels: readonly string[];
  topMin: number;
  format: (value: number) => string;
}): UPlot.Options {
  const text = colourOf(element, "chart-text");
  const grid = { stroke: colourOf(element, "chart-grid"), width: 1 };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, high) => [0, Math.max(high ?? 0, topMin)] } },
    series: [
      {},
      ...labels.map((label, index) => ({
        label,
        stroke: colourOf(element, `series-${index + 1}`),
        width: 2,
        // A second line is told from the first without colours.
        ...(index === 0 ? {} : { dash: [6, 3 * index] }),
      })),
    ],
    axes: [
      { stroke: text, grid, ticks: grid },
      { stroke: text, grid, ticks: grid, size: 76, values: (_, values) => values.map(format) },
    ],
  };
}

/** The colour that a class has now: a canvas knows no variables. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.className = name;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
