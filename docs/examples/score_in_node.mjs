// npm install onnxruntime-node
// node score_in_node.mjs model.onnx rows.json

import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { score } from "./score_rows.mjs";

const [model, rows] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model);
console.log(JSON.stringify(await score(ort, session, JSON.parse(readFileSync(rows, "utf8")))));
