number <- function(values) mojo2keras:::cells(values, "x", "numeric")
level <- function(values) mojo2keras:::cells(values, "x", "categorical")

test_that("NA is no number, no text and no logical", {
  expect_identical(number(c(1L, NA)), c(1, NA_real_))
  expect_identical(level(c("a", NA)), list("a", NULL))
  expect_identical(level(factor(c("b", NA, "a"))), list("b", NULL, "a"))
  expect_identical(level(c(TRUE, NA)), list(TRUE, NULL))
  expect_identical(number(as.Date(NA)), list(NA_real_))
})

test_that("one value is a list of one, and a factor its levels", {
  expect_identical(number(5L), list(5))
  expect_identical(level("a"), list("a"))
  expect_identical(level(factor("a", levels = c("z", "a"))), list("a"))
})

test_that("times are whole milliseconds", {
  expect_identical(number(as.Date(c("1970-01-02", "2020-01-31"))), c(86400000, 1580428800000))
  time <- as.POSIXct(c(1578741306.123, 1578741306.9999), origin = "1970-01-01", tz = "UTC")
  expect_identical(number(time), c(1578741306123, 1578741306999))
  expect_error(level(as.Date("2020-01-31")), "column x: expected levels, found Date")
})

test_that("what has no meaning is refused by its column", {
  expect_error(number(1i), "column x: expected numbers.*found complex")
  expect_error(number(list(1)), "column x: expected a vector, found list")
  expect_error(number(matrix(1)), "column x: expected a vector, found matrix")
  expect_error(number(as.difftime(1, units = "mins")), "found difftime")
  twice <- data.frame(x = 1, x = 2, check.names = FALSE)
  expect_error(mojo2keras:::cells_of(twice, c(x = "numeric")), "stands twice")
})

test_that("integer64 is not taken for its bits", {
  skip_if_not_installed("bit64")
  expect_identical(number(bit64::as.integer64(c(3, NA))), c(3, NA_real_))
  large <- bit64::as.integer64("9007199254740993")
  expect_identical(level(large), list("9007199254740993"))
})

test_that("a column that the model does not read may hold anything", {
  rows <- data.frame(x = 1:2)
  rows$other <- list(1, "a")
  expect_identical(mojo2keras:::cells_of(rows, c(x = "numeric"))$x, c(1, 2))
})
