# From a data frame's columns to what Python takes as a table: lists by name.

cells_of <- function(rows, columns) {
  if (!is.data.frame(rows)) {
    refuse("expected a data frame, found ", class(rows)[1])
  }
  names <- enc2utf8(names(rows))
  twice <- intersect(names[duplicated(names)], names(columns))
  if (length(twice)) {
    refuse("the column ", twice[1], " stands twice in the data frame")
  }
  cells <- lapply(seq_along(rows), function(place) {
    # Not of a column that the model does not read: it may hold anything.
    kind <- columns[names[place]]
    if (is.na(kind)) rep(list(NULL), nrow(rows)) else cells(rows[[place]], names[place], kind)
  })
  names(cells) <- names
  cells
}

cells <- function(values, name, kind) {
  if (!is.null(dim(values)) || is.list(values) && !inherits(values, "POSIXlt")) {
    refuse("column ", name, ": expected a vector, found ", class(values)[1])
  }
  if (inherits(values, c("Date", "POSIXt"))) {
    if (kind == "categorical") {
      refuse("column ", name, ": expected levels, found ", class(values)[1])
    }
    values <- milliseconds(values)
  } else if (is.factor(values)) {
    values <- as.character(values)
  } else if (inherits(values, "integer64")) {
    values <- from_integer64(values, name)
  }
  if (is.character(values)) {
    values <- enc2utf8(values)
  } else if (is.numeric(values)) {
    # An integer NA would arrive as -2147483648; a real one arrives as NaN, which is missing.
    return(as_python_list(as.double(values)))
  } else if (!is.logical(values)) {
    refuse("column ", name, ": expected numbers, texts, levels, logicals or times, found ",
           class(values)[1])
  }
  missing <- is.na(values)
  if (!any(missing)) {
    return(as_python_list(as.vector(values)))
  }
  # A character NA would arrive as the text "NA", and a logical one as True.
  made <- as.list(as.vector(values))
  made[missing] <- list(NULL)
  made
}

# A vector of one element would arrive as a scalar.
as_python_list <- function(values) if (length(values) == 1L) list(values) else values

# Whole milliseconds since 1970, finer parts cut off; but seconds hold a millisecond inexactly.
milliseconds <- function(values) floor(1000 * as.numeric(as.POSIXct(values)) + 5e-4)

from_integer64 <- function(values, name) {
  if (!requireNamespace("bit64", quietly = TRUE)) {
    refuse("column ", name, ": integer64 needs install.packages(\"bit64\")")
  }
  texts <- bit64::as.character.integer64(values)
  numbers <- as.double(texts)
  # A text keeps what a double would round.
  if (all(is.na(numbers) | abs(numbers) < 2^53)) numbers else texts
}

refuse <- function(...) {
  stop(errorCondition(paste0(...), class = c("MojoDataError", "mojo_error")))
}
