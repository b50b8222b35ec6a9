test_that("a server's model is the model", {
  address <- Sys.getenv("MOJO2KERAS_H2O_SERVER")
  skip_if(!nzchar(address), "no H2O server")
  skip_without_python()
  id <- Sys.getenv("MOJO2KERAS_H2O_MODEL")
  file <- tempfile(fileext = ".zip")
  rows <- table_of(Sys.getenv("MOJO2KERAS_H2O_ROWS"))
  expected <- table_of(Sys.getenv("MOJO2KERAS_H2O_SCORES"))
  expect_h2o(predict(from_h2o(id, address), rows, type = "h2o"), expected)
  parts <- regmatches(address, regexec("http://([^:/]+):([0-9]+)", address))[[1]]
  connection <- setClass("Connection", where = environment(), representation(
    ip = "character", port = "numeric", https = "logical", username = "character"
  ))(ip = parts[2], port = as.numeric(parts[3]), https = FALSE, username = NA_character_)
  model <- setClass("Model", where = environment(), representation(model_id = "character"))(model_id = id)
  kept <- from_h2o(model, connection, file = file)
  expect_h2o(predict(kept, rows, type = "h2o"), expected)
  expect_true(file.exists(file))
})
