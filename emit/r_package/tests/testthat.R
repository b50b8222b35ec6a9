library(testthat)
library(mojo2keras)

test_check("mojo2keras")
