"use strict";
// The panel: one control for each column, the prediction, and one column's response curve.

(() => {
  const MISSING = "(missing)";
  const NEW_LEVEL = "(a new level)";
  const CURVE_POINTS = 121;
  const MOST_BARS = 40;
  const SVG = "http://www.w3.org/2000/svg";

  const source = document.getElementById("what-if-model");
  if (!source) return;
  const model = WhatIf.open(JSON.parse(source.textContent));
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

  // ------------------------------------------------------------------ response curve

  function curvePoints(input, output) {
    const cells = input.levels
      ? [null, ...input.levels.slice(0, MOST_BARS)]
      : Array.from({ length: CURVE_POINTS }, (_, i) =>
        input.low + ((input.high - input.low) * i) / (CURVE_POINTS - 1));
    return cells.map((cell) => [cell, WhatIf.predict(model, { ...row, [input.name]: cell })[output]]);
  }

  function showCurve() {
    const input = model.inputs[byId("what-if-column").selectedIndex];
    const output = byId("what-if-output").selectedIndex;
    const points = curvePoints(input, output).filter(([, y]) => Number.isFinite(y));
    const values = points.map(([, y]) => y);
    const [low, high] = model.output.kind === "classification"
      ? [0, 1] : [Math.min(...values), Math.max(...values)];
    const height = (y) => 170 - (150 * (y - low)) / (high - low || 1);
    const place = (i) => 60 + (520 * i) / Math.max(1, points.length - 1);
    const svg = byId("what-if-curve");
    svg.replaceChildren(
      drawn("text", { x: 54, y: 24, "text-anchor": "end" }, shown(high)),
      drawn("text", { x: 54, y: 174, "text-anchor": "end" }, shown(low)),
      drawn("path", { class: "axis", d: "M60 20 V170 H580" }),
    );
    const name = model.output.columns[output];
    if (input.levels) {
      const width = 520 / points.length;
      points.forEach(([cell, y], i) => {
        const x = 60 + width * i;
        const bar = drawn("rect", {
          class: "bar", x: x + width * 0.2, width: width * 0.6, y: height(y), height: Math.max(1, 170 - height(y)),
        });
        bar.append(drawn("title", {}, `${cell ?? MISSING}: ${shown(y)}`));
        svg.append(bar);
        const text = (cell ?? MISSING).slice(0, Math.floor(width / 6));
        if (width > 24) svg.append(drawn("text", { x: x + width / 2, y: 186, "text-anchor": "middle" }, text));
      });
    } else {
      const path = points.map(([, y], i) => `${i ? "L" : "M"}${place(i)} ${height(y)}`).join("");
      svg.append(
        drawn("path", { class: "curve", d: path }),
        drawn("text", { x: 60, y: 190 }, shown(input.low)),
        drawn("text", { x: 580, y: 190, "text-anchor": "end" }, shown(input.high)),
      );
    }
    const more = input.levels && input.levels.length > MOST_BARS
      ? `; the first ${MOST_BARS} of ${input.levels.length} levels` : "";
    svg.setAttribute("aria-label", `${name} by ${input.name}: from ${shown(Math.min(...values))} to ${shown(Math.max(...values))}`);
    byId("what-if-curve-caption").textContent = `${name} by ${input.name}, the other columns as set above${more}`;
  }

  function update() {
    showPrediction(WhatIf.predict(model, row));
    showCurve();
  }

  buildControls();
  buildChoices();
  update();
  // For the tests, and for who opens the console: the page's own scorer.
  window.mojo = { predict: (cells) => WhatIf.predict(model, cells) };
})();
