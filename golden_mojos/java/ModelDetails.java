import hex.genmodel.MojoModel;
import hex.genmodel.attributes.DeepLearningModelAttributes;
import hex.genmodel.attributes.ModelAttributes;
import hex.genmodel.attributes.Table;
import hex.genmodel.attributes.VariableImportances;
import hex.genmodel.attributes.parameters.ModelParameter;
import java.util.Arrays;

/**
 * Prints what the Java scorer reads of each MOJO's modelDetails.json: a line for each parameter and
 * table, and a blank line after each MOJO.
 *
 * java -cp h2o.jar ModelDetails.java MOJO ...
 */
public class ModelDetails {
  public static void main(String[] mojos) throws Exception {
    for (String mojo : mojos) {
      ModelAttributes attributes;
      try {
        attributes = MojoModel.load(mojo, true)._modelAttributes;
      } catch (Exception error) {
        System.out.println("not loaded: " + error.getClass().getName() + "\n");
        continue;
      }
      for (ModelParameter parameter : attributes.getModelParameters()) {
        System.out.println("parameter " + parameter.getName() + " " + parameter.getType() + " "
            + text(parameter.getActualValue()) + " " + text(parameter.getDefaultValue()));
      }
      print("summary", attributes.getModelSummary());
      print("history", attributes.getScoringHistory());
      VariableImportances importances =
          ((DeepLearningModelAttributes) attributes).getVariableImportances();
      if (importances != null) {
        System.out.println("importances " + Arrays.toString(importances._variables)
            + Arrays.toString(importances._importances));
      }
      System.out.println();
    }
  }

  private static void print(String name, Table table) {
    if (table != null) {
      System.out.println(name + " " + table.getTableHeader() + " " + table.getTableDescription()
          + " " + Arrays.toString(table.getColHeaders()) + Arrays.toString(table.getColTypes())
          + Arrays.deepToString(table.getCellValues()));
    }
  }

  private static String text(Object value) {
    return value instanceof Object[] ? Arrays.deepToString((Object[]) value)
        : value instanceof double[] ? Arrays.toString((double[]) value)
        : value instanceof int[] ? Arrays.toString((int[]) value)
        : value instanceof long[] ? Arrays.toString((long[]) value)
        : value instanceof String[] ? Arrays.toString((String[]) value)
        : value instanceof hex.genmodel.attributes.parameters.ParameterKey
            ? ((hex.genmodel.attributes.parameters.ParameterKey) value).getName()
        : value instanceof hex.genmodel.attributes.parameters.ColumnSpecifier
            ? ((hex.genmodel.attributes.parameters.ColumnSpecifier) value).getColumnName()
        : String.valueOf(value);
  }
}
