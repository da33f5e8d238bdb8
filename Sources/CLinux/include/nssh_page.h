// The HTML page that a snapshot is shown in, carried by the binary.
#pragma once
#include <stddef.h>

/// The text of Resources/snapshot.html.
const void *nssh_page(size_t *size);
