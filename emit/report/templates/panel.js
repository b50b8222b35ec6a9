"use strict";
// The panel: one control for each column, the prediction, what moves it, and a response curve.

(() => {
  const MISSING = "(missing)";
  const NEW_LEVEL = "(a new level)";
  const CURVE_POINTS = 121;
  const MOST_BARS = 40;
  const MOST_MOVES = 10;
  // About the width of a letter of the curve's texts.
  const LETTER = 7;
  const SVG = "http://www.w3.org/2000/svg";

  const source = document.getElementById("what-if-model");
  if (!source) return;
  const model = WhatIf.open(JSON.parse(source.textContent));
  const background = Moves.open(model);
  const row = {};
  const byId = (id) => document.getElementById(id);

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function shown(number) {
    if (Number.isNaN(number)) return "NA";
    const size = Math.abs(number);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return number.toExponential(4);
    return String(Number(number.toPrecision(6)));
  }

  // Signed, and as long as a glance takes.
  function change(number) {
    return `${number > 0 ? "+" : ""}${shown(Number(number.toPrecision(3)))}`;
  }

  // ------------------------------------------------------------------ controls

  function levelControl(input, id) {
    const select = element("select", { id });
    [MISSING, NEW_LEVEL, ...input.levels].forEach((text, i) => {
      select.append(element("option", { value: String(i) }, text));
    });
    select.selectedIndex = input.levels.length ? 2 : 0;
    const read = () => {
      row[input.name] = [null, WhatIf.NEW_LEVEL, ...input.levels][select.selectedIndex];
    };
    select.addEventListener("change", () => { read(); update(); });
    read();
    return [select];
  }

  function numberControl(input, id) {
    const { low, start, high } = input;
    const step = (high - low) / 200 || "any";
    const slider = element("input", { type: "range", min: low, max: high, step, id });
    const text = element("input", { type: "number", step: "any", "aria-label": `${input.name}, exact` });
    const missing = element("input", { type: "checkbox" });
    slider.value = String(start);
    text.value = String(Number(start.toPrecision(6)));
    const read = () => {
      const number = text.valueAsNumber;
      row[input.name] = missing.checked || Number.isNaN(number) ? null : number;
      slider.disabled = missing.checked;
      text.disabled = missing.checked;
      update();
    };
    slider.addEventListener("input", () => {
      text.value = String(Number(Number(slider.value).toPrecision(6)));
      read();
    });
    text.addEventListener("input", () => { slider.value = text.value; read(); });
    missing.addEventListener("change", read);
    row[input.name] = text.valueAsNumber;
    return [slider, text, element("label", { class: "missing" }, missing, " missing")];
  }

  function buildControls() {
    const controls = byId("what-if-controls");
    model.inputs.forEach((input, i) => {
      const id = `what-if-cell-${i}`;
      const made = input.levels ? levelControl(input, id) : numberControl(input, id);
      controls.append(element("div", { class: "cell" }, element("label", { for: id }, input.name), ...made));
    });
  }

  function buildChoices() {
    const column = byId("what-if-column");
    model.inputs.forEach((input, i) => column.append(element("option", { value: String(i) }, input.name)));
    const output = byId("what-if-output");
    model.output.columns.forEach((name, i) => output.append(element("option", { value: String(i) }, name)));
    if (model.output.kind === "classification") output.selectedIndex = model.output.columns.length > 2 ? 0 : 1;
    for (const select of [column, output]) select.addEventListener("change", update);
  }

  // ------------------------------------------------------------------ prediction

  function showPrediction(values) {
    const body = byId("what-if-values");
    body.replaceChildren(...model.output.columns.map((name, i) => {
      const line = element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, shown(values[i])));
      if (model.output.kind === "classification") {
        const bar = element("meter", { min: 0, max: 1, value: String(values[i]), "aria-hidden": "true" });
        line.append(element("td", {}, bar));
      }
      return line;
    }));
    byId("what-if-label").textContent = model.output.kind === "classification"
      ? `predict: ${WhatIf.label(model, values)}` : "";
  }

  // ------------------------------------------------------------------ contributions

  // Two classes have one log-odds, an autoencoder one error.
  const explainedOutput = () =>
    (model.explained.length > 1 ? byId("what-if-output").selectedIndex : 0);

  function moveLine(name, number, largest) {
    const bar = element("i", { class: number < 0 ? "down" : "up" });
    const share = largest > 0 ? (50 * Math.abs(number)) / largest : 0;
    bar.style.width = `${share}%`;
    bar.style.left = `${number < 0 ? 50 - share : 50}%`;
    return element("tr", {}, element("th", { scope: "row" }, name),
      element("td", { class: "track", "aria-hidden": "true" }, bar),
      element("td", { class: "number" }, change(number)));
  }

  function showMoves() {
    const body = byId("what-if-moves").tBodies[0];
    const said = byId("what-if-moves-said");
    if (!background) {
      byId("what-if-moves").hidden = true;
      said.textContent = "There are no contributions: no rows to compare with were given.";
      return;
    }
    const output = explainedOutput();
    const name = model.explained[output];
    const found = Moves.contributions(model, background, row, output);
    const named = found.columns.map((number, i) => [model.inputs[i].name, number]);
    if (!named.every(([, number]) => Number.isFinite(number))) {
      body.replaceChildren();
      said.textContent = "The numbers are too large to be explained.";
      return;
    }
    named.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
    const lines = named.slice(0, MOST_MOVES);
    const others = named.slice(MOST_MOVES);
    if (others.length) lines.push([`${others.length} others`, others.reduce((sum, [, b]) => sum + b, 0)]);
    const largest = Math.max(...lines.map(([, number]) => Math.abs(number)));
    body.replaceChildren(...lines.map(([text, number]) => moveLine(text, number, largest)));
    said.textContent = `Contributions to the ${name}: from ${shown(found.base)}, the mean of `
      + `${model.background.words}, to ${shown(found.value)} for this row.`;
  }

  // ------------------------------------------------------------------ response curve

  function curvePoints(input, output) {
    const cells = input.levels
      ? [null, ...input.levels.slice(0, MOST_BARS)]
      : Array.from({ length: CURVE_POINTS }, (_, i) =>
        input.low + ((input.high - input.low) * i) / (CURVE_POINTS - 1));
    return cells.map((cell) => [cell, WhatIf.predict(model, { ...row, [input.name]: cell })[output]]);
  }

  // Where a value stands in the picture; texts keep their size, whatever the page's width.
  function frame(svg, low, high, bottom) {
    const width = Math.max(240, svg.clientWidth || 600);
    const [left, right, foot] = [60, width - 20, 170];
    svg.setAttribute("viewBox", `0 0 ${width} ${foot + bottom}`);
    svg.replaceChildren(
      drawn("text", { x: left - 6, y: 24, "text-anchor": "end" }, shown(high)),
      drawn("text", { x: left - 6, y: foot + 4, "text-anchor": "end" }, shown(low)),
      drawn("path", { class: "axis", d: `M${left} 20 V${foot} H${right}` }),
    );
    const y = (value) => foot - ((foot - 20) * (value - low)) / (high - low || 1);
    return { left, right, foot, y };
  }

  function showBars(svg, points, low, high) {
    const texts = points.map(([cell]) => {
      const text = cell ?? MISSING;
      return text.length > 16 ? `${text.slice(0, 15)}…` : text;
    });
    const longest = LETTER * Math.max(...texts.map((text) => text.length));
    const each = ((svg.clientWidth || 600) - 80) / points.length;
    const upright = longest <= each - 4;
    const { left, right, foot, y } = frame(svg, low, high, upright ? 26 : longest + 14);
    const width = (right - left) / points.length;
    // Of texts that would lie on each other some are left out.
    const shownEvery = upright ? 1 : Math.ceil(14 / width);
    points.forEach(([cell, value], i) => {
      const x = left + width * i;
      const bar = drawn("rect", {
        class: cell === row[model.inputs[byId("what-if-column").selectedIndex].name] ? "bar own" : "bar",
        x: x + width * 0.2, width: width * 0.6, y: y(value), height: Math.max(1, foot - y(value)),
      });
      bar.append(drawn("title", {}, `${cell ?? MISSING}: ${shown(value)}`));
      svg.append(bar);
      if (i % shownEvery) return;
      const [cx, cy] = [x + width / 2, foot + (upright ? 16 : 8)];
      svg.append(drawn("text", upright ? { x: cx, y: cy, "text-anchor": "middle" }
        : { x: cx + 4, y: cy, "text-anchor": "end", transform: `rotate(-90 ${cx + 4} ${cy})` }, texts[i]));
    });
  }

  function showLine(svg, points, low, high, input, own) {
    const { left, right, foot, y } = frame(svg, low, high, 26);
    const place = (x) => left + ((right - left) * (x - input.low)) / (input.high - input.low || 1);
    const path = points.map(([x, value], i) => `${i ? "L" : "M"}${place(x)} ${y(value)}`).join("");
    svg.append(
      drawn("path", { class: "curve", d: path }),
      drawn("text", { x: left, y: foot + 20 }, shown(input.low)),
      drawn("text", { x: right, y: foot + 20, "text-anchor": "end" }, shown(input.high)),
    );
    const here = row[input.name];
    if (here !== null && here >= input.low && here <= input.high && Number.isFinite(own)) {
      svg.append(drawn("circle", { class: "own", cx: place(here), cy: y(own), r: 5 }));
    }
  }

  function showCurve() {
    const input = model.inputs[byId("what-if-column").selectedIndex];
    const output = byId("what-if-output").selectedIndex;
    const points = curvePoints(input, output).filter(([, y]) => Number.isFinite(y));
    const own = WhatIf.predict(model, row)[output];
    const values = [...points.map(([, y]) => y), ...(Number.isFinite(own) ? [own] : [])];
    const [low, high] = model.output.kind === "classification"
      ? [0, 1] : [Math.min(...values), Math.max(...values)];
    const svg = byId("what-if-curve");
    if (!values.length) svg.replaceChildren();
    else if (input.levels) showBars(svg, points, low, high);
    else showLine(svg, points, low, high, input, own);
    const name = model.output.columns[output];
    const more = input.levels && input.levels.length > MOST_BARS
      ? `; the first ${MOST_BARS} of ${input.levels.length} levels` : "";
    svg.setAttribute("aria-label", `${name} by ${input.name}: from ${shown(Math.min(...values))} to ${shown(Math.max(...values))}`);
    byId("what-if-curve-caption").textContent = `${name} by ${input.name}, the other columns as set above; `
      + `this row's own value in the other colour${more}.`;
  }

  function update() {
    showPrediction(WhatIf.predict(model, row));
    showMoves();
    showCurve();
  }

  buildControls();
  buildChoices();
  update();
  window.addEventListener("resize", showCurve);
  // For the tests, and for who opens the console: the page's own scorer.
  window.mojo = {
    predict: (cells) => WhatIf.predict(model, cells),
    contributions: (cells, output) => Moves.contributions(model, background, cells, output),
  };
})();
