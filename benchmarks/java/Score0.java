import hex.genmodel.MojoModel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Times H2O's own score0 on one thread: seconds for a pass over the rows, and the middle and the
 * ninth tenth of single calls.
 *
 * <p>Usage: Score0 MOJO MATRIX COLUMNS PASSES, where MATRIX holds little-endian doubles, row by row.
 * Prints one line: the median seconds of a pass, then nanoseconds of a call (p50, p90).
 */
public final class Score0 {
    private Score0() {}

    public static void main(String[] arguments) throws Exception {
        MojoModel model = MojoModel.load(arguments[0]);
        double[][] rows = read(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        int passes = Integer.parseInt(arguments[3]);
        double[] predictions = new double[model.getPredsSize()];
        double[] row = new double[rows[0].length];
        double[] seconds = new double[passes];
        long[] calls = new long[rows.length];
        for (int pass = -1; pass < passes; pass++) { // the first one warms up
            long start = System.nanoTime();
            for (int i = 0; i < rows.length; i++) {
                // score0 standardizes the row that it is given.
                System.arraycopy(rows[i], 0, row, 0, row.length);
                long before = System.nanoTime();
                model.score0(row, predictions);
                calls[i] = System.nanoTime() - before;
            }
            if (pass >= 0) seconds[pass] = (System.nanoTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        Arrays.sort(calls);
        System.out.println(seconds[passes / 2] + " " + calls[calls.length / 2] + " "
            + calls[calls.length * 9 / 10]);
    }

    private static double[][] read(Path path, int columns) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        double[][] rows = new double[bytes.remaining() / 8 / columns][columns];
        for (double[] row : rows) for (int i = 0; i < columns; i++) row[i] = bytes.getDouble();
        return rows;
    }
}
