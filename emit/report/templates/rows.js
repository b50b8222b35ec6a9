"use strict";
// Rows of the file that the page holds: one by its number, or words why it is not there.

const Rows = (() => {
  function open(model) {
    if (!model.rows) return null;
    const { numbers, cells, actual } = model.rows;
    return {
      ...model.rows,
      numbers: Array.from(WhatIf.numbers(numbers, BigInt64Array), Number),
      cells: cells.map((text, i) =>
        WhatIf.numbers(text, model.inputs[i].levels ? Int32Array : Float64Array)),
      actual: actual && WhatIf.numbers(actual, Float64Array),
    };
  }

  // Where a number stands among those that rise, or would stand.
  function placeOf(numbers, number) {
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function cell(input, value) {
    if (!input.levels) return Number.isNaN(value) ? null : value;
    if (value < input.levels.length) return input.levels[value];
    return value === input.levels.length ? null : WhatIf.NEW_LEVEL;
  }

  function actualWords(model, rows, place) {
    const value = rows.actual ? rows.actual[place] : NaN;
    if (Number.isNaN(value)) return "";
    return `; it was ${rows.labelled ? model.output.columns[value] : Number(value.toPrecision(6))}`;
  }

  // The row's cells by column and a sentence, or a sentence alone.
  function find(model, rows, number) {
    const { name, count, numbers } = rows;
    if (!Number.isInteger(number) || number < 1 || number > count) {
      return { said: `${name} has rows 1 to ${count.toLocaleString("en")}.` };
    }
    const place = placeOf(numbers, number);
    if (numbers[place] !== number) {
      const near = [numbers[place - 1], numbers[place]].filter((one) => one !== undefined);
      return {
        said: `Row ${number} is not on this page, which holds ${numbers.length.toLocaleString("en")} rows drawn of the `
          + `${count.toLocaleString("en")}; near it: ${near.join(" and ")}. With --row ${number} the command takes it.`,
      };
    }
    const cells = {};
    model.inputs.forEach((input, i) => { cells[input.name] = cell(input, rows.cells[i][place]); });
    return { cells, said: `Row ${number} of ${name}${actualWords(model, rows, place)}.` };
  }

  return { find, open };
})();
