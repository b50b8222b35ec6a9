import hex.genmodel.MojoModel;
import hex.genmodel.easy.EasyPredictModelWrapper;
import hex.genmodel.easy.RowData;
import hex.genmodel.easy.prediction.AbstractPrediction;
import hex.genmodel.easy.prediction.AutoEncoderModelPrediction;
import hex.genmodel.easy.prediction.BinomialModelPrediction;
import hex.genmodel.easy.prediction.MultinomialModelPrediction;
import hex.genmodel.easy.prediction.RegressionModelPrediction;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;

/**
 * Scores a few rows with each of many MOJOs, as PredictCsv would, and writes values or the name of
 * what was thrown. Texts are an int32 length and UTF-8, -1 for none; all numbers are big-endian.
 *
 * Usage: ScoreFiles REQUESTS ANSWERS
 *
 * Request: path, number of columns, their names, number of rows, cells row by row.
 * Answer, for each row: what was thrown (none if nothing), then label (none for numbers), number
 * of values, values as float64. What is thrown while a file is loaded is the answer for each row.
 */
public final class ScoreFiles {
  private ScoreFiles() {}

  public static void main(String[] arguments) throws IOException {
    try (DataInputStream input = new DataInputStream(new BufferedInputStream(
            Files.newInputStream(Paths.get(arguments[0]))));
        DataOutputStream output = new DataOutputStream(new BufferedOutputStream(
            Files.newOutputStream(Paths.get(arguments[1]))))) {
      for (int files = input.readInt(); files > 0; files--) {
        scoreFile(input, output);
      }
    }
  }

  private static void scoreFile(DataInputStream input, DataOutputStream output)
      throws IOException {
    String path = readText(input);
    String[] names = new String[input.readInt()];
    for (int i = 0; i < names.length; i++) {
      names[i] = readText(input);
    }
    EasyPredictModelWrapper model = null;
    Throwable problem = null;
    try {
      model = new EasyPredictModelWrapper(new EasyPredictModelWrapper.Config()
          .setModel(MojoModel.load(path))
          .setConvertUnknownCategoricalLevelsToNa(true));
    } catch (Throwable thrown) {
      problem = thrown;
    }
    for (int rows = input.readInt(); rows > 0; rows--) {
      RowData row = readRow(input, names);
      if (problem == null) {
        scoreRow(model, row, output);
      } else {
        writeText(output, nameOf(problem));
      }
    }
  }

  private static RowData readRow(DataInputStream input, String[] names) throws IOException {
    RowData row = new RowData();
    for (String name : names) {
      String cell = readText(input);
      if (cell != null) {
        row.put(name, cell);
      }
    }
    return row;
  }

  private static void scoreRow(EasyPredictModelWrapper model, RowData row, DataOutputStream output)
      throws IOException {
    AbstractPrediction prediction;
    try {
      prediction = model.predict(row);
    } catch (Throwable thrown) {
      writeText(output, nameOf(thrown));
      return;
    }
    writeText(output, null);
    if (prediction instanceof BinomialModelPrediction) {
      BinomialModelPrediction binomial = (BinomialModelPrediction) prediction;
      write(output, binomial.label, binomial.classProbabilities);
    } else if (prediction instanceof MultinomialModelPrediction) {
      MultinomialModelPrediction multinomial = (MultinomialModelPrediction) prediction;
      write(output, multinomial.label, multinomial.classProbabilities);
    } else if (prediction instanceof RegressionModelPrediction) {
      write(output, null, ((RegressionModelPrediction) prediction).value);
    } else {
      write(output, null, ((AutoEncoderModelPrediction) prediction).reconstructed);
    }
  }

  /** The exception's name, and the method of the scorer in which it arose. */
  private static String nameOf(Throwable thrown) {
    String name = thrown.getClass().getSimpleName();
    for (StackTraceElement place : thrown.getStackTrace()) {
      if (place.getClassName().startsWith("hex.genmodel.")) {
        String[] path = place.getClassName().split("\\.");
        return name + " in " + path[path.length - 1] + "." + place.getMethodName();
      }
    }
    return name;
  }

  private static void write(DataOutputStream output, String label, double... values)
      throws IOException {
    writeText(output, label);
    output.writeInt(values.length);
    for (double value : values) {
      output.writeDouble(value);
    }
  }

  private static String readText(DataInputStream input) throws IOException {
    int length = input.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    input.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void writeText(DataOutputStream output, String text) throws IOException {
    if (text == null) {
      output.writeInt(-1);
      return;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    output.writeInt(bytes.length);
    output.write(bytes);
  }
}
