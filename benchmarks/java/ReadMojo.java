import hex.genmodel.MojoModel;

/** Prints the seconds that H2O's own reader takes for a MOJO, and the peak memory of the process. */
public class ReadMojo {
    public static void main(String[] arguments) throws Exception {
        long start = System.nanoTime();
        MojoModel.load(arguments[0]);
        double seconds = (System.nanoTime() - start) / 1e9;
        long peakKiB = 0;
        for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of("/proc/self/status")))
            if (line.startsWith("VmHWM:")) peakKiB = Long.parseLong(line.replaceAll("[^0-9]", ""));
        System.out.println(seconds + " " + peakKiB * 1024);
    }
}
