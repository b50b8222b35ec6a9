import com.sun.net.httpserver.HttpServer;
import hex.genmodel.MojoModel;
import hex.genmodel.easy.EasyPredictModelWrapper;
import hex.genmodel.easy.RowData;
import hex.genmodel.easy.prediction.BinomialModelPrediction;

import com.google.gson.Gson;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

/**
 * The least that a Java service does: rows as {"instances": [{COLUMN: VALUE, ...}, ...]} in, label and
 * probabilities out, with H2O's own wrapper. Usage: Serve MOJO PORT; prints the port once it listens.
 */
public final class Serve {
    private Serve() {}

    private static final class Request {
        List<Map<String, Object>> instances;
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        var model = new EasyPredictModelWrapper(new EasyPredictModelWrapper.Config()
            .setModel(MojoModel.load(arguments[0])).setConvertUnknownCategoricalLevelsToNa(true));
        var json = new Gson();
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1])), 2048);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/predict", exchange -> {
            byte[] answer;
            int status = 200;
            try (var body = new InputStreamReader(exchange.getRequestBody(), StandardCharsets.UTF_8)) {
                var rows = json.fromJson(body, Request.class).instances;
                var predictions = new Object[rows.size()];
                for (int i = 0; i < predictions.length; i++) {
                    var row = new RowData();
                    row.putAll(rows.get(i));
                    BinomialModelPrediction found = model.predictBinomial(row);
                    var one = new LinkedHashMap<String, Object>();
                    one.put("predict", found.label);
                    for (int k = 0; k < found.classProbabilities.length; k++)
                        one.put(model.getResponseDomainValues()[k], found.classProbabilities[k]);
                    predictions[i] = one;
                }
                answer = json.toJson(Map.of("predictions", predictions)).getBytes(StandardCharsets.UTF_8);
            } catch (Exception error) {
                status = 400;
                answer = json.toJson(Map.of("error", String.valueOf(error.getMessage()))).getBytes(StandardCharsets.UTF_8);
            }
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        System.out.println(server.getAddress().getPort());
    }
}
