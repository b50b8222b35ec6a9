# Raw rows to H2O's predictions with Keras and the two files that `convert` wrote.
library(keras3)
spec <- jsonlite::fromJSON("model.columns.json", simplifyVector = FALSE)
config_set_floatx(spec$dtype) # predict rounds its input to this type
model <- load_model("model.keras", compile = FALSE)
rows <- read.csv("rows.csv", colClasses = "character", check.names = FALSE, na.strings = character())
numbers <- function(known) vapply(known, function(n) if (is.null(n)) NaN else as.numeric(n), 0)
features <- function(column) {
  cells <- if (column$name %in% names(rows)) rows[[column$name]] else character(nrow(rows))
  other <- function(x) if (is.null(column$unseen)) as.numeric(x) else numbers(column$unseen)
  place <- match(cells, names(column$values))
  one <- function(x, i) if (is.na(i)) other(x) else numbers(column$values[[i]])
  do.call(rbind, Map(one, cells, place))
}
scores <- predict(model, unname(do.call(cbind, lapply(spec$columns, features))))
binomial <- !is.null(spec$threshold)
best <- if (binomial) 1 + (scores[, 2] >= spec$threshold) else max.col(scores, "first")
print(if (is.null(spec$labels)) scores else unlist(spec$labels)[best])
