"use strict";
// Contributions of a row in the page: how far each column moves what is explained, away from the
// background rows. The rules are those of the scorer's contributions (DeepLIFT's rescale rule,
// Shapley's for Maxout's two candidates), each pair by itself, then the mean.

const Moves = (() => {
  // Arguments nearer than this have the mean derivative for a slope, but where a function is
  // straight on both sides of its only kink.
  const NEAR = 1e-6;

  // ------------------------------------------------------------------ rows through the network

  function activated(layer, sums) {
    if (sums.length > 1) return sums[0].map((sum, i) => (sum > sums[1][i] ? sum : sums[1][i]));
    return sums[0].map(WhatIf.ACTIVATIONS[layer.activation]);
  }

  function passed(model, made) {
    const inputs = WhatIf.expanded(model, made);
    const row = { inputs, slots: WhatIf.setSlots(model, made), sums: [], values: [] };
    let current = inputs;
    for (const layer of model.layers) {
      const sums = layer.kernels.map((_, candidate) => WhatIf.sums(layer, current, candidate));
      const values = activated(layer, sums);
      row.sums.push(sums);
      row.values.push(values);
      current = values.map((value) => value * layer.scale);
    }
    if (model.output.kind === "reconstruction") {
      row.residuals = current.map((value, i) => value - inputs[i]);
    }
    return row;
  }

  // ------------------------------------------------------------------ slopes of activations

  function secant(x, y, fx, fy, dx, dy, near) {
    return Math.abs(x - y) <= near ? (dx + dy) / 2 : (fx - fy) / (x - y);
  }

  const step = (x) => (x > 0 ? 1 : x === 0 ? 0.5 : 0);
  const above = (x, y) => secant(x, y, Math.max(x, 0), Math.max(y, 0), step(x), step(y), 0);

  const SLOPES = {
    Linear: () => 1,
    Rectifier: (x, y, a, b) => secant(x, y, a, b, step(x), step(y), 0),
    Tanh: (x, y, a, b) => secant(x, y, a, b, 1 - a ** 2, 1 - b ** 2, NEAR),
    ExpRectifier: (x, y, a, b) => secant(x, y, a, b, Math.min(a, 0) + 1, Math.min(b, 0) + 1, NEAR),
  };

  // One array for each kernel.
  function slopes(layer, row, other, index) {
    const [x, y] = [row.sums[index], other.sums[index]];
    if (layer.activation === "Maxout") {
      return [0, 1].map((own) => x[own].map((p, u) => {
        const [q, p1, q1] = [x[1 - own][u], y[own][u], y[1 - own][u]];
        return ((above(p - q, p1 - q) + above(p - q1, p1 - q1)) / 2) * layer.scale;
      }));
    }
    const slope = SLOPES[layer.activation];
    const [a, b] = [row.values[index], other.values[index]];
    return [x[0].map((sum, u) => slope(sum, y[0][u], a[u], b[u]) * layer.scale)];
  }

  // ------------------------------------------------------------------ what is explained

  // A linear function of the last layer's sums: its weights and its constant.
  function linear(model, output) {
    const { kind, columns, priorFactors, normRespMul, normRespSub } = model.output;
    if (kind === "regression") return { weights: [1 / normRespMul], constant: normRespSub };
    const classes = columns.length;
    const weights = columns.map((_, c) =>
      (classes === 2 ? [-1, 1][c] : (c === output ? 1 : 0) - 1 / classes));
    const logs = priorFactors ? priorFactors.map(Math.log) : weights.map(() => 0);
    return { weights, constant: weights.reduce((sum, weight, c) => sum + weight * logs[c], 0) };
  }

  function value(model, output, row) {
    if (row.residuals) {
      return row.residuals.reduce((sum, residual) => sum + residual ** 2, 0) / row.residuals.length;
    }
    const { weights, constant } = linear(model, output);
    return row.sums.at(-1)[0].reduce((sum, z, c) => sum + z * weights[c], constant);
  }

  // ------------------------------------------------------------------ pairs

  // From multipliers of a layer's sums to those of its inputs.
  function carried(layer, multipliers) {
    const made = new Float64Array(layer.inputs);
    multipliers.forEach((own, candidate) => {
      const kernel = layer.kernels[candidate];
      own.forEach((multiplier, unit) => {
        if (multiplier === 0) return;
        const start = unit * layer.inputs;
        for (let i = 0; i < layer.inputs; i += 1) made[i] += multiplier * kernel[start + i];
      });
    });
    return made;
  }

  // How what is explained moves with each input of the network.
  function multipliers(model, output, row, other) {
    const last = model.layers.length - 1;
    let direct = null;
    let own;
    if (row.residuals) {
      direct = row.residuals.map((residual, i) => -(residual + other.residuals[i]) / row.residuals.length);
      own = slopes(model.layers[last], row, other, last)
        .map((slope) => slope.map((one, i) => -direct[i] * one));
    } else {
      own = [linear(model, output).weights];
    }
    for (let index = last; index > 0; index -= 1) {
      const arrived = carried(model.layers[index], own);
      own = slopes(model.layers[index - 1], row, other, index - 1)
        .map((slope) => slope.map((one, u) => one * arrived[u]));
    }
    const made = carried(model.layers[0], own);
    return direct ? made.map((multiplier, i) => multiplier + direct[i]) : made;
  }

  // Adds a pair's contributions to those of the model's features.
  function addPair(model, output, row, other, totals) {
    const moves = multipliers(model, output, row, other);
    const at = (slot) => (slot >= 0 ? moves[slot] : 0);
    row.slots.forEach((slot, i) => {
      if (slot !== other.slots[i]) totals[i] += at(slot) - at(other.slots[i]);
    });
    const { oneHotWidth } = model.features;
    for (let i = oneHotWidth; i < row.inputs.length; i += 1) {
      totals[row.slots.length + i - oneHotWidth] += moves[i] * (row.inputs[i] - other.inputs[i]);
    }
  }

  // ------------------------------------------------------------------ the mean over the background

  // Sends the background rows through the network once.
  function open(model) {
    if (!model.background) return null;
    const { count } = model.features;
    const cells = WhatIf.numbers(model.background.cells, Float64Array);
    return Array.from({ length: cells.length / count }, (_, i) =>
      passed(model, Array.from(cells.subarray(i * count, (i + 1) * count))));
  }

  // A row's contributions, one for each of the model's raw columns, and what they add up to.
  function contributions(model, background, row, output) {
    const own = passed(model, WhatIf.features(model, row));
    const totals = new Float64Array(model.features.count);
    let base = 0;
    for (const other of background) {
      addPair(model, output, own, other, totals);
      base += value(model, output, other) / background.length;
    }
    const columns = model.inputs.map(({ feature, width }) =>
      totals.subarray(feature, feature + width).reduce((a, b) => a + b, 0) / background.length);
    return { base, value: value(model, output, own), columns };
  }

  return { contributions, open };
})();
