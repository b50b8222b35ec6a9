# The expected numbers are H2O's own: of the three models of this package, and of the golden cases of
# the checkout, which the variable MOJO2KERAS_GOLDEN names.

skip_without_python <- function() {
  testthat::skip_if_not(mojo2keras_available(), "no Python with mojo2keras")
}

shipped <- function(name) system.file("extdata", name, package = "mojo2keras", mustWork = TRUE)

golden <- function(name, file) {
  folder <- Sys.getenv("MOJO2KERAS_GOLDEN")
  testthat::skip_if(!nzchar(folder), "no golden cases beside this package")
  file.path(folder, name, file)
}

# The rows that R's own types hold: golden cases end with extreme numbers and empty lines.
rows_of <- function(name, ...) {
  rows <- table_of(golden(name, "input.csv"), na.strings = c("NA", ""), ...)
  expected <- table_of(golden(name, "expected.csv"))
  plain <- is.na(rows$age) | abs(rows$age) < 1000 & rows$age == floor(rows$age)
  if (!is.null(rows$seen)) plain <- plain & rows$seen > 1e12 & rows$seen < 1e13
  plain <- which(plain)
  rows$age <- as.integer(ifelse(abs(rows$age) > 1000, NA, rows$age))
  list(rows = rows[plain, ], expected = expected[plain, , drop = FALSE])
}

quietly <- function(code) suppressWarnings(code, classes = "UnseenLevelWarning")

table_of <- function(path, ...) read.csv(path, check.names = FALSE, ...)

expect_h2o <- function(found, expected) {
  expect_identical(names(found), names(expected))
  expect_identical(nrow(found), nrow(expected))
  for (name in names(expected)) {
    if (is.numeric(found[[name]])) {
      expect_lte(max(abs(found[[name]] - expected[[name]]) / (1 + abs(expected[[name]]))), 1e-10)
    } else {
      expect_identical(as.character(found[[name]]), as.character(expected[[name]]))
    }
  }
}
