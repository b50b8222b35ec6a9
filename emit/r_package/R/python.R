# The Python package, what it says, and its program.

engine <- function() {
  tryCatch(
    reticulate::import("mojo_reader", convert = FALSE),
    error = function(error) {
      stop(errorCondition(paste0(
        "expected a Python with the package mojo2keras, found none (", first_line(error),
        "); install it with `python -m pip install mojo2keras`, and start R with the variable ",
        "RETICULATE_PYTHON set to that python"
      ), class = c("MissingPython", "mojo_error")))
    }
  )
}

first_line <- function(error) strsplit(conditionMessage(error), "\n", fixed = TRUE)[[1]][1]

mojo2keras_available <- function(module = NULL) {
  tryCatch(
    {
      engine()
      is.null(module) || python_has(module)
    },
    mojo_error = function(error) FALSE
  )
}

# Without importing it: Keras looks for TensorFlow then.
python_has <- function(module) {
  found <- reticulate::import("importlib.util", convert = FALSE)$find_spec(module)
  !is.null(reticulate::py_to_r(found))
}

# Run code that calls Python: its warnings become R's, its errors one sentence, both with Python's
# class. (A recorded warning is said after the code, as R itself does it.)
asking <- function(code) {
  engine()
  warnings <- reticulate::import("warnings", convert = FALSE)
  guard <- warnings$catch_warnings(record = TRUE)
  caught <- guard$`__enter__`()
  warnings$simplefilter("always", reticulate::import_builtins(convert = FALSE)$UserWarning)
  value <- tryCatch(
    code,
    mojo_error = function(error) stop(error),
    error = function(error) stop(translated(error)),
    finally = guard$`__exit__`(NULL, NULL, NULL)
  )
  count <- reticulate::py_len(caught)
  for (place in seq_len(count) - 1L) {
    one <- caught[place]
    kind <- reticulate::py_to_r(one$category$`__name__`)
    text <- reticulate::py_str(one$message)
    warning(warningCondition(text, class = c(kind, "mojo_warning")))
  }
  value
}

# One sentence of what Python raised; what R itself raised stays as it is.
translated <- function(error) {
  found <- if (is_of_python(error)) reticulate::py_last_error()
  if (is.null(found)) {
    return(error)
  }
  # A KeyError's text alone says little.
  own <- inherits(found, "py_error") && grepl("^Mojo|Missing|^Parity|^FileNotFound", found$type)
  text <- if (own) found$value else paste0(found$type, ": ", found$value)
  errorCondition(text, class = c(found$type, "mojo_error"))
}

is_of_python <- function(error) inherits(error, c("C++Error", "Rcpp::exception", "python.builtin.object"))

# The python that reticulate has, whose package `program` runs.
python <- function() {
  engine()
  reticulate::py_exe()
}

mojo2keras <- function(arguments, quiet = FALSE) {
  words <- c("-m", "mojo_reader", shQuote(path.expand(arguments)))
  said <- suppressWarnings(system2(python(), words, stdout = TRUE, stderr = TRUE))
  status <- attr(said, "status")
  said <- enc2utf8(as.character(said))
  if (!is.null(status) && status != 0) {
    stop(errorCondition(
      paste(said, collapse = "\n"),
      class = c(paste0("exit_code_", status), "mojo_error")
    ))
  }
  if (!quiet) writeLines(said)
  invisible(said)
}
