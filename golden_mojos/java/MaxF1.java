import hex.AUC2;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/**
 * Prints the threshold that H2O takes for the rows of each file: lines of probability of the second
 * class, actual class (0 or 1) and weight, with commas between.
 *
 * Usage: MaxF1 ROWS...
 */
public final class MaxF1 {
  private MaxF1() {}

  public static void main(String[] files) throws Exception {
    for (String file : files) {
      System.out.println(Double.toString(threshold(Paths.get(file))));
    }
  }

  private static double threshold(Path file) throws Exception {
    AUC2.AUCBuilder builder = new AUC2.AUCBuilder(AUC2.NBINS);
    for (String line : Files.readAllLines(file)) {
      String[] cells = line.split(",");
      builder.perRow(
          Double.parseDouble(cells[0]),
          Integer.parseInt(cells[1]),
          Double.parseDouble(cells[2]));
    }
    return new AUC2(builder).defaultThreshold();
  }
}
