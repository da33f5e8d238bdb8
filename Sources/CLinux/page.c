// See nssh_page.h.
#include "nssh_page.h"

static const unsigned char page[] = {
#embed "../../Resources/snapshot.html"
};

const void *nssh_page(size_t *size) {
    *size = sizeof page;
    return page;
}
