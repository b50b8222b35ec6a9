import au.com.bytecode.opencsv.CSVReader;
import hex.genmodel.MojoModel;
import hex.genmodel.easy.EasyPredictModelWrapper;
import hex.genmodel.easy.RowData;

import java.io.FileReader;
import java.io.FileWriter;
import java.io.PrintWriter;

/**
 * Writes the reconstruction error of every row of a CSV file, as the Java scorer of an
 * autoencoder MOJO computes it. Cells are read as PredictCsv reads them.
 *
 * Usage: Anomaly MOJO INPUT OUTPUT
 */
public final class Anomaly {
  private Anomaly() {}

  public static void main(String[] arguments) throws Exception {
    EasyPredictModelWrapper model = new EasyPredictModelWrapper(
        new EasyPredictModelWrapper.Config()
            .setModel(MojoModel.load(arguments[0]))
            .setConvertUnknownCategoricalLevelsToNa(true));
    try (CSVReader reader = new CSVReader(new FileReader(arguments[1]), ',');
        PrintWriter output = new PrintWriter(new FileWriter(arguments[2]))) {
      output.print("Reconstruction.MSE\n");
      String[] names = reader.readNext();
      for (String[] cells = reader.readNext(); cells != null; cells = reader.readNext()) {
        double error = model.predictAutoEncoder(rowOf(names, cells)).mse;
        output.print(Double.isNaN(error) ? "NA" : Double.toString(error));
        output.print('\n');
      }
    }
  }

  private static RowData rowOf(String[] names, String[] cells) {
    RowData row = new RowData();
    for (int i = 0; i < Math.min(names.length, cells.length); i++) {
      if (!isMissing(cells[i])) {
        row.put(names[i], cells[i]);
      }
    }
    return row;
  }

  private static boolean isMissing(String cell) {
    return cell.isEmpty() || cell.equals("NA") || cell.equals("N/A") || cell.equals("-");
  }
}
