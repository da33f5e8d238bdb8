// Jansson for Swift: what it has as macros and arrays only.
#pragma once
#include <jansson.h>

static inline json_type nssh_json_type(const json_t *value) { return json_typeof(value); }
static inline const char *nssh_json_error_text(const json_error_t *error) { return error->text; }
static inline size_t nssh_json_indent(int blanks) { return JSON_INDENT(blanks); }
static inline size_t nssh_json_precision(int digits) { return JSON_REAL_PRECISION(digits); }
