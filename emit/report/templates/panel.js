"use strict";
// The panel: a row of the file, one control for each column, the prediction, what moves it, and a
// response curve.

(() => {
  const MISSING = "(missing)";
  const NEW_LEVEL = "(a new level)";
  const CURVE_POINTS = 121;
  const MOST_BARS = 40;
  const MOST_LINES = 10;
  // Steps that a slider has at least.
  const STEPS = 50;

  const source = document.getElementById("what-if-model");
  if (!source) return;
  const model = WhatIf.open(JSON.parse(source.textContent));
  const background = Moves.open(model);
  const rows = Rows.open(model);
  const { shown } = Curve;
  const row = {};
  const controls = [];
  const byId = (id) => document.getElementById(id);

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // Signed, and as long as a glance takes.
  function change(number) {
    return `${number > 0 ? "+" : ""}${shown(Number(number.toPrecision(3)))}`;
  }

  // ------------------------------------------------------------------ controls

  function levelControl(input, id) {
    const cells = [null, WhatIf.NEW_LEVEL, ...input.levels];
    const select = element("select", { id });
    [MISSING, NEW_LEVEL, ...input.levels].forEach((text, i) => {
      select.append(element("option", { value: String(i) }, text));
    });
    const read = () => { row[input.name] = cells[select.selectedIndex]; };
    const set = (cell) => { select.selectedIndex = cells.lastIndexOf(cell); read(); };
    select.addEventListener("change", () => { read(); update(); });
    return { parts: [select], set, start: input.levels.length ? input.levels[0] : null };
  }

  // Round numbers around where most rows lie, so far apart that a key press is seen.
  function scaleOf({ low, high, whole }) {
    const step = Math.max(Curve.roundStep(low, high, 2 * STEPS), whole ? 1 : 0);
    if (!step || !Number.isFinite(high - low)) return { min: low, max: high, step: "any" };
    return { min: Curve.tidy(Math.floor(low / step) * step), max: Curve.tidy(Math.ceil(high / step) * step), step };
  }

  function numberControl(input, id) {
    const { min, max, step } = Object.assign(input, scaleOf(input));
    const slider = element("input", { type: "range", min, max, step, id });
    // Its arrow keys take the same step; any other number may be typed.
    const text = element("input", { type: "number", step, "aria-label": `${input.name}, exact` });
    const missing = element("input", { type: "checkbox" });
    const read = () => {
      const number = text.valueAsNumber;
      row[input.name] = missing.checked || Number.isNaN(number) ? null : number;
      text.placeholder = "";
      slider.disabled = text.disabled = missing.checked;
    };
    const set = (cell) => {
      missing.checked = cell === null;
      // Where a row has none, the control keeps a number to go on from.
      if (cell !== null || !text.value) text.value = slider.value = String(cell ?? input.start);
      read();
      // An infinite number stands in no field.
      if (cell !== null && !Number.isFinite(cell)) {
        row[input.name] = cell;
        text.placeholder = String(cell);
      }
    };
    slider.addEventListener("input", () => {
      text.value = String(Curve.tidy(Number(slider.value)));
      read();
      update();
    });
    text.addEventListener("input", () => { slider.value = text.value; read(); update(); });
    missing.addEventListener("change", () => { read(); update(); });
    const start = Number(input.start.toPrecision(6));
    return { parts: [slider, text, element("label", { class: "missing" }, missing, " missing")], set, start };
  }

  function buildControls() {
    model.inputs.forEach((input, i) => {
      const id = `what-if-cell-${i}`;
      const made = input.levels ? levelControl(input, id) : numberControl(input, id);
      controls.push(made);
      byId("what-if-controls").append(
        element("div", { class: "cell" }, element("label", { for: id }, input.name), ...made.parts),
      );
    });
  }

  function reset() {
    for (const control of controls) control.set(control.start);
    byId("what-if-row-said").textContent = "";
  }

  function load(number) {
    const found = Rows.find(model, rows, number);
    byId("what-if-row-said").textContent = found.said;
    if (!found.cells) return;
    model.inputs.forEach((input, i) => controls[i].set(found.cells[input.name]));
    update();
  }

  function buildRows() {
    byId("what-if-reset").addEventListener("click", () => { reset(); update(); });
    const form = byId("what-if-load");
    form.hidden = !rows;
    if (!rows) return;
    byId("what-if-row").max = String(rows.count);
    byId("what-if-row-of").textContent = rows.name;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      load(byId("what-if-row").valueAsNumber);
    });
  }

  // What a curve can show: of an autoencoder its error, too.
  const reconstructs = model.output.kind === "reconstruction";
  const outputs = reconstructs ? ["Reconstruction.MSE", ...model.output.columns] : model.output.columns;
  function valuesOf(cells) {
    const values = WhatIf.predict(model, cells);
    return reconstructs ? [WhatIf.error(model, cells).total, ...values] : values;
  }

  function buildChoices() {
    const column = byId("what-if-column");
    model.inputs.forEach((input, i) => column.append(element("option", { value: String(i) }, input.name)));
    const output = byId("what-if-output");
    outputs.forEach((name, i) => output.append(element("option", { value: String(i) }, name)));
    if (model.output.kind === "classification") output.selectedIndex = outputs.length > 2 ? 0 : 1;
    for (const select of [column, output]) select.addEventListener("change", update);
  }

  // ------------------------------------------------------------------ prediction

  function showPrediction() {
    const values = WhatIf.predict(model, row);
    const label = byId("what-if-label");
    if (reconstructs) {
      showReconstruction(values, label);
      return;
    }
    const classes = model.output.kind === "classification";
    label.textContent = classes ? `predict: ${WhatIf.label(model, values)}` : `predict: ${shown(values[0])}`;
    byId("what-if-values").replaceChildren(...model.output.columns.map((name, i) => {
      const line = element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "number" }, shown(values[i])));
      if (classes) {
        const bar = element("i", { class: "up" });
        bar.style.width = `${Math.min(100, Math.max(0, 100 * values[i])) || 0}%`;
        line.append(element("td", { class: "share", "aria-hidden": "true" }, bar));
      }
      return line;
    }));
  }

  // How many of the file's rows have a smaller error; 101 quantiles tell it.
  function rank(total) {
    const errors = rows && rows.errors;
    if (!errors) return "";
    const share = errors.filter((one) => one < total).length;
    return `More than ${Math.max(0, share - 1)} % of the rows of ${rows.name} have.`;
  }

  function showReconstruction(values, label) {
    const { total, columns } = WhatIf.error(model, row);
    label.textContent = `Reconstruction.MSE: ${shown(total)}`;
    byId("what-if-rank").textContent = rank(total);
    const given = ({ name, levels }) => {
      const cell = row[name];
      if (cell === null) return MISSING;
      if (cell === WhatIf.NEW_LEVEL) return NEW_LEVEL;
      return levels ? cell : shown(cell);
    };
    const lines = model.inputs.map((input, i) => ({ input, error: columns[i] }));
    lines.sort((a, b) => b.error - a.error);
    const head = ["column", "given", "reconstructed", "error"].map((text, i) =>
      element("th", i === 3 ? { scope: "col", class: "number" } : { scope: "col" }, text));
    const kept = lines.slice(0, MOST_LINES).map(({ input, error }) => element("tr", {},
      element("th", { scope: "row" }, input.name), element("td", {}, given(input)),
      element("td", {}, WhatIf.putBack(model, input, values, shown)),
      element("td", { class: "number" }, shown(Number(error.toPrecision(3))))));
    const others = lines.slice(MOST_LINES).reduce((sum, { error }) => sum + error, 0);
    if (lines.length > MOST_LINES) {
      kept.push(element("tr", {}, element("th", { scope: "row", colspan: "3" }, `${lines.length - MOST_LINES} others`),
        element("td", { class: "number" }, shown(Number(others.toPrecision(3))))));
    }
    byId("what-if-values").replaceChildren(element("tr", {}, ...head), ...kept);
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
    const lines = named.slice(0, MOST_LINES);
    const others = named.slice(MOST_LINES);
    if (others.length) lines.push([`${others.length} others`, others.reduce((sum, [, b]) => sum + b, 0)]);
    const largest = Math.max(...lines.map(([, number]) => Math.abs(number)));
    body.replaceChildren(...lines.map(([text, number]) => moveLine(text, number, largest)));
    said.textContent = `Contributions to the ${name}: from ${shown(found.base)}, the mean of `
      + `${model.background.words}, to ${shown(found.value)} for this row.`;
  }

  // ------------------------------------------------------------------ response curve

  // The column's scale, with the row's own number where it lies beyond.
  function curveCells(input) {
    if (input.levels) return [null, ...input.levels.slice(0, MOST_BARS)];
    const here = row[input.name];
    const ends = [input.min, input.max, ...(Number.isFinite(here) ? [here] : [])];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    return Array.from({ length: CURVE_POINTS }, (_, i) => low + ((high - low) * i) / (CURVE_POINTS - 1));
  }

  function showCurve() {
    const input = model.inputs[byId("what-if-column").selectedIndex];
    const output = byId("what-if-output").selectedIndex;
    const points = curveCells(input)
      .map((cell) => [cell, valuesOf({ ...row, [input.name]: cell })[output]])
      .filter(([, value]) => Number.isFinite(value));
    const own = valuesOf(row)[output];
    const values = [...points.map(([, value]) => value), ...(Number.isFinite(own) ? [own] : [])];
    const svg = byId("what-if-curve");
    const classes = model.output.kind === "classification";
    const name = classes ? `probability of ${outputs[output]}` : outputs[output];
    const range = classes ? [0, 1] : Curve.span(values, Boolean(input.levels));
    const names = { x: input.name, y: name };
    const here = row[input.name];
    if (!points.length || !Number.isFinite(range[1] - range[0])) {
      svg.replaceChildren();
    } else if (input.levels) {
      Curve.bars(svg, points.map(([cell, value]) => [cell ?? MISSING, value, cell === here]), range, names);
    } else {
      Curve.line(svg, points, range, names, Number.isFinite(here) && Number.isFinite(own) ? [here, own] : null);
    }
    const more = input.levels && input.levels.length > MOST_BARS
      ? `; the first ${MOST_BARS} of ${input.levels.length} levels` : "";
    svg.setAttribute("aria-label", `${name} by ${input.name}: from ${shown(Math.min(...values))} to ${shown(Math.max(...values))}`);
    byId("what-if-curve-caption").textContent = `The ${name}, were this row's ${input.name} another and its other `
      + `columns as they are set; where it is now stands out${more}.`;
  }

  function update() {
    showPrediction();
    showMoves();
    showCurve();
  }

  buildControls();
  buildRows();
  buildChoices();
  reset();
  update();
  window.addEventListener("resize", showCurve);
  // For the tests, and for who opens the console: the page's own scorer.
  window.mojo = {
    predict: (cells) => WhatIf.predict(model, cells),
    contributions: (cells, output) => Moves.contributions(model, background, cells, output),
    error: (cells) => WhatIf.error(model, cells),
    row: (number) => Rows.find(model, rows, number),
  };
})();
