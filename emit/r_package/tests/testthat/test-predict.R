for (name in c("rectifier", "l1_l2", "tanh")) {
  test_that(paste("H2O's numbers and labels:", name), {
    skip_without_python()
    model <- read_mojo(shipped(paste0(name, ".zip")))
    expected <- table_of(shipped(paste0(name, "_h2o.csv")))
    rows <- table_of(shipped("rows.csv"))
    expect_h2o(predict(model, rows, type = "h2o"), expected)
    expect_equal(predict(model, rows), factor(expected$predict, levels = names(expected)[-1]))
    found <- predict(model, rows, type = "prob")
    expect_equal(found, as.matrix(expected[-1]), tolerance = 1e-10, ignore_attr = TRUE)
    expect_identical(colnames(found), names(expected)[-1])
  })
}

for (name in c("binomial_tanh", "regression_tanh", "autoencoder_tanh", "response_zero_one")) {
  for (factors in c(TRUE, FALSE)) {
    test_that(paste("missing cells of every type:", name, if (factors) "in factors"), {
      skip_without_python()
      model <- read_mojo(golden(name, "model.zip"))
      case <- rows_of(name, stringsAsFactors = factors)
      rows <- case$rows
      expect_true(is.integer(rows$age) && is.factor(rows$city) == factors)
      expect_true(anyNA(rows$age) && anyNA(rows$size) && anyNA(rows$city))
      expect_h2o(quietly(predict(model, rows, type = "h2o")), case$expected)
    })
  }
}

test_that("logicals and doubles find the levels that they became", {
  skip_without_python()
  model <- read_mojo(golden("levels_of_values", "model.zip"))
  rows <- table_of(golden("levels_of_values", "input.csv"))
  rows$flag <- as.logical(rows$flag)
  expect_true(is.double(rows$size))
  expect_h2o(predict(model, rows, type = "h2o"), table_of(golden("levels_of_values", "expected.csv")))
})

test_that("times are H2O's milliseconds", {
  skip_without_python()
  model <- read_mojo(golden("time_column", "model.zip"))
  case <- rows_of("time_column")
  rows <- case$rows
  expect_gt(nrow(rows), 50)
  rows$seen <- as.POSIXct(rows$seen / 1000, origin = "1970-01-01", tz = "Asia/Tokyo")
  expect_h2o(quietly(predict(model, rows, type = "h2o")), case$expected)
  rows$seen <- as.POSIXlt(rows$seen)
  expect_h2o(quietly(predict(model, rows, type = "h2o")), case$expected)
})

test_that("an autoencoder's error", {
  skip_without_python()
  model <- read_mojo(golden("autoencoder_numeric_tanh", "model.zip"))
  rows <- table_of(golden("autoencoder_numeric_tanh", "input.csv"))
  made <- predict(model, rows)
  expect_h2o(made, table_of(golden("autoencoder_numeric_tanh", "expected.csv")))
  expect_length(predict(model, rows, type = "anomaly"), nrow(rows))
  expect_error(predict(model, rows, type = "prob"), "AutoEncoder model has no probabilities")
})

test_that("one row, no row, and any order of columns are the same rows", {
  skip_without_python()
  model <- read_mojo(shipped("tanh.zip"))
  rows <- table_of(shipped("rows.csv"))
  whole <- predict(model, rows, type = "h2o")
  expect_equal(predict(model, rows[7, ], type = "h2o"), whole[7, ])
  expect_equal(predict(model, rows[7, 4:1], type = "h2o"), whole[7, ])
  expect_equal(predict(model, rows[0, ], type = "h2o"), whole[0, ])
  expect_identical(dim(predict(model, rows[0, ], type = "prob")), c(0L, 3L))
  rownames(rows) <- paste0("flower", seq_len(nrow(rows)))
  expect_identical(rownames(predict(model, rows, type = "h2o")), rownames(rows))
})

test_that("what the rows lack is a warning of R, and an error on request", {
  skip_without_python()
  model <- read_mojo(shipped("tanh.zip"))
  rows <- table_of(shipped("rows.csv"))[1:2, ]
  names(rows)[1] <- "sepal.length"
  expect_warning(predict(model, rows), "Sepal.Length", class = "MissingColumnWarning")
  expect_error(predict(model, rows, on_absent = "error"), class = "MojoDataError")
  expect_error(predict(model, rows, treshold = 1), "found treshold")
  expect_error(predict(model, rows, 1), "'arg' must be")
  expect_error(predict(model), "expected newdata")
  expect_error(predict(model, as.list(rows)), "expected a data frame, found list")
})

test_that("a threshold chooses the label", {
  skip_without_python()
  model <- read_mojo(golden("binomial_tanh", "model.zip"))
  rows <- table_of(golden("binomial_tanh", "input.csv"), na.strings = c("NA", ""))
  p <- suppressWarnings(predict(model, rows, type = "prob"))[, "yes"]
  labels <- suppressWarnings(predict(model, rows, threshold = 0.9))
  expect_identical(as.character(labels), ifelse(p >= 0.9, "yes", "no"))
})
