# The model in R: plain facts, which a saved workspace keeps, and Python's objects, which it does not.

read_mojo <- function(path, base_model = NULL) {
  stopifnot(is.character(path), length(path) == 1L)
  path <- path.expand(path)
  if (!file.exists(path)) {
    stop(errorCondition(
      paste0("there is no file ", path), class = c("FileNotFoundError", "mojo_error")
    ))
  }
  as_mojo(
    asking(engine()$read_model(path, base_model = base_model)),
    path = normalizePath(path), base_model = base_model
  )
}

as_mojo <- function(model, path, base_model = NULL) {
  facts <- asking(reticulate::py_to_r(engine()$summarize(model)))
  held <- new.env(parent = emptyenv())
  held$model <- model
  structure(
    list(path = path, base_model = base_model, facts = facts, held = held), class = "mojo"
  )
}

# Python's model; read again where R's object comes from a file or another process.
python_model <- function(object) {
  held <- object$held
  if (is.null(held$model) || reticulate::py_is_null_xptr(held$model)) {
    if (is.null(object$path)) {
      stop(errorCondition(
        "this model came from an H2O server in another session of R; from_h2o(file = ) keeps it",
        class = "mojo_error"
      ))
    }
    held$model <- asking(engine()$read_model(object$path, base_model = object$base_model))
  }
  held$model
}

columns_of <- function(object) {
  columns <- object$facts$columns
  kinds <- vapply(columns, function(column) column$kind, "")
  names(kinds) <- vapply(columns, function(column) column$name, "")
  offset <- object$facts$model$offset_column
  if (!is.null(offset)) kinds[offset] <- "numeric"
  kinds
}

labels_of <- function(object) as.character(object$facts$output$labels)

print.mojo <- function(x, ...) {
  facts <- x$facts
  layers <- facts$network$layers
  units <- vapply(layers, function(layer) as.integer(layer$units), 0L)
  response <- facts$output$response
  cat(sprintf(
    "H2O deep learning, %s%s: %s\n", facts$model$category,
    if (is.null(response)) "" else paste(" of", response),
    paste(c(facts$network$inputs, units), collapse = "-")
  ))
  names <- names(columns_of(x))
  more <- if (length(names) > 6L) sprintf(" and %d more", length(names) - 6L) else ""
  cat("columns: ", paste(head(names, 6L), collapse = ", "), more, "\n", sep = "")
  cat("from: ", if (is.null(x$path)) "an H2O server" else basename(x$path), "\n", sep = "")
  invisible(x)
}

summary.mojo <- function(object, ...) {
  facts <- object$facts
  columns <- data.frame(
    column = vapply(facts$columns, function(column) column$name, ""),
    kind = vapply(facts$columns, function(column) column$kind, ""),
    levels = vapply(facts$columns, function(column) length(column$levels), 0L)
  )
  layers <- data.frame(
    units = vapply(facts$network$layers, function(layer) as.integer(layer$units), 0L),
    activation = vapply(facts$network$layers, function(layer) layer$activation, ""),
    dropout = vapply(facts$network$layers, function(layer) as.numeric(layer$dropout), 0)
  )
  structure(
    c(facts[c("model", "output", "training", "notes")],
      list(columns = columns, layers = layers, parameters = facts$network$parameters)),
    class = "summary.mojo"
  )
}

print.summary.mojo <- function(x, ...) {
  cat(sprintf(
    "H2O deep learning, %s, trained by H2O %s, %s parameters\n", x$model$category,
    x$model$h2o_version, format(x$parameters, big.mark = ",")
  ))
  cat("\nColumns:\n")
  print(head(x$columns, 20L), row.names = FALSE)
  if (nrow(x$columns) > 20L) cat("and", nrow(x$columns) - 20L, "more\n")
  cat("\nLayers:\n")
  print(x$layers, row.names = FALSE)
  if (length(x$output$labels)) cat("\nClasses:", head(x$output$labels, 20L), "\n")
  for (note in x$notes) cat("\nNote:", note, "\n")
  invisible(x)
}
