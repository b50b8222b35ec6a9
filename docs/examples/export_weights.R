library(h2o)
h2o.connect()
model <- h2o.getModel("my_model")  # trained with export_weights_and_biases = TRUE
dir.create("exported")
server <- h2o.getConnection()
url <- paste0("http://", server@ip, ":", server@port, "/3/Models/", model@model_id)
download.file(url, "exported/model.json", quiet = TRUE)
for (layer in seq_along(model@model$weights)) {  # R counts from 1, the files from 0
  h2o.downloadCSV(h2o.weights(model, layer), sprintf("exported/weights_%d.csv", layer - 1))
  h2o.downloadCSV(h2o.biases(model, layer), sprintf("exported/biases_%d.csv", layer - 1))
}
