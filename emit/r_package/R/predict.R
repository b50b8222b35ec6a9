# H2O's predictions of a data frame.

scorer_options <- c("threshold", "offset", "on_unseen", "on_absent", "dtype", "exact")

predict.mojo <- function(object, newdata, type = c("response", "prob", "h2o", "anomaly"), ...) {
  type <- match.arg(type)
  if (missing(newdata)) {
    refuse("a MOJO holds no training rows; expected newdata, a data frame")
  }
  classes <- labels_of(object)
  if (type == "prob" && !length(classes)) {
    refuse("a ", object$facts$model$category, " model has no probabilities")
  }
  asking({
    scorer <- scorer_of(object, list(...))
    rows <- cells_of(newdata, columns_of(object))
    switch(type,
      anomaly = numbers(scorer$anomaly(rows)),
      prob = matrix_of(scorer$predict_proba(rows), nrow(newdata), classes),
      h2o = h2o_columns(scorer, rows, newdata, classes),
      response = {
        frame <- h2o_columns(scorer, rows, newdata, classes)
        if (object$facts$model$category == "AutoEncoder") frame else frame[[1L]]
      }
    )
  })
}

encode_rows <- function(object, newdata) {
  columns <- columns_of(object)
  asking({
    matrix <- scorer_of(object, list())$encode(cells_of(newdata, columns))
    names <- vapply(object$facts$columns, function(column) column$name, "")
    matrix_of(matrix, nrow(newdata), names)
  })
}

scorer_of <- function(object, options) {
  unknown <- setdiff(names(options), scorer_options)
  if (length(unknown) || length(options) && is.null(names(options))) {
    refuse("expected options among ", paste(scorer_options, collapse = ", "), ", found ",
           if (length(unknown) && nzchar(unknown[1])) unknown[1] else "one without a name")
  }
  do.call(engine()$Scorer, c(list(python_model(object)), options))
}

# A data frame of H2O's columns, its label a factor, its rows named as the rows given.
h2o_columns <- function(scorer, rows, newdata, classes) {
  scores <- scorer$score(rows)
  names <- reticulate::py_to_r(reticulate::import_builtins(convert = FALSE)$list(scores$keys()))
  columns <- lapply(names, function(name) plain(scores[[name]]))
  if (length(classes)) {
    columns[[1L]] <- factor(as.character(columns[[1L]]), levels = classes)
  }
  columns[-1L] <- lapply(columns[-1L], as.numeric)
  if (!length(classes)) columns[[1L]] <- as.numeric(columns[[1L]])
  attr(columns, "names") <- names
  attr(columns, "row.names") <- attr(as.data.frame(newdata), "row.names")
  class(columns) <- "data.frame"
  columns
}

# Lists are what every release of reticulate and NumPy agrees on.
plain <- function(array) unlist(reticulate::py_to_r(array$tolist()))

numbers <- function(array) as.numeric(plain(array))

matrix_of <- function(array, rows, names) {
  matrix(
    numbers(array$ravel()), nrow = rows, ncol = length(names), byrow = TRUE,
    dimnames = list(NULL, names)
  )
}
