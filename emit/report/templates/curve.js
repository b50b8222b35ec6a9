"use strict";
// One chart of the panel: how a value follows a column, as a line over numbers or bars over levels,
// on axes with ticks at round numbers that do not lie on each other.

const Curve = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const [TOP, PLOT, GAP] = [26, 150, 12];
  const MOST_LETTERS = 18;

  function drawn(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function shown(number) {
    if (Number.isNaN(number)) return "NA";
    const size = Math.abs(number);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return number.toExponential(4).replace(/\.?0+e/, "e");
    return String(Number(number.toPrecision(6)));
  }

  const canvas = document.createElement("canvas").getContext("2d");
  function measurer(svg) {
    const { fontSize, fontFamily } = getComputedStyle(svg);
    canvas.font = `${fontSize} ${fontFamily}`;
    return (text) => canvas.measureText(text).width;
  }

  // ------------------------------------------------------------------ round numbers

  // 1, 2 or 5 times a power of ten, so large that at most so many fit.
  function roundStep(low, high, most) {
    const least = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(least));
    if (!(power > 0) || !Number.isFinite(power)) return 0;
    return [1, 2, 5, 10].find((times) => times * power >= least * 0.999999) * power;
  }

  const tidy = (number) => Number(number.toPrecision(12));

  function multiples(first, last, step) {
    if (!(last - first < 1000)) return [];
    return Array.from({ length: Math.max(0, last - first) + 1 }, (_, i) => tidy((first + i) * step));
  }

  function ticks(low, high, most) {
    const step = roundStep(low, high, most);
    if (!step) return [low];
    return multiples(Math.ceil(low / step - 1e-6), Math.floor(high / step + 1e-6), step);
  }

  // From a round number to a round number, with zero where it is not far.
  function span(values, withZero) {
    let [low, high] = [Math.min(...values), Math.max(...values)];
    const size = high - low;
    if (low > 0 && (withZero || low <= size)) low = 0;
    if (high < 0 && (withZero || -high <= size)) high = 0;
    if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
    const step = roundStep(low, high, 5);
    if (!step) return [low, high];
    return [tidy(Math.floor(low / step + 1e-6) * step), tidy(Math.ceil(high / step - 1e-6) * step)];
  }

  // ------------------------------------------------------------------ axes

  function shortened(text, most, width) {
    if (width(text) <= most) return text;
    let kept = text;
    while (kept && width(`${kept}…`) > most) kept = kept.slice(0, -1);
    return `${kept}…`;
  }

  // The frame with the axis on the left; how far the texts below reach is the caller's.
  function frame(svg, [low, high], below, { x: xName, y: yName }) {
    const width = measurer(svg);
    const whole = Math.max(240, svg.clientWidth || 600);
    const numbers = ticks(low, high, 5);
    const left = GAP + Math.max(...numbers.map((number) => width(shown(number))));
    const [right, foot] = [whole - GAP, TOP + PLOT];
    const y = (value) => foot - (PLOT * (value - low)) / (high - low);
    svg.setAttribute("viewBox", `0 0 ${whole} ${foot + below + 20}`);
    svg.replaceChildren(
      drawn("text", { x: 0, y: 12, class: "name" }, shortened(yName, whole, width)),
      ...numbers.flatMap((number) => [
        drawn("path", { class: number === 0 ? "axis" : "grid", d: `M${left} ${y(number)} H${right}` }),
        drawn("text", { x: left - 6, y: y(number) + 4, "text-anchor": "end" }, shown(number)),
      ]),
      drawn("path", { class: "axis", d: `M${left} ${TOP} V${foot} H${right}` }),
      drawn("text", { x: (left + right) / 2, y: foot + below + 16, class: "name", "text-anchor": "middle" },
        shortened(xName, right - left, width)),
    );
    return { left, right, foot, y, width };
  }

  // As many ticks as stand beside each other.
  function fitting(low, high, room, width) {
    for (let most = 8; most > 1; most -= 1) {
      const numbers = ticks(low, high, most);
      const widest = Math.max(...numbers.map((number) => width(shown(number))));
      if (numbers.length > 1 && (widest + GAP) * numbers.length <= room) return numbers;
    }
    return ticks(low, high, 2).slice(0, 1);
  }

  // ------------------------------------------------------------------ the two charts

  // points: [number, value]; own: the row's.
  function line(svg, points, range, names, own) {
    const { left, right, foot, y, width } = frame(svg, range, 18, names);
    const [low, high] = [points[0][0], points.at(-1)[0]];
    const place = (x) => left + ((right - left) * (x - low)) / (high - low || 1);
    for (const number of fitting(low, high, right - left, width)) {
      const half = width(shown(number)) / 2;
      const x = Math.min(Math.max(place(number), left + half - GAP), right + GAP - half);
      svg.append(
        drawn("path", { class: "axis", d: `M${place(number)} ${foot} v4` }),
        drawn("text", { x, y: foot + 17, "text-anchor": "middle" }, shown(number)),
      );
    }
    const path = points.map(([x, value], i) => `${i ? "L" : "M"}${place(x)} ${y(value)}`).join("");
    svg.append(drawn("path", { class: "curve", d: path }));
    if (own) svg.append(drawn("circle", { class: "own", cx: place(own[0]), cy: y(own[1]), r: 5 }));
  }

  // points: [text, value, whether it is the row's].
  function bars(svg, points, range, names) {
    const widthOf = measurer(svg);
    const texts = points.map(([text]) => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text));
    const longest = Math.max(...texts.map(widthOf));
    const upright = longest <= ((svg.clientWidth || 600) - 80) / points.length - 6;
    const { left, right, foot, y } = frame(svg, range, upright ? 18 : longest + 12, names);
    const each = (right - left) / points.length;
    // Of texts that would lie on each other some are left out.
    const shownEvery = upright ? 1 : Math.ceil(14 / each);
    points.forEach(([text, value, own], i) => {
      const x = left + each * i;
      const [top, bottom] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
      const bar = drawn("rect", {
        class: own ? "bar own" : "bar",
        x: x + each * 0.2, width: each * 0.6, y: top, height: Math.max(1, bottom - top),
      });
      bar.append(drawn("title", {}, `${text}: ${shown(value)}`));
      svg.append(bar);
      if (i % shownEvery) return;
      const [cx, cy] = [x + each / 2, foot + (upright ? 16 : 8)];
      svg.append(drawn("text", upright ? { x: cx, y: cy, "text-anchor": "middle" }
        : { x: cx + 4, y: cy, "text-anchor": "end", transform: `rotate(-90 ${cx + 4} ${cy})` }, texts[i]));
    });
  }

  return { bars, line, roundStep, shown, span, tidy };
})();
