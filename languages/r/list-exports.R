# Run when the image is built. Writes down, for Rprofile.site, what the packages that R attaches at its start put there.
packages <- getOption("defaultPackages")
packages <- c("methods", setdiff(packages, "methods")) # in the order in which R attaches them
exports <- function(package) ls(paste0("package:", package), all.names = TRUE)

# Methods of base's generics for the classes of these packages, such as print for a formula: list(package, function).
table <- .BaseNamespaceEnv[[".__S3MethodsTable__."]]
methods <- list()
for (package in packages) {
    registered <- getNamespaceInfo(package, "S3methods")
    names <- paste(registered[, 1], registered[, 2], sep = ".")
    functions <- ifelse(is.na(registered[, 3]), names, registered[, 3])
    for (i in seq_along(names))
        if (identical(table[[names[i]]], get0(functions[i], asNamespace(package))))
            methods[[names[i]]] <- list(package, functions[i])
}

# Options that the packages set. One that holds a function would bring its package along and is left to the package.
bare <- system2(file.path(R.home("bin"), "Rscript"),
    c("--vanilla", "--default-packages=NULL", "-e", shQuote("writeLines(names(options()))")), stdout = TRUE)
settings <- options()[setdiff(names(options()), bare)]
settings <- Filter(function(value) !any(rapply(list(value), is.function)), settings)

saveRDS(list(packages = packages, exports = sapply(packages, exports, simplify = FALSE), methods = methods,
             settings = settings), file.path(R.home(), "exports.rds"), compress = FALSE)
