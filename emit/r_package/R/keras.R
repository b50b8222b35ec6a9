# To Keras, in a process of its own: R's keras3 and this package's JAX never meet.

mojo_to_keras <- function(model, file = NULL, rows = NULL, expected = NULL, dtype = "float32",
                          quiet = FALSE) {
  if (inherits(model, "mojo")) {
    if (is.null(model$path)) {
      refuse("expected a model that was read from a file; from_h2o(file = ) writes one")
    }
    chosen <- model$base_model
    path <- model$path
  } else {
    chosen <- NULL
    path <- model
  }
  if (is.null(file)) {
    file <- paste0(tools::file_path_sans_ext(path), if (!is.null(chosen)) paste0(".", chosen),
                   ".keras")
  }
  arguments <- c("convert", path, "-o", file, "--dtype", dtype)
  arguments <- c(
    arguments,
    if (!is.null(chosen)) c("--base-model", chosen),
    if (!is.null(rows)) c("--check", rows),
    if (!is.null(expected)) c("--expected", expected)
  )
  mojo2keras(arguments, quiet = quiet)
  invisible(file)
}
