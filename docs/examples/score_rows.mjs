// Raw rows to H2O's predictions with onnxruntime, in a browser or in Node: what the file that
// `mojo2keras convert model.zip --to onnx` writes needs beside itself.

const MISSING = new Set([undefined, null, "", "NA", "N/A", "-"]);

function number(cell) {
  const found = MISSING.has(cell) ? NaN : Number(cell);
  if (Number.isNaN(found) && !MISSING.has(cell)) throw new TypeError(`expected a number, found ${cell}`);
  return found;
}

// rows: objects of column name to value. Gives an object of output name to value for each.
export async function score(ort, session, rows) {
  const feeds = {};
  for (const { name, type } of session.inputMetadata) {
    const cells = rows.map((row) => row[name]);
    const data =
      type === "string"
        ? cells.map((cell) => String(cell ?? ""))
        : Float64Array.from(cells, number);
    feeds[name] = new ort.Tensor(type, data, [rows.length, 1]);
  }
  const outputs = Object.entries(await session.run(feeds));
  return rows.map((_, row) =>
    Object.fromEntries(
      outputs.map(([name, { data, dims }]) => {
        const width = dims.length > 1 ? dims[1] : 0;
        return [name, width ? Array.from(data.slice(row * width, (row + 1) * width)) : data[row]];
      }),
    ),
  );
}
