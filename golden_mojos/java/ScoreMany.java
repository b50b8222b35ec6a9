import au.com.bytecode.opencsv.CSVReader;
import hex.genmodel.MojoModel;
import hex.genmodel.easy.EasyPredictModelWrapper;
import hex.genmodel.easy.RowData;
import hex.genmodel.easy.prediction.AbstractPrediction;
import hex.genmodel.easy.prediction.AutoEncoderModelPrediction;
import hex.genmodel.easy.prediction.BinomialModelPrediction;
import hex.genmodel.easy.prediction.MultinomialModelPrediction;
import hex.genmodel.easy.prediction.RegressionModelPrediction;

import java.io.FileReader;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Scores many CSV files in one process, cells read and options set as PredictCsv does.
 *
 * <p>Usage: ScoreMany JOBS, where each line of JOBS is a MOJO, an input and an output with tabs
 * between, and perhaps options: with {@code errors} an autoencoder's line ends with its
 * reconstruction error, and with {@code marks} a cell such as NA is a text, as in a RowData that a
 * program fills. The output's first line is what modelDetails.json says of the training metrics and the
 * model summary; the other lines are the label, if there is one, and the numbers of a row. Where
 * the scorer stops, its line says so.
 */
public final class ScoreMany {
  private ScoreMany() {}

  public static void main(String[] arguments) throws Exception {
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String[] files = line.split("\t");
      try (PrintWriter output = new PrintWriter(files[2], "UTF-8")) {
        try {
          String options = files.length > 3 ? files[3] : "";
          score(MojoModel.load(files[0], true), files[1], output, options);
        } catch (Exception error) {
          output.print("cannot load: " + error.getClass().getName() + "\n");
        }
      }
    }
  }

  private static void score(MojoModel mojo, String input, PrintWriter output, String options)
      throws Exception {
    boolean errors = options.contains("errors");
    boolean marks = options.contains("marks");
    output.print(details(mojo) + "\n");
    EasyPredictModelWrapper model = new EasyPredictModelWrapper(
        new EasyPredictModelWrapper.Config()
            .setModel(mojo)
            .setConvertUnknownCategoricalLevelsToNa(true));
    try (CSVReader reader = new CSVReader(new FileReader(input), ',')) {
      String[] names = reader.readNext();
      for (String[] cells = reader.readNext(); cells != null; cells = reader.readNext()) {
        output.print(prediction(model, rowOf(names, cells, marks), errors) + "\n");
      }
    }
  }

  private static String details(MojoModel mojo) {
    if (mojo._modelAttributes == null) {
      return "no details";
    }
    return (mojo._modelAttributes.getTrainingMetrics() == null
            ? "no metrics" : mojo._modelAttributes.getTrainingMetrics()._description)
        + " | "
        + (mojo._modelAttributes.getModelSummary() == null
            ? "no summary" : mojo._modelAttributes.getModelSummary().getTableDescription());
  }

  private static String prediction(EasyPredictModelWrapper model, RowData row, boolean errors) {
    try {
      AbstractPrediction found = model.predict(row);
      return errors && found instanceof AutoEncoderModelPrediction
          ? text(found) + "," + numbers(((AutoEncoderModelPrediction) found).mse)
          : text(found);
    } catch (Exception error) {
      return "stops: " + error.getClass().getName();
    }
  }

  private static String text(AbstractPrediction prediction) {
    if (prediction instanceof BinomialModelPrediction) {
      BinomialModelPrediction found = (BinomialModelPrediction) prediction;
      return found.label + "," + numbers(found.classProbabilities);
    }
    if (prediction instanceof MultinomialModelPrediction) {
      MultinomialModelPrediction found = (MultinomialModelPrediction) prediction;
      return found.label + "," + numbers(found.classProbabilities);
    }
    if (prediction instanceof AutoEncoderModelPrediction) {
      return numbers(((AutoEncoderModelPrediction) prediction).reconstructed);
    }
    return numbers(((RegressionModelPrediction) prediction).value);
  }

  private static String numbers(double... values) {
    return Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining(","));
  }

  private static RowData rowOf(String[] names, String[] cells, boolean marks) {
    RowData row = new RowData();
    for (int i = 0; i < Math.min(names.length, cells.length); i++) {
      if (marks ? !cells[i].isEmpty() : !isMissing(cells[i])) {
        row.put(names[i], cells[i]);
      }
    }
    return row;
  }

  private static boolean isMissing(String cell) {
    return cell.isEmpty() || cell.equals("NA") || cell.equals("N/A") || cell.equals("-");
  }
}
