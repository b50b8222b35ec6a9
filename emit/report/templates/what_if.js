"use strict";
// Scores a row in the page, in float64 from H2O's float32 weights: the same stages as every scorer
// of this project (encoding, network, prediction).

const WhatIf = (() => {
  const NEW_LEVEL = Symbol("a level that the model does not know");

  function numbers(text, Type) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Type(bytes.buffer);
  }

  function open(model) {
    for (const layer of model.layers) {
      layer.kernels = layer.kernels.map((text) => numbers(text, Float32Array));
      layer.biases = layer.biases.map((text) => numbers(text, Float64Array));
    }
    for (const input of model.inputs) {
      if (input.levels) input.codes = new Map(input.levels.map((level, code) => [level, code]));
    }
    return model;
  }

  // ------------------------------------------------------------------ encoding

  // The row of a column's table: one for each level, then missing, then a new level.
  function position(input, cell) {
    if (cell === null || cell === undefined) return input.levels.length;
    const unseen = input.levels.length + 1;
    return cell === NEW_LEVEL ? unseen : input.codes.get(String(cell)) ?? unseen;
  }

  // A cell is null (missing), a level's text, NEW_LEVEL, or a number.
  function features(model, row) {
    const made = new Array(model.features.count).fill(NaN);
    for (const input of model.inputs) {
      const cell = row[input.name];
      if (!input.levels) {
        made[input.feature] = cell === null || cell === undefined ? NaN : Number(cell);
        continue;
      }
      input.table[position(input, cell)].forEach((number, i) => {
        made[input.feature + i] = number ?? NaN;
      });
    }
    return made;
  }

  // The input that each level sets, -1 for none.
  function setSlots(model, made) {
    return model.features.slots.map((codes, i) => {
      const missing = codes.length - 1;
      return codes[Number.isNaN(made[i]) ? missing : Math.min(made[i], missing)];
    });
  }

  function expanded(model, made) {
    const { slots, oneHotWidth, normSub, normMul } = model.features;
    const inputs = new Float64Array(oneHotWidth + normSub.length);
    for (const slot of setSlots(model, made)) if (slot >= 0) inputs[slot] += 1;
    for (let i = 0; i < normSub.length; i += 1) {
      const number = (made[slots.length + i] - normSub[i]) * normMul[i];
      inputs[oneHotWidth + i] = Number.isNaN(number) ? 0 : number;
    }
    return inputs;
  }

  // ------------------------------------------------------------------ network

  const ACTIVATIONS = {
    Linear: (x) => x,
    Softmax: (x) => x,
    Maxout: (x) => x,
    Rectifier: (x) => 0.5 * (x + Math.abs(x)),
    Tanh: (x) => 1 - 2 / (1 + Math.exp(2 * x)),
    ExpRectifier: (x) => (x >= 0 ? x : Math.exp(x) - 1),
  };

  function sums(layer, inputs, candidate) {
    const made = Float64Array.from(layer.biases[candidate]);
    const kernel = layer.kernels[candidate];
    for (let unit = 0; unit < layer.units; unit += 1) {
      const start = unit * layer.inputs;
      let sum = 0;
      for (let i = 0; i < layer.inputs; i += 1) {
        if (inputs[i] !== 0) sum += kernel[start + i] * inputs[i];
      }
      made[unit] += sum;
    }
    return made;
  }

  function softmax(values) {
    const largest = Math.max(...values);
    const powers = Array.from(values, (value) => Math.exp(value - largest));
    const total = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / total);
  }

  function run(layer, inputs) {
    let values = sums(layer, inputs, 0);
    if (layer.kernels.length > 1) {
      const others = sums(layer, inputs, 1);
      // The second where the comparison fails, on NaN too, as H2O takes it.
      values = values.map((value, i) => (value > others[i] ? value : others[i]));
    }
    if (layer.activation === "Softmax") return softmax(values);
    return Array.from(values, (value) => ACTIVATIONS[layer.activation](value) * layer.scale);
  }

  // ------------------------------------------------------------------ prediction

  const boundedExp = (x, largest) => Math.min(largest, Math.exp(x));
  const LINKS = {
    identity: (x) => x,
    exp: boundedExp,
    logistic: (x, largest) => 1 / (1 + boundedExp(-x, largest)),
  };

  function response(output, raw) {
    const linear = raw / output.normRespMul + output.normRespSub;
    return LINKS[output.inverseLink](linear, output.largestExp);
  }

  function corrected(values, factors) {
    if (!factors) return values;
    const weighted = values.map((value, i) => value * factors[i]);
    const total = weighted.reduce((a, b) => a + b, 0);
    return total > 0 ? weighted.map((value) => value / total) : weighted;
  }

  function columnUnits(model, values) {
    const { oneHotWidth, normSub, normMul } = model.features;
    return values.map((value, i) => {
      const number = i - oneHotWidth;
      return number < 0 ? value : value / normMul[number] + normSub[number];
    });
  }

  // The prediction of a row: one number for each of the model's output columns.
  function predict(model, row) {
    const inputs = expanded(model, features(model, row));
    const values = model.layers.reduce((current, layer) => run(layer, current), inputs);
    const output = model.output;
    switch (output.kind) {
      case "classification":
        return corrected(Array.from(values), output.priorFactors);
      case "regression":
        return [response(output, values[0])];
      default:
        return columnUnits(model, Array.from(values));
    }
  }

  // A row's reconstruction error, by H2O's server: a missing number counts as the mean; and what
  // each raw column adds to it.
  function error(model, row) {
    const inputs = expanded(model, features(model, row));
    const values = model.layers.reduce((current, layer) => run(layer, current), inputs);
    const columns = model.inputs.map(() => 0);
    values.forEach((value, i) => {
      columns[model.features.owners[i]] += (value - inputs[i]) ** 2 / values.length;
    });
    return { total: columns.reduce((a, b) => a + b, 0), columns };
  }

  // What an autoencoder makes of a column: a number, or the level whose input is largest.
  function putBack(model, input, values, shown) {
    const { slots, oneHotWidth } = model.features;
    const number = input.feature - slots.length;
    if (!input.levels) return shown(values[oneHotWidth + number]);
    if (input.width > 1 || number >= 0) return "";
    const codes = slots[input.feature];
    const level = input.levels
      .map((text, i) => [text, values[codes[Math.min(input.table[i][0], codes.length - 1)]]])
      .filter(([, value]) => value !== undefined);
    if (!level.length) return "";
    return level.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
  }

  function label(model, values) {
    const { threshold, columns } = model.output;
    if (threshold !== null) return columns[values[1] >= threshold ? 1 : 0];
    return columns[values.indexOf(Math.max(...values))];
  }

  return {
    ACTIVATIONS, NEW_LEVEL, error, expanded, features, label, numbers, open, predict, putBack, setSlots, sums,
  };
})();
