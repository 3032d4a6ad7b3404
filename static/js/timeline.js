// The past of a group as a picture: states of its nodes as bands, round-trip times of their heartbeats beneath.
"use strict";
(() => {
  const place = document.getElementById("timeline");
  const tools = document.getElementById("timeline-tools");
  const past = JSON.parse(document.getElementById("timeline-data").textContent);
  if (!place || !past.nodes.length || typeof uPlot === "undefined") return;

  const BAND = 30;
  const LEFT = 96;
  const TONES = { good: "ok", busy: "info", warn: "warning", bad: "error", off: "off" };
  const LINES = ["solid", "dashed"];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  // As in the tables: in the zone of the reader, in the form of the page's language.
  const language = document.documentElement.lang;
  const written = (parts) => new Intl.DateTimeFormat(language, { timeZone: past.zone, hourCycle: "h23", ...parts }).format;
  const monthDay = { month: language === "ja" ? "2-digit" : "short", day: "2-digit" };
  const day = written({ year: "numeric", ...monthDay });
  const shortDay = written(monthDay);
  const minute = written({ hour: "2-digit", minute: "2-digit" });
  const second = written({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const moment = (seconds) => `${day(seconds * 1000)} ${second(seconds * 1000)}`;
  const ticks = (_plot, splits, _axis, _space, step) => splits.map((seconds) => {
    const at = seconds * 1000;
    if (step >= 86400) return shortDay(at);
    const time = step < 60 ? second(at) : minute(at);
    return /^00:00(:00)?$/.test(time) ? `${shortDay(at)}\n${time}` : time;
  });

  const readout = document.createElement("p");
  readout.className = "timeline__readout";

  // Bands

  // Lines across a band, so that colour is never the only difference.
  const hatch = (ctx, tone, x, y, width, height) => {
    const gap = { bad: 6, warn: 12, busy: 18 }[tone];
    if (!gap) return;
    const step = gap * devicePixelRatio;
    const down = tone === "warn" ? -1 : 1;
    ctx.lineWidth = devicePixelRatio;
    for (let at = x - height; at < x + width + height; at += step) {
      ctx.beginPath();
      ctx.moveTo(at, down > 0 ? y : y + height);
      ctx.lineTo(at + height, down > 0 ? y + height : y);
      ctx.stroke();
    }
  };

  const drawSpan = (plot, span, top, height) => {
    const { ctx, bbox } = plot;
    const from = Math.max(plot.valToPos(span.begin, "x", true), bbox.left);
    const to = Math.min(plot.valToPos(span.end, "x", true), bbox.left + bbox.width);
    if (to <= from) return;
    const tone = TONES[span.colour];
    const width = Math.max(to - from, devicePixelRatio);
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, top, width, height);
    ctx.clip();
    ctx.fillStyle = colour(`${tone}-ground`);
    ctx.fillRect(from, top, width, height);
    ctx.strokeStyle = colour(`${tone}-line`);
    hatch(ctx, span.colour, from, top, width, height);
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.strokeRect(from, top, width, height);
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    const inner = 6 * devicePixelRatio;
    const words = ctx.measureText(span.label).width + 2 * inner <= width ? span.label : span.label.split(" ")[0];
    const wide = ctx.measureText(words).width;
    if (wide + inner <= width) {
      // On its own ground: a hatched one is hard to read on.
      ctx.fillStyle = colour(`${tone}-ground`);
      ctx.fillRect(from + inner / 2, top + height * 0.2, wide + inner, height * 0.6);
      ctx.fillStyle = colour(tone);
      ctx.fillText(words, from + inner, top + height / 2);
    }
    ctx.restore();
  };

  const fitted = (ctx, words, width) => {
    let cut = words;
    while (cut.length > 1 && ctx.measureText(cut).width > width) cut = `${cut.slice(0, -2)}…`;
    return cut;
  };

  const drawBands = (plot) => {
    const { ctx, bbox } = plot;
    const height = bbox.height / past.nodes.length;
    const margin = 3 * devicePixelRatio;
    past.nodes.forEach((node, row) => {
      const top = bbox.top + row * height + margin;
      node.spans.forEach((span) => drawSpan(plot, span, top, height - 2 * margin));
      ctx.save();
      ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.fillStyle = colour("text");
      ctx.textAlign = "right";
      ctx.textBaseline = "middle";
      const room = (LEFT - 12) * devicePixelRatio;
      ctx.fillText(fitted(ctx, node.name, room), bbox.left - 6 * devicePixelRatio, top + height / 2 - margin);
      ctx.restore();
    });
  };

  // A cross at the foot for each heartbeat without an answer.
  const drawUnanswered = (plot) => {
    const { ctx, bbox } = plot;
    const size = 3 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = colour("error-line");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    past.nodes.forEach((node, row) => {
      const y = bbox.top + bbox.height - (2 + 3 * row) * size;
      node.points.filter(([, rtt]) => rtt === null).forEach(([at]) => {
        const x = plot.valToPos(at, "x", true);
        if (x < bbox.left || x > bbox.left + bbox.width) return;
        ctx.beginPath();
        ctx.moveTo(x - size, y - size);
        ctx.lineTo(x + size, y + size);
        ctx.moveTo(x + size, y - size);
        ctx.lineTo(x - size, y + size);
        ctx.stroke();
      });
    });
    ctx.restore();
  };

  // What stands at the pointer, in words

  const nearest = (points, at) => points.reduce((best, point) => (Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best), points[0]);
  const words = (node, at) => {
    const span = node.spans.find((one) => one.begin <= at && at <= one.end);
    const point = node.points.length ? nearest(node.points, at) : null;
    const isNear = point && Math.abs(point[0] - at) < Math.max(120, (past.end - past.begin) / 200);
    const heartbeat = isNear ? (point[1] === null ? past.words.noAnswer : `${point[1].toFixed(1)} ${past.words.ms}`) : "";
    return `${node.name}: ${[span ? `${span.label} (${span.reason})` : "", heartbeat].filter(Boolean).join(", ")}`;
  };
  const read = (plot) => {
    if (plot.cursor.left < 0) return;
    const at = plot.posToVal(plot.cursor.left, "x");
    readout.textContent = [moment(at), ...past.nodes.map((node) => words(node, at))].join(" · ");
  };

  // Both plots, zoomed together

  let plots = [];
  let begin = past.begin;
  let end = past.end;
  const show = (min, max) => {
    [begin, end] = [Math.max(min, past.begin), Math.min(max, past.end)];
    place.dataset.shown = `${Math.round(begin)}-${Math.round(end)}`;
    plots.forEach((plot) => plot.setScale("x", { min: begin, max: end }));
  };
  const follow = (plot, key) => {
    const { min, max } = plot.scales.x;
    if (key !== "x" || min == null || (min === begin && max === end)) return;
    show(min, max);
  };

  const axis = (more) => ({ stroke: colour("text-soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, ...more });
  const common = (draw) => ({
    width: Math.max(place.clientWidth, 240),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), past.zone),
    cursor: { sync: { key: "timeline", setSeries: false }, drag: { x: true, y: false, uni: 10 }, points: { show: false }, y: false },
    hooks: { draw: [draw], setScale: [follow], setCursor: [read] },
    scales: { x: { time: true, range: (_plot, min, max) => [min ?? past.begin, max ?? past.end] } },
  });

  const joined = () => {
    const lines = past.nodes.map((node) => [node.points.map((point) => point[0]), node.points.map((point) => point[1])]);
    const ends = [[past.begin, past.end], [undefined, undefined]];
    return uPlot.join([ends, ...lines.map((line) => (line[0].length ? line : ends))]);
  };

  const build = () => {
    plots.forEach((plot) => plot.destroy());
    const [times, , ...lines] = joined();
    const strokes = [colour("accent"), colour("link")];
    const bands = new uPlot({
      ...common(drawBands),
      height: past.nodes.length * BAND + 12,
      legend: { show: false },
      padding: [4, 12, 0, 0],
      axes: [axis({ show: false }), axis({ size: LEFT, values: () => [], grid: { show: false }, ticks: { show: false } })],
      scales: { ...common(drawBands).scales, y: { range: [0, 1] } },
      series: [{}, { label: past.words.states, stroke: "transparent" }],
    }, [[past.begin, past.end], [null, null]], place);
    const beats = new uPlot({
      ...common(drawUnanswered),
      height: 220,
      padding: [8, 12, 0, 0],
      legend: { live: false, markers: { dash: (_plot, i) => LINES[(i - 1) % 2] } },
      axes: [axis({ values: ticks, space: 64 }), axis({ size: LEFT - 18, label: `${past.words.roundTrip} (${past.words.ms})`, labelSize: 18 })],
      scales: { ...common(drawUnanswered).scales, y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.15)] } },
      series: [
        { label: past.words.time },
        ...past.nodes.map((node, i) => ({ label: node.name, stroke: strokes[i % 2], width: 1.5, dash: i % 2 ? [6, 4] : undefined, points: { show: node.points.length < 60 } })),
      ],
    }, [times, ...lines], place);
    plots = [bands, beats];
    place.append(readout);
    show(begin, end);
  };

  const zoom = (how) => {
    const [middle, half] = [(begin + end) / 2, (end - begin) / 2];
    show(...{
      in: [middle - half / 2, middle + half / 2],
      out: [middle - half * 2, middle + half * 2],
      left: [Math.max(begin - half, past.begin), Math.max(end - half, past.begin + 2 * half)],
      right: [Math.min(begin + half, past.end - 2 * half), Math.min(end + half, past.end)],
      all: [past.begin, past.end],
    }[how]);
  };

  place.hidden = false;
  tools.hidden = false;
  build();
  place.dataset.drawn = "true";
  tools.addEventListener("click", (event) => {
    const how = event.target.dataset.zoom;
    if (how) zoom(how);
  });
  place.addEventListener("dblclick", () => show(past.begin, past.end));
  new ResizeObserver(() => {
    plots.forEach((plot) => plot.setSize({ width: Math.max(place.clientWidth, 240), height: plot.height }));
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
})();
