# A model that stands on an H2O server, without a download of its MOJO.

from_h2o <- function(model, connection = NULL, file = NULL) {
  id <- if (isS4(model)) methods::slot(model, "model_id") else model
  if (!is.character(id) || length(id) != 1L) {
    refuse("expected a model of h2o.deeplearning() or the id of one, found ", class(model)[1])
  }
  if (is.null(connection)) {
    if (!requireNamespace("h2o", quietly = TRUE)) {
      refuse("expected connection, the address of the server such as http://localhost:54321")
    }
    connection <- h2o::h2o.getConnection()
  }
  found <- asking({
    client <- python_client()
    do.call(client$connect, connection_options(connection))
    engine()$from_h2o(client$get_model(id))
  })
  if (is.null(file)) {
    return(as_mojo(found, path = NULL))
  }
  asking(engine()$write_mojo(found, path.expand(file)))
  read_mojo(file)
}

python_client <- function() {
  if (!python_has("h2o")) {
    stop(errorCondition(
      "expected H2O's Python client beside mojo2keras; run `python -m pip install h2o`",
      class = c("MissingPython", "mojo_error")
    ))
  }
  reticulate::import("h2o", convert = FALSE)
}

# What Python's h2o.connect() is told: an address, or what R's own client is connected to.
connection_options <- function(connection) {
  plain <- list(verbose = FALSE, strict_version_check = FALSE)
  if (is.character(connection)) {
    return(c(list(url = connection), plain))
  }
  at <- function(name) {
    value <- if (methods::.hasSlot(connection, name)) methods::slot(connection, name)
    if (length(value) != 1L || is.na(value) || identical(value, "")) NULL else value
  }
  path <- at("context_path")
  url <- sprintf(
    "%s://%s:%d%s", if (isTRUE(at("https"))) "https" else "http", at("ip"),
    as.integer(at("port")), if (is.null(path)) "" else paste0("/", path)
  )
  user <- at("username")
  c(
    list(url = url), plain,
    if (isTRUE(at("insecure"))) list(verify_ssl_certificates = FALSE),
    if (!is.null(at("cacert"))) list(cacert = at("cacert")),
    if (!is.null(at("proxy"))) list(proxy = at("proxy")),
    if (!is.null(at("cookies"))) list(cookies = at("cookies")),
    if (!is.null(user)) list(auth = reticulate::tuple(user, at("password")))
  )
}
