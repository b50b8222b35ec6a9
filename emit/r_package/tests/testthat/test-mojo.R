test_that("a model says what it is", {
  skip_without_python()
  model <- read_mojo(shipped("tanh.zip"))
  expect_output(print(model), "Multinomial of Species: 4-10-8-3")
  said <- summary(model)
  expect_identical(said$layers$activation, c("Tanh", "Tanh", "Softmax"))
  expect_identical(said$columns$column, names(iris)[1:4])
  expect_output(print(said), "165 parameters")
})

test_that("a saved model is read again", {
  skip_without_python()
  model <- read_mojo(shipped("tanh.zip"))
  before <- predict(model, iris[1:3, ])
  kept <- tempfile(fileext = ".rds")
  saveRDS(model, kept)
  expect_identical(predict(readRDS(kept), iris[1:3, ]), before)
})

test_that("a broken file is one sentence with Python's class", {
  skip_without_python()
  expect_error(read_mojo("nofile.zip"), "there is no file nofile.zip", class = "mojo_error")
  path <- tempfile(fileext = ".zip")
  writeBin(as.raw(1:100), path)
  error <- expect_error(read_mojo(path), class = "mojo_error")
  expect_match(conditionMessage(error), "expected", fixed = TRUE)
  expect_false(grepl("Traceback|py_last_error", conditionMessage(error)))
})

test_that("rows are encoded as the Keras model reads them", {
  skip_without_python()
  model <- read_mojo(golden("binomial_tanh", "model.zip"))
  rows <- table_of(golden("binomial_tanh", "input.csv"), na.strings = c("NA", ""))
  found <- suppressWarnings(encode_rows(model, rows))
  expect_identical(found[, "age"], ifelse(is.na(rows$age), NaN, as.double(rows$age)))
  city <- Filter(function(column) column$name == "city", model$facts$columns)[[1]]$levels
  known <- rows$city %in% city
  expect_identical(city[found[known, "city"] + 1], rows$city[known])
})

test_that("a Keras model is written where it is H2O's", {
  skip_without_python()
  skip_if_not(mojo2keras_available("keras"), "no Keras in Python")
  file <- tempfile("a name with blanks ", fileext = ".keras")
  expected <- shipped("tanh_h2o.csv")
  model <- read_mojo(shipped("tanh.zip"))
  expect_output(
    made <- mojo_to_keras(model, file, rows = shipped("rows.csv"), expected = expected), "H2O"
  )
  expect_identical(made, file)
  expect_true(file.exists(sub("keras$", "columns.json", file)))
  unlink(file)
  wrong <- shipped("rectifier_h2o.csv")
  expect_error(
    mojo_to_keras(model, file, rows = shipped("rows.csv"), expected = wrong), class = "exit_code_1"
  )
  expect_false(file.exists(file))
})

test_that("the program's refusal is R's error", {
  skip_without_python()
  expect_error(mojo2keras(c("inspect", "nofile.zip")), "nofile.zip", class = "exit_code_2")
  expect_output(mojo2keras("--version"), "[0-9]")
})

test_that("a model on a server needs a model, and an address", {
  expect_error(from_h2o(iris), "found data.frame")
})
